"""Gradient descent that ends at a stated loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.cell import Cell
from models.checked import finite_number, positive_number, whole_number
from models.snn import BLOCKS, StochasticNetwork

__all__ = ["Fit", "descend_to_share"]

LOOK = 32
"""Steps between two looks of the host at a loss that another device holds."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Where gradient descent ended: the network, the number of steps it took and its loss as a share of L(0)."""

    network: StochasticNetwork
    steps: int
    share: float


def descend_to_share(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    *,
    step: float,
    share: float,
    most: int = 10_000,
    trainable: Sequence[str] = BLOCKS,
    look: int | None = None,
) -> Fit:
    """W ← W - step ∇L(W) until L <= share · L(0), for one network; ``most`` steps are the end of patience.

    The loss is that of the forward pass which the gradient needs anyway. It is compared where it was computed, and from
    then on the network stands still; whether it does is asked every ``look`` steps (None: every step on the CPU, every
    32 on another device, which would have to be waited for), and changes no result. A run that does not get there in
    ``most`` steps, or diverges, shows in the ``share`` of the result. Raises ValueError for a batch of networks, a step
    that is not positive, an unknown block or shapes that do not fit.
    """
    if network.batch_shape:
        raise ValueError(f"one network at a time: choose a replicate out of {tuple(network.batch_shape)}")
    step, share, most = positive_number(step, "step"), finite_number(share, "share"), whole_number(most, "most", 0)
    cell = Cell(network, x, y, trainable)
    look = look or (1 if cell.x.device.type == "cpu" else LOOK)
    descent = _Descent(cell, step, share, most)
    while descent.going_on():
        descent.take(look)
    return Fit(cell.snapshot(), int(descent.taken), float(descent.now / descent.first))


class _Descent:
    """A network on its way down: loss at the start and now, steps taken, and whether it goes on, all on its device."""

    def __init__(self, cell: Cell, step: float, share: float, most: int) -> None:
        """Look at the network before the first step."""
        ((group, self.one),) = cell.steps()
        self.trained, self.step, self.share, self.most = group.trained, step, share, most
        self.residual = self.one.forward()
        self.first = self.now = self._loss()
        self.taken = torch.zeros_like(self.now, dtype=torch.long)
        self.going = self._above()

    def going_on(self) -> bool:
        """Whether a step remains to be taken: asks the device."""
        return bool(self.going)

    def take(self, steps: int) -> None:
        """So many steps, or as many as are still wanted: a residual put to zero moves nothing."""
        for _ in range(steps):
            self.one.pull(self.residual.masked_fill(~self.going, 0.0), self.trained, -self.step, add=True)
            self.taken += self.going
            self.residual = self.one.forward()
            self.now = torch.where(self.going, self._loss(), self.now)
            self.going = self.going & self._above()

    def _loss(self) -> Float[Tensor, " 1"]:
        return 0.5 * self.residual.square().sum((-2, -1))

    def _above(self) -> Tensor:
        """Whether L > share · L(0), which a loss that is no number is not, and patience is left."""
        return (self.share * self.first < self.now) & (self.taken < self.most)
