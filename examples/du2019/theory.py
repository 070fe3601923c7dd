"""What is predicted: the limiting Gram matrix and training under it. NumPy only, and nothing of what is simulated."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = ["gram_limit", "residual_limit"]


def gram_limit(x: Float[ndarray, "n p"]) -> Float[ndarray, "n n"]:
    """H∞_ij = E_w <x_i, x_j> 1{w·x_i >= 0, w·x_j >= 0} = ρ (π - arccos ρ)/(2π), ρ = <x_i, x_j>, rows on the sphere.

    Both half-spaces hold a Gaussian w with the probability (π - θ)/(2π) of the wedge between them, θ = arccos ρ. On
    the diagonal ρ is 1 exactly: arccos would turn a round-off of 1e-16 into 1e-8.
    """
    rho = np.clip(x @ x.T, -1, 1)
    np.fill_diagonal(rho, 1.0)
    return rho * (np.pi - np.arccos(rho)) / (2 * np.pi)


def residual_limit(
    gram: Float[ndarray, "n n"], start: Float[ndarray, "R n"], time: Float[ndarray, " T"]
) -> Float[ndarray, "R T n"]:
    """e^{-Ht} (u(0) - y): the residual under a constant Gram matrix H, where u' = H (y - u)."""
    values, vectors = np.linalg.eigh(gram)
    modes = (start @ vectors)[:, None, :] * np.exp(-np.outer(time, values))
    return modes @ vectors.T
