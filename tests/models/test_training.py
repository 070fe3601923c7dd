"""Training against an adaptive solver, automatic differentiation and its own convergence order."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import SeedSequence
from scipy.integrate import solve_ivp

import models.memory
from models.draws import standard_normal
from models.objective import loss, mean_loss_gradient, sampled_loss_gradient
from models.snn import BLOCKS, StochasticNetwork
from models.tangent import tangent_kernel
from models.training import gradient_descent, gradient_flow, stable_step, stochastic_gradients
from tests.models.problems import ERF, RELU, SIN, data, network, noises
from theorems.setting import FixedNoise


def flow_by_scipy(net, x, y, time, trainable=BLOCKS):
    """f(X) at a time from scipy's own DOP853 with tolerances near round-off."""
    names = [name for name in net.parameters() if name in trainable]
    shapes = [net.parameters()[name].shape for name in names]

    def rebuilt(flat):
        parts = np.split(flat, np.cumsum([s.numel() for s in shapes])[:-1])
        return net.replace_parameters(
            {n: torch.from_numpy(w.reshape(s)) for n, w, s in zip(names, parts, shapes, strict=True)}
        )

    def velocity(_, flat):
        w = rebuilt(flat)
        gradient = mean_loss_gradient(w, x, w.mean_output(x) - y)
        return -np.concatenate([gradient[name].numpy().ravel() for name in names])

    start = np.concatenate([net.parameters()[name].numpy().ravel() for name in names])
    solution = solve_ivp(velocity, (0, time), start, method="DOP853", rtol=1e-13, atol=1e-13)
    return rebuilt(solution.y[:, -1]).mean_output(x)


@pytest.mark.parametrize("trainable", [BLOCKS, ("mean", "decoder"), ("mean",), ("decoder",), ("scale",)])
def test_the_flow_is_that_of_an_adaptive_solver(trainable):
    x, y = data(4, 3, 2)
    net = network(20, 3, 2)
    step = stable_step(tangent_kernel(net, x).total, 0.25)
    (state,) = gradient_flow(net, x, y, [3.0], step=step, trainable=trainable)
    exact = flow_by_scipy(net, x, y, 3.0, trainable)
    torch.testing.assert_close(state.network.mean_output(x), exact, rtol=0, atol=1e-10)
    for name in set(BLOCKS) - set(trainable):
        assert torch.equal(state.network.parameters()[name], net.parameters()[name])


@pytest.mark.parametrize("psi", [ERF, SIN], ids=lambda psi: psi.name)
def test_halving_the_step_divides_the_error_by_two_to_the_eighth(psi):
    x, y = data(4, 3, 2)
    net = network(20, 3, 2, activation=psi)
    exact = flow_by_scipy(net, x, y, 4.0)
    errors = []
    for steps in (8, 16):
        (state,) = gradient_flow(net, x, y, [4.0], step=4.0 / steps)
        errors.append(float((state.network.mean_output(x) - exact).norm()))
        assert errors[-1] <= float(state.error)
    assert 7.0 < math.log2(errors[0] / errors[1]) < 9.5


@settings(max_examples=10)
@given(st.sampled_from([ERF, RELU, SIN]), noises)
def test_the_recorded_error_bounds_the_true_one_at_the_step_used(psi, noise):
    x, y = data(3, 3, 2)
    net = network(16, 3, 2, activation=psi, noise=noise)
    step = stable_step(tangent_kernel(net, x).total)
    coarse, fine = (list(gradient_flow(net, x, y, [1.0, 2.0], step=step / k)) for k in (1, 8))
    for a, b in zip(coarse, fine, strict=True):
        difference = (a.network.mean_output(x) - b.network.mean_output(x)).norm()
        assert float(difference) <= float(a.error + b.error) + 1e-13


