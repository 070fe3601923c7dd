"""The KL terms against torch's own distributions, automatic differentiation and the normalisations in use."""

import pytest
import torch
from hypothesis import given
from torch.distributions import Normal, kl_divergence

from models.divergence import DIVERGENCES, divergence_from, objective, summed_beta
from models.objective import loss, mean_loss_gradient
from tests.models.problems import data, network, noises, seeds, sizes, widths
from theorems.setting import FixedNoise, LearnedNoise

FIXED, LEARNED = FixedNoise(0.8), LearnedNoise(0.7)
CASES = [(name, FIXED) for name in DIVERGENCES] + [(name, LEARNED) for name in DIVERGENCES[1:]]


def pair(noise, seed=0, m=7, n=4, p=3, d=2):
    """Where training started (two replicates), where it may have gone, and inputs."""
    x, _ = data(n, p, d, seed)
    start, moved = (network(m, p, d, [s, s + 1], noise=noise) for s in (seed, seed + 2))
    return start, moved, x


def by_torch(name, start, moved, x):
    """KL from torch.distributions, summed as the definition says."""
    if name == "weights":
        at, reference = (Normal(w.mean, w.noise.scale) for w in (moved, start))
    else:
        (u, s), (u0, s0) = moved.latent(x), start.latent(x)
        at, reference = Normal(u, s.abs()), Normal(u0, s0.abs()) if name == "initial-posterior" else Normal(0.0, 1.0)
    return kl_divergence(at, reference).sum((-2, -1))


@given(widths, sizes, sizes, seeds)
def test_values_are_those_of_torch(m, n, p, seed):
    for name, noise in CASES:
        start, moved, x = pair(noise, seed, m, n, p)
        value = divergence_from(name, start, x).value(moved)
        torch.testing.assert_close(value, by_torch(name, start, moved, x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "noise"), CASES)
def test_gradients_are_those_of_automatic_differentiation(name, noise):
    start, moved, x = pair(noise)
    kl = divergence_from(name, start, x)
    blocks = {b: w.detach().clone().requires_grad_() for b, w in moved.parameters().items()}
    total = by_torch(name, start, moved.replace_parameters(blocks), x).sum()
    expected = torch.autograd.grad(total, list(blocks.values()), allow_unused=True)
    closed = kl.gradient(moved)
    for (block, value), reference in zip(blocks.items(), expected, strict=True):
        torch.testing.assert_close(closed.get(block, torch.zeros_like(value)),
                                   torch.zeros_like(value) if reference is None else reference,
                                   rtol=1e-10, atol=1e-10)  # fmt: skip


@pytest.mark.parametrize(("name", "noise"), [case for case in CASES if case[0] != "weights"])
def test_slopes_and_curvatures_are_derivatives_of_the_terms(name, noise):
    start, moved, x = pair(noise)
    kl = divergence_from(name, start, x)
    u, s = (t.clone().requires_grad_() for t in moved.latent(x))
    first = torch.autograd.grad(kl.terms(u, s).sum(), (u, s), create_graph=True)
    for block, value, slope in zip(("mean", "scale"), (u, s), first, strict=True):
        (second,) = torch.autograd.grad(slope.sum(), value, retain_graph=True)
        torch.testing.assert_close(kl.slopes(u, s)[block], slope)
        torch.testing.assert_close(kl.curvatures(s)[block].expand_as(second), second)


@given(noises, seeds)
def test_nothing_is_penalised_at_the_start_but_by_the_standard_normal(noise, seed):
    if noise.scale == 0:
        return
    start, _, x = pair(noise, seed)
    names = DIVERGENCES[:2] if isinstance(noise, FixedNoise) else DIVERGENCES[1:2]
    for name in names:
        kl = divergence_from(name, start, x)
        assert kl.value(start).abs().max() < 1e-12
        assert all(g.abs().max() < 1e-12 for g in kl.gradient(start).values())
    assert (divergence_from("standard-normal", start, x).value(start) > 0).all()


@pytest.mark.parametrize(("name", "noise"), CASES)
def test_replicates_can_be_picked(name, noise):
    start, moved, x = pair(noise)
    kl = divergence_from(name, start, x)
    torch.testing.assert_close(kl[1:].value(moved[1:]), kl.value(moved)[1:])


@pytest.mark.parametrize(("halved", "averaged"), [(True, 1), (False, 1), (False, 2)])  # y has two columns
@pytest.mark.parametrize("name", DIVERGENCES[:2])
def test_a_mean_normalised_objective_has_the_same_minimisers_at_the_converted_beta(name, halved, averaged):
    """Its gradient is parallel to that of L + β KL."""
    start, moved, x = pair(FIXED)
    y = data(4, 3, 2)[1]
    kl, n, given_beta = divergence_from(name, start, x), 4, 0.6
    beta = summed_beta(given_beta, n, per_input=name != "weights", halved=halved, averaged_outputs=averaged)
    scale = (1 if halved else 2) / (n * averaged)
    w = moved.mean.detach().clone().requires_grad_()
    at = moved.replace_parameters({"mean": w})
    error = loss(at.mean_output(x), y).sum() * scale
    penalty = kl.value(at).sum() / (1 if name == "weights" else n)
    (mean_form,) = torch.autograd.grad(error + given_beta * penalty, w)
    sum_form = mean_loss_gradient(moved, x, moved.mean_output(x) - y)["mean"] + beta * kl.gradient(moved)["mean"]
    torch.testing.assert_close(mean_form / scale, sum_form)


def test_the_objective_adds_the_loss_and_beta_times_the_divergence():
    start, moved, x = pair(LEARNED)
    y = data(4, 3, 2)[1]
    kl = divergence_from("initial-posterior", start, x)
    expected = loss(moved.mean_output(x), y) + 0.3 * kl.value(moved)
    torch.testing.assert_close(objective(moved, x, y, 0.3, kl), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w, x, y: divergence_from("posterior", w, x), "unknown divergence 'posterior'; known: weights"),
        (lambda w, x, y: divergence_from("weights", network(5, 3, 2), x), "needs fixed noise"),
        (lambda w, x, y: divergence_from("weights", network(5, 3, 2, noise=FixedNoise(0.0)), x), "s is zero"),
        (
            lambda w, x, y: divergence_from("initial-posterior", network(5, 3, 2, noise=LearnedNoise(0.0)), x),
            "s is zero",
        ),
        (lambda w, x, y: objective(w, x, y, -1.0, divergence_from("weights", w, x)), "beta must be .* got -1.0"),
        (lambda w, x, y: objective(w, x, y, float("nan"), divergence_from("weights", w, x)), "beta must be"),
        (lambda w, x, y: summed_beta(1.0, 0), "inputs must be at least 1"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    x, y = data(4, 3, 2)
    with pytest.raises(ValueError, match=message) as raised:
        call(network(5, 3, 2, noise=FIXED), x, y)
    assert "\n" not in str(raised.value)
