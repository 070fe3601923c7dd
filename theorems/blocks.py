"""The three blocks of a tangent kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = ["KernelBlocks"]


@dataclass(frozen=True, eq=False)
class KernelBlocks:
    """Decoder, mean and scale block (d, μ, σ) of a kernel, arrays of one shape; ``scale`` is 0 for fixed noise."""

    decoder: Float[ndarray, "*shape"]
    mean: Float[ndarray, "*shape"]
    scale: Float[ndarray, "*shape"]

    def __post_init__(self) -> None:
        """Numbers become arrays without axes, so that a profile at one ρ is no special case."""
        for name in ("decoder", "mean", "scale"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))

    @property
    def total(self) -> Float[ndarray, "*shape"]:
        """The kernel itself, Θ = Θ^d + Θ^μ + Θ^σ."""
        return np.asarray(self.decoder + self.mean + self.scale)
