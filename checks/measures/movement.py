"""Measures of Lemma 4: decay and row movement while the eigenvalue holds, movement of blocks over its prediction.

A block that a network does not have, the noise scale under fixed noise, gives no values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from checks.case import VaeCase
from checks.measures.trajectory import loss
from claimtest.cells import CellData
from theorems import lemma4
from theorems.limiting_kernel import KernelBlocks

__all__ = [
    "Blocks",
    "Start",
    "decay_share",
    "decoder_rows_share",
    "encoder_rows_share",
    "held",
    "limit_of",
    "movement_of_initial_kernel",
    "movement_ratio",
    "row_movement",
    "start_of",
    "still_held",
]

Blocks = Callable[[VaeCase], KernelBlocks]
Start = Callable[[CellData], Float[ndarray, "R n d"]]


def limit_of(case: VaeCase) -> KernelBlocks:
    """Θ∞ and its blocks: the prediction of Lemma 4."""
    return case.kernel


def start_of(cell: CellData) -> Float[ndarray, "R n d"]:
    """r(0) = f(0) - y as measured."""
    return cell["residual"][:, 0]


def held(cell: CellData) -> Bool[ndarray, "R K"]:
    """Whether λ_min(Θ(s)) >= λ0/2 at every checked time s up to this one: the premise."""
    return np.logical_and.accumulate(cell["smallest"] >= cell.case.smallest_eigenvalue / 2, axis=1)


def still_held(cell: CellData) -> Float[ndarray, " R"]:
    """1 where the premise held for some time, so that the lemma says something of the replicate: a weight."""
    return held(cell)[:, 1].astype(float)


def decay_share(cell: CellData, rate: float = 1.0) -> Float[ndarray, " R"]:
    """sup_t rate λ0 t / -log(L(t)/L(0)), over the recorded times at which the premise holds: at most 1 if L decays.

    Infinite where the loss does not fall.
    """
    last = np.where(held(cell), cell["checked"], 0).max(1, keepdims=True)
    losses, time = loss(cell["residual"]), cell["time"]
    with np.errstate(divide="ignore", invalid="ignore"):
        fall = -np.log(losses / losses[:, :1])
        share = np.where(fall > 0, rate * cell.case.smallest_eigenvalue * time / fall, np.inf)
    return np.where((time > 0) & (time <= last), share, 0).max(1)


def encoder_rows_share(cell: CellData, order: float = -0.5) -> Float[ndarray, " R"]:
    """The largest movement of a row of W^μ or W^σ over its bound, sup over the checked times of the premise.

    ``order`` is the power of m in the bound.
    """
    largest = np.maximum(cell["largest_row_mean"], cell["largest_row_scale"])
    return _share(cell, largest, cell["decoder_row"], order)


def decoder_rows_share(cell: CellData, order: float = -0.5) -> Float[ndarray, " R"]:
    """The largest movement of a row v_r of the decoder over its bound, as for the encoder."""
    return _share(cell, cell["largest_row_decoder"], cell["activation"], order)


def _share(
    cell: CellData, largest: Float[ndarray, "R K"], factor: Float[ndarray, "R K"], order: float
) -> Float[ndarray, " R"]:
    n, smallest = len(cell.case.problem.inputs), cell.case.smallest_eigenvalue
    residual = np.sqrt(2 * loss(cell["residual"][:, :1]))
    bound = lemma4.row_bound(
        residual, np.maximum.accumulate(factor, axis=1), n=n, smallest=smallest, width=cell.width
    ) * cell.width ** (order + 0.5)
    return np.where(held(cell), largest / bound, 0).max(1)


def row_movement(cell: CellData, block: str) -> Float[ndarray, " R"]:
    """Root mean square over the rows of ‖w_r^b(T) - w_r^b(0)‖, per ‖f(0) - y‖, which depends on the seed, not on m."""
    if not getattr(cell.case.kernel, block).any():
        return np.empty(0)
    rows = cell[f"moved_{block}"][:, -1] / np.sqrt(cell.width)
    return rows / np.sqrt(2 * loss(cell["residual"][:, :1]))[:, 0]


def movement_ratio(
    cell: CellData, block: str, limit: Blocks = limit_of, start: Start = start_of
) -> Float[ndarray, " R"]:
    """‖W^b(T) - W^b(0)‖_F over √(cᵀ Θ^b∞ c), c = Θ∞^{-1}(I - e^{-Θ∞ T}) r(0) with each replicate's own r(0)."""
    kernel = limit(cell.case)
    if not getattr(kernel, block).any():
        return np.empty(0)
    predicted = lemma4.movement(kernel.total, getattr(kernel, block), start(cell), cell["checked"][0, -1:])
    return cell[f"moved_{block}"][:, -1] / predicted[:, 0]


def movement_of_initial_kernel(cell: CellData, block: str) -> Float[ndarray, " R"]:
    """The same with each replicate's Θ(0) in the place of Θ∞: free of the correction of order d/m."""
    if not getattr(cell.case.kernel, block).any():
        return np.empty(0)
    return cell[f"moved_{block}"][:, -1] / cell[f"linear_{block}"][:, -1]
