"""On another device everything stays there: no mixing of devices anywhere, nothing copied inside a training step."""

import numpy as np
import pytest
import torch
from numpy.random import SeedSequence

from models import training
from models.activations import QuadratureMean
from models.ball import largest_change, smallest_eigenvalue
from models.cell import Cell
from models.divergence import DIVERGENCES, divergence_from, objective
from models.draws import to_normal
from models.implicit import combined
from models.objective import loss, output_variance
from models.path import _off_path
from models.regularised import Regularised
from models.regularised_descent import regularised_descent
from models.rungekutta import DormandPrince8
from models.snn import BLOCKS, StochasticNetwork
from models.span import Span
from models.stopping import _Descent
from models.tangent import sampled_tangent_kernel, tangent_kernel, total_tangent_kernel
from models.traced import mean_sampled_traced_kernel, traced_kernel
from tests.models.devices import ELSEWHERE, Crossing, a_step, fakes, the_same_noise
from tests.models.problems import data
from theorems.setting import Activation, FixedNoise, LearnedNoise

X, Y = data(3, 4, 2)
own = training._stream
KINKED = Activation("hinge", lambda xp, z: z * (z > 0), lambda xp, z: (z > 0) * 1.0, kinks=(0.0,))
ONE = LearnedNoise(1.0)
NETWORKS = [
    ("erf", ONE),
    ("relu", LearnedNoise(0.7)),
    ("sin", FixedNoise(0.6)),
    (KINKED, ONE),
]


@pytest.fixture(params=ELSEWHERE)
def device(request):
    return request.param


@pytest.fixture
def border():
    with fakes() as border:
        yield border


@pytest.fixture(autouse=True)
def no_numbers(monkeypatch):
    """A device that is not there has no generator either: a fill in its place. And few nodes say as much as many."""
    monkeypatch.setattr(QuadratureMean, "nodes", 2)
    monkeypatch.setattr(training, "_stream", lambda seed, device: lambda eps: eps.normal_())


def test_what_a_gpu_is_compared_with_has_the_noise_of_the_cpu():
    """The comparison itself runs where there is a GPU: here its noise is seen to be that of training on the CPU."""
    ours, theirs, again = (torch.empty(2, 3, dtype=torch.float64) for _ in range(3))
    own(SeedSequence(7), torch.device("cpu"))(ours)
    the_same_noise(SeedSequence(7), torch.device("cpu"))(theirs)
    the_same_noise(SeedSequence(7), torch.device("cuda"))(again)
    assert torch.equal(ours, theirs)
    to_normal(ours)
    assert torch.equal(ours, again)
    assert again.abs().max() < 4


def networks(device, activation="erf", noise=ONE):
    return StochasticNetwork.initialise(6, 4, 2, activation=activation, noise=noise, seed=[0, 1], device=device)


def on(device, *tensors):
    return {str(t.device) for t in tensors} == {device}


def steps(states, border):
    """The state after steps, taken with the border closed once the first state is there."""
    next(states)
    with a_step(border):
        return next(states)


@pytest.mark.parametrize(("activation", "noise"), NETWORKS)
def test_initialisation_outputs_and_kernels(border, device, activation, noise):
    network = networks(device, activation, noise)
    assert on(device, *network.parameters().values(), network.mean_output(X), output_variance(network, X))
    epsilon = network.draw_noise(3, 0)
    assert on(device, network.sample_output(X, noise=epsilon), tangent_kernel(network, X).total)
    assert on(device, tangent_kernel(network, X, X[:2]).total, sampled_tangent_kernel(network, X, epsilon).total)
    assert on(device, total_tangent_kernel(network, X), total_tangent_kernel(network, X, X[:2], block=4))
    assert on(device, traced_kernel(network, X).total, mean_sampled_traced_kernel(network, X, epsilon[None]).total)


@pytest.mark.parametrize(("activation", "noise"), NETWORKS)
def test_gradient_steps(border, device, activation, noise):
    network = networks(device, activation, noise)
    ways = (
        training.gradient_descent(network, X, Y, 0.1, 4, record=2),
        training.stochastic_gradients(network, X, Y, 0.1, 4, seeds=[0, 1], record=2),
        training.gradient_flow(network, X, Y, [0.0, 0.2], step=0.1),
    )
    for states in ways:
        state = steps(states, border)
        assert on(device, state.error, *state.network.parameters().values())


