"""The mean activation against the integral that defines it, and the heat equation it solves."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from models.activations import QuadratureMean, mean_activation
from tests.models.problems import ACTIVATIONS, BENT, RELU, TANH, activations

us = st.floats(-4, 4)
scales = st.floats(-2, 2)


def expectation(function, psi, u, s):
    """E function(ε) by adaptive quadrature, split where u + sε meets a kink."""
    kinks = [(kink - u) / s for kink in psi.kinks] if s else []
    cuts = [-12.0, *sorted(k for k in kinks if -12 < k < 12), 12.0]
    return sum(
        quad(lambda e: function(e) * math.exp(-e * e / 2) / math.sqrt(2 * math.pi), a, b, epsabs=1e-13, limit=200)[0]
        for a, b in itertools.pairwise(cuts)
    )


def tensors(*values):
    return [torch.tensor(float(v), dtype=torch.float64) for v in values]


@pytest.mark.parametrize("psi", ACTIVATIONS, ids=lambda psi: psi.name)
@pytest.mark.parametrize(("u", "s"), [(0.3, 0.7), (-1.9, 1.4), (2.5, -0.2), (0.0, 1.0), (-3.0, -2.0), (0.8, 0.0)])
def test_values_and_derivatives_are_the_integrals_that_define_them(psi, u, s):
    mean = mean_activation(psi)
    z = lambda e: np.float64(u + s * e)  # noqa: E731
    expected = [
        expectation(lambda e: float(psi.function(np, z(e))), psi, u, s),
        expectation(lambda e: float(psi.derivative(np, z(e))), psi, u, s),
        expectation(lambda e: e * float(psi.derivative(np, z(e))), psi, u, s),
        expectation(lambda e: float(psi.function(np, z(e))) ** 2, psi, u, s),
    ]
    h, h_u, h_s = mean.derivatives(*tensors(u, s))
    measured = [h, h_u, h_s, mean.second_moment(*tensors(u, s))]
    np.testing.assert_allclose([float(v) for v in measured], expected, atol=2e-10)
    np.testing.assert_allclose(float(mean.value(*tensors(u, s))), float(h), rtol=1e-15)
    np.testing.assert_allclose([float(v) for v in mean.value_and_slope(*tensors(u, s))], expected[:2], atol=2e-10)


@pytest.mark.parametrize("psi", ACTIVATIONS[:3], ids=lambda psi: psi.name)
def test_closed_forms_agree_with_quadrature(psi):
    u, s = torch.randn(2, 400, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    closed, rule = mean_activation(psi), QuadratureMean(psi, 160)
    for a, b in zip(closed.derivatives(u, s), rule.derivatives(u, s), strict=True):
        torch.testing.assert_close(a, b, atol=1e-11, rtol=0)
    torch.testing.assert_close(closed.second_moment(u, s), rule.second_moment(u, s), atol=1e-11, rtol=0)


@given(activations, us, scales)
def test_the_heat_equation_holds(psi, u, s):
    """∂h/∂s = s ∂²h/∂u², the right side by differentiating h_u numerically (order 6), away from the kink at s = 0."""
    s = math.copysign(0.3 + abs(s), s)
    mean, delta = mean_activation(psi, 300 if psi in (TANH, BENT) else None), 2e-3
    offsets = delta * torch.tensor([-3.0, -2, -1, 1, 2, 3], dtype=torch.float64)
    weights = torch.tensor([-1.0, 9, -45, 45, -9, 1], dtype=torch.float64) / (60 * delta)
    _, h_u = mean.value_and_slope(u + offsets, torch.full((6,), s, dtype=torch.float64))
    _, _, h_s = mean.derivatives(*tensors(u, s))
    assert float(h_s) == pytest.approx(s * float(weights @ h_u), abs=1e-8)


@given(activations, us, scales)
def test_h_is_even_in_s_and_so_h_s_is_odd(psi, u, s):
    mean = mean_activation(psi)
    plus, minus = mean.derivatives(*tensors(u, s)), mean.derivatives(*tensors(u, -s))
    signs = (1, 1, -1)
    for a, b, sign in zip(plus, minus, signs, strict=True):
        assert float(a) == pytest.approx(sign * float(b), abs=1e-13)


@given(activations, us, scales)
def test_derivatives_agree_with_automatic_differentiation(psi, u, s):
    s = math.copysign(max(abs(s), 1e-3), s)
    mean = mean_activation(psi)
    tu, ts = (t.requires_grad_() for t in tensors(u, s))
    slopes = torch.autograd.grad(mean.value(tu, ts), (tu, ts))
    _, *expected = mean.derivatives(*tensors(u, s))
    assert [float(v) for v in slopes] == pytest.approx([float(v) for v in expected], abs=1e-9)


def test_relu_without_noise_is_relu_and_nothing_is_nan():
    u = torch.tensor([-2.0, 0.0, 30.0, 1e-320], dtype=torch.float64, requires_grad=True)
    s = torch.zeros(4, dtype=torch.float64)
    h, h_u, h_s = mean_activation(RELU).derivatives(u, s)
    (slope,) = torch.autograd.grad(h.sum(), u)
    assert slope.tolist()[:3] == [0, 0.5, 1]
    assert h.tolist() == [0, 0, 30, pytest.approx(0)]
    assert h_u.tolist()[:3] == [0, 0.5, 1]
    assert h_s.tolist() == [0, 0, 0, 0]


@given(us, st.floats(1e-320, 1e-3))
def test_relu_with_a_tiny_scale_is_finite(u, s):
    values = [*mean_activation(RELU).derivatives(*tensors(u, s)), mean_activation(RELU).second_moment(*tensors(u, s))]
    assert all(math.isfinite(float(v)) for v in values)
    assert float(values[0]) == pytest.approx(max(u, 0), abs=1e-3)


@pytest.mark.parametrize(("psi", "coarse", "fine", "gain"), [(TANH, 12, 24, 50), (BENT, 6, 12, 10)])
def test_more_nodes_are_more_accurate(psi, coarse, fine, gain):
    u, s = torch.tensor([0.3, -1.1, 2.0], dtype=torch.float64), torch.tensor([1.0, -1.3, 0.8], dtype=torch.float64)
    exact = QuadratureMean(psi, 300).value(u, s)
    errors = [float((mean_activation(psi, n).value(u, s) - exact).abs().max()) for n in (coarse, fine)]
    assert errors[1] < errors[0] / gain


def test_an_unknown_activation_is_named_with_its_neighbours():
    with pytest.raises(ValueError, match=r"unknown activation 'relo'; did you mean relu"):
        mean_activation("relo")
