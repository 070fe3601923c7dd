"""Measures on tangent kernels: contraction with a prediction, distance from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import VaeCase
from checks.experiments.initialisation import distance_to
from claimtest.cells import CellData
from theorems.limiting_kernel import KernelBlocks, limiting_kernel
from theorems.setting import FixedNoise

__all__ = [
    "block_ratio",
    "distance_from_limit",
    "limit_of",
    "noise_takes",
    "overlap",
    "unit_defect",
    "weight_variance",
    "without_noise",
]

Limit = Callable[[VaeCase], KernelBlocks]


def limit_of(case: VaeCase) -> KernelBlocks:
    """Θ∞ on the inputs of the case: the prediction of Lemma 1."""
    return case.kernel


def without_noise(case: VaeCase) -> KernelBlocks:
    """The deterministic network's kernel: a wrong prediction."""
    p = case.problem
    return limiting_kernel(p.inputs, activation=p.activation, noise=FixedNoise(0.0))


def noise_takes(cell: CellData) -> bool:
    """The noise takes a fifth or more off Θ^d: what it adds to some cases and takes off others could cancel."""
    return float(overlap(cell.case.kernel.decoder[None], without_noise(cell.case).decoder)[0]) <= 0.8


def overlap(measured: Float[ndarray, "R n n"], predicted: Float[ndarray, "n n"]) -> Float[ndarray, " R"]:
    """<Θ, Θ∞> / ‖Θ∞‖², whose mean is 1 where the prediction is right.

    Where nothing is predicted: no values if nothing is measured either, else infinity, which no constant is.
    """
    size = (predicted**2).sum()
    return (measured * predicted).sum((-2, -1)) / size if size > 0 else _unpredicted(measured)


def block_ratio(cell: CellData, block: str, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """Overlap of Θ^b(0), traced over outputs, with Θ^b∞."""
    return overlap(cell[block], getattr(limit(cell.case), block))


def distance_from_limit(cell: CellData, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """‖Θ(0) - Θ∞ ⊗ I_d‖_F / ‖Θ∞ ⊗ I_d‖_F."""
    predicted, d = limit(cell.case).total, cell.case.problem.targets.shape[1]
    return distance_to(predicted, cell["total"], cell["total_square"], d) / np.sqrt(d * (predicted**2).sum())


def unit_defect(cell: CellData, block: str, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """Largest entry of |E Θ^b - Θ^b∞| relative to Θ^b∞(1), E being the mean over quasi-random units; see `overlap`."""
    predicted = getattr(limit(cell.case), block)
    size = predicted.max(initial=0.0)
    return np.abs(cell[block] - predicted).max((-2, -1)) / size if size > 0 else _unpredicted(cell[block])


def weight_variance(cell: CellData, block: str) -> Float[ndarray, " R"]:
    """Mean square of the initial weights of one block over its variance; no values where there is no such block."""
    return cell.quantities.get(f"weights_{block}", np.empty(0))


def _unpredicted(measured: Float[ndarray, "R n n"]) -> Float[ndarray, " R"]:
    return np.full(len(measured), np.inf) if measured.any() else np.empty(0)