@pytest.mark.parametrize("divergence", DIVERGENCES)
@pytest.mark.parametrize("seeds", [None, [0, 1]])
def test_regularised_steps(border, device, divergence, seeds):
    noise = FixedNoise(0.6) if divergence == "weights" else ONE
    network = networks(device, noise=noise)
    kl = divergence_from(divergence, network, X)
    assert on(device, kl.value(network), *kl.gradient(network).values(), objective(network, X, Y, 0.1, kl))
    given = {"beta": 0.1, "divergence": divergence, "seeds": seeds, "trainable": BLOCKS, "record": 2}
    state = steps(regularised_descent(network, X, Y, 0.1, 4, **given), border)
    assert on(device, *state.network.parameters().values())


def test_losses_of_a_descent(border, device):
    assert on(device, training.descent_losses(networks(device), X, Y, 0.1, 3))


def test_descent_to_a_share(border, device):
    descent = _Descent(Cell(networks(device)[0], X, Y, BLOCKS), 0.1, 0.01, 100)
    with a_step(border):
        descent.take(3)
    assert on(device, descent.going, descent.now, descent.taken)


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("trainable", [("mean",), ("mean", "scale"), BLOCKS])
@pytest.mark.parametrize("divergence", ["initial-posterior", "standard-normal"])
def test_implicit_steps(border, device, free, trainable, divergence):
    """One step of training to the end point: it looks at flags between steps, and copies nothing inside."""
    network = networks(device)
    x = network.as_inputs(X)
    span = Span.dual(x) if free else Span(x.new_ones(4, 3), x.new_ones(3, 3))  # principal: of a rank nobody knows here
    kl = divergence_from(divergence, network, x)
    problem = Regularised(network, torch.as_tensor(Y).to(x), 0.1, kl, trainable, span)
    point, one = problem.start(x), x.new_ones(2)
    vars(span)["free"] = free  # asked once, of numbers that are not there
    with a_step(border):
        newton = problem.gauss_newton(point, one)
        move = newton.solve(point.force, point.residual)
        point = problem.moved(point, combined(move, move, one), one)
        gradient, off = problem.gradient(point), _off_path(point, move)
    assert on(device, problem.objective(point), problem.tangent(point), off, *gradient.values())


def test_the_steps_of_runge_and_kutta(border, device):
    solver = DormandPrince8(5, dtype=torch.float64, device=torch.device(device))
    state = torch.ones(5, dtype=torch.float64, device=device)
    with a_step(border):
        errors = solver.step(state, 0.1, lambda slot: solver.stages[slot].copy_(solver.argument))
    assert on(device, state, *errors)


def test_the_ball(border):
    device = ELSEWHERE[0]  # the other's gradients by autograd need a driver
    for search in (largest_change, smallest_eigenvalue):
        assert on(device, search(networks(device), X, 0.1).value)


def test_mixed_devices_are_noticed(border, device):
    network = networks(device)
    with pytest.raises(RuntimeError, match="same device"):
        network.mean_output(X) - torch.as_tensor(Y)
    with pytest.raises(RuntimeError, match="same device"):
        loss(network.mean_output(X), torch.as_tensor(Y))


@pytest.mark.parametrize(
    "planted",
    [
        lambda u: float(u.sum()),
        lambda u: u * bool((u > 0).any()),
        lambda u: 0 if u.sum() > 0 else 1,
        lambda u: u.cpu(),
        lambda u: torch.eye(2, dtype=u.dtype).to(u),
        lambda u: torch.tensor(np.ones(2)).to(u),
        lambda u: torch.tensor([1.0, 2.0], device=u.device),
        lambda u: u.copy_(torch.ones(2, 2)),
        lambda u: torch.where(u > 0, u, torch.zeros(())),
        lambda u: u[u > 0],
        lambda u: torch.equal(u, u),
    ],
)
def test_planted_crossings_are_noticed(border, device, planted):
    u = torch.ones(2, 2, dtype=torch.float64, device=device)
    with pytest.raises(Crossing), a_step(border):
        planted(u)
