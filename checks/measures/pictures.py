"""Measures on deep autoencoders: scores against their baselines, and counts of discovered attributes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.cells import CellData
from theorems.figure4 import discovered

__all__ = [
    "Scores",
    "advantage",
    "count",
    "found",
    "found_untrained",
    "gain_by_training",
    "of_permuted",
    "score",
    "shuffled",
    "trained",
    "untrained",
    "within_luck",
]

Scores = Callable[[CellData, str], Float[ndarray, " R"]]


def trained(cell: CellData, metric: str) -> Float[ndarray, " R"]:
    """The score of the trained encoder."""
    return cell[metric]


def untrained(cell: CellData, metric: str) -> Float[ndarray, " R"]:
    """That of the encoder it started from."""
    return cell[f"{metric}_untrained"]


def shuffled(cell: CellData, metric: str) -> Float[ndarray, " R"]:
    """That of the trained encoder with factors dealt out anew among the images."""
    return cell[f"{metric}_shuffled"]


def score(cell: CellData, metric: str, sign: float = 1.0) -> Float[ndarray, " R"]:
    """The score of the trained encoder. A ``sign`` of -1 turns it upside down."""
    return sign * cell[metric]


def advantage(cell: CellData, metric: str, over: Scores, of: Scores = trained) -> Float[ndarray, " R"]:
    """(s - s₀)/(s + s₀) of a score over its baseline, between -1 and 1; 0 where both vanish."""
    ours, theirs = of(cell, metric), over(cell, metric)
    whole = ours + theirs
    return np.where(whole > 0, (ours - theirs) / np.where(whole > 0, whole, 1), 0.0)


def found(cell: CellData) -> Float[ndarray, " R"]:
    """How many attributes are discovered."""
    return discovered(cell["area"], cell["luck"]).sum(axis=-1).astype(float)


def found_untrained(cell: CellData) -> Float[ndarray, " R"]:
    """How many the untrained encoder discovers."""
    return discovered(cell["area_untrained"], cell["luck_untrained"]).sum(axis=-1).astype(float)


def of_permuted(cell: CellData) -> Float[ndarray, " R"]:
    """How many are discovered when labels are permuted, on average over the fresh permutations."""
    return discovered(cell["permuted"], cell["luck"][..., None]).sum(axis=1).mean(axis=-1)


def count(cell: CellData, of: Callable[[CellData], Float[ndarray, " R"]] = found) -> Float[ndarray, " R"]:
    """How many attributes are discovered, of the trained encoder unless said otherwise."""
    return of(cell)


def gain_by_training(cell: CellData, of: Callable[[CellData], Float[ndarray, " R"]] = found) -> Float[ndarray, " R"]:
    """How many more than by the encoder that it started from."""
    return of(cell) - found_untrained(cell)


def within_luck(cell: CellData, quantile: str = "luck") -> Float[ndarray, "R V"]:
    """1 where the largest area of freshly permuted labels stays within the quantile of luck."""
    stays = cell["permuted"] <= cell[quantile][..., None]
    return stays.reshape(len(stays), -1).astype(float)
