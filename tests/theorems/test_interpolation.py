"""The interpolated limiting kernel against the direct quadrature, where it is hardest: near ρ = ±1."""

import numpy as np
import pytest

from theorems.interpolation import interpolant
from theorems.limiting_kernel import MANY, KernelBlocks, kernel_profile, limiting_kernel
from theorems.setting import Activation, FixedNoise, LearnedNoise

TANH = Activation("tanh", lambda xp, z: xp.tanh(z), lambda xp, z: 1 - xp.tanh(z) ** 2)


def points(count, dimension, seed=0):
    x = np.random.default_rng(seed).standard_normal((count, dimension))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def correlations():
    """±1, everything near it down to round-off, and the middle."""
    near = 1 - np.geomspace(1e-16, 1, 25)
    return np.concatenate([near, -near, np.random.default_rng(0).uniform(-1, 1, 25), [1.0, -1.0]])


@pytest.mark.parametrize("noise", [LearnedNoise(1.0), LearnedNoise(0.2), FixedNoise(0.0), FixedNoise(0.6)], ids=repr)
@pytest.mark.parametrize("activation", ["erf", "relu", "sin"])
def test_it_is_the_direct_quadrature_to_a_ten_billionth(activation, noise):
    exact = kernel_profile(correlations(), activation=activation, noise=noise)
    curve = interpolant(lambda rho: kernel_profile(rho, activation=activation, noise=noise))
    found = curve(correlations())
    size = kernel_profile(1.0, activation=activation, noise=noise).total
    for column, block in enumerate((exact.decoder, exact.mean, exact.scale)):
        assert np.abs(found[:, column] - block).max() < 1e-10 * size


@pytest.mark.parametrize("size", [(80, None), (70, 75)], ids=["square", "rectangular"])
@pytest.mark.parametrize("activation", ["relu", TANH], ids=["relu", "tanh"])
def test_many_entries_are_interpolated_by_themselves(activation, size):
    n, n2 = size
    x, other = points(n, 5), None if n2 is None else points(n2, 5, 1)
    noise = FixedNoise(0.7) if activation is TANH else LearnedNoise(1.0)
    kernel = limiting_kernel(x, other, activation=activation, noise=noise)
    assert kernel.total.size > MANY
    rho = np.clip(x @ (x if other is None else other).T, -1, 1)
    picked = np.s_[::9, ::7]
    exact = kernel_profile(rho[picked], activation=activation, noise=noise)
    for block in ("decoder", "mean", "scale"):
        error = np.abs(getattr(kernel, block)[picked] - getattr(exact, block)).max()
        assert error < 1e-10 * exact.total.max()
    if other is None:
        assert np.array_equal(kernel.total, kernel.total.T)


def test_pieces_crowd_where_the_function_is_singular():
    """√δ at ρ = 1 alone: the other end needs no evaluations near it."""
    seen = []

    def profile(rho):
        seen.append(np.arccos(rho))
        return KernelBlocks(np.sqrt(np.maximum(1 - rho, 0)) * (1 - rho) ** 0.25, 0 * rho, 0 * rho + 1)

    interpolant(profile)
    angles = np.concatenate(seen)
    assert np.sum((angles > 0) & (angles < 1e-2)) > 5 * np.sum(angles > np.pi - 1e-2)


@pytest.mark.parametrize("other", [None, points(75, 5, 1)], ids=["square", "rectangular"])
def test_a_large_kernel_is_made_some_rows_at_a_time(monkeypatch, other):
    """In parts of 7 rows, of which the lower triangle of a square one is the transposed upper one: the same numbers."""
    x = points(80, 5)
    whole = limiting_kernel(x, other, activation="relu", noise=LearnedNoise(1.0))
    monkeypatch.setattr("theorems.limiting_kernel.ROWS", 7 * whole.total.shape[1])
    parts = limiting_kernel(x, other, activation="relu", noise=LearnedNoise(1.0))
    for block in ("decoder", "mean", "scale"):
        np.testing.assert_allclose(getattr(parts, block), getattr(whole, block), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_the_tolerance_is_in_units_of_the_kernel(scale):
    """A kernel that is 10^8 times smaller or larger is cut into the same pieces, and as close to the quadrature."""

    def scaled(rho):
        made = kernel_profile(rho, activation="erf", noise=FixedNoise(0.6))
        return KernelBlocks(*(scale**2 * block for block in (made.decoder, made.mean, made.scale)))

    found, exact = interpolant(scaled)(correlations()), scaled(correlations())
    assert np.abs(found[:, 0] - exact.decoder).max() < 1e-10 * scaled(np.ones(1)).total
    plain = interpolant(lambda rho: kernel_profile(rho, activation="erf", noise=FixedNoise(0.6)))
    np.testing.assert_allclose(found, scale**2 * plain(correlations()), rtol=1e-12, atol=1e-13 * scale**2)
