"""The derived width of Lemma 2 against the second moments of simulated units."""

import numpy as np
import pytest
from scipy.special import erf

from theorems.blocks import KernelBlocks
from theorems.lemma2 import derived_width, stated_width
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


def test_it_does_not_depend_on_the_units_that_outputs_are_measured_in():
    x = unit_inputs(3, 4, seed=2)
    kernel = limiting_kernel(x)
    louder = KernelBlocks(*(9 * block for block in (kernel.decoder, kernel.mean, kernel.scale)))
    for block in ("total", "decoder", "mean", "scale"):
        assert derived_width(x, 2, louder, block) == pytest.approx(derived_width(x, 2, kernel, block), rel=1e-12)


def test_nothing_is_close_enough_to_a_singular_block():
    x = unit_inputs(2, 3, seed=0)
    kernel = limiting_kernel(x, noise=FixedNoise(1.0))
    assert derived_width(x, 1, kernel, "scale") == np.inf


def test_the_stated_width_reads_like_the_lemma():
    assert stated_width(3, 2, 0.5, delta=0.1) == pytest.approx(9 * 4 / 0.25 * np.log(60))
