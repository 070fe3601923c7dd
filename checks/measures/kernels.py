"""Measures on tangent kernels: contraction with a prediction, distance from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.cases import VaeCase
from checks.experiments.initialisation import distance_to
from claimtest.cells import CellData
from theorems.limiting_kernel import KernelBlocks

__all__ = ["block_ratio", "distance_from_limit", "limit_of", "overlap", "unit_defect"]

Limit = Callable[[VaeCase], KernelBlocks]


def limit_of(case: VaeCase) -> KernelBlocks:
    """Θ∞ on the inputs of the case: the prediction of Lemma 1."""
    return case.kernel


def overlap(measured: Float[ndarray, "R n n"], predicted: Float[ndarray, "n n"]) -> Float[ndarray, " R"]:
    """<Θ, Θ∞> / ‖Θ∞‖², whose mean is 1 where the prediction is right; no values where it predicts nothing."""
    size = (predicted**2).sum()
    return (measured * predicted).sum((-2, -1)) / size if size > 0 else np.empty(0)


def block_ratio(cell: CellData, block: str, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """Overlap of Θ^b(0), traced over outputs, with Θ^b∞."""
    return overlap(cell[block], getattr(limit(cell.case), block))


def distance_from_limit(cell: CellData, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """‖Θ(0) - Θ∞ ⊗ I_d‖_F / ‖Θ∞ ⊗ I_d‖_F."""
    predicted, d = limit(cell.case).total, cell.case.problem.targets.shape[1]
    return distance_to(predicted, cell["total"], cell["total_square"], d) / np.sqrt(d * (predicted**2).sum())


def unit_defect(cell: CellData, block: str, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """Largest entry of |E Θ^b - Θ^b∞| relative to Θ^b∞(1), E being the mean over quasi-random units."""
    predicted = getattr(limit(cell.case), block)
    size = predicted.max(initial=0.0)
    return np.abs(cell[block] - predicted).max((-2, -1)) / size if size > 0 else np.empty(0)
