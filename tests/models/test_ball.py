"""Moves inside a ball: never outside it, better than random ones, as good as brute force on a tiny problem."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import SeedSequence

from models.ball import largest_change, moved_rows, quadratic_form, random_directions, smallest_eigenvalue
from models.snn import StochasticNetwork
from models.tangent import tangent_kernel
from tests.models.problems import activations, data, network, noises, seeds, sizes, widths
from theorems.setting import ERF, RELU, FixedNoise, LearnedNoise

NOISY = [LearnedNoise(1.0), LearnedNoise(0.5), FixedNoise(0.8)]


def batch(count, width, p, d, **options):
    return StochasticNetwork.initialise(width, p, d, seed=list(range(count)), **options)


def lengths(moved, start):
    """‖w_r^b - w_r^b(0)‖ of every row, all blocks together."""
    return torch.cat([(w - start.parameters()[b]).norm(dim=-1).flatten() for b, w in moved.parameters().items()])


def change(moved, start, x):
    difference = tangent_kernel(moved, x).block() - tangent_kernel(start, x).block()
    return torch.linalg.matrix_norm(difference, ord=2)


@settings(max_examples=40)
@given(widths, sizes, sizes, sizes, activations, noises, seeds)
def test_the_quadratic_form_is_that_of_the_kernel(m, n, p, d, psi, noise, seed):
    x, w = data(n, p, d, seed)
    net = network(m, p, d, seed, activation=psi, noise=noise)
    by_kernel = w.flatten() @ tangent_kernel(net, x).block() @ w.flatten()
    torch.testing.assert_close(quadratic_form(net, x, w), by_kernel, rtol=1e-10, atol=1e-14)


@settings(max_examples=20)
@given(sizes, sizes, sizes, st.sampled_from(["erf", "relu"]), st.sampled_from(NOISY), st.floats(1e-4, 2.0))
def test_searches_stay_in_the_ball_and_report_what_is_there(n, p, d, psi, noise, radius):
    x, _ = data(n, p, d)
    start = batch(2, 20, p, d, activation=psi, noise=noise)
    ascent, descent = largest_change(start, x, radius), smallest_eigenvalue(start, x, radius)
    for found in (ascent, descent):
        assert float(lengths(found.network, start).max()) <= radius * (1 + 1e-9)
    torch.testing.assert_close(ascent.value, change(ascent.network, start, x))
    lowest = torch.linalg.eigvalsh(tangent_kernel(descent.network, x).block())[..., 0]
    torch.testing.assert_close(descent.value, lowest)


@pytest.mark.parametrize("noise", NOISY, ids=str)
@pytest.mark.parametrize("psi", [ERF, RELU], ids=lambda psi: psi.name)
def test_the_adversary_beats_random_moves(psi, noise):
    x, _ = data(3, 4, 2)
    start = batch(4, 64, 4, 2, activation=psi, noise=noise)
    ascent, descent = largest_change(start, x, 0.1).value, smallest_eigenvalue(start, x, 0.1).value
    for trial in range(20):
        moves = random_directions(start, SeedSequence(trial).spawn(4))
        there = moved_rows(start, moves, 0.1)
        torch.testing.assert_close(lengths(there, start), torch.full_like(lengths(there, start), 0.1))
        assert bool((change(there, start, x) < ascent).all())
        assert bool((torch.linalg.eigvalsh(tangent_kernel(there, x).block())[..., 0] > descent).all())


@pytest.mark.parametrize("noise", [LearnedNoise(1.0), FixedNoise(0.8)], ids=str)
@pytest.mark.parametrize("psi", [ERF, RELU], ids=lambda psi: psi.name)
def test_brute_force_finds_nothing_better_on_a_tiny_problem(psi, noise):
    """One input of dimension 1, one output, two units: every row is a number, so corners and inner points are tried."""
    x = torch.ones(1, 1, dtype=torch.float64)
    start, radius = network(2, 1, 1, 3, activation=psi, noise=noise), 0.05
    blocks = list(start.parameters())
    steps = torch.linspace(-radius, radius, 5, dtype=torch.float64)
    grid = torch.cartesian_prod(*[steps] * (2 * len(blocks)))
    moves = {b: grid[:, 2 * k : 2 * k + 2, None] for k, b in enumerate(blocks)}
    everywhere = start.replace_parameters({b: start.parameters()[b] + moves[b] for b in blocks})
    kernels = tangent_kernel(everywhere, x).block()[:, 0, 0]
    here = tangent_kernel(start, x).block()[0, 0]
    together = batch(1, 2, 1, 1, activation=psi, noise=noise).replace_parameters(
        {b: w[None] for b, w in start.parameters().items()}
    )
    assert float(largest_change(together, x, radius).value) >= 0.995 * float((kernels - here).abs().max())
    assert float(smallest_eigenvalue(together, x, radius).value) <= float(kernels.min()) + 0.005 * float(here)


@pytest.mark.parametrize("noise", [LearnedNoise(0.7), FixedNoise(0.6)], ids=str)
@pytest.mark.parametrize("psi", [ERF, RELU], ids=lambda psi: psi.name)
@pytest.mark.parametrize("radius", [0.1, 0.25, 1.0])
def test_many_small_steps_gain_little(psi, noise, radius):
    """The searches against projected gradients of 100 small steps from a random point of the ball."""
    x, _ = data(3, 3, 2)
    start = batch(1, 48, 3, 2, activation=psi, noise=noise)
    initial = tangent_kernel(start, x).block()

    def change(network):
        return torch.linalg.matrix_norm(tangent_kernel(network, x).block() - initial, ord=2)

    def drop(network):
        return -torch.linalg.eigvalsh(tangent_kernel(network, x).block())[..., 0]

    largest = _projected_ascent(change, start, radius, seed=0)
    assert float(largest_change(start, x, radius).value) >= 0.96 * largest
    smallest = -_projected_ascent(drop, start, radius, seed=0)
    here = float(torch.linalg.eigvalsh(initial)[..., 0])
    assert float(smallest_eigenvalue(start, x, radius).value) <= smallest + 0.02 * here


def test_the_first_step_alone_is_not_enough():
    """Networks of four units: where the first step ends, another eigenvector leads, and only going on follows it."""
    x = np.random.default_rng(1).standard_normal((4, 4))
    x = torch.from_numpy(x / np.linalg.norm(x, axis=1, keepdims=True))
    start = batch(16, 4, 4, 3, activation=ERF, noise=FixedNoise(0.6))
    found, first = largest_change(start, x, 0.01).value, largest_change(start, x, 0.01, steps=1).value
    k = int((found / first).argmax())
    initial = tangent_kernel(start[k : k + 1], x).block()

    def change(network):
        return torch.linalg.matrix_norm(tangent_kernel(network, x).block() - initial, ord=2)

    largest = max(_projected_ascent(change, start[k : k + 1], 0.01, seed) for seed in range(3))
    assert float(first[k]) < 0.85 * largest
    assert float(found[k]) > 0.96 * largest


def _projected_ascent(value, start, radius, seed):
    here, best = moved_rows(start, random_directions(start, [SeedSequence(seed)]), radius / 2), -torch.inf
    for step in range(100):
        blocks = {b: w.detach().requires_grad_() for b, w in here.parameters().items()}
        size = value(here.replace_parameters(blocks))
        best = max(best, float(size.detach()))
        gradients = torch.autograd.grad(size.sum(), list(blocks.values()))
        moved = {}
        for (b, w), g in zip(blocks.items(), gradients, strict=True):
            towards = w.detach() + radius / (4 + step / 5) * g / g.norm(dim=-1, keepdim=True).clamp_min(1e-30)
            offset = towards - start.parameters()[b]
            moved[b] = start.parameters()[b] + offset * (radius / offset.norm(dim=-1, keepdim=True)).clamp_max(1.0)
        here = here.replace_parameters(moved)
    return best


def test_blocks_that_may_not_move_stay():
    x, _ = data(2, 3, 2)
    start = batch(2, 16, 3, 2)
    found = largest_change(start, x, 0.2, blocks=("decoder",))
    assert torch.equal(found.network.mean, start.mean)
    assert not torch.equal(found.network.decoder, start.decoder)
    assert bool((found.value < largest_change(start, x, 0.2).value).all())


def test_a_row_with_a_vanishing_gradient_neither_moves_nor_leaves_the_ball():
    """Gradients of ReLU's h in s underflow at |s| << |u|: squares below 1e-308 must not blow a row up."""
    start = batch(1, 3, 2, 1, activation="relu")
    rows = torch.tensor([[[3e-200, 4e-200], [0.0, 0.0], [3.0, 4.0]]], dtype=torch.float64)
    there = moved_rows(start, {"mean": rows}, 1.0)
    expected = torch.tensor([[[0.6, 0.8], [0.0, 0.0], [0.6, 0.8]]], dtype=torch.float64)
    torch.testing.assert_close(there.mean - start.mean, expected)


