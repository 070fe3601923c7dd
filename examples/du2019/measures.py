"""From evidence to the numbers that a law judges. Predictions are keywords, so that a control can put a wrong one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from claimtest.cells import CellData
from examples.du2019.experiments import HORIZON
from examples.du2019.theory import gram_limit, residual_limit

__all__ = ["both_layers", "decay", "departure", "distance", "drift", "flips", "independent", "mean_ratio", "smallest"]

GramOf = Callable[[Float[ndarray, "n p"]], Float[ndarray, "n n"]]


def smallest(cell: CellData, share: float = 0.75) -> Bool[ndarray, " R"]:
    """Whether λ_min(H(0)) >= ¾ λ0."""
    return np.linalg.eigvalsh(cell["gram"])[:, 0] >= share * cell.case.spectrum[0]


def mean_ratio(cell: CellData, limit: GramOf = gram_limit) -> Float[ndarray, " R"]:
    """<H(0), H∞>/<H∞, H∞>, whose mean is 1."""
    predicted = limit(cell.case.inputs)
    return (cell["gram"] * predicted).sum((1, 2)) / (predicted**2).sum()


def distance(cell: CellData, limit: GramOf = gram_limit) -> Float[ndarray, " R"]:
    """‖H(0) - H∞‖_F."""
    return np.linalg.norm(cell["gram"] - limit(cell.case.inputs), axis=(1, 2))


def by_eight(values: Float[ndarray, " R"]) -> Float[ndarray, " R/8"]:
    """The root mean square over every eight replicates: in a narrow network nothing at all may have changed sides."""
    return np.sqrt((values.reshape(-1, 8) ** 2).mean(1))


def drift(cell: CellData) -> Float[ndarray, " R/8"]:
    """‖H(T) - H(0)‖_F."""
    return by_eight(cell["drift"])


def flips(cell: CellData) -> Float[ndarray, " R/8"]:
    """The share of pairs (unit, input) whose activation changed."""
    return by_eight(cell["flips"])


def decay(cell: CellData, rate: float = 1.0) -> Bool[ndarray, " R"]:
    """Whether ‖u(t) - y‖² <= e^{-λ0 t} ‖u(0) - y‖² at every t on the grid."""
    squares = (cell["residual"] ** 2).sum(2)
    bound = np.exp(-rate * np.linspace(0, HORIZON, squares.shape[1])) * squares[:, :1]
    return (squares[:, 1:] <= bound[:, 1:]).all(1)


def departure(cell: CellData, limit: GramOf = gram_limit) -> Float[ndarray, " R/8"]:
    """Root mean square over time of ‖(u(t) - y) - e^{-H∞t}(u(0) - y)‖, over ‖u(0) - y‖."""
    residual = cell["residual"]
    time = np.linspace(0, HORIZON / cell.case.spectrum[0], residual.shape[1])
    gap = residual - residual_limit(limit(cell.case.inputs), residual[:, 0], time)
    return by_eight(np.sqrt((gap**2).sum(2).mean(1)) / np.linalg.norm(residual[:, 0], axis=1))


def independent(x: Float[ndarray, "n p"]) -> Float[ndarray, "n n"]:
    """A wrong H∞: as if a unit chose its side for every input anew, active in ½ of them and in ¼ of the pairs."""
    return x @ x.T * (0.25 + 0.25 * np.eye(len(x)))


def both_layers(x: Float[ndarray, "n p"]) -> Float[ndarray, "n n"]:
    """A wrong H∞: the kernel of training the output weights too, H∞ + E max(w·x_i, 0) max(w·x_j, 0)."""
    rho = np.clip(x @ x.T, -1, 1)
    return gram_limit(x) + (np.sqrt(1 - rho**2) + rho * (np.pi - np.arccos(rho))) / (2 * np.pi)
