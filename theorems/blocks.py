"""The three blocks of a tangent kernel, and what counts as a number where arrays broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = ["KernelBlocks", "Numbers"]

Numbers = ndarray | float | int | Sequence[Any]
"""Anything that numpy turns into an array of floats."""


@dataclass(frozen=True, eq=False)
class KernelBlocks:
    """Decoder, mean and scale block (d, μ, σ) of a kernel, arrays of one shape; ``scale`` is 0 for fixed noise."""

    decoder: Float[ndarray, "*shape"]
    mean: Float[ndarray, "*shape"]
    scale: Float[ndarray, "*shape"]

    @property
    def total(self) -> Float[ndarray, "*shape"]:
        """The kernel itself, Θ = Θ^d + Θ^μ + Θ^σ."""
        return np.asarray(self.decoder + self.mean + self.scale)

    def _repr_html_(self) -> str:
        """What a notebook shows: each block's size, the eigenvalues and the entries of the total."""
        from claimtest.notebook import matrices_html

        return matrices_html("Kernel Θ", {"decoder": self.decoder, "mean": self.mean, "scale": self.scale})
