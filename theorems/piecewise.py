"""The dual of an activation with kinks, by a quadrature that splits at them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from theorems.blocks import Numbers
from theorems.closed_duals import determinant
from theorems.quadrature import split_normal
from theorems.setting import Activation

__all__ = ["PiecewiseDual"]

NODES = 20
"""Nodes per smooth piece, in each of the two directions."""


class PiecewiseDual:
    """Any piecewise smooth ψ: K = E_x E_y ψ(a)ψ(b) with a = √q x, b = (ρx + √(qq'-ρ²) y)/√q, x, y ~ N(0, 1).

    The mean over y is split where b meets a kink; what is left, as a function of x, is split where a meets a kink
    and around the places where the mean of b does: it turns there within a few standard deviations of b, sharply
    when qq' - ρ² is small. ``resolution`` scales the nodes.
    """

    def __init__(self, activation: Activation, resolution: float = 1.0) -> None:
        """Fix the number of nodes."""
        self.activation = activation
        self._per_piece = round(NODES * resolution)
        self._kinks = np.unique(np.asarray(activation.kinks, dtype=np.float64))

    def kernel(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """E ψ(a)ψ(b)."""
        return self._mean(self.activation.function, rho, q, q2, det)

    def first(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """E ψ'(a)ψ'(b) (Price)."""
        return self._mean(self.activation.derivative, rho, q, q2, det)

    def second(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """E ψ'(a)ψ'(b) ∂_ρ log p(a, b) = E ψ'(a)ψ'(b) [xy/√D + ρ(1-y²)/D], D = qq' - ρ²; infinite at D = 0.

        Its accuracy falls like that of ∂K divided by D.
        """
        return self._mean(self.activation.derivative, rho, q, q2, det, score=True)

    def _mean(
        self,
        psi: Callable,
        rho: Numbers,
        q: Numbers,
        q2: Numbers,
        det: Numbers | None,
        score: bool = False,
    ) -> ndarray:
        arguments = np.broadcast_arrays(
            *(np.asarray(v, dtype=np.float64) for v in (rho, q, determinant(rho, q, q2, det)))
        )
        r, q, d = (v.ravel() for v in arguments)
        size = 8  # some 40 000 nodes at a time: they stay in the cache
        pieces = [slice(i, i + size) for i in range(0, r.size, size)]
        parts = [self._few(psi, r[i], q[i], d[i], score) for i in pieces]
        return np.concatenate([*parts, np.empty(0)]).reshape(arguments[0].shape)

    def _few(
        self, psi: Callable, rho: Float[ndarray, " k"], q: Float[ndarray, " k"], det: Float[ndarray, " k"], score: bool
    ) -> Float[ndarray, " k"]:
        slope, spread = (rho / np.sqrt(q))[:, None], np.sqrt(det / q)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            turns = [(self._kinks + side * spread) / slope for side in (-8, 0, 8)]
            x, wx = self._split(np.concatenate([self._kinks / np.sqrt(q)[:, None], *turns], axis=1))
            b_mean, spread = (slope * x)[..., None], spread[..., None]
            y, wy = self._split((self._kinks - b_mean) / spread)
            values = psi(np, b_mean + spread * y) * wy
            if score:
                d = det[:, None, None]
                values = values * (x[..., None] * y / np.sqrt(d) + rho[:, None, None] * (1 - y**2) / d)
        mean = np.sum(psi(np, np.sqrt(q)[:, None] * x) * wx * np.sum(values, axis=-1), axis=-1)
        return np.where(det > 0, mean, np.inf) if score else mean

    def _split(self, breaks: Float[ndarray, "*b j"]) -> tuple[Float[ndarray, "*b i"], Float[ndarray, "*b i"]]:
        return split_normal(np.nan_to_num(breaks), self._per_piece)
