"""The derived width of Lemma 2 against the second moments of simulated units."""

import numpy as np
import pytest
from scipy.special import erf

from theorems.blocks import KernelBlocks
from theorems.lemma2 import derived_eigenvalue_width, derived_width, stated_width
from theorems.limiting_kernel import limiting_kernel
from theorems.setting import FixedNoise

SCALE = 0.8


def unit_inputs(n, p, seed):
    x = np.random.default_rng(seed).standard_normal((n, p))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def units(x, outputs, count):
    """Each unit's own Θ^d and Θ^μ under fixed noise, (count, nd, nd), for ψ = erf: h = erf(u/√(1+2σ0²))."""
    rng, width = np.random.default_rng(5), np.sqrt(1 + 2 * SCALE**2)
    u = rng.standard_normal((count, x.shape[1])) @ x.T
    h, slope = erf(u / width), 2 / np.sqrt(np.pi) / width * np.exp(-((u / width) ** 2))
    v = rng.standard_normal((count, outputs))
    inner = (x @ x.T) * slope[:, :, None] * slope[:, None, :]
    decoder = np.einsum("ri,rj,kl->rikjl", h, h, np.eye(outputs))
    mean = np.einsum("rij,rk,rl->rikjl", inner, v, v)
    size = len(x) * outputs
    return {name: a.reshape(count, size, size) for name, a in (("decoder", decoder), ("mean", mean))}


@pytest.mark.parametrize("outputs", [1, 3])
def test_it_is_the_second_moment_of_a_unit_over_the_square_of_the_eigenvalue(outputs):
    x = unit_inputs(3, 4, seed=2)
    kernel = limiting_kernel(x, activation="erf", noise=FixedNoise(SCALE))
    for block, samples in units(x, outputs, 20_000).items():
        second = np.linalg.norm(np.einsum("rij,rjk->ik", samples, samples) / len(samples), 2)
        smallest = np.linalg.eigvalsh(getattr(kernel, block))[0]
        share = second / smallest**2 / derived_width(x, outputs, kernel, block)
        assert 0.3 < share < 3, block  # up to the kurtosis of h (3 if h were normal), which is left to C


@pytest.mark.parametrize("outputs", [1, 3])
def test_for_the_eigenvalue_it_is_the_size_of_a_unit_over_the_eigenvalue(outputs):
    x = unit_inputs(3, 4, seed=2)
    kernel = limiting_kernel(x, activation="erf", noise=FixedNoise(SCALE))
    sizes = {name: np.linalg.eigvalsh(a)[:, -1].mean() for name, a in units(x, outputs, 20_000).items()}
    for block, size in sizes.items():
        smallest = np.linalg.eigvalsh(getattr(kernel, block))[0]
        share = size / smallest / derived_eigenvalue_width(x, outputs, kernel, block)
        assert 0.3 < share < 1.05, block  # the decoder's is L itself, Σ h_i², up to the error of the mean


def test_the_eigenvalue_of_the_sum_asks_for_the_sizes_of_all_blocks():
    x = unit_inputs(3, 4, seed=2)
    kernel = limiting_kernel(x)
    blocks = {name: np.linalg.eigvalsh(getattr(kernel, name))[0] for name in ("decoder", "mean", "scale")}
    sizes = [smallest * derived_eigenvalue_width(x, 2, kernel, name) for name, smallest in blocks.items()]
    smallest = np.linalg.eigvalsh(kernel.total)[0]
    assert derived_eigenvalue_width(x, 2, kernel) == pytest.approx(sum(sizes) / smallest, rel=1e-12)


def test_at_fifty_times_its_derived_width_hardly_an_eigenvalue_falls_short():
    x = unit_inputs(3, 4, seed=3)
    kernel = limiting_kernel(x, activation="erf", noise=FixedNoise(SCALE))
    for block in ("decoder", "mean"):
        width = int(50 * derived_eigenvalue_width(x, 2, kernel, block))
        found = np.linalg.eigvalsh(units(x, 2, 40 * width)[block].reshape(40, width, 6, 6).mean(1))[:, 0]
        assert (found >= 0.75 * np.linalg.eigvalsh(getattr(kernel, block))[0]).mean() >= 0.95, block


@pytest.mark.parametrize("derived_width", [derived_width, derived_eigenvalue_width])
def test_it_does_not_depend_on_the_units_that_outputs_are_measured_in(derived_width):
    x = unit_inputs(3, 4, seed=2)
    kernel = limiting_kernel(x)
    louder = KernelBlocks(*(9 * block for block in (kernel.decoder, kernel.mean, kernel.scale)))
    for block in ("total", "decoder", "mean", "scale"):
        assert derived_width(x, 2, louder, block) == pytest.approx(derived_width(x, 2, kernel, block), rel=1e-12)


@pytest.mark.parametrize("derived_width", [derived_width, derived_eigenvalue_width])
def test_nothing_is_close_enough_to_a_singular_block(derived_width):
    x = unit_inputs(2, 3, seed=0)
    kernel = limiting_kernel(x, noise=FixedNoise(1.0))
    assert derived_width(x, 1, kernel, "scale") == np.inf


def test_the_stated_width_reads_like_the_lemma():
    assert stated_width(3, 2, 0.5, delta=0.1) == pytest.approx(9 * 4 / 0.25 * np.log(60))
