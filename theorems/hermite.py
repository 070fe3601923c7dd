"""Hermite series of a smooth activation, and the dual they give."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from theorems.blocks import Numbers
from theorems.quadrature import normal
from theorems.setting import Activation

__all__ = ["HermiteDual", "hermite_basis"]

DEGREES = 512
STEP = 0.08
REACH = 13.0
"""He_k/√k! grows like e^{x²/4} before it decays: the nodes must reach further than the density's 9."""

CONVERGED = 1e-12
"""Share of E ψ² that the outermost nodes may have."""

Function = Callable[[ModuleType, Any], Any]


@lru_cache(maxsize=8)
def hermite_basis(degrees: int, step: float = STEP) -> tuple[Float[ndarray, " i"], Float[ndarray, "i k"]]:
    """Nodes x_i and the matrix w_i He_k(x_i)/√k!, k < ``degrees``, which projects f(x_i) on Hermite functions.

    He_{k+1}/√(k+1)! = (x He_k/√k! - √k He_{k-1}/√(k-1)!)/√(k+1), the polynomials orthonormal under N(0, 1).
    """
    x, w = normal(step, REACH)
    basis = np.empty((degrees, x.size))
    basis[0] = 1.0
    basis[1] = x
    for k in range(1, degrees - 1):
        basis[k + 1] = (x * basis[k] - np.sqrt(k) * basis[k - 1]) / np.sqrt(k + 1)
    return x, np.ascontiguousarray((basis * w).T)


class HermiteDual:
    """Any smooth ψ: K = Σ_k α_k(q) α_k(q') r^k, r = ρ/√(qq'), α_k(q) = E ψ(√q x) He_k(x)/√k! (Mehler's formula).

    ∂K is the same series for ψ', and ∂²K = (qq')^{-1/2} Σ_k k α'_k(q) α'_k(q') r^{k-1}, so ψ'' is not needed and
    nothing degenerates at |r| = 1. ``resolution`` scales the number of terms and of nodes.
    """

    def __init__(self, activation: Activation, resolution: float = 1.0) -> None:
        """Fix the nodes and the number of terms."""
        self.activation = activation
        self._nodes, self._project = hermite_basis(round(DEGREES * resolution), STEP / resolution)

    def kernel(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """Σ_k α_k(q) α_k(q') r^k."""
        return self._series(self.activation.function, rho, q, q2, slope=False)

    def first(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """The same for ψ'."""
        return self._series(self.activation.derivative, rho, q, q2, slope=False)

    def second(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """Its derivative in ρ, term by term."""
        return self._series(self.activation.derivative, rho, q, q2, slope=True)

    def _series(self, psi: Function, rho: Numbers, q: Numbers, q2: Numbers, *, slope: bool) -> ndarray:
        rho, q, q2 = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (rho, q, q2)))
        variances, where = np.unique(np.stack([q.ravel(), q2.ravel()]), return_inverse=True)
        alpha = self._coefficients(psi, variances)
        first, second = where.reshape(2, -1)
        scale = np.sqrt(q * q2).ravel()
        r = np.clip(rho.ravel() / scale, -1, 1)
        values = np.empty(r.size)
        for part in np.array_split(np.arange(r.size), 1 + r.size // 4096):
            terms = alpha[:, first[part]] * alpha[:, second[part]]
            if slope:
                terms = np.arange(1, len(terms))[:, None] * terms[1:] / scale[part]
            values[part] = np.polynomial.polynomial.polyval(r[part], terms, tensor=False)
        return values.reshape(rho.shape)

    def _coefficients(self, psi: Function, q: Float[ndarray, " u"]) -> Float[ndarray, "k u"]:
        """α_k(q). Raises ValueError where E ψ² has not converged within the nodes: then there may be no such mean."""
        values, weights = psi(np, np.sqrt(q) * self._nodes[:, None]), self._project[:, :1]
        with np.errstate(over="ignore", invalid="ignore"):
            squares = values**2 * weights
            outside = squares[[0, -1]].max(initial=0.0) > CONVERGED * squares.sum(0).max(initial=0.0)
        if outside:
            raise ValueError(
                f"activation {self.activation.name!r} grows too fast: E ψ(z)² or E ψ'(z)² does not converge"
            )
        return self._project.T @ values