def test_every_replicate_has_a_radius_of_its_own():
    x, _ = data(2, 3, 1)
    start, radii = batch(3, 24, 3, 1), torch.tensor([0.01, 0.1, 0.3], dtype=torch.float64)
    together = largest_change(start, x, radii).value
    for k, radius in enumerate(radii.tolist()):
        alone = largest_change(start[k : k + 1], x, radius).value
        np.testing.assert_allclose(float(together[k]), float(alone[0]), rtol=1e-9)


def test_a_wider_ball_holds_the_narrower_one():
    x, _ = data(3, 3, 2)
    start = batch(4, 64, 3, 2, activation="relu")
    values = [largest_change(start, x, radius).value for radius in (0.01, 0.03, 0.1, 0.3)]
    assert all(bool((a < b).all()) for a, b in itertools.pairwise(values))


def test_bad_requests_are_refused():
    x, _ = data(3, 3, 2)
    start = batch(1, 8, 3, 2, noise=FixedNoise(1.0))
    for search in (largest_change, smallest_eigenvalue):
        with pytest.raises(ValueError, match="blocks are mean, scale, decoder; got 'foo'"):
            search(start, x, 0.1, blocks=("foo",))
        with pytest.raises(ValueError, match="no block named scale"):
            search(start, x, 0.1, blocks=("scale",))
        with pytest.raises(ValueError, match="radius of 0 or more"):
            search(start, x, -1.0)
