"""Lemma 1's deterministic limit Θ∞ of the tangent kernel, block by block."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from theorems.blocks import KernelBlocks, Numbers
from theorems.checked import checked, count, numbers
from theorems.duals import Dual, dual_of, has_closed_form
from theorems.interpolation import interpolant
from theorems.learned_noise import learned_noise_blocks, noise_nodes
from theorems.quadrature import half_normal
from theorems.setting import Activation, FixedNoise, LearnedNoise, Noise, activation_named, known_noise, unit_rows

__all__ = [
    "KernelBlocks",
    "accuracy",
    "kernel_profile",
    "limiting_kernel",
    "noise_floor",
    "noise_variance",
    "shared_noise_profile",
]


MANY = 4096
"""Entries of a kernel from which on interpolation, with its some hundred evaluations, is quicker."""

ROWS = 1 << 17
"""Entries that are evaluated at once."""


def limiting_kernel(
    inputs: Float[ndarray, "n p"],
    other: Float[ndarray, "n2 p"] | None = None,
    *,
    activation: str | Activation = "erf",
    noise: Noise = LearnedNoise(1.0),  # noqa: B008 (frozen)
) -> KernelBlocks:
    """Θ∞(x_i, x'_j) (Lemma 1), float64 blocks of shape (n, n2), times I_d; ``other`` defaults to ``inputs``.

    Θ∞ depends on ρ = <x_i, x'_j> alone, see :func:`kernel_profile`, which is evaluated once per distinct ρ. Where they
    are many it is interpolated, within 1e-10 Θ∞(1), see ``theorems.interpolation``.
    Raises ValueError if there is no data, a value is not finite, a row is off the unit sphere, the two sets have
    different dimensions, the activation is unknown or its moments are not finite.
    """
    psi, noise, cosines = activation_named(activation), known_noise(noise), _cosines(inputs, other)
    if cosines.size > MANY:
        return _at_many(_quick_profile(psi, noise), cosines, symmetric=other is None)
    rho, where = np.unique(cosines, return_inverse=True)
    profile = kernel_profile(rho, activation=psi, noise=noise)
    return KernelBlocks(profile.decoder[where], profile.mean[where], profile.scale[where])


def kernel_profile(
    rho: Numbers,
    *,
    activation: str | Activation = "erf",
    noise: Noise = LearnedNoise(1.0),  # noqa: B008 (frozen)
) -> KernelBlocks:
    """Θ∞ as a function of the number ρ in [-1, 1]; blocks have the shape of ``rho``.

        Θ^d∞ = E_s K        Θ^μ∞ = ρ E_s ∂_ρ K        Θ^σ∞ = ρ E_s[s s' ∂²_ρ K]            (Lemma 1, [derived])

    with K = K(ρ; 1+s², 1+s'²) and (s, s') ~ N(0, τ² [[1, ρ], [ρ, 1]]); for fixed noise s = s' = σ0 in K, no mean and
    no Θ^σ. The error is below 1e-10 Θ∞(1) at every ρ, ±1 included: for erf, ReLU and sin with fixed noise and with
    τ <= 10 (measured: 1e-14 for τ <= 1), for tanh-like ψ up to τ = 1; :func:`accuracy` reports it for any ψ and noise.

    Raises ValueError if a ρ is outside [-1, 1], the activation is unknown or its moments are not finite.
    """
    return _profile(activation_named(activation), known_noise(noise), _correlations(rho))


def shared_noise_profile(
    rho: Numbers,
    *,
    activation: str | Activation = "erf",
    noise: Noise = LearnedNoise(1.0),  # noqa: B008 (frozen)
) -> KernelBlocks:
    """The limit of Definition 1's third reading, one noise for all inputs, as a function of ρ in [-1, 1] [derived].

    With g = 1+τ²ε² and K = K(gρ; g, g): Θ^d = E_ε K, Θ^μ = ρ E_ε ∂K, Θ^σ = ρ E_ε ε²∂K. Fixed noise:
    Θ^d = K(ρ+σ0²; q, q), Θ^μ = ρ ∂K there, q = 1+σ0². At ρ = 1 it is also the diagonal of the second reading, one
    draw per input. It does not tend to the deterministic kernel as τ → 0: E ε² = 1 keeps Θ^σ alive. Errors as for
    :func:`kernel_profile`.
    """
    dual, rho, variance = dual_of(activation), _correlations(rho), known_noise(noise).scale ** 2
    if isinstance(noise, FixedNoise):
        q, det = 1 + variance, (1 - rho) * (1 + rho + 2 * variance)
        arguments = (rho + variance, q, q, det)
        return KernelBlocks(dual.kernel(*arguments), np.asarray(rho * dual.first(*arguments)), np.zeros_like(rho))

    eps, w = half_normal(noise_nodes(variance))
    g, r = 1 + variance * eps**2, rho[..., None]
    arguments = (g * r, g, g, g**2 * (1 - r) * (1 + r))
    kernel, first = dual.kernel(*arguments), dual.first(*arguments)
    means = kernel @ w, rho * (first @ w), rho * (first @ (w * eps**2))
    return KernelBlocks(*(np.asarray(mean) for mean in means))


def noise_variance(activation: str | Activation = "erf", noise: Noise = LearnedNoise(1.0)) -> float:  # noqa: B008
    """v∞ = E_s K(q; q, q) - Θ^d∞(1): the variance over ε of one sampled output coordinate, m → ∞ [derived]."""
    shared = shared_noise_profile(1.0, activation=activation, noise=noise).decoder
    return float(shared - kernel_profile(1.0, activation=activation, noise=noise).decoder)


@checked(inputs=count, outputs=count)
def noise_floor(
    inputs: int,
    outputs: int,
    *,
    activation: str | Activation = "erf",
    noise: Noise = LearnedNoise(1.0),  # noqa: B008 (frozen)
) -> float:
    """V∞ = (n d / 2) v∞: what the sampled loss keeps when the mean output fits its n targets in R^d [derived]."""
    return inputs * outputs / 2 * noise_variance(activation, noise)


@lru_cache(maxsize=64)
def accuracy(activation: str | Activation = "erf", noise: Noise = LearnedNoise(1.0)) -> float:  # noqa: B008
    """The error reached in any block of :func:`kernel_profile`, relative to Θ∞(1).

    It is the largest change, over correlations that include ±1 and both their neighbourhoods, when every quadrature
    gets half as many nodes again. Raises ValueError if the activation is unknown.
    """
    psi, rho = activation_named(activation), np.array([-1, -0.9999, -0.6, 0.3, 0.97, 1 - 1e-9, 1])
    usual, finer = _profile(psi, noise, rho), _profile(psi, noise, rho, 1.5)
    blocks = ((usual.decoder, finer.decoder), (usual.mean, finer.mean), (usual.scale, finer.scale))
    return float(max(np.abs(a - b).max() for a, b in blocks) / finer.total[-1])


def _profile(psi: Activation, noise: Noise, rho: Float[ndarray, "*shape"], resolution: float = 1.0) -> KernelBlocks:
    variance = known_noise(noise).scale ** 2
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(noise, FixedNoise) or noise.scale == 0:
            return _finite(_fixed_noise(dual_of(psi, resolution), rho, variance), psi)
        return _finite(_in_blocks(lambda part: learned_noise_blocks(psi, part, variance, resolution), rho), psi)


def _finite(blocks: KernelBlocks, psi: Activation) -> KernelBlocks:
    """The blocks. Raises ValueError for an activation that grows too fast, or is not a number somewhere."""
    if not np.isfinite(blocks.total).all():
        raise ValueError(f"activation {psi.name!r} has no kernel: E ψ(z)² or E ψ'(z)² is no finite number")
    return blocks


@lru_cache(maxsize=16)
def _quick_profile(psi: Activation, noise: Noise) -> Callable[[Float[ndarray, " k"]], Float[ndarray, "k 3"]]:
    """(Θ^d, Θ^μ, Θ^σ) at millions of ρ: the closed form where there is one, else the interpolant."""
    if has_closed_form(psi) and (isinstance(noise, FixedNoise) or noise.scale == 0):
        return lambda rho: _stacked(_profile(psi, noise, rho))
    return interpolant(lambda rho: _profile(psi, noise, rho))


def _stacked(blocks: KernelBlocks) -> Float[ndarray, "k 3"]:
    return np.stack([blocks.decoder, blocks.mean, blocks.scale], axis=-1)


def _at_many(
    blocks: Callable[[Float[ndarray, " k"]], Float[ndarray, "k 3"]], rho: Float[ndarray, "n n2"], *, symmetric: bool
) -> KernelBlocks:
    """The profile at every entry, some rows at a time, of a symmetric matrix only from the diagonal on."""
    found = np.empty((3, *rho.shape))
    height = max(1, ROWS // rho.shape[1])
    for start in range(0, len(rho), height):
        rows, columns = slice(start, start + height), slice(start if symmetric else 0, None)
        part = rho[rows, columns]
        found[:, rows, columns] = np.moveaxis(blocks(part.ravel()), -1, 0).reshape(3, *part.shape)
        if symmetric:
            found[:, columns, rows] = np.swapaxes(found[:, rows, columns], 1, 2)
    return KernelBlocks(found[0], found[1], found[2])


def _fixed_noise(dual: Dual, rho: Float[ndarray, "*shape"], variance: float) -> KernelBlocks:
    q = 1 + variance
    arguments = (rho, q, q, (1 - rho) * (1 + rho) + variance * (2 + variance))
    return KernelBlocks(dual.kernel(*arguments), np.asarray(rho * dual.first(*arguments)), np.zeros_like(rho))


def _in_blocks(
    profile: Callable[[Float[ndarray, " k"]], KernelBlocks], rho: Float[ndarray, "*shape"], size: int = 16
) -> KernelBlocks:
    """The profile at a few ρ at a time, so that memory does not grow with their number."""
    flat = rho.ravel()
    parts = [profile(flat[i : i + size]) for i in range(0, flat.size, size)]
    blocks = ([p.decoder for p in parts], [p.mean for p in parts], [p.scale for p in parts])
    return KernelBlocks(*(np.concatenate([*b, np.empty(0)]).reshape(rho.shape) for b in blocks))


def _correlations(rho: Numbers) -> Float[ndarray, "*shape"]:
    values = numbers(rho, "rho")
    if not (np.abs(values) <= 1).all():
        raise ValueError("rho: every correlation must lie in [-1, 1]")
    return values


def _cosines(inputs: Float[ndarray, "n p"], other: Float[ndarray, "n2 p"] | None) -> Float[ndarray, "n n2"]:
    """<x_i, x'_j> in [-1, 1]; where it is within 1e-6 of ±1, from ±(1 - ½‖x_i ∓ x'_j‖²), which is exact there."""
    x = unit_rows(inputs)
    y = x if other is None else unit_rows(other, "other")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"inputs have {x.shape[1]} columns but other has {y.shape[1]}: the dimensions must agree")
    rho = np.clip(x @ y.T, -1, 1)
    i, j = np.nonzero(np.abs(rho) > 1 - 1e-6)
    sign = np.sign(rho[i, j])
    rho[i, j] = sign * (1 - 0.5 * np.sum((x[i] - sign[:, None] * y[j]) ** 2, axis=1))
    return rho if other is not None else (rho + rho.T) / 2