def test_time_zero_is_the_beginning_and_states_do_not_share_memory():
    x, y = data(4, 3, 2)
    net = network(20, 3, 2, [1, 2])
    before = net.mean.clone()
    first, middle, same, last = gradient_flow(net, x, y, [0.0, 0.5, 0.5, 1.0], step=0.1)
    assert torch.equal(first.network.mean, before)
    assert torch.equal(net.mean, before)
    assert torch.equal(middle.network.mean, same.network.mean)
    assert not torch.equal(middle.network.mean, last.network.mean)
    assert first.error.tolist() == [0, 0]
    assert (last.error > middle.error).all()


def runs(net, x, y, seeds):
    """The last network of each way to train."""
    *_, flow = gradient_flow(net, x, y, [0.5, 1.0], step=0.2)
    *_, descent = gradient_descent(net, x, y, 0.05, 7, record=3)
    *_, stochastic = stochastic_gradients(net, x, y, 0.05, 7, seeds=seeds)
    return flow.network, descent.network, stochastic.network


@pytest.mark.parametrize("elements", [1, 1 << 18])
def test_replicate_r_of_a_batch_trains_like_the_network_alone(elements, monkeypatch):
    """Also when the cache is so small that every replicate is a group of its own."""
    x, y = data(4, 3, 2)
    seeds = [SeedSequence(r) for r in range(3)]
    alone = [runs(network(17, 3, 2, seed), x, y, [seed]) for seed in seeds]
    monkeypatch.setattr(models.memory, "CPU_ELEMENTS", elements)
    for way, together in enumerate(runs(network(17, 3, 2, seeds), x, y, seeds)):
        for r in range(3):
            for name, block in alone[r][way].parameters().items():
                torch.testing.assert_close(together.parameters()[name][r], block, rtol=1e-12, atol=1e-13)


def test_several_axes_of_replicates_keep_their_shape():
    x, y = data(4, 3, 2)
    net = network(6, 3, 2, list(range(6)))
    grid = net.replace_parameters({k: w.reshape(2, 3, *w.shape[1:]) for k, w in net.parameters().items()})
    (state,), (flat,) = (gradient_flow(w, x, y, [0.5], step=0.1) for w in (grid, net))
    assert state.error.shape == (2, 3)
    torch.testing.assert_close(state.network.mean[1, 2], flat.network.mean[5])


@pytest.mark.parametrize("noise", [None, FixedNoise(0.7)])
def test_gradient_descent_is_plain_sgd_on_the_loss(noise):
    x, y = data(4, 3, 2)
    net = network(13, 3, 2, **({} if noise is None else {"noise": noise}))
    blocks = {name: block.clone().requires_grad_() for name, block in net.parameters().items()}
    optimiser = torch.optim.SGD(blocks.values(), lr=0.1)
    expected = []
    for _ in range(20):
        optimiser.zero_grad()
        value = loss(net.replace_parameters(blocks).mean_output(x), y)
        expected.append(value.item())
        value.backward()
        optimiser.step()
    states = list(gradient_descent(net, x, y, 0.1, 20))
    assert [state.time for state in states] == pytest.approx([0.1 * k for k in range(21)])
    measured = [float(loss(state.network.mean_output(x), y)) for state in states[:-1]]
    np.testing.assert_allclose(measured, expected, rtol=1e-11)


def test_records_are_the_first_every_so_many_and_the_last():
    x, y = data(4, 3, 2)
    net = network(5, 3, 2)
    times = [state.time for state in gradient_descent(net, x, y, 1.0, 7, record=3)]
    assert times == [0, 3, 6, 7]
    assert [state.time for state in gradient_descent(net, x, y, 1.0, 6, record=3)] == [0, 3, 6]


def test_stochastic_gradients_use_fresh_noise_with_the_sampled_gradient():
    x, y = data(4, 3, 2)
    net = network(9, 3, 2)
    rng = np.random.default_rng(SeedSequence(4))
    by_hand = net
    for _ in range(3):
        eps = standard_normal((4, 9), rng)
        gradient = sampled_loss_gradient(by_hand, x, y, eps)
        by_hand = by_hand.replace_parameters({k: w - 0.1 * gradient[k] for k, w in by_hand.parameters().items()})
    *_, state = stochastic_gradients(net, x, y, 0.1, 3, seeds=4, record=3)
    for name, block in by_hand.parameters().items():
        torch.testing.assert_close(state.network.parameters()[name], block, rtol=1e-12, atol=1e-13)


