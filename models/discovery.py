"""Which binary attributes single latent dimensions have discovered, and how good luck would look.

The statistic of an attribute is the largest area under the curve of any one dimension, on images that were not trained
on. A larger space tries more dimensions, so its largest is larger by luck alone; how large, labels that were permuted
tell, which have nothing to do with the images.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.stats import rankdata

__all__ = ["LEVEL", "Best", "areas", "best_areas", "luck", "permuted_best"]

LEVEL = 0.01
"""Chance that an attribute which no dimension knows of exceeds its quantile of luck."""

PERMUTATIONS = 400
"""Permutations of the labels that the quantile of luck is taken of."""

AT_ONCE = 50


class Best(NamedTuple):
    """Of every attribute the largest area (A,) and the dimension that has it (A,)."""

    area: Float[ndarray, " A"]
    latent: Int[ndarray, " A"]


def ranks(codes: Float[ndarray, "N L"]) -> Float[ndarray, "N L"]:
    """Rank of every image on every dimension, ties sharing theirs."""
    return rankdata(codes, axis=0)


def areas(labels: Bool[ndarray, "*S N"], ranked: Float[ndarray, "N L"]) -> Float[ndarray, "*S L"]:
    """Area under the curve of each dimension for each labelling, by Mann and Whitney's statistic, whichever sign.

    max(U, n₁n₀ - U)/(n₁n₀) with U = R₁ - n₁(n₁ + 1)/2 and R₁ the sum of the ranks of those labelled.
    Raises ValueError if some labelling has one class only.
    """
    ones = labels.sum(axis=-1, keepdims=True).astype(float)
    pairs = ones * (labels.shape[-1] - ones)
    if not (pairs > 0).all():
        raise ValueError("an attribute that all images have, or none, has no area under a curve")
    area = (labels.astype(np.float64) @ ranked - ones * (ones + 1) / 2) / pairs
    return np.maximum(area, 1 - area)


def best_areas(labels: Bool[ndarray, "A N"], ranked: Float[ndarray, "N L"]) -> Best:
    """The largest area of each attribute over the dimensions."""
    found = areas(labels, ranked)
    return Best(found.max(axis=-1), found.argmax(axis=-1))


def permuted_best(
    labels: Bool[ndarray, "A N"], ranked: Float[ndarray, "N L"], times: int, rng: np.random.Generator
) -> Float[ndarray, "A times"]:
    """The largest area of each attribute when its labels are permuted, so many times."""
    columns = []
    for first in range(0, times, AT_ONCE):
        copies = np.repeat(labels[:, None], min(AT_ONCE, times - first), axis=1)
        columns.append(areas(rng.permuted(copies, axis=-1), ranked).max(axis=-1))
    return np.concatenate(columns, axis=1)


def luck(
    labels: Bool[ndarray, "A N"], ranked: Float[ndarray, "N L"], rng: np.random.Generator, level: float = LEVEL
) -> Float[ndarray, " A"]:
    """What the largest area of an attribute that no dimension knows exceeds with probability ``level``."""
    return np.quantile(permuted_best(labels, ranked, PERMUTATIONS, rng), 1 - level, axis=1)
