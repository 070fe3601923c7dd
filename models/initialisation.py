"""The initial weights: how many numbers a unit has, and drawing them block after block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.checked import whole_number
from models.draws import Seed, generator, to_normal
from theorems.setting import LearnedNoise, Noise

__all__ = ["block_rows", "check_sizes", "check_type", "device_named", "drawn_blocks"]

CHUNK = 1 << 15
"""Numbers that stay in the cache while they pass through the steps of the inversion."""


def check_sizes(width: int, inputs: int, outputs: int, antisymmetric: bool = False) -> None:
    """Raise ValueError for sizes below 1, and for an odd width of an antisymmetric network."""
    for name, size in (("width", width), ("inputs", inputs), ("outputs", outputs)):
        whole_number(size, name)
    if antisymmetric and width % 2:
        raise ValueError(f"an antisymmetric network needs an even width, got {width}")


def check_type(dtype: torch.dtype) -> None:
    """Raise ValueError unless numbers of that type are floating-point."""
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(f"a network needs a floating-point type, got {dtype}")


def block_rows(inputs: int, outputs: int, noise: Noise) -> dict[str, int]:
    """Numbers per unit of every block, in the order in which blocks are drawn."""
    sizes = {"mean": inputs, "scale": inputs, "decoder": outputs}
    return {b: k for b, k in sizes.items() if b != "scale" or isinstance(noise, LearnedNoise)}


def drawn_blocks(
    seeds: Sequence[Seed], width: int, rows: Mapping[str, int], noise: Noise, antisymmetric: bool
) -> dict[str, Float[Tensor, "R k m"]]:
    """Every block of every replicate, row after row from the stream of its seed, the units last in memory."""
    free = width // 2 if antisymmetric else width
    numbers = {b: np.empty((len(seeds), k, free)) for b, k in rows.items()}
    for replicate, seed in enumerate(seeds):
        rng = generator(seed)
        for block in numbers.values():
            rng.random(out=block[replicate])
    blocks = {b: torch.from_numpy(uniform) for b, uniform in numbers.items()}
    for block in blocks.values():
        for part in block.view(-1).split(CHUNK):
            to_normal(part)
    if "scale" in blocks:
        blocks["scale"] *= noise.scale
    if antisymmetric:
        blocks = {b: torch.cat([w, -w if b == "decoder" else w], -1) for b, w in blocks.items()}
    return blocks


def device_named(device: str | torch.device) -> torch.device:
    """The device. Raises ValueError if it is not there."""
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ValueError(f"device {str(device)!r} is not there: {str(error).splitlines()[0]}") from None
    return place
