"""Measures of Lemma 5: how far the kernel moves in training, from its start and from its limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import VaeCase
from checks.measures.shares import of_lower_bound
from claimtest.cells import CellData
from theorems.lemma5 import EIGENVALUE_SHARE, limit_distance

__all__ = [
    "distance_at_end",
    "drift_per_residual",
    "eigenvalue_used",
    "keeps_eigenvalue",
    "kernel_drift",
    "limit_of",
    "smallest_share",
]

EIGHT = 8
"""Replicates of which one root mean square is taken."""

Limit = Callable[[VaeCase], Float[ndarray, "n n"]]


def limit_of(case: VaeCase) -> Float[ndarray, "n n"]:
    """Θ∞ on the inputs of the case."""
    return case.kernel.total


def kernel_drift(cell: CellData) -> Float[ndarray, " R"]:
    """sup_t ‖Θ(t) - Θ(0)‖₂ / ‖Θ(0)‖₂: relative, so that a kernel which vanishes with the width does not pass."""
    return cell["drift"].max(1) / cell["initial_norm"]


def drift_per_residual(cell: CellData) -> Float[ndarray, " R/8"]:
    """The same per ‖f(0) - y‖, in which the first order is linear, in root mean square over eights of replicates.

    That order may vanish for a residual, and the logarithm of a single drift then says nothing about its size.
    """
    relative = kernel_drift(cell) / np.sqrt((cell["residual"][:, 0] ** 2).sum((-2, -1)))
    return np.sqrt([(eight**2).mean() for eight in np.array_split(relative, max(1, len(relative) // EIGHT))])


def distance_at_end(cell: CellData, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """‖Θ(T) - Θ∞ ⊗ I_d‖₂ / ‖Θ∞‖₂."""
    theta = limit(cell.case)
    return limit_distance(cell["final_kernel"], theta) / np.linalg.norm(theta, 2)


def smallest_share(cell: CellData) -> Float[ndarray, " R"]:
    """inf_t λ_min(Θ(t)) / λ0 over the checked times."""
    return cell["smallest"].min(1) / cell.case.smallest_eigenvalue


def keeps_eigenvalue(cell: CellData, share: float = EIGENVALUE_SHARE) -> Float[ndarray, " R"]:
    """1 where λ_min(Θ(t)) >= ``share`` λ0 at every checked time."""
    return (smallest_share(cell) >= share).astype(float)


def eigenvalue_used(cell: CellData) -> Float[ndarray, " R"]:
    """λ0/2 over the smallest λ_min(Θ(t)); infinite where the kernel became singular."""
    return of_lower_bound(smallest_share(cell) / EIGENVALUE_SHARE)
