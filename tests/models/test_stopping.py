"""Descent to a stated loss is descent, cut off; products with the kernel are those of the kernel."""

import numpy as np
import pytest
import torch
from hypothesis import given

from models.objective import loss, pullback, pushforward
from models.operator import largest_eigenvalue, tangent_operator
from models.stopping import descend_to_share
from models.tangent import tangent_kernel
from models.training import gradient_descent
from tests.models.problems import NOISES, activations, data, largest_difference, network, noises, seeds, widths
from theorems.setting import FixedNoise


@pytest.mark.parametrize("noise", NOISES[:3])
def test_it_takes_the_steps_of_gradient_descent_and_stops_at_the_first_that_is_low_enough(noise):
    x, y = data(4, 3, 2)
    start = network(60, 3, 2, noise=noise)
    step = 1 / largest_eigenvalue(tangent_operator(start, x))
    fit = descend_to_share(start, x, y, step=step, share=0.1)
    states = [state.network for state in gradient_descent(start, x, y, step, fit.steps)]
    losses = [float(loss(state.mean_output(x), y)) for state in states]
    assert losses[-1] <= 0.1 * losses[0] < losses[-2]
    assert fit.share == pytest.approx(losses[-1] / losses[0], rel=1e-12)
    there, here = (list(net.parameters().values()) for net in (fit.network, states[-1]))
    assert largest_difference(there, here) < 1e-13


def test_what_is_not_trained_stays_and_patience_ends():
    x, y = data(4, 3, 2)
    start = network(30, 3, 2)
    fit = descend_to_share(start, x, y, step=1e-3, share=0.1, most=5, trainable=("mean",))
    assert fit.steps == 5
    assert fit.share > 0.1
    assert torch.equal(fit.network.decoder, start.decoder)
    assert not torch.equal(fit.network.mean, start.mean)


def test_a_divergence_shows_in_the_share():
    x, y = data(4, 3, 2)
    fit = descend_to_share(network(30, 3, 2, activation="relu"), x, y, step=1e4, share=0.1)
    assert not np.isfinite(fit.share)


@given(activations, noises, widths, seeds)
def test_pushforward_and_pullback_are_transposes_and_make_the_kernel(activation, noise, width, seed):
    x, _ = data(3, 2, 2, seed)
    net = network(width, 2, 2, seed, activation=activation, noise=noise)
    features = net.features(x)
    e = torch.from_numpy(np.random.default_rng(seed).standard_normal((3, 2)))
    image = pushforward(net, x, features, pullback(net, x, features, e))
    expected = tangent_kernel(net, x).block() @ e.reshape(-1)
    torch.testing.assert_close(image.reshape(-1), expected, rtol=1e-10, atol=1e-12)


def test_bad_requests_are_refused():
    x, y = data(4, 3, 2)
    batch, single = network(8, 3, 2, seed=[0, 1]), network(8, 3, 2, noise=FixedNoise(1.0))
    with pytest.raises(ValueError, match="one network at a time"):
        descend_to_share(batch, x, y, step=0.1, share=0.1)
    with pytest.raises(ValueError, match="step must be positive"):
        descend_to_share(single, x, y, step=0.0, share=0.1)
    with pytest.raises(ValueError, match="trainable blocks"):
        descend_to_share(single, x, y, step=0.1, share=0.1, trainable=("weights",))
