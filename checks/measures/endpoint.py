"""Measures on the end point of training with a KL term: distances to what the readings predict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from checks.regularised_cases import RegularisedCase
from claimtest.cells import CellData
from theorems.collapsed import relative_movement
from theorems.regressions import KernelRegression, Prediction, shrinkage

__all__ = [
    "AWAY",
    "change_length",
    "gap_on_training",
    "gap_on_unseen",
    "misfit",
    "movement_ratio",
    "remaining_share",
    "residual_length",
    "residual_precision",
    "residual_shares",
    "shrunk_apart",
    "smaller_gap",
    "stays_away",
    "stays_on_path",
]

AWAY = 0.05
"""What a rival prediction's distance must exceed; those of rivals in the cases drawn are at least twice as large."""


ON_PATH = 0.01
"""Share of the distance measured that the error of a path which is followed closely enough has at most."""


def gap_on_training(
    cell: CellData, prediction: Prediction, about: str = "start", strength: float = 1.0
) -> Float[ndarray, " R"]:
    """‖f(X) - f∞(X)‖/‖y - f0(X)‖ at the end, f∞ about the function called ``about``.

    That is "start" f0, "centre" the collapsed encoder's, or "nothing", 0. ``strength`` multiplies β: a control's error.
    """
    made = _regression(cell.case, prediction, strength)
    return _norm(cell["end"] - made.fitted(cell.case.problem.targets, _before(cell, about))) / _scale(cell)


def gap_on_unseen(
    cell: CellData, prediction: Prediction, about: str = "start", strength: float = 1.0
) -> Float[ndarray, " R"]:
    """√(n/k) ‖f(x) - f∞(x)‖/‖y - f0(X)‖ over the k unseen inputs at the end; see ``gap_on_training``."""
    made, unseen = _regression(cell.case, prediction, strength), cell["end_unseen"]
    before = _before(cell, about)
    expected = made.unseen(cell.case.problem.targets, before, None if before is None else cell[f"{about}_unseen"])
    return _norm(unseen - expected) * np.sqrt(cell["end"].shape[1] / unseen.shape[1]) / _scale(cell)


def residual_length(
    cell: CellData, prediction: Prediction, about: str = "start", strength: float = 1.0
) -> Float[ndarray, " R"]:
    """<y - f(X), y - f∞(X)>/‖y - f∞(X)‖² at the end: an error in the kernel's constant shows here in full."""
    expected = _regression(cell.case, prediction, strength).fitted(cell.case.problem.targets, _before(cell, about))
    return _share(cell.case.problem.targets - cell["end"], cell.case.problem.targets - expected)


def change_length(
    cell: CellData, prediction: Prediction, about: str = "start", strength: float = 1.0
) -> Float[ndarray, " R"]:
    """<f - f0, f∞ - f0>/‖f∞ - f0‖² on unseen inputs at the end, for f0 the function called ``about``."""
    before = cell[f"{about}_unseen"]
    made = _regression(cell.case, prediction, strength)
    expected = made.unseen(cell.case.problem.targets, cell[about], before)
    return _share(cell["end_unseen"] - before, expected - before)


def smaller_gap(cell: CellData, prediction: Prediction, about: str = "start") -> Float[ndarray, " R"]:
    """The smaller of the gaps on training and on unseen inputs."""
    return np.minimum(gap_on_training(cell, prediction, about), gap_on_unseen(cell, prediction, about))


def stays_away(cell: CellData, prediction: Prediction, **ingredients: Any) -> Bool[ndarray, " R"]:
    """Whether the distance to a prediction exceeds `AWAY`, on training and on unseen inputs."""
    return smaller_gap(cell, prediction, **ingredients) > AWAY


def remaining_share(
    cell: CellData, prediction: Prediction, about: str = "start", gap: Callable[..., ndarray] = smaller_gap
) -> Float[ndarray, " R"]:
    """The bound on what is left to train, over the smallest distance measured on that network."""
    return cell["remaining"] / _scale(cell) / gap(cell, prediction, about)


def stays_on_path(cell: CellData, prediction: Prediction) -> Bool[ndarray, " R"]:
    """Whether the error of the path on unseen inputs is at most `ON_PATH` of the distance to the prediction there."""
    per_input = np.sqrt(cell["end"].shape[1] / cell["end_unseen"].shape[1])
    return cell["off_path"] * per_input / _scale(cell) <= ON_PATH * gap_on_unseen(cell, prediction)


def misfit(cell: CellData) -> Float[ndarray, " R"]:
    """‖f(X) - y‖/‖f0(X) - y‖ at the end: 0 if it interpolates."""
    return _norm(cell["end"] - cell.case.problem.targets) / _scale(cell)


def movement_ratio(cell: CellData) -> Float[ndarray, " R"]:
    """‖ΔW^μ‖_F/‖W^μ(0)‖_F over √(rank X/p)."""
    return cell["movement"] / relative_movement(cell.case.problem.inputs)


def residual_shares(cell: CellData, strength: float = 1.0) -> Float[ndarray, "R n"]:
    """<y_i - f(x_i), y_i - f0(x_i)>/‖y_i - f0(x_i)‖² at the end over the predicted β/(β + σ0² ∂_ρK(1)), per input."""
    p = cell.case.problem
    before, after = p.targets - cell["start"], p.targets - cell["end"]
    share = (before * after).sum(-1) / (before**2).sum(-1)
    return share / shrinkage(activation=p.activation, noise=p.noise, beta=strength * cell.case.beta)


def residual_precision(cell: CellData) -> Float[ndarray, "R n"]:
    """m ‖r_i‖²/‖r0‖²: the other residuals leak into one in proportion to their size. 0 if the inputs are dependent."""
    energy = ((cell.case.problem.targets - cell["start"]) ** 2).sum(-1)
    return cell.width * cell.case.independent * energy / energy.sum(-1, keepdims=True)


def shrunk_apart(cell: CellData, strength: float = 1.0) -> Float[ndarray, " R"]:
    """How far the residuals are from shrinking alike: ‖(y - f(X))/s - (y - f0(X))‖_F/‖y - f0(X)‖_F, s the one factor.

    Too large a share of one residual does not make up for too small a one of another. No values if the inputs are
    dependent.
    """
    if not cell.case.independent:
        return np.empty(0)
    p = cell.case.problem
    factor = shrinkage(activation=p.activation, noise=p.noise, beta=strength * cell.case.beta)
    return _norm((p.targets - cell["end"]) / factor - (p.targets - cell["start"])) / _scale(cell)


def _regression(case: RegularisedCase, prediction: Prediction, strength: float) -> KernelRegression:
    return case.regression(prediction, strength * case.beta)


def _before(cell: CellData, about: str) -> ndarray | None:
    return None if about == "nothing" else cell[about]


def _norm(difference: Float[ndarray, "R n d"]) -> Float[ndarray, " R"]:
    return np.sqrt((difference**2).sum((-2, -1)))


def _share(measured: Float[ndarray, "R n d"], expected: Float[ndarray, "R n d"]) -> Float[ndarray, " R"]:
    """The projection on what is expected; no number where that is nothing, as a wrong prediction may say."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return (measured * expected).sum((-2, -1)) / (expected**2).sum((-2, -1))


def _scale(cell: CellData) -> Float[ndarray, " R"]:
    return _norm(cell["start"] - cell.case.problem.targets)
