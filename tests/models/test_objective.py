"""Losses and their gradients in closed form, against automatic differentiation and sampling."""

import dataclasses

import pytest
import torch
from hypothesis import given

from models.objective import loss, mean_loss_gradient, output_variance, sampled_loss_gradient
from tests.models.problems import activations, data, network, noises, seeds, sizes, widths


def gradients(net, objective):
    """∇ objective(network) by automatic differentiation."""
    blocks = {name: block.detach().clone().requires_grad_() for name, block in net.parameters().items()}
    values = torch.autograd.grad(objective(net.replace_parameters(blocks)).sum(), list(blocks.values()))
    return dict(zip(blocks, values, strict=True))


@given(widths, sizes, sizes, sizes, activations, noises, seeds)
def test_gradients_are_those_of_automatic_differentiation(m, n, p, d, psi, noise, seed):
    x, y = data(n, p, d, seed)
    net = network(m, p, d, [seed, seed + 1], activation=psi, noise=noise)
    eps = torch.randn(2, n, m, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    pairs = [
        (mean_loss_gradient(net, x, net.mean_output(x) - y), lambda w: loss(w.mean_output(x), y)),
        (sampled_loss_gradient(net, x, y, eps), lambda w: loss(w.sample_output(x, noise=eps), y)),
    ]
    for closed, objective in pairs:
        expected = gradients(net, objective)
        assert closed.keys() == net.parameters().keys()
        for name, block in closed.items():
            torch.testing.assert_close(block, expected[name], rtol=1e-8, atol=1e-9)


@given(widths, activations, noises, seeds)
def test_the_gradient_predicts_the_change_of_the_loss(m, psi, noise, seed):
    x, y = data(3, 3, 2, seed)
    net = network(m, 3, 2, seed, activation=psi, noise=noise)
    gradient = mean_loss_gradient(net, x, net.mean_output(x) - y)
    step = 1e-5

    def shifted(sign):
        moved = {k: w + sign * step * gradient[k] for k, w in net.parameters().items()}
        return float(loss(net.replace_parameters(moved).mean_output(x), y))

    slope = sum(float(g.square().sum()) for g in gradient.values())
    tolerance = 1e-4 if psi.kinks and getattr(noise, "scale", 1) == 0 else 1e-6
    assert (shifted(1) - shifted(-1)) / (2 * step) == pytest.approx(slope, rel=tolerance, abs=1e-6)


@given(activations, noises)
def test_the_variance_is_that_of_sampled_outputs(psi, noise):
    """E ½ Σ ‖f̂ - y‖² = L + V, within six standard errors of 2000 samples."""
    x, y = data(2, 3, 2)
    net = network(12, 3, 2, activation=psi, noise=noise)
    eps = torch.randn(2000, 2, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    samples = loss(net.sample_output(x, noise=eps), y)
    exact = loss(net.mean_output(x), y) + output_variance(net, x)
    assert abs(float(samples.mean() - exact)) <= 6 * float(samples.std()) / 2000**0.5 + 1e-10


def test_the_variance_of_a_batch_is_that_of_each_and_scales_with_the_multiplier_squared():
    x, _ = data(3, 3, 2)
    net = network(9, 3, 2, [1, 2])
    torch.testing.assert_close(output_variance(net, x)[1], output_variance(net[1], x))
    doubled = dataclasses.replace(net, multiplier=2 * net.multiplier)
    torch.testing.assert_close(output_variance(doubled, x), 4 * output_variance(net, x))


def test_the_loss_has_no_division_by_n():
    assert float(loss(torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [4.0]]))) == 2.5
    with pytest.raises(ValueError, match=r"targets of shape \(2, 1\) expected"):
        loss(torch.ones(2, 1), torch.ones(2, 3))
