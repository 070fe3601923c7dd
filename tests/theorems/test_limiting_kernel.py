"""Θ∞ against brute force, against the definition, and against what another library computes."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.theorems.references import LEAKY, SHIFTED, SOFTPLUS, TANH, definition_kernel, panel_grid
from theorems.duals import dual_of
from theorems.hermite import HermiteDual
from theorems.learned_noise import mean_over_draws, mean_over_scales
from theorems.limiting_kernel import accuracy, kernel_profile, limiting_kernel
from theorems.setting import ACTIVATIONS, ERF, Activation, FixedNoise, LearnedNoise

ORACLE = json.loads((Path(__file__).parents[2] / "checks" / "data" / "deterministic_ntk.json").read_text())
RHO = np.array([-1, -1 + 1e-12, -1 + 1e-8, -0.6, 0, 1e-3, 0.5, 0.99, 1 - 1e-4, 1 - 1e-8, 1 - 1e-12, 1])
BLOCKS = ("decoder", "mean", "scale")


def distance(one, two) -> float:
    """The largest difference in any block, relative to Θ∞(1); ρ = 1 is the last."""
    return max(np.abs(getattr(one, b) - getattr(two, b)).max() for b in BLOCKS) / two.total[-1]


def brute_force(name, rho, tau):
    """The mean over (s, s') on 532² points of panels that halve towards 0."""
    dual, (a, w) = dual_of(name), panel_grid()
    rows = []
    for r in rho:
        along, across = tau**2 * (1 + r) / 2 * a[:, None] ** 2, tau**2 * (1 - r) / 2 * a**2
        s, s2 = np.sqrt(along) + np.sqrt(across), np.sqrt(along) - np.sqrt(across)
        det = (1 - r) * (1 + r) + s**2 + s2**2 + (s * s2) ** 2
        arguments = (r, 1 + s**2, 1 + s2**2, det)
        curvature = s * s2 * dual.second(*arguments)
        rows.append([w @ dual.kernel(*arguments) @ w, r * (w @ dual.first(*arguments) @ w), r * (w @ curvature @ w)])
    return np.array(rows).T


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("tau", [0.05, 0.3, 1.0, 2.0])
def test_learned_noise_against_brute_force(name, tau):
    rho = RHO[[0, 1, 3, 7, 9, 10, 11]]
    profile = kernel_profile(rho, activation=name, noise=LearnedNoise(tau))
    for block, expected in zip(BLOCKS, brute_force(name, rho, tau), strict=True):
        assert np.abs(getattr(profile, block) - expected).max() < 1e-12 * profile.total[-1]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("tau", [1e-9, 0.05, 0.3, 1.0])
def test_two_derivations_agree(name, tau):
    """Price and Stein, conditional on the scales, against no second derivative at all, conditional on the draws."""
    scales = mean_over_scales(dual_of(name), RHO, tau**2, 1.5)
    draws = mean_over_draws(dual_of(name), RHO, tau**2, 1.5)
    assert distance(draws, scales) < 1e-12
    assert distance(kernel_profile(RHO, activation=name, noise=LearnedNoise(tau)), scales) < 1e-12


@pytest.mark.parametrize("name", ["erf", "sin"])
@pytest.mark.parametrize(("rho", "tau"), [(-0.5, 0.3), (0.7, 0.5)])
def test_the_definition_itself(name, rho, tau):
    """E h h', ρ E h_u h'_u and ρ E h_s h'_s over two pairs of Gaussians, with h by quadrature over ε."""
    profile = kernel_profile(rho, activation=name, noise=LearnedNoise(tau))
    expected = definition_kernel(ACTIVATIONS[name], rho, tau)
    assert [getattr(profile, b) for b in BLOCKS] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("tau", [1e-6, 0.05, 0.3, 1.0, 2.0, 3.0, 10.0])
def test_sin_in_closed_form(tau):
    """With A = (1+τ²)² - τ⁴ρ² the outer mean is Θ^d = e^{-1} A^{-1/2} sinh ρ and so on."""
    profile = kernel_profile(RHO, activation="sin", noise=LearnedNoise(tau))
    A = (1 + tau**2) ** 2 - tau**4 * RHO**2
    assert profile.decoder == pytest.approx(np.exp(-1) * A**-0.5 * np.sinh(RHO), abs=1e-13)
    assert profile.mean == pytest.approx(RHO * np.exp(-1) * A**-0.5 * np.cosh(RHO), abs=1e-13)
    assert profile.scale == pytest.approx(np.exp(-1) * tau**2 * RHO**2 * A**-1.5 * np.sinh(RHO), abs=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_closed_forms_up_to_scale_ten(name):
    assert accuracy(name, LearnedNoise(0.05)) < 1e-13
    assert accuracy(name, LearnedNoise(1.0)) < 1e-13
    assert accuracy(name, LearnedNoise(3.0)) < 1e-11
    assert accuracy(name, LearnedNoise(10.0)) < 1e-10


@pytest.mark.parametrize("noise", [FixedNoise(0.0), LearnedNoise(0.0)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_neural_tangents(name, noise):
    """Without noise Θ^d is the NNGP kernel and Θ the NTK of the two-layer network; see make_deterministic_ntk.py."""
    x, other = np.array(ORACLE["inputs"]), np.array(ORACLE["other"])
    for key, second in (("square", None), ("rectangular", other)):
        blocks, expected = limiting_kernel(x, second, activation=name, noise=noise), ORACLE["kernels"][name][key]
        assert blocks.decoder == pytest.approx(np.array(expected["nngp"]), abs=2e-15)
        assert blocks.total == pytest.approx(np.array(expected["ntk"]), abs=2e-15)
        assert not blocks.scale.any()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_noise_that_vanishes(name):
    """τ → 0 tends to the deterministic kernel, Θ^σ like τ² for smooth ψ and like τ for ReLU at ρ = 1."""
    still = kernel_profile(RHO, activation=name, noise=FixedNoise(0.0))
    gaps = [distance(kernel_profile(RHO, activation=name, noise=LearnedNoise(t)), still) for t in (1e-2, 1e-3, 1e-4)]
    order = np.log10(gaps[:-1]) - np.log10(gaps[1:])
    assert order == pytest.approx(1.0 if name == "relu" else 2.0, abs=0.1)


@pytest.mark.parametrize("noise", [LearnedNoise(1.0), FixedNoise(0.7)])
def test_fixed_noise_is_the_dual_and_learned_noise_is_not(noise):
    profile = kernel_profile(0.3, noise=noise)
    q = 1 + 0.7**2
    fixed = (dual_of("erf").kernel(0.3, q, q), 0.3 * dual_of("erf").first(0.3, q, q), 0.0)
    same = [getattr(profile, b) == pytest.approx(e, rel=1e-14) for b, e in zip(BLOCKS, fixed, strict=True)]
    assert all(same) == isinstance(noise, FixedNoise)


@pytest.mark.parametrize("tau", [0.3, 1.0])
def test_an_unknown_activation_reaches_the_same_kernel(tau):
    """erf as if its dual were unknown."""
    numeric = mean_over_draws(HermiteDual(ERF), RHO, tau**2)
    assert distance(numeric, kernel_profile(RHO, noise=LearnedNoise(tau))) < 1e-11


def test_leaky_relu_with_learned_noise():
    """ψ(z) = 0.1 z + 0.9 (z)_+ has h = 0.1 u + 0.9 h_relu, and E u h_relu' = ρ/2."""
    rho = np.array([-0.5, 1.0])
    leaky, relu = (kernel_profile(rho, activation=a) for a in (LEAKY, "relu"))
    assert leaky.decoder == pytest.approx(0.1 * rho + 0.81 * relu.decoder, abs=1e-11)
    assert leaky.mean == pytest.approx(0.1 * rho + 0.81 * relu.mean, abs=1e-11)
    assert leaky.scale == pytest.approx(0.81 * relu.scale, abs=1e-11)


@pytest.mark.parametrize(
    ("psi", "noise"),
    [
        (TANH, FixedNoise(0.5)),
        (TANH, LearnedNoise(1.0)),
        (SOFTPLUS, LearnedNoise(1.0)),
        (LEAKY, FixedNoise(0.0)),
        (SHIFTED, FixedNoise(0.5)),
    ],
    ids=lambda v: getattr(v, "name", repr(v)),
)
def test_the_accuracy_reached(psi, noise):
    assert 0 < accuracy(psi, noise) < 1e-10


def test_the_accuracy_says_where_it_fails():
    """tanh at τ = 2 is out of the reach of 512 terms, and that is what is reported."""
    assert 1e-9 < accuracy(TANH, LearnedNoise(2.0)) < 1e-6


GROWING = Activation("exp(z^2)", lambda xp, z: xp.exp(z * z), lambda xp, z: 2 * z * xp.exp(z * z))
NOWHERE = Activation("nan", lambda xp, z: z * float("nan"), lambda xp, z: z * float("nan"))


EXPONENTIAL = Activation("exp", lambda xp, z: xp.exp(z), lambda xp, z: xp.exp(z))


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize(
    ("psi", "noise"),
    [
        (GROWING, LearnedNoise(1.0)),
        (GROWING, FixedNoise(0.01)),
        (NOWHERE, LearnedNoise(1.0)),
        (EXPONENTIAL, LearnedNoise(1.0)),  # E e^{2 + s²} is infinite for s ~ N(0, 1)
    ],
    ids=lambda value: getattr(value, "name", repr(value)),
)
def test_an_activation_without_moments_has_no_kernel(psi, noise):
    with pytest.raises(ValueError, match=r"has no kernel|grows too fast"):
        limiting_kernel(np.eye(2), activation=psi, noise=noise)


def test_an_activation_that_grows_but_has_moments_has_a_kernel():
    """E e^z e^{z'} = e^{(q + q')/2 + ρ}."""
    kernel = kernel_profile([-0.5, 0.0, 1.0], activation=EXPONENTIAL, noise=FixedNoise(0.5))
    assert kernel.decoder == pytest.approx(np.exp(1.25 + np.array([-0.5, 0.0, 1.0])), rel=1e-10)


def test_complex_inputs_are_refused():
    with pytest.raises(ValueError, match="real numbers"):
        limiting_kernel(np.eye(2) + 1e-3j)


@pytest.mark.parametrize("scale", ["1", None, True, -1.0, float("inf"), 1j])
@pytest.mark.parametrize("noise", [LearnedNoise, FixedNoise])
def test_a_scale_that_is_no_standard_deviation_is_refused(noise, scale):
    with pytest.raises(ValueError, match="the scale must be a finite number"):
        noise(scale)
