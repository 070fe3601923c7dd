"""The mean over learned noise scales in Lemma 1's kernel, in two ways that never interpolate in ρ.

Each takes ρ as a vector, the variance τ² of W^σ and a ``resolution`` that scales its number of nodes.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from theorems.blocks import KernelBlocks
from theorems.duals import Dual, dual_of, has_closed_form
from theorems.quadrature import half_normal
from theorems.setting import Activation

__all__ = ["learned_noise_blocks", "mean_over_draws", "mean_over_scales", "noise_nodes"]


def noise_nodes(variance: float, resolution: float = 1.0) -> int:
    """Nodes in each direction for an error below 1e-10: 64 up to τ = 1, then 28 more per unit of τ, at most 320."""
    return round(min(64 + 28 * max(math.sqrt(variance) - 1, 0), 320) * resolution)


def mean_over_scales(dual: Dual, rho: Float[ndarray, " k"], variance: float, resolution: float = 1.0) -> KernelBlocks:
    """Θ^d = E_s K, Θ^μ = ρ E_s ∂K, Θ^σ = ρ E_s[s s' ∂²K] with K(ρ; 1+s², 1+s'²) (Lemma 1, by Price and Stein).

    s, s' = τ(√((1+ρ)/2) a ± √((1-ρ)/2) b) with a, b independent N(0, 1), folded to a, b > 0 as all is even in both.
    """
    nodes, w = half_normal(noise_nodes(variance, resolution))
    r = rho[:, None, None]
    along, across = variance * (1 + r) / 2 * nodes[:, None] ** 2, variance * (1 - r) / 2 * nodes**2
    squares, ss = 2 * (along + across), along - across  # s² + s'² and s s'
    skew = 2 * np.sqrt(along * across)  # (s² - s'²)/2
    arguments = (r, 1 + squares / 2 + skew, 1 + squares / 2 - skew, (1 - r) * (1 + r) + squares + ss**2)
    with np.errstate(invalid="ignore"):
        curvature = np.where(ss == 0, 0.0, ss * dual.second(*arguments))

    def mean(values: Float[ndarray, "k i j"]) -> Float[ndarray, " k"]:
        return values @ w @ w

    return KernelBlocks(mean(dual.kernel(*arguments)), rho * mean(dual.first(*arguments)), rho * mean(curvature))


def mean_over_draws(dual: Dual, rho: Float[ndarray, " k"], variance: float, resolution: float = 1.0) -> KernelBlocks:
    """Θ^d = E K, Θ^μ = ρ E ∂K, Θ^σ = ρ E[ε ε' ∂K] with K(ρc; 1+τ²ε², 1+τ²ε'²), c = 1+τ²εε', ε, ε' independent.

    Given the draws, (z, z') is Gaussian over the weights: no second derivative is needed, for any ψ [derived].
    ε, ε' = (a ± b)/√2 puts the singular line ε = ε' of |ρ| = 1 on b = 0, where the nodes crowd.
    """
    nodes, w = half_normal(round(0.75 * noise_nodes(variance, resolution)))
    weight = np.outer(w, w)
    a, b = (grid[weight > 1e-16] for grid in np.meshgrid(nodes, nodes, indexing="ij"))
    weight = weight[weight > 1e-16]
    r, product = rho[:, None], (a**2 - b**2) / 2
    q, q2 = 1 + variance * (a + b) ** 2 / 2, 1 + variance * (a - b) ** 2 / 2
    c = 1 + variance * product
    arguments = (r * c, q, q2, (1 - r) * (1 + r) * c**2 + 2 * variance * b**2)
    kernel, first = dual.kernel(*arguments), dual.first(*arguments)
    return KernelBlocks(kernel @ weight, rho * (first @ weight), rho * (first @ (weight * product)))


def learned_noise_blocks(
    activation: Activation, rho: Float[ndarray, " k"], variance: float, resolution: float = 1.0
) -> KernelBlocks:
    """The blocks by the way that suits the activation: over scales for closed duals, over draws for any other."""
    mean = mean_over_scales if has_closed_form(activation) else mean_over_draws
    return mean(dual_of(activation, resolution), rho, variance, resolution)
