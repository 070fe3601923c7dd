"""Images that factors of variation make: one for every combination of the factors' values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int, UInt8
from numpy import ndarray

__all__ = ["FactorGrid", "combinations", "thinned"]


@dataclass(frozen=True, eq=False)
class FactorGrid:
    """A data set made by K factors of variation.

    ``images`` (N, C, H, W) stand in the order of `combinations` of the ``sizes``, N = Π sizes; ``categories`` tells
    which factors have no order (a shape, a type of car). ``source`` says in words which images these are.
    Raises ValueError if the numbers do not fit.
    """

    source: str
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    categories: tuple[bool, ...]
    images: UInt8[ndarray, "N C H W"]

    def __post_init__(self) -> None:
        """One image for each combination."""
        if not len(self.names) == len(self.sizes) == len(self.categories):
            raise ValueError(f"{self.source}: {self.names}, {self.sizes} and {self.categories} do not fit together")
        if len(self.images) != math.prod(self.sizes):
            raise ValueError(f"{self.source}: {len(self.images)} images for {math.prod(self.sizes)} combinations")

    @cached_property
    def factors(self) -> Int[ndarray, "N K"]:
        """The index of each factor's value in every image."""
        return combinations(self.sizes)


def combinations(sizes: tuple[int, ...]) -> Int[ndarray, "N K"]:
    """Every combination of indices 0 .. size - 1, the last factor running fastest."""
    return np.indices(sizes).reshape(len(sizes), -1).T


def thinned(size: int, keep: int) -> Int[ndarray, " keep"]:
    """``keep`` of the indices 0 .. size - 1, evenly spaced from the first on. Raises ValueError if keep > size."""
    if not 1 <= keep <= size:
        raise ValueError(f"{keep} values of a factor that has {size}")
    return np.arange(keep) * size // keep