def test_a_divergence_shows_as_a_loss_that_is_not_finite():
    x, y = data(4, 3, 2)
    net = network(32, 3, 2, [1, 2], activation="relu")
    *_, state = gradient_descent(net, x, y, 50.0, 400, record=400)
    assert not torch.isfinite(loss(state.network.mean_output(x), y)).any()
    (state,) = gradient_flow(net, x, y, [1e4], step=20.0)
    assert not torch.isfinite(loss(state.network.mean_output(x), y)).any()


def test_the_multiplier_scales_the_flow():
    """Outputs twice as large follow a kernel four times as large."""
    x, y = data(4, 3, 2)
    net = network(4000, 3, 2)
    doubled = dataclasses.replace(net, multiplier=2 * net.multiplier)
    kernel = tangent_kernel(doubled, x).block()
    start = doubled.mean_output(x) - y
    (state,) = gradient_flow(doubled, x, y, [0.3], step=0.05)
    linear = (torch.linalg.matrix_exp(-0.3 * kernel) @ start.flatten()).reshape(start.shape)
    torch.testing.assert_close(state.network.mean_output(x) - y, linear, rtol=0, atol=0.03)


def test_the_stable_step_is_that_of_the_worst_replicate():
    x, _ = data(4, 3, 2)
    kernels = tangent_kernel(network(9, 3, 2, [1, 2]), x)
    largest = max(float(torch.linalg.eigvalsh(kernels.block()[r])[-1]) for r in range(2))
    assert stable_step(kernels.total, 0.5) == pytest.approx(0.5 / largest)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w, x, y: gradient_flow(w, x, y, [1.0], step=0.0), "step must be positive"),
        (lambda w, x, y: gradient_flow(w, x, y, [1.0, 0.5], step=0.1), "times that increase"),
        (lambda w, x, y: gradient_flow(w, x, y, [1.0], step=0.1, trainable=("sigma",)), "mean, scale, decoder"),
        (lambda w, x, y: gradient_flow(w, x, y, [1.0], step=0.1, trainable=()), "nothing to train"),
        (lambda w, x, y: gradient_flow(w, x, y[:2], [1.0], step=0.1), r"targets \(4, 2\) expected, got \(2, 2\)"),
        (lambda w, x, y: gradient_descent(w, x, y, 0.1, 5, record=0), "record must be at least 1"),
        (lambda w, x, y: stochastic_gradients(w, x, y, 0.1, 5, seeds=[1, 2]), "1 replicates need as many seeds"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    x, y = data(4, 3, 2)
    with pytest.raises(ValueError, match=message):
        list(call(network(5, 3, 2), x, y))


@pytest.mark.parametrize("seeds", [None, True, "a", 1.5, [1.5]])
def test_noise_from_no_seed_is_refused(seeds):
    network = StochasticNetwork.initialise(8, 3, 2)
    with pytest.raises(ValueError, match="a seed must be"):
        list(stochastic_gradients(network, np.eye(3), np.ones((3, 2)), 0.1, 2, seeds=seeds))


def test_a_step_that_vanishes_later_is_refused():
    network = StochasticNetwork.initialise(8, 3, 2)
    with pytest.raises(ValueError, match="step must be positive"):
        list(gradient_flow(network, np.eye(3), np.ones((3, 2)), [1.0, 2.0], step=lambda t: 0.1 if t == 0 else 0.0))


def test_a_parameter_that_asks_for_gradients_trains_like_any_other_and_an_empty_batch_is_refused():
    x, y = data(3, 4, 2)
    net = network(6, 4, 2, [0, 1])
    asking = net.replace_parameters({"decoder": net.decoder.clone().requires_grad_()})
    (*_, plain), (*_, other) = (gradient_descent(n, x, y, 0.1, 2, record=2) for n in (net, asking))
    assert torch.equal(plain.network.mean, other.network.mean)
    with pytest.raises(ValueError, match="at least one"):
        next(gradient_descent(net[:0], x, y, 0.1, 2))
