"""Descent with a KL term, sampled or not, against a loop of automatic differentiation."""

import numpy as np
import pytest
import torch
from numpy.random import SeedSequence

from models.divergence import divergence_from
from models.draws import standard_normal
from models.regularised_descent import regularised_descent
from models.training import stochastic_gradients
from tests.models.problems import SIN, data, network
from theorems.setting import FixedNoise


def loop(net, reference, x, y, step, noises, beta, divergence, names):
    """W ← W - step ∇(½ Σ ‖f̂ - y‖² + β KL), the gradient by automatic differentiation."""
    kl = divergence_from(divergence, reference, x)
    for noise in noises:
        blocks = {name: net.parameters()[name].detach().clone().requires_grad_() for name in names}
        trial = net.replace_parameters(blocks)
        output = trial.mean_output(x) if noise is None else trial.sample_output(x, noise=noise)
        loss = 0.5 * (output - y).square().sum() + beta * kl.value(trial).sum()
        gradients = torch.autograd.grad(loss, list(blocks.values()))
        moved = {name: (blocks[name] - step * g).detach() for name, g in zip(names, gradients, strict=True)}
        net = net.replace_parameters(moved)
    return net


@pytest.mark.parametrize("divergence", ["weights", "initial-posterior", "standard-normal"])
@pytest.mark.parametrize("names", [("mean",), ("mean", "decoder")])
def test_steps_are_those_of_automatic_differentiation(divergence, names):
    x, y = data(4, 3, 2)
    net = network(12, 3, 2, activation=SIN, noise=FixedNoise(0.8))
    other = net.replace_parameters({"mean": 1.1 * net.mean})
    given = {"beta": 0.3, "divergence": divergence, "trainable": names}
    stream = np.random.default_rng(SeedSequence(5))
    noises = [standard_normal((4, 12), stream) for _ in range(3)]
    for initial, reference, sampled in ((None, other, True), (net, net, True), (net, net, False)):
        seeds = SeedSequence(5) if sampled else None
        last = list(regularised_descent(other, x, y, 0.05, 3, seeds=seeds, initial=initial, **given))[-1]
        slow = loop(other, reference, x, y, 0.05, noises if sampled else [None] * 3, 0.3, divergence, names)
        for name, block in last.network.parameters().items():
            torch.testing.assert_close(block, slow.parameters()[name], rtol=0, atol=1e-12)


def test_without_a_kl_it_is_plain_stochastic_gradients():
    x, y = data(4, 3, 2)
    net = network(12, 3, 2, noise=FixedNoise(0.8))
    given = {"seeds": SeedSequence(1), "trainable": ("mean",)}
    with_kl = list(regularised_descent(net, x, y, 0.1, 5, beta=0.0, divergence="initial-posterior", **given))
    without = list(stochastic_gradients(net, x, y, 0.1, 5, **given))
    assert len(with_kl) == len(without)
    for a, b in zip(with_kl, without, strict=True):
        assert a.time == b.time
        torch.testing.assert_close(a.network.mean, b.network.mean, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"beta": -1.0}, "beta"),
        ({"trainable": ()}, "nothing to train"),
        ({"divergence": "none"}, "unknown divergence"),
        ({"seeds": [1, 2]}, "as many seeds"),
    ],
)
def test_bad_input_is_refused(change, says):
    x, y = data(4, 3, 2)
    given = {"beta": 0.1, "divergence": "initial-posterior", "seeds": 1} | change
    with pytest.raises(ValueError, match=says):
        list(regularised_descent(network(6, 3, 2, noise=FixedNoise(1.0)), x, y, 0.1, 2, **given))
