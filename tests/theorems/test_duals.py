"""K(ρ; q, q') and its derivatives against their definitions as integrals."""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.theorems.references import LEAKY, SHIFTED, SOFTPLUS, TANH, dual_and_slope
from theorems.duals import dual_accuracy, dual_of
from theorems.hermite import HermiteDual
from theorems.piecewise import PiecewiseDual
from theorems.setting import ACTIVATIONS, ERF, RELU, SIN

CORRELATIONS = [-1.0, -1 + 1e-12, -0.7, 0.0, 0.4, 1 - 1e-4, 1 - 1e-8, 1 - 1e-12, 1.0]
POINTS = [(rho, 1.0, 1.0) for rho in CORRELATIONS] + [(1.09, 1.09, 1.09), (-1.0, 1.0, 4.0), (2.5, 2.0, 5.0)]
VARIANCES = [(1.0, 1.0), (1.09, 1.09), (1.0, 4.0), (2.0, 5.0)]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("rho", "q", "q2"), POINTS)
def test_kernel_and_first_derivative(name, rho, q, q2):
    dual = dual_of(name)
    kernel, first = dual_and_slope(name, rho, q, q2)
    assert dual.kernel(rho, q, q2) == pytest.approx(kernel, abs=5e-16 * q2, rel=1e-13)
    assert dual.first(rho, q, q2) == pytest.approx(first, abs=5e-15, rel=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("rho", "q", "q2"), [(-0.9, 1, 1), (0.0, 1.5, 1), (0.3, 1, 4), (0.99, 1, 1), (2.9, 3, 3)])
def test_second_derivative_is_the_slope_of_the_first(name, rho, q, q2):
    """Richardson's extrapolation of central differences of ∂K."""
    first = dual_of(name).first
    table = [(first(rho + h, q, q2) - first(rho - h, q, q2)) / (2 * h) for h in 1e-3 / 2.0 ** np.arange(5)]
    for order in range(1, 5):
        table = [(4**order * b - a) / (4**order - 1) for a, b in pairwise(table)]
    assert dual_of(name).second(rho, q, q2) == pytest.approx(table[0], rel=1e-8, abs=1e-10)


@pytest.mark.parametrize(("psi", "second"), [("erf", 16 / np.pi / 5**1.5), ("sin", np.sinh(1) / np.e)])
def test_second_derivative_at_the_end(psi, second):
    """E ψ''(a)² for a ~ N(0, 1), by hand."""
    assert dual_of(psi).second(1.0, 1.0, 1.0) == pytest.approx(second, rel=1e-14)
    assert dual_of("relu").second(1.0, 1.0, 1.0) == np.inf


def test_relu_angle_close_to_the_end():
    """At q = q' = 1 and ρ = 1 - 2^-k the angle is acos ρ, here in 40 digits; arccos in doubles loses half of them."""
    rho = 1 - 2.0 ** -np.arange(4, 53)
    with mp.workdps(40):
        angle = np.array([float(mp.acos(mp.mpf(r))) for r in rho])
        kernel = [(mp.sqrt(1 - mp.mpf(r) ** 2) + (mp.pi - mp.acos(mp.mpf(r))) * mp.mpf(r)) / (2 * mp.pi) for r in rho]
    assert np.abs(dual_of("relu").first(rho, 1, 1) - (np.pi - angle) / (2 * np.pi)).max() < 2e-16
    assert np.abs(dual_of("relu").kernel(rho, 1, 1) - np.array(kernel, dtype=float)).max() < 2e-16


def test_large_arguments_do_not_overflow():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert dual_of("sin").kernel(2e3, 2e3, 2e3) == pytest.approx(0.5)
        assert dual_of("sin").first(-2e3, 2e3, 2e3) == pytest.approx(0.5)
        assert dual_of("erf").kernel(1e8, 1e8, 1e8) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("psi", "dual"), [(ERF, HermiteDual), (SIN, HermiteDual), (RELU, PiecewiseDual)])
def test_quadratures_reproduce_the_closed_forms(psi, dual):
    """The same activation as if it were unknown."""
    exact, numeric = dual_of(psi), dual(psi)
    for q, q2 in VARIANCES:
        rho = np.sqrt(q * q2) * np.array([-1 + 1e-15, -0.99, -0.2, 0.0, 0.5, 1 - 1e-6, 1 - 1e-15])
        assert np.abs(numeric.kernel(rho, q, q2) - exact.kernel(rho, q, q2)).max() < 1e-11
        assert np.abs(numeric.first(rho, q, q2) - exact.first(rho, q, q2)).max() < 1e-11
        assert numeric.second(rho[1:5], q, q2) == pytest.approx(exact.second(rho[1:5], q, q2), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("rho", [-1.0, -0.8, 0.3, 1 - 1e-6, 1.0])
def test_leaky_relu_is_a_relu_and_a_line(rho):
    """ψ(z) = 0.1 z + 0.9 (z)_+ and E z (z')_+ = ρ/2, so K = 0.01 ρ + 0.09 ρ + 0.81 K_relu."""
    relu = dual_of("relu")
    q, det = 1.0, (1 - rho) * (1 + rho)
    expected = 0.1 * rho + 0.81 * relu.kernel(rho, q, q, det)
    assert dual_of(LEAKY).kernel(rho, q, q, det) == pytest.approx(expected, abs=3e-12)
    assert dual_of(LEAKY).first(rho, q, q, det) == pytest.approx(0.1 + 0.81 * relu.first(rho, q, q, det), abs=3e-12)


@pytest.mark.parametrize("rho", [-1.0, -0.4, 0.999, 1.0])
def test_a_kink_away_from_zero(rho):
    """∂K = P(a > ½, b > ½), the bivariate normal orthant, by one integral in 20 digits."""
    with mp.workdps(20):
        r = mp.mpf(rho)
        spread = mp.sqrt(1 - r**2)
        given_a = (lambda a: mp.mpf(r * a > 0.5)) if spread == 0 else (lambda a: mp.ncdf((r * a - 0.5) / spread))
        orthant = float(mp.quad(lambda a: mp.npdf(a) * given_a(a), [0.5, 0.7, 1, 2, 4, 12]))
    assert dual_of(SHIFTED).first(rho, 1.0, 1.0) == pytest.approx(orthant, abs=1e-11)


@pytest.mark.parametrize("psi", [TANH, SOFTPLUS, LEAKY, SHIFTED])
def test_the_accuracy_reached_is_reported(psi):
    assert 0 < dual_accuracy(psi, [-0.9, 0.5, 1.0], 1.0, 1.5) < 1e-10
    assert dual_accuracy("erf", 0.5, 1.0, 1.0) == 0


@given(st.sampled_from(sorted(ACTIVATIONS)), st.floats(-1, 1), st.floats(0.1, 10), st.floats(0.1, 10))
def test_symmetry_and_the_cauchy_schwarz_inequality(name, r, q, q2):
    dual, rho = dual_of(name), r * np.sqrt(q * q2)
    assert dual.kernel(rho, q, q2) == pytest.approx(dual.kernel(rho, q2, q), rel=1e-12, abs=1e-15)
    bound = np.sqrt(dual.kernel(q, q, q) * dual.kernel(q2, q2, q2))
    assert abs(dual.kernel(rho, q, q2)) <= bound * (1 + 1e-12)


def test_unknown_activation():
    with pytest.raises(ValueError, match="did you mean relu"):
        dual_of("rellu")
