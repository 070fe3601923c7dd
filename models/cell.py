"""The replicates that are trained together, laid out for speed: groups that fit the cache, flat states.

A group of R replicates keeps its trainable blocks in one flat buffer, block after block, each (R, k, m) contiguous
with the units last. So every product of a training step runs on contiguous batches, and a Runge-Kutta stage is one
product with the buffer.

Gradients move the rows of W^μ and W^σ by combinations of the inputs alone. With fewer inputs than dimensions, n < p,
and X = L Qᵀ (LQ factorisation), a cell trains the n coordinates Qᵀw of a row on the inputs L in the place of its p
entries on X: the same training, with less to move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.checked import finite_tensor, known_blocks, of_kind
from models.memory import block_size
from models.snn import BLOCKS, StochasticNetwork
from models.step import Step, Workspace, joined

__all__ = ["Cell", "Group"]


@dataclass(frozen=True, eq=False)
class Group:
    """Some replicates of a cell, their flat state and the network whose trainable blocks are views of it."""

    replicates: slice
    state: Float[Tensor, " N"]
    network: StochasticNetwork
    y: Float[Tensor, "R n d"]
    views: Callable[[Tensor, int], dict[str, Tensor]]

    @property
    def size(self) -> int:
        """Number R of replicates."""
        return self.replicates.stop - self.replicates.start

    @property
    def trained(self) -> dict[str, Tensor]:
        """The blocks that are trained, (R, k, m) with the units last, as views of the state, joined as a step can."""
        return joined(self.views(self.state, self.size))

    def squares(self, flat: Float[Tensor, " N"]) -> Float[Tensor, " R"]:
        """‖·‖² over the parameters of each replicate."""
        norms = [torch.linalg.vector_norm(block, dim=(1, 2)) for block in self.views(flat, self.size).values()]
        return torch.stack(norms).square().sum(0)


class Cell:
    """A batch of replicates with their data.

    Raises ValueError for unknown blocks or targets that do not fit, and TypeError without a network.
    """

    def __init__(self, network: StochasticNetwork, x: Any, y: Any, trainable: Sequence[str]) -> None:
        """Copy the trainable blocks into the states of the groups."""
        of_kind(network, "network", StochasticNetwork)
        known_blocks(trainable, BLOCKS)
        self.original = network
        self.x = network.as_inputs(x)
        self.axes: Tensor | None = None
        self.y = finite_tensor(y, "targets", self.x)
        if self.y.shape != (len(self.x), network.outputs):
            raise ValueError(f"targets {(len(self.x), network.outputs)} expected, got {tuple(self.y.shape)}")
        if len(self.x) < network.inputs:
            self.axes, upper = torch.linalg.qr(self.x.T)
            self.x = upper.T.contiguous()
        if not network.batch_shape.numel():
            raise ValueError("a batch of replicates needs at least one")
        flat = {k: w.detach().reshape(-1, *w.shape[-2:]) for k, w in network.parameters().items()}
        blocks = {k: self._coordinates(k, w) for k, w in flat.items()}
        self.network = network.replace_parameters(blocks)
        self.rows = {name: w.shape[-1] for name, w in blocks.items() if name in trainable}
        if not self.rows:
            raise ValueError(f"nothing to train: the network has no block named {' or '.join(trainable) or '?'}")
        self.size = len(self.network.mean)
        at_once = min(block_size(6 * network.width * len(self.x), self.x.device), self.size)
        starts = range(0, self.size, at_once)
        self.groups = [self._group(slice(a, min(a + at_once, self.size))) for a in starts]

    def _group(self, replicates: slice) -> Group:
        members = self.network[replicates]
        blocks = members.parameters()
        state = torch.cat([blocks[name].mT.reshape(-1) for name in self.rows])
        size = replicates.stop - replicates.start
        part = members.replace_parameters({name: block.mT for name, block in self.views(state, size).items()})
        return Group(replicates, state, part, self.y.expand(size, *self.y.shape), self.views)

    def steps(self) -> Iterator[tuple[Group, Step]]:
        """Every group with its step; those of one size share their workspace."""
        rooms: dict[int, Workspace] = {}
        for group in self.groups:
            if group.size not in rooms:
                rooms[group.size] = Workspace(group.network, len(self.x))
            yield group, Step(group.network, self.x, group.y, rooms[group.size])

    def views(self, flat: Float[Tensor, " N"], replicates: int) -> dict[str, Tensor]:
        """The trainable blocks, each (R, k, m) with the units last, inside a flat buffer."""
        width = self.network.width
        parts = flat.split([replicates * rows * width for rows in self.rows.values()])
        shapes = zip(self.rows.items(), parts, strict=True)
        return {name: part.view(replicates, rows, width) for (name, rows), part in shapes}

    def snapshot(self) -> StochasticNetwork:
        """A copy of where training stands, with the replicate axes of the network that was given."""
        blocks = {
            name: torch.cat([group.network.parameters()[name].mT for group in self.groups]).mT for name in self.rows
        }
        return self.original.replace_parameters({name: self._restored(name, w) for name, w in blocks.items()})

    def _coordinates(self, name: str, block: Float[Tensor, "R m p"]) -> Float[Tensor, "R m k"]:
        """Qᵀw of the rows of an encoder block, stored with the units last; the decoder as it is."""
        if self.axes is None or name == "decoder":
            return block
        return torch.matmul(self.axes.T.expand(len(block), *self.axes.T.shape), block.mT).mT

    def _restored(self, name: str, block: Float[Tensor, "R m k"]) -> Float[Tensor, "*b m p"]:
        """The block in its own coordinates, W(0) + Q(a - a(0)), with the replicate axes of the given network."""
        if self.axes is None or name == "decoder":
            return self.unflatten(block)
        change = (block - self.network.parameters()[name]).mT
        moved = torch.matmul(self.axes.expand(len(block), *self.axes.shape), change)
        return self.original.parameters()[name] + self.unflatten(moved.mT)

    def unflatten(self, values: Float[Tensor, "R ..."]) -> Tensor:
        """Values (R, …) with the replicate axes of the network that was given."""
        return values.reshape(self.original.batch_shape + values.shape[1:])
