"""What is predicted: the limiting Gram matrix and training under it. NumPy only, and nothing of what is simulated."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = ["gram_limit", "residual_limit"]


def numbers(values: object, name: str, axes: int) -> ndarray:
    """The values as an array of so many axes. Raises ValueError unless they are real, finite and below 1e100."""
    found = np.asarray(values)
    if found.dtype.kind not in "fiu" or found.ndim != axes or not (np.abs(found) < 1e100).all():
        raise ValueError(f"{name}: expected {axes} axes of finite real numbers")
    return found.astype(float)


def gram_limit(x: Float[ndarray, "n p"]) -> Float[ndarray, "n n"]:
    """H∞_ij = E_w <x_i, x_j> 1{w·x_i >= 0, w·x_j >= 0} = ρ (π - arccos ρ)/(2π), ρ = <x_i, x_j>, rows on the sphere.

    Both half-spaces hold a Gaussian w with the probability (π - θ)/(2π) of the wedge between them, θ = arccos ρ. On
    the diagonal ρ is 1 exactly: arccos would turn a round-off of 1e-16 into 1e-8. Raises ValueError for rows that are
    not on the sphere.
    """
    x = numbers(x, "inputs", 2)
    if not len(x) or np.abs(np.linalg.norm(x, axis=1) - 1).max() > 1e-9:
        raise ValueError("inputs: expected rows on the unit sphere")
    rho = np.clip(x @ x.T, -1, 1)
    np.fill_diagonal(rho, 1.0)
    return rho * (np.pi - np.arccos(rho)) / (2 * np.pi)


def residual_limit(
    gram: Float[ndarray, "n n"], start: Float[ndarray, "R n"], time: Float[ndarray, " T"]
) -> Float[ndarray, "R T n"]:
    """e^{-Ht} (u(0) - y): the residual under a constant Gram matrix H, where u' = H (y - u).

    Raises ValueError unless the shapes fit, H is positive semidefinite and no time is negative.
    """
    gram, start, time = numbers(gram, "Gram matrix", 2), numbers(start, "start", 2), numbers(time, "times", 1)
    if gram.shape != (start.shape[1],) * 2 or not np.allclose(gram, gram.T) or (time < 0).any():
        raise ValueError("expected a symmetric Gram matrix (n, n), residuals (R, n) and times from 0 on")
    values, vectors = np.linalg.eigh(gram)
    if len(values) and values[0] < -1e-9 * abs(values[-1]):
        raise ValueError("the Gram matrix has to be positive semidefinite")
    modes = (start @ vectors)[:, None, :] * np.exp(-np.outer(time, values))
    return modes @ vectors.T
