"""The dual of an activation: K(ρ; q, q') = E ψ(a)ψ(b) for (a, b) ~ N(0, [[q, ρ], [ρ, q']]).

By Price's theorem ∂_ρ K = E ψ'(a)ψ'(b) and ∂²_ρ K = E ψ''(a)ψ''(b) (in the sense of distributions at kinks).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np
from numpy import ndarray

from theorems.blocks import Numbers
from theorems.checked import above_zero, checked, numbers
from theorems.closed_duals import ErfDual, ReluDual, SinDual
from theorems.hermite import HermiteDual
from theorems.piecewise import PiecewiseDual
from theorems.setting import ERF, RELU, SIN, Activation, activation_named

__all__ = ["Dual", "ErfDual", "ReluDual", "SinDual", "dual_accuracy", "dual_of", "has_closed_form"]


@runtime_checkable
class Dual(Protocol):
    """K(ρ; q, q') and its first two derivatives in ρ, elementwise on arrays that broadcast.

    ``det`` is qq' - ρ², for callers who know it better than the subtraction does (near |ρ| = √(qq')).
    """

    def kernel(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """K(ρ; q, q')."""
        ...

    def first(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """∂_ρ K(ρ; q, q')."""
        ...

    def second(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> ndarray:
        """∂²_ρ K(ρ; q, q'), which may be infinite where qq' = ρ²."""
        ...


_CLOSED_FORMS: dict[Activation, Dual] = {ERF: ErfDual(), RELU: ReluDual(), SIN: SinDual()}


def has_closed_form(activation: Activation) -> bool:
    """Whether K is known in closed form: erf, ReLU and sin."""
    return activation in _CLOSED_FORMS


def dual_of(activation: str | Activation, resolution: float = 1.0) -> Dual:
    """The closed form for erf, ReLU and sin; else a Hermite series, or a split quadrature if there are kinks.

    ``resolution`` scales the number of nodes of the latter two. Raises ValueError, with the near matches, if no
    activation has that name.
    """
    psi = activation_named(activation)
    if psi in _CLOSED_FORMS:
        return _CLOSED_FORMS[psi]
    return _by_quadrature(psi, resolution)


@lru_cache(maxsize=32)
def _by_quadrature(psi: Activation, resolution: float) -> Dual:
    """Kept, since its tables take time, and since others keep what they have made of it by this object."""
    return (PiecewiseDual if psi.kinks else HermiteDual)(psi, resolution)


@checked(rho=numbers, q=above_zero, q2=above_zero)
def dual_accuracy(activation: str | Activation, rho: Numbers, q: Numbers, q2: Numbers) -> float:
    """The error reached in K and ∂K at these points, absolute: the largest change when the resolution grows by half.

    It is 0 for the closed forms. Raises ValueError if the activation is unknown.
    """
    usual, finer = dual_of(activation), dual_of(activation, 1.5)
    changes = (finer.kernel(rho, q, q2) - usual.kernel(rho, q, q2), finer.first(rho, q, q2) - usual.first(rho, q, q2))
    return float(max(np.abs(change).max() for change in changes))
