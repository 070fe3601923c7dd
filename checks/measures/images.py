"""Measures on descent to a stated loss: relative movement of the blocks against the dotted lines of Figure 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.experiments.images import PATIENCE, SHARE
from claimtest.cells import CellData
from theorems.figure2 import accumulated_residual, initial_norm, movement
from theorems.limiting_kernel import KernelBlocks
from theorems.linearised import ConstantKernel

__all__ = ["Line", "dotted", "has", "limit_of", "normalised", "ratio", "relative", "steps_of", "steps_used"]


class Line(NamedTuple):
    """What a dotted line is made of: the ``total`` kernel that trains, and the blocks Θ^b that say who moves."""

    total: Float[ndarray, "n n"]
    blocks: KernelBlocks


Limit = Callable[[CellData], Line]
Steps = Callable[[CellData], Float[ndarray, " R"]]


def limit_of(cell: CellData) -> Line:
    """Θ∞ and its blocks on the images of the cell: the prediction."""
    return Line(cell.case.kernel.total, cell.case.kernel)


def steps_of(cell: CellData) -> Float[ndarray, " R"]:
    """K, the number of steps that every replicate took to the stated loss."""
    return cell["steps"]


def has(cell: CellData, block: str) -> bool:
    """Whether the network has that block: there is no scale under fixed noise."""
    return f"{block}_moved" in cell.quantities


def relative(cell: CellData, block: str) -> Float[ndarray, " R"]:
    """‖W^b(K) - W^b(0)‖_F / ‖W^b(0)‖_F, as measured."""
    return cell[f"{block}_moved"] / cell[f"{block}_norm"]


def size(cell: CellData, block: str, limit: Limit = limit_of, steps: Steps = steps_of) -> Float[ndarray, " R"]:
    """√(cᵀΘ^b∞c), with each replicate's own r(0), step and number of steps."""
    line = limit(cell)
    c = accumulated_residual(ConstantKernel(line.total), cell["residual"], cell["step"], steps(cell))
    return movement(getattr(line.blocks, block), c)


def dotted(cell: CellData, block: str, limit: Limit = limit_of, steps: Steps = steps_of) -> Float[ndarray, " R"]:
    """The dotted line, √(cᵀΘ^b∞c) / (√m √p τ_b)."""
    return size(cell, block, limit, steps) / initial_norm(cell.case.problem, block, cell.width)


def ratio(cell: CellData, block: str, limit: Limit = limit_of, steps: Steps = steps_of) -> Float[ndarray, " R"]:
    """Measured relative movement over the dotted line; no values where no such block is there, or predicted."""
    return _over(cell, block, dotted, limit, steps)


def normalised(cell: CellData, block: str, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """Measured relative movement over √(cᵀΘ^b∞c), which leaves (√m √p τ_b)^{-1}; no values where ``ratio`` has none."""
    return _over(cell, block, size, limit, steps_of)


def _over(cell: CellData, block: str, predict: Callable[..., ndarray], limit: Limit, steps: Steps) -> ndarray:
    if not has(cell, block) or not getattr(limit(cell).blocks, block).any():
        return np.empty(0)
    return relative(cell, block) / predict(cell, block, limit, steps)


def steps_used(cell: CellData) -> Float[ndarray, " R"]:
    """K over the steps after which training is given up; infinite where the final network's loss is above L(0)/100."""
    return np.where(cell["share"] <= SHARE, cell["steps"] / PATIENCE, np.inf)
