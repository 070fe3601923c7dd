"""K(ρ; q, q') = E ψ(a)ψ(b), (a, b) ~ N(0, [[q, ρ], [ρ, q']]), in closed form for erf, ReLU and sin.

Every method is elementwise on arrays that broadcast and takes an optional ``det``, see :func:`determinant`.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from theorems.blocks import Numbers

__all__ = ["ErfDual", "ReluDual", "SinDual", "determinant"]


def determinant(rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
    """qq' - ρ² as (√(qq') - ρ)(√(qq') + ρ), never negative; ``det`` itself where the caller gives it."""
    if det is not None:
        return np.asarray(np.maximum(det, 0.0))
    root = np.sqrt(np.multiply(q, q2))
    return np.asarray(np.maximum(np.subtract(root, rho) * np.add(root, rho), 0.0))


class ErfDual:
    """ψ = erf: K = (2/π) asin(2ρ/√D), ∂K = (4/π) G^(-1/2), ∂²K = (16ρ/π) G^(-3/2).

    D = (1+2q)(1+2q'), G = D - 4ρ² = 1 + 2(q+q') + 4(qq'-ρ²) >= 1 (Williams 1997).
    """

    def kernel(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """(2/π) asin(2ρ/√D), the sine turned into a tangent: it stays accurate near 1."""
        return np.asarray(2 / np.pi * np.arctan2(np.multiply(2.0, rho), np.sqrt(self._gap(rho, q, q2, det))))

    def first(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """(4/π) G^(-1/2)."""
        return np.asarray(4 / np.pi / np.sqrt(self._gap(rho, q, q2, det)))

    def second(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """(16ρ/π) G^(-3/2)."""
        gap = self._gap(rho, q, q2, det)
        return np.asarray(16 / np.pi * np.asarray(rho) / (gap * np.sqrt(gap)))

    @staticmethod
    def _gap(rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None) -> ndarray:
        return np.asarray(1 + 2 * np.add(q, q2) + 4 * determinant(rho, q, q2, det))


class ReluDual:
    """ψ = ReLU: K = √(qq')(sin θ + (π-θ) cos θ)/2π, ∂K = (π-θ)/2π, ∂²K = (qq'-ρ²)^(-1/2)/2π.

    cos θ = ρ/√(qq'), so √(qq') sin θ = √(qq'-ρ²) (the arc-cosine kernel of Cho & Saul 2009, halved).
    """

    def kernel(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """(√(qq'-ρ²) + (π-θ) ρ)/2π."""
        sine = np.sqrt(determinant(rho, q, q2, det))
        return np.asarray((sine + np.arctan2(sine, np.negative(rho)) * rho) / (2 * np.pi))

    def first(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """(π-θ)/2π, the angle taken from its tangent: acos loses half the digits near |ρ| = √(qq')."""
        return np.asarray(np.arctan2(np.sqrt(determinant(rho, q, q2, det)), np.negative(rho)) / (2 * np.pi))

    def second(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """(qq'-ρ²)^(-1/2)/2π, infinite where qq' = ρ²."""
        with np.errstate(divide="ignore"):
            return np.asarray(1 / (2 * np.pi * np.sqrt(determinant(rho, q, q2, det))))


class SinDual:
    """ψ = sin: K = ∂²K = e^{-(q+q')/2} sinh ρ, ∂K = e^{-(q+q')/2} cosh ρ."""

    def kernel(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """e^{-(q+q')/2} sinh ρ, the exponents added before they can overflow."""
        size = np.abs(rho)
        return np.asarray(np.copysign(-0.5 * np.exp(size - np.add(q, q2) / 2) * np.expm1(-2 * size), rho))

    def first(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """e^{-(q+q')/2} cosh ρ."""
        size = np.abs(rho)
        return np.asarray(0.5 * np.exp(size - np.add(q, q2) / 2) * (1 + np.exp(-2 * size)))

    def second(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """e^{-(q+q')/2} sinh ρ."""
        return self.kernel(rho, q, q2)
