"""Measures on the path in β and on training with sampled outputs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.experiments.regularisation import FACTORS
from checks.regularised_cases import RegularisedCase
from claimtest.cells import CellData
from theorems.collapsed import decoder_growth
from theorems.limiting_kernel import noise_floor
from theorems.regressions import Prediction, preconditioned_ridge
from theorems.sampled_endpoint import stationary_distance

__all__ = [
    "average_gap",
    "decoder_growth_ratio",
    "floor_power",
    "floor_ratios",
    "interpolation",
    "path_gap",
    "path_remaining",
    "path_residuals",
    "residual_ratio",
    "standstill",
]

Path = Float[ndarray, "F R n d"]


def predicted_path(
    cell: CellData, prediction: Prediction, strength: float = 1.0, factors: Sequence[float] = FACTORS
) -> Path:
    """f∞(X) at every β, in units of the case's, times ``strength``."""
    y, beta = cell.case.problem.targets, strength * cell.case.beta
    return np.stack([cell.case.regression(prediction, share * beta).fitted(y, cell["start"]) for share in factors])


def path_residuals(
    cell: CellData, prediction: Prediction = preconditioned_ridge, strength: float = 1.0
) -> tuple[Path, Path]:
    """y - f(X) at the end points of the path, measured and predicted."""
    y = cell.case.problem.targets
    return y - cell["end"].swapaxes(0, 1), y - predicted_path(cell, prediction, strength)


def residual_ratio(
    cell: CellData, prediction: Prediction = preconditioned_ridge, strength: float = 1.0
) -> Float[ndarray, " R"]:
    """<e, ê>/‖ê‖², e measured and ê predicted, the mean over the path but for its two ends."""
    measured, expected = path_residuals(cell, prediction, strength)
    ratio = (measured * expected).sum((-2, -1)) / (expected**2).sum((-2, -1))
    return ratio[1:-1].mean(0)


def path_gap(cell: CellData, prediction: Prediction = preconditioned_ridge, strength: float = 1.0) -> ndarray:
    """The largest distance to the prediction along the path, over ‖y - f0(X)‖, (R,)."""
    measured, expected = path_residuals(cell, prediction, strength)
    return _norm(measured - expected).max(0) / _misfit(cell)


def path_remaining(cell: CellData) -> Float[ndarray, " R"]:
    """The bound on what is left to train over ‖y - f(X)‖, the largest along the path."""
    return (cell["remaining"] / _norm(cell["end"] - cell.case.problem.targets)).max(1)


def interpolation(cell: CellData, factor: int = 0) -> Float[ndarray, " R"]:
    """‖y - f(X)‖/‖y - f0(X)‖ at the smallest β, or at another."""
    return _norm(cell["end"][:, factor] - cell.case.problem.targets) / _misfit(cell)


def standstill(cell: CellData, factor: int = -1) -> Float[ndarray, " R"]:
    """‖f(X) - f0(X)‖/‖y - f0(X)‖ at the largest β, or at another."""
    return _norm(cell["end"][:, factor] - cell["start"]) / _misfit(cell)


def floor_ratios(cell: CellData, exaggeration: float = 1.0) -> Float[ndarray, "R 2"]:
    """The mean of ½‖f_k(X) - f_end(X)‖² over steps, over the predicted floor, for both steps.

    The floor is taken with the variance V of the same network at the same steps; ``exaggeration`` multiplies it.
    """
    distance = 0.5 * ((cell["output"] - cell["end"][:, None, None]) ** 2).sum((-2, -1))
    return distance.mean(-1) / (exaggeration * _floors(cell.case, cell["step"]) * _variance_share(cell))


def floor_power(cell: CellData, power: float = 1.0) -> Float[ndarray, " R"]:
    """The power of the step that the floor grows with from one step to the other, over ``power``.

    log(F_1/F_2)/log(η_1/η_2) with each floor F over the variance V at that step, less what discrete steps add by the
    prediction to a power of 1.
    """
    excess = np.log(floor_ratios(cell)) @ np.array([1.0, -1.0])
    return (1 + excess / np.log(cell["step"][:, 0] / cell["step"][:, 1])) / power


def average_gap(cell: CellData, prediction: Prediction = preconditioned_ridge, strength: float = 1.0) -> ndarray:
    """‖f̄(X) - f∞(X)‖/‖y - f0(X)‖, f̄ the mean over the recorded steps, (R,)."""
    made = cell.case.regression(prediction, strength * cell.case.beta)
    expected = made.fitted(cell.case.problem.targets, cell["start"])
    return _norm(cell["output"].mean((1, 2)) - expected) / _misfit(cell)


def decoder_growth_ratio(cell: CellData, exaggeration: float = 1.0) -> Float[ndarray, " R"]:
    """The growth of ‖W^d‖² from τ = 1/4 to 1 over the predicted one, which starts from W^dᵀW^d as measured then.

    ``exaggeration`` multiplies the prediction.
    """
    time, start, measured = cell["time"][0], cell["gram"][:, 0], np.trace(cell["gram"], axis1=-2, axis2=-1)
    expected = _grown(cell.case, start.tobytes(), float(time[1] - time[0])) - measured[:, 0]
    return (measured[:, 1] - measured[:, 0]) / (exaggeration * expected)


@lru_cache(maxsize=256)
def _grown(case: RegularisedCase, start: bytes, time: float) -> Float[ndarray, " R"]:
    """‖W^d‖² after that time, from W^dᵀW^d given as the bytes of an array (R, d, d): controls ask for the same."""
    p = case.problem
    gram = np.frombuffer(start).reshape(-1, p.targets.shape[1], p.targets.shape[1])
    grown = decoder_growth(
        p.inputs, p.targets, gram, np.array([time]), activation=p.activation, noise=p.noise, beta=case.beta
    )
    return np.trace(grown[:, 0], axis1=-2, axis2=-1)


@lru_cache(maxsize=256)
def _floor(case: RegularisedCase, step: float) -> float:
    p = case.problem
    return stationary_distance(
        p.inputs, activation=p.activation, noise=p.noise, beta=case.beta, step=step, outputs=p.targets.shape[1]
    )


def _floors(case: RegularisedCase, steps: Float[ndarray, "R 2"]) -> Float[ndarray, "R 2"]:
    known = {float(step): _floor(case, float(step)) for step in np.unique(steps)}
    return np.vectorize(known.__getitem__)(steps)


def _variance_share(cell: CellData) -> Float[ndarray, "R 2"]:
    """V over V∞, the mean over the recorded steps."""
    p = cell.case.problem
    return cell["variance"].mean(-1) / noise_floor(*p.targets.shape, activation=p.activation, noise=p.noise)


def _misfit(cell: CellData) -> Float[ndarray, " R"]:
    return _norm(cell["start"] - cell.case.problem.targets)


def _norm(difference: Float[ndarray, "*b n d"]) -> Float[ndarray, "*b"]:
    return np.sqrt((difference**2).sum((-2, -1)))
