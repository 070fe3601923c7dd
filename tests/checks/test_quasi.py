"""Quasi-random networks against independent references."""

import numpy as np
import pytest
from numpy.random import SeedSequence

from checks.case import VaeCase
from checks.experiments.networks import loud
from checks.experiments.quasi import quasi, quasi_network
from theorems.limiting_kernel import limiting_kernel
from theorems.setting import ERF, RELU, FixedNoise, LearnedNoise, Problem

X = np.array([[1.0, 0.0], [0.6, 0.8]])


def case_of(activation, noise):
    """Two inputs in the plane, one output."""
    return VaeCase(Problem(X, np.ones((2, 1)), activation, noise))


@pytest.mark.parametrize("noise", [LearnedNoise(0.8), FixedNoise(0.5)])
def test_units_have_the_moments_of_the_initialisation(noise):
    network = quasi_network(case_of(ERF, noise), 2**14, SeedSequence(3))
    for name, block in network.parameters().items():
        scale = noise.scale if name == "scale" else 1.0
        np.testing.assert_allclose(block.mean(0), 0, atol=2e-3)
        np.testing.assert_allclose(block.T @ block / network.width, scale**2 * np.eye(block.shape[1]), atol=2e-2)


@pytest.mark.parametrize("activation", [ERF, RELU])
def test_averages_converge_faster_than_independent_units(activation):
    case, widths = case_of(activation, LearnedNoise(1.0)), (2**9, 2**15)
    limit = limiting_kernel(X, activation=activation, noise=LearnedNoise(1.0))
    errors = []
    for width in widths:
        measured = quasi(case, width, [SeedSequence(k) for k in range(8)], "cpu")
        errors.append([np.sqrt(((measured[b] - getattr(limit, b)) ** 2).mean()) for b in ("decoder", "mean", "scale")])
    slopes = np.log(np.divide(*errors)) / np.log(widths[0] / widths[1])
    assert slopes.mean() < -0.7  # independent units: -0.5


@pytest.mark.parametrize(("noise", "near"), [(LearnedNoise(0.8), 6e-5), (FixedNoise(0.5), 2e-5)])
def test_only_what_the_inputs_see_costs_accuracy(noise, near):
    """Two inputs that span a plane in five dimensions; with weights in any other basis none of four comes so near."""
    turned = np.linalg.qr(np.random.default_rng(2).standard_normal((5, 5)))[0]
    deep = VaeCase(Problem(X @ turned[:2], np.ones((2, 1)), ERF, noise))
    measured = quasi(deep, 2**17, [SeedSequence(k) for k in range(4)], "cpu")
    limit = limiting_kernel(X, activation=ERF, noise=noise)
    np.testing.assert_allclose(measured["decoder"], np.broadcast_to(limit.decoder, (4, 2, 2)), atol=near)
    np.testing.assert_allclose(measured["mean"], np.broadcast_to(limit.mean, (4, 2, 2)), atol=4e-4)
    network = quasi_network(deep, 2**14, SeedSequence(3))
    np.testing.assert_allclose(network.mean.T @ network.mean / network.width, np.eye(5), atol=2e-2)


def test_a_control_changes_what_it_should():
    case = case_of(ERF, FixedNoise(0.5))
    plain, louder = (
        quasi(case, 2**12, [SeedSequence(1)], "cpu", p) for p in (lambda network: network, loud("decoder"))
    )
    np.testing.assert_allclose(louder["mean"], 1.44 * plain["mean"])
    np.testing.assert_allclose(louder["decoder"], plain["decoder"])
