"""A network of any width that is never whole: its units are drawn in blocks, again whenever they are read.

Every normal number of a draw costs one number of its stream (``models.draws``), so a block of units is found by its
position. The units are those of ``StochasticNetwork.initialise`` with the same arguments, number for number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.draws import Seed, fill_normal, generator
from models.initialisation import block_rows, check_sizes, check_type, device_named
from models.memory import block_size
from models.snn import StochasticNetwork
from theorems.setting import Activation, LearnedNoise, Noise, activation_named, known_noise

__all__ = ["Network", "NetworkStream"]


@dataclass(frozen=True, eq=False)
class NetworkStream:
    """One network at initialisation as a stream of blocks of units; make it with :meth:`initialise`.

    Tangent kernels, whole, traced over outputs or as operators, and mean outputs take it in the place of a network.
    """

    width: int
    inputs: int
    outputs: int
    activation: Activation
    noise: Noise
    seed: Seed
    device: torch.device
    dtype: torch.dtype

    @classmethod
    def initialise(
        cls,
        width: int,
        inputs: int,
        outputs: int,
        *,
        activation: str | Activation = "erf",
        noise: Noise = LearnedNoise(1.0),  # noqa: B008, a frozen dataclass
        seed: Seed = 0,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float64,
    ) -> NetworkStream:
        """The network of this seed, not drawn yet. Raises ValueError as ``StochasticNetwork.initialise`` does."""
        check_sizes(width, inputs, outputs)
        check_type(dtype)
        generator(seed)  # refuses what is no seed now, not when units are read
        psi, place = activation_named(activation), device_named(device)
        return cls(width, inputs, outputs, psi, known_noise(noise), seed, place, dtype)

    @property
    def multiplier(self) -> float:
        """M = m^{-1/2}."""
        return self.width**-0.5

    @property
    def batch_shape(self) -> torch.Size:
        """(): it is one network."""
        return torch.Size()

    def as_inputs(self, x: Any) -> Float[Tensor, "n p"]:
        """x as a tensor (n, p) of this network's type and device. Raises ValueError unless n >= 1 and it fits."""
        return self._part({b: torch.empty(k, 0) for b, k in self._rows.items()}).as_inputs(x)

    def unit_blocks(self, size: int) -> Iterator[StochasticNetwork]:
        """Networks of at most ``size`` units each, whose outputs and kernels sum to the whole."""
        size = min(max(size, 1), self.width)
        streams, position = {}, 0
        for name, rows in self._rows.items():
            streams[name] = [generator(self.seed, position + row * self.width) for row in range(rows)]
            position += rows * self.width
        for start in range(0, self.width, size):
            count = min(size, self.width - start)
            blocks = {}
            for name, own in streams.items():
                block = torch.empty(len(own), count, dtype=torch.float64)
                for row, rng in zip(block, own, strict=True):
                    fill_normal(row, rng)
                blocks[name] = block.mul_(self.noise.scale) if name == "scale" else block
            yield self._part(blocks)

    def mean_output(self, x: Any) -> Float[Tensor, "n d"]:
        """f(x_i) = M Σ_r v_r h(u_r, s_r)."""
        x = self.as_inputs(x)
        total = x.new_zeros(len(x), self.outputs)
        for part in self.unit_blocks(block_size(4 * len(x) + self.inputs, self.device)):
            total += part.mean_output(x)
        return total

    def __getitem__(self, index: Any) -> NetworkStream:
        """Raises ValueError: there are no replicates to choose from."""
        raise ValueError("a stream is one network: it has no axis of replicates")

    @property
    def _rows(self) -> dict[str, int]:
        return block_rows(self.inputs, self.outputs, self.noise)

    def _part(self, blocks: dict[str, Tensor]) -> StochasticNetwork:
        placed = {b: w.to(device=self.device, dtype=self.dtype).mT for b, w in blocks.items()}
        return StochasticNetwork(
            placed["mean"], placed.get("scale"), placed["decoder"], self.activation, self.noise, self.multiplier
        )


Network = StochasticNetwork | NetworkStream
"""Networks in memory, or one that is drawn block by block."""
