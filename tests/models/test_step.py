"""The step that all training takes, against the gradients of `models.objective`; nothing large is allocated in it."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from models.objective import mean_loss_gradient, sampled_loss_gradient
from models.snn import StochasticNetwork
from models.step import Step, Workspace, joined, training_gradient
from tests.models.problems import data
from theorems.setting import Activation, FixedNoise, LearnedNoise

X, Y = data(3, 4, 2)
TANH = Activation("tanh", lambda xp, z: xp.tanh(z), lambda xp, z: 1 - xp.tanh(z) ** 2)
KINDS = [(psi, noise) for psi in ("erf", "relu", "sin", TANH) for noise in (LearnedNoise(0.7), FixedNoise(0.6))]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{getattr(kind[0], 'name', kind[0])}-{kind[1]}")
def network(request):
    activation, noise = request.param
    return StochasticNetwork.initialise(8, 4, 2, activation=activation, noise=noise, seed=[0, 1, 2])


def step_of(network, room=None):
    return Step(network, X, Y.expand(3, 3, 2), room)


def empty_like(network):
    return {name: torch.full_like(block.mT, torch.nan) for name, block in network.parameters().items()}


def test_the_residual_and_the_gradient_are_those_of_the_loss(network):
    step, found = step_of(network), empty_like(network)
    residual = step.forward()
    torch.testing.assert_close(residual, network.mean_output(X) - Y)
    step.pull(residual, found, 1.0, add=False)  # whatever was there, not a number either, is gone
    for name, exact in mean_loss_gradient(network, X, network.mean_output(X) - Y).items():
        torch.testing.assert_close(found[name].mT, exact)


def test_so_are_those_of_a_sampled_output(network):
    noise = torch.randn(3, 3, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    step, found = step_of(network), empty_like(network)
    residual = step.forward(noise)
    torch.testing.assert_close(residual, network.sample_output(X, noise=noise) - Y)
    step.pull(residual, found, 1.0, add=False)
    for name, exact in sampled_loss_gradient(network, X, Y, noise).items():
        torch.testing.assert_close(found[name].mT, exact)


def test_it_moves_parameters_where_they_are_and_those_alone_that_it_is_given(network):
    before = {name: block.clone() for name, block in network.parameters().items()}
    exact = mean_loss_gradient(network, X, network.mean_output(X) - Y)
    trained = {name: network.parameters()[name].mT for name in ("mean", "decoder")}
    step = step_of(network)
    step.pull(step.forward(), trained, -0.1, add=True)
    for name, block in network.parameters().items():
        expected = before[name] - 0.1 * exact[name] if name in trained else before[name]
        torch.testing.assert_close(block, expected)
    torch.testing.assert_close(step.forward(), network.mean_output(X) - Y)  # it sees what was written


def test_mean_and_scale_side_by_side_are_one_block():
    flat = torch.arange(2 * 3 * 4 * 8 + 3 * 2 * 8, dtype=torch.float64)
    mean, scale, decoder = (part.view(3, -1, 8) for part in flat.split([96, 96, 48]))
    found = joined({"mean": mean, "scale": scale, "decoder": decoder})
    assert found.keys() == {"encoder", "decoder"}
    assert torch.equal(found["encoder"], torch.cat([mean, scale]))
    assert found["encoder"].data_ptr() == flat.data_ptr()
    for apart in ({"mean": mean, "scale": scale.clone()}, {"mean": scale, "scale": mean}, {"mean": mean}):
        assert joined(apart).keys() == apart.keys()


def test_steps_may_share_their_arrays(network):
    room, other = Workspace(network, len(X)), network.replace_parameters({"mean": -2 * network.mean})
    alone, shared = step_of(other).forward().clone(), []
    for one in (network, other):
        shared.append(step_of(one, room).forward().clone())
    assert torch.equal(shared[1], alone)
    assert not torch.equal(shared[0], alone)


def test_the_gradient_of_one_network(network):
    one, found = network[1], training_gradient(network[1], X, Y)
    for name, exact in mean_loss_gradient(one, X, one.mean_output(X) - Y).items():
        torch.testing.assert_close(found[name], exact)


class Allocated(TorchDispatchMode):
    """Remembers the largest tensor in memory of its own that an operation made."""

    def __init__(self, known):
        super().__init__()
        self.known, self.largest = {t.untyped_storage().data_ptr() for t in known}, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for t in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(t, torch.Tensor) and t.untyped_storage().data_ptr() not in self.known:
                self.largest = max(self.largest, t.numel())
        return out


@pytest.mark.parametrize("activation", ["erf", "relu", "sin"])
@pytest.mark.parametrize("noise", [LearnedNoise(0.7), FixedNoise(0.6)], ids=str)
def test_nothing_of_the_size_of_the_features_is_allocated_in_a_step(activation, noise):
    network = StochasticNetwork.initialise(64, 4, 2, activation=activation, noise=noise, seed=[0, 1, 2])
    step, trained = step_of(network), {name: block.mT for name, block in network.parameters().items()}
    room = step.room
    arrays = [room.latent, room.residual, *trained.values(), X, step.y]
    with Allocated(arrays) as watch:
        step.pull(step.forward(), trained, -0.1, add=True)
    assert watch.largest < network.width
