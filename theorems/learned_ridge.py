"""Where training ends with the latent KL to the initial posterior when the noise is learned (Theorem 2).

The scale part of the KL is ½(s²/s0² - 1 - log(s²/s0²)) = (s - s0)²/s0² + …, so unit r is held by the Hessians
H_r = Σ_i x_i x_iᵀ/s_r(x_i)² for w_r^μ and 2 H_r for w_r^σ: they differ from unit to unit, and the kernel averages them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import ndtri
from scipy.stats.qmc import Sobol

from theorems.checked import checked, matrix, rows
from theorems.duals import Dual, dual_of
from theorems.learned_noise import noise_nodes
from theorems.quadrature import half_normal
from theorems.regressions import RANK_TOLERANCE, KernelRegression, coordinates, require_beta
from theorems.setting import Activation, LearnedNoise, Noise, unit_rows

__all__ = ["averaged_kernel", "hessian_kernel", "independent_kernel", "learned_noise_ridge", "spread_normals"]

UNITS = 1 << 15
"""Units that the average over W^σ is taken of; the error is then about 1e-4 of the kernel (measured)."""

CHUNK = 1 << 12


@checked(inputs=matrix, unseen=rows)
def learned_noise_ridge(
    inputs: Float[ndarray, "n p"],
    unseen: Float[ndarray, "k p"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
) -> KernelRegression:
    """Reading E, the KL in latent space to the initial posterior, encoder trained, learned noise [derived].

    f∞ = f0 + K_H(·, X)(K_H(X, X) + β I)^{-1} r0, K_H in closed form for independent inputs
    (:func:`independent_kernel`), else an average over units (:func:`averaged_kernel`). Raises ValueError for fixed
    noise, τ = 0 or β < 0.
    """
    if not isinstance(noise, LearnedNoise):
        raise ValueError(f"this end point is that of learned noise, got {noise}")
    if noise.scale == 0:
        raise ValueError("a KL term needs a noise scale above 0")
    values = hessian_kernel(dual_of(activation), inputs, np.concatenate([inputs, unseen]), noise.scale**2)
    gram = values[: len(inputs)]
    return KernelRegression((gram + gram.T) / 2, values[len(inputs) :], require_beta(beta))


@checked(inputs=matrix, points=rows)
def hessian_kernel(
    dual: Dual, inputs: Float[ndarray, "n p"], points: Float[ndarray, "k p"], variance: float
) -> Float[ndarray, "k n"]:
    """K_H(x, x_j), in closed form for independent inputs, else averaged over units.

    It does not depend on β, and is kept for those who ask for the same inputs again.
    """
    return _hessian_kernel(dual, inputs.shape[1], inputs.tobytes(), points.tobytes(), variance).copy()


@lru_cache(maxsize=256)
def _hessian_kernel(dual: Dual, dimension: int, inputs: bytes, points: bytes, variance: float) -> Float[ndarray, "k n"]:
    x, others = (np.frombuffer(rows).reshape(-1, dimension) for rows in (inputs, points))
    independent = np.linalg.matrix_rank(x, tol=RANK_TOLERANCE) == len(x)
    return (independent_kernel if independent else averaged_kernel)(dual, x, others, variance)


def independent_kernel(
    dual: Dual, inputs: Float[ndarray, "n p"], points: Float[ndarray, "k p"], variance: float
) -> Float[ndarray, "k n"]:
    """K_H(x, x_j) = a_j(x) { E[s'² ∂_ρK] + ½ E[s s'³ ∂²_ρK] }, a(x) = (XXᵀ)^{-1}Xx, K = K(ρ_j; 1+s², 1+s'²) [derived].

    For independent inputs u_r(x_i) and s_r(x_i) are free coordinates, in which the Hessians are 1/s_r(x_i)² and twice
    that. K is symmetric in s and s', so s'² and s s'³ may be replaced by (s²+s'²)/2 and s s'(s²+s'²)/2; these are even
    in a and b of s, s' = τ(√((1+ρ)/2) a ± √((1-ρ)/2) b), which fold to (0, ∞).
    """
    rho = np.clip(unit_rows(points, "points") @ unit_rows(inputs).T, -1, 1)
    nodes, w = half_normal(noise_nodes(variance))
    r = rho[..., None, None]
    along, across = variance * (1 + r) / 2 * nodes[:, None] ** 2, variance * (1 - r) / 2 * nodes**2
    half, product = along + across, along - across  # (s² + s'²)/2 and s s'
    skew = 2 * np.sqrt(along * across)  # (s² - s'²)/2
    arguments = (r, 1 + half + skew, 1 + half - skew, (1 - r) * (1 + r) + 2 * half + product**2)
    with np.errstate(invalid="ignore"):
        curvature = np.where(product == 0, 0.0, product * dual.second(*arguments))
    return coordinates(inputs, points) * (half * (dual.first(*arguments) + 0.5 * curvature) @ w @ w)


def averaged_kernel(
    dual: Dual, inputs: Float[ndarray, "n p"], points: Float[ndarray, "k p"], variance: float, units: int = UNITS
) -> Float[ndarray, "k n"]:
    """K_H(x, x_j) = E[xᵀH⁺x_j (∂_ρK + ½ s s' ∂²_ρK)], H = Σ_i x_i x_iᵀ/s(x_i)², K = K(ρ_j; 1+s², 1+s'²) [derived].

    Given w^σ ~ N(0, τ² I_p) the scales are known, and the mean over w^μ is Price's and Stein's as in Lemma 1:
    E h_u h'_u = ∂_ρK, E h_s h'_s = s s' ∂²_ρK. The mean over w^σ is taken of ``units`` evenly spread ones.
    """
    rho = np.clip(unit_rows(points, "points") @ unit_rows(inputs).T, -1, 1)
    _, singular, rows = np.linalg.svd(inputs, full_matrices=False)
    basis = rows[singular > RANK_TOLERANCE * singular[0]].T  # of span X: H⁺ is an inverse there
    here, there = inputs @ basis, points @ basis
    total = np.zeros_like(rho)
    for weights in np.array_split(spread_normals(inputs.shape[1], units), -(-units // CHUNK)):
        s, s2 = (np.sqrt(variance) * (x @ weights.T).T for x in (points, inputs))
        scaled = here / s2[..., None]
        inverse = np.linalg.inv(np.swapaxes(scaled, -1, -2) @ scaled)
        hessian = there @ inverse @ here.T
        a, b, product = s[..., :, None] ** 2, s2[..., None, :] ** 2, s[..., :, None] * s2[..., None, :]
        arguments = (rho, 1 + a, 1 + b, (1 - rho) * (1 + rho) + a + b + a * b)
        total += np.sum(hessian * (dual.first(*arguments) + 0.5 * product * dual.second(*arguments)), axis=0)
    return total / units


def spread_normals(dimension: int, count: int) -> Float[ndarray, "count p"]:
    """``count`` = 2^k points of N(0, I_p), spread evenly and without chance: Φ^{-1} of Sobol's, half a cell off 0.

    Means converge almost like 1/count. Raises ValueError unless the count is a power of 2.
    """
    if count < 1 or count & (count - 1):
        raise ValueError(f"evenly spread points come in powers of 2, got {count}")
    return ndtri(Sobol(dimension, scramble=False).random(count) + 0.5 / count)
