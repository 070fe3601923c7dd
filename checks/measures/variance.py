"""Measures on the variance of the sampled output, V = E_ε ½ Σ_i ‖f̂(x_i; ε_i) - f(x_i)‖²."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import VaeCase
from checks.measures.trajectory import decay_rate, loss
from claimtest.cells import CellData
from theorems.limiting_kernel import noise_floor
from theorems.linearised import stationary_loss

__all__ = [
    "drift",
    "drop_per_time",
    "floor_of",
    "floor_ratio",
    "sampled_loss_ratio",
    "sampled_obeys_rate",
    "stationary_ratio",
    "unit_floor_defect",
]

GROUP = 4
"""Replicates under one root mean square: a single signed drift passes zero, and its logarithm says little."""

Floor = Callable[[VaeCase], float]


def floor_of(case: VaeCase) -> float:
    """V∞, predicted with nothing fitted."""
    n, d = case.problem.targets.shape
    return noise_floor(n, d, activation=case.problem.activation, noise=case.problem.noise)


def floor_ratio(cell: CellData, floor: Floor = floor_of) -> Float[ndarray, " R"]:
    """V(T) / V∞ after training on L."""
    return cell["variance"][:, -1] / floor(cell.case)


def unit_floor_defect(cell: CellData, floor: Floor = floor_of) -> Float[ndarray, " R"]:
    """(V - V∞) / V∞ of quasi-random networks at initialisation, whose units integrate V over its weights."""
    return cell["variance"] / floor(cell.case) - 1


def drift(cell: CellData) -> Float[ndarray, " R/4"]:
    """|V(T) - V(0)| / V(0), root mean square over groups of replicates."""
    relative = cell["variance"][:, -1] / cell["variance"][:, 0] - 1
    return np.sqrt((relative.reshape(-1, GROUP) ** 2).mean(1))


def sampled_loss_ratio(cell: CellData) -> Float[ndarray, " R"]:
    """The loss of sampled outputs at T over L(T) + V(T)."""
    return cell["sampled"] / (loss(cell["residual"])[:, -1] + cell["variance"][:, -1])


def sampled_obeys_rate(cell: CellData, variance: float = 1.0) -> Float[ndarray, " R"]:
    """1 where the sampled loss itself, L + V, decays at the rate λ0 at every recorded time; V times ``variance``."""
    sampled = loss(cell["residual"]) + variance * cell["variance"]
    return (decay_rate(sampled, cell["time"], cell.case.smallest_eigenvalue) >= 1).astype(float)


def stationary_ratio(cell: CellData, exaggeration: float = 1.0) -> Float[ndarray, " R"]:
    """Mean excess over the window, over the mean floor predicted from Θ(t) and V(t) at the same steps.

    ``exaggeration`` multiplies the predicted floor. Infinite where η λ_max(Θ(t)) >= 2: nothing is stationary there, and
    no prediction is met.
    """
    n, d = cell.case.problem.targets.shape
    variance = 2 * cell["variance"] / (n * d)
    stable = (cell["step"][:, None] * cell["eigenvalues"].max(-1) < 2).all(1)
    floor = stationary_loss(cell["eigenvalues"][stable], cell["step"][stable, None], variance[stable], 1)
    ratio = np.full(len(stable), np.inf)
    ratio[stable] = cell["excess"][stable].mean(1) / (exaggeration * floor.mean(1))
    return ratio


def drop_per_time(cell: CellData) -> Float[ndarray, " R"]:
    """log(V(0)/V(T)) / T, the rate at which stochastic gradients lower the variance."""
    return -np.log1p(-cell["drop"]) / cell["time"]
