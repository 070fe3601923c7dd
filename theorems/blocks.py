"""The three blocks of a tangent kernel."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

__all__ = ["KernelBlocks"]


@dataclass(frozen=True, eq=False)
class KernelBlocks:
    """Decoder, mean and scale block (d, μ, σ) of a kernel, arrays of one shape; ``scale`` is 0 for fixed noise."""

    decoder: Float[ndarray, "*shape"]
    mean: Float[ndarray, "*shape"]
    scale: Float[ndarray, "*shape"]

    @property
    def total(self) -> Float[ndarray, "*shape"]:
        """The kernel itself, Θ = Θ^d + Θ^μ + Θ^σ."""
        return self.decoder + self.mean + self.scale
