"""Θ∞ at millions of correlations: a piecewise polynomial in the angle θ = arccos ρ whose pieces shrink towards ρ = ±1.

A polynomial in ρ fails for ReLU: Θ∞ behaves like δ log δ (without noise Θ^μ like √δ) at δ = 1 - |ρ| → 0. In θ that is
θ² log θ (θ), and a piece whose length is about its distance from the end sees an analytic function: interpolation at
Chebyshev points converges like 5.8^(-k). Pieces are bisected until they agree with the direct quadrature, which stays
the reference, between their nodes; that grades them whatever the singularity is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.polynomial import chebyshev
from scipy.interpolate import PPoly

from theorems.blocks import KernelBlocks

__all__ = ["interpolant"]

NODES = 12
"""Chebyshev points in a piece."""

TOLERANCE = 1e-11
"""Largest difference from the direct quadrature, relative to Θ∞(1), at two points between the nodes of a piece."""

SHORTEST = np.pi / 2**26
"""Pieces are not bisected further: over 5e-8 in θ even √δ changes by no more than that, and by 1e-12 after fitting."""

Profile = Callable[[Float[ndarray, " k"]], KernelBlocks]


def interpolant(profile: Profile) -> Callable[[Float[ndarray, " k"]], Float[ndarray, "k 3"]]:
    """From ρ to (Θ^d, Θ^μ, Θ^σ), within 1e-10 Θ∞(1) of ``profile``; takes some hundred evaluations of it."""
    size = float(profile(np.ones(1)).total[0])
    pieces = _graded(_in_angle(profile), 0.0, np.pi, TOLERANCE * size)
    ends = np.array([*(left for left, _, _ in pieces), np.pi])
    curve = PPoly(np.stack([coefficients for _, _, coefficients in pieces], axis=1), ends, extrapolate=False)

    def evaluate(rho: Float[ndarray, " k"]) -> Float[ndarray, "k 3"]:
        return curve(np.arccos(rho))

    return evaluate


def _in_angle(profile: Profile) -> Callable[[Float[ndarray, " k"]], Float[ndarray, "k 3"]]:
    def blocks(theta: Float[ndarray, " k"]) -> Float[ndarray, "k 3"]:
        found = profile(np.cos(theta))
        return np.stack([found.decoder, found.mean, found.scale], axis=1)

    return blocks


def _graded(
    blocks: Callable[[ndarray], ndarray], left: float, right: float, tolerance: float
) -> list[tuple[float, float, Float[ndarray, "k 3"]]]:
    """Pieces (left, right, coefficients of falling powers of θ - left), bisected where they do not fit."""
    nodes, checks, to_series, to_powers = _rule()
    length = right - left
    places = left + length * np.concatenate([nodes, checks])
    values = blocks(np.clip(places, 0.0, np.pi))
    powers = to_powers @ (to_series @ values[:NODES])  # never one matrix: its entries of 1e7 would cost seven digits
    missed = np.abs(np.polynomial.polynomial.polyval(checks, powers).T - values[NODES:]).max()
    if missed <= tolerance or length <= SHORTEST:
        return [(left, right, (powers / length ** np.arange(NODES)[:, None])[::-1])]
    middle = (left + right) / 2
    return [*_graded(blocks, left, middle, tolerance), *_graded(blocks, middle, right, tolerance)]


@lru_cache(maxsize=1)
def _rule() -> tuple[Float[ndarray, " k"], Float[ndarray, " c"], Float[ndarray, "k k"], Float[ndarray, "k k"]]:
    """Chebyshev points of [0, 1], two points near its ends to check at, values at the points → series → powers."""
    x = chebyshev.chebpts1(NODES)
    to_series = np.linalg.inv(chebyshev.chebvander(x, NODES - 1))
    in_unit = np.zeros((NODES, NODES))  # column k: T_k(2s - 1) in powers of s
    for k in range(NODES):
        series = np.polynomial.Chebyshev.basis(k, domain=[0, 1]).convert(kind=np.polynomial.Polynomial, domain=[-1, 1])
        in_unit[: k + 1, k] = series.coef
    return (x + 1) / 2, np.array([0.013, 0.987]), to_series, in_unit
