"""Training: gradient flow, gradient descent and stochastic gradients, all replicates of a cell as one batch.

Gradients are in closed form. Replicates are stepped in groups whose working set fits the processor's cache; they
share nothing but the step, so grouping changes no result. A divergence shows as inf or nan, never as an exception.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from numpy.random import SeedSequence
from torch import Tensor

from models.objective import pullback
from models.rungekutta import DormandPrince8
from models.snn import BLOCKS, Seed, StochasticNetwork, block_size
from models.tangent import tangent_kernel

__all__ = ["State", "gradient_descent", "gradient_flow", "stable_step", "stochastic_gradients"]


@dataclass(frozen=True, eq=False)
class State:
    """A network during training: ``time`` t (flow) or k·step (descent), and an error bound (*b).

    ``error`` bounds ‖f(X) - exact‖_F from time stepping: Σ over steps of √λ_max(Θ(0)) × the estimated local error of
    the parameters (0 for descent, which is its own definition).
    """

    time: float
    network: StochasticNetwork
    error: Float[Tensor, "*b"]


def stable_step(kernel: Float[Tensor, "*b n d n d"], fraction: float = 1.0) -> float:
    """fraction / λ_max, the largest eigenvalue of Θ over all replicates of the cell."""
    nd = kernel.shape[-1] * kernel.shape[-2]
    return fraction / float(torch.linalg.eigvalsh(kernel.reshape(*kernel.shape[:-4], nd, nd)).max())


def gradient_flow(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    times: Sequence[float],
    *,
    step: float,
    trainable: Sequence[str] = BLOCKS,
) -> Iterator[State]:
    """dW/dt = -∇L(W) from t = 0, yielding the state at each of the increasing ``times`` (0 allowed).

    Each interval is cut into ⌈interval/step⌉ equal steps of order 8. Raises ValueError if the times decrease, the
    step is not positive, a block has another name or shapes do not fit.
    """
    cell = _Cell(network, x, y, trainable)
    if not step > 0 or any(b < a for a, b in itertools.pairwise([0.0, *times])):
        raise ValueError("gradient flow needs a positive step and times that increase from 0 on")
    amplification = _largest_eigenvalue(cell.network, cell.x).sqrt()
    error = torch.zeros_like(amplification)
    integrators: dict[int, _FlowGroup] = {}
    now = 0.0
    for time in times:
        steps = math.ceil((time - now) / step - 1e-9)
        for group in cell.groups() if steps else ():
            size = group.stop - group.start
            integrators.setdefault(size, _FlowGroup(cell, size))
            error[group] += integrators[size].run(group, (time - now) / steps, steps) * amplification[group]
        now = time
        yield cell.state(time, error)


def gradient_descent(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    step: float,
    steps: int,
    *,
    record: int = 1,
    trainable: Sequence[str] = BLOCKS,
) -> Iterator[State]:
    """W ← W - step ∇L(W), yielding the state before the first step, every ``record`` steps and after the last."""
    cell = _Cell(network, x, y, trainable)
    for done in _schedule(steps, record):
        for group in cell.groups() if done.count else ():
            part, blocks = cell.part(group), cell.views(cell.state_buffer[group])
            for _ in range(done.count):
                features = part.features(cell.x)
                gradient = pullback(part, cell.x, features, part.combine(features.decoder) - cell.y)
                for name, block in blocks.items():
                    block.sub_(gradient[name], alpha=step)
        yield cell.state(done.total * step)


def stochastic_gradients(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    step: float,
    steps: int,
    *,
    seeds: Seed | Sequence[Seed],
    record: int = 1,
    trainable: Sequence[str] = BLOCKS,
) -> Iterator[State]:
    """Gradient descent on the sampled loss ½ Σ_i ‖f̂(x_i; ε_i) - y_i‖² with fresh noise in every step.

    One seed per replicate: its stream of noise is its own, so batching changes no draw. The numbers are torch's on
    the device that trains, so that nothing is copied inside a step. Raises ValueError unless there is one seed for
    each replicate.
    """
    cell = _Cell(network, x, y, trainable)
    generators = _generators(seeds, cell)
    for done in _schedule(steps, record):
        for group in cell.groups() if done.count else ():
            part, blocks = cell.part(group), cell.views(cell.state_buffer[group])
            noise = torch.empty(len(part.mean), len(cell.x), part.width, dtype=cell.x.dtype, device=cell.x.device)
            for _ in range(done.count):
                for eps, generator in zip(noise, generators[group], strict=True):
                    eps.normal_(generator=generator)
                features = part.sampled_features(cell.x, noise)
                gradient = pullback(part, cell.x, features, part.combine(features.decoder) - cell.y)
                for name, block in blocks.items():
                    block.sub_(gradient[name], alpha=step)
        yield cell.state(done.total * step)


class _Cell:
    """The replicates being trained: the trainable blocks of all of them in one buffer (R, rows, m)."""

    def __init__(self, network: StochasticNetwork, x: Any, y: Any, trainable: Sequence[str]) -> None:
        if unknown := set(trainable) - set(BLOCKS):
            raise ValueError(f"trainable blocks are {', '.join(BLOCKS)}; got {', '.join(sorted(unknown))}")
        self.original = network
        self.x = network.as_inputs(x)
        self.y = torch.as_tensor(y, dtype=self.x.dtype, device=self.x.device)
        if self.y.shape != (len(self.x), network.outputs):
            raise ValueError(f"targets {(len(self.x), network.outputs)} expected, got {tuple(self.y.shape)}")
        blocks = {k: w.reshape(-1, *w.shape[-2:]) for k, w in network.parameters().items()}
        self.network = network.replace_parameters(blocks)
        self.names = [name for name in blocks if name in trainable]
        ends = torch.tensor([0] + [blocks[name].shape[-1] for name in self.names]).cumsum(0).tolist()
        self.rows = {name: slice(a, b) for name, a, b in zip(self.names, ends[:-1], ends[1:], strict=True)}
        self.state_buffer = torch.cat([blocks[name].mT for name in self.names], dim=1).contiguous()

    def views(self, buffer: Tensor) -> dict[str, Tensor]:
        """The trainable blocks (R, m, k) inside a buffer (R, rows, m)."""
        return {name: buffer[:, rows].mT for name, rows in self.rows.items()}

    def groups(self) -> Iterator[slice]:
        """Replicates that fit the cache together."""
        replicates = len(self.state_buffer)
        size = min(block_size(self.network.width * len(self.x) * 3, self.x.device), replicates)
        for start in range(0, replicates, size):
            yield slice(start, min(start + size, replicates))

    def part(self, group: slice, buffer: Tensor | None = None) -> StochasticNetwork:
        """The network of a group, its trainable blocks being views of ``buffer`` (of the state if None)."""
        return self.network[group].replace_parameters(
            self.views(self.state_buffer[group] if buffer is None else buffer)
        )

    def state(self, time: float, error: Tensor | None = None) -> State:
        """A copy of where training stands, with the replicate axes of the network that was given."""
        blocks = self.views(self.state_buffer.clone())
        shaped = {k: w.reshape(*self.original.batch_shape, *w.shape[-2:]) for k, w in blocks.items()}
        error = torch.zeros(len(self.state_buffer), dtype=self.x.dtype) if error is None else error.clone()
        return State(time, self.original.replace_parameters(shaped), error.reshape(self.original.batch_shape))


class _FlowGroup:
    """Integrates one group of replicates after another, in buffers that are allocated once."""

    def __init__(self, cell: _Cell, replicates: int) -> None:
        rows, width = cell.state_buffer.shape[1:]
        self.cell = cell
        self.solver = DormandPrince8(replicates, rows * width, dtype=cell.x.dtype, device=cell.x.device)
        self.argument = self.solver.argument.view(replicates, rows, width)
        self.stages = [cell.views(k.view(replicates, rows, width)) for k in self.solver.stages]

    def run(self, group: slice, step: float, steps: int) -> Float[Tensor, " R"]:
        """Advance the group in place; the sum of its estimated local errors."""
        cell = self.cell
        part = cell.part(group, self.argument)
        state = cell.state_buffer[group].flatten(1)

        def velocity(slot: int) -> None:
            """-∇L = Jᵀ (y - f)."""
            features = part.features(cell.x)
            pullback(part, cell.x, features, cell.y - part.combine(features.decoder), self.stages[slot])

        return sum((self.solver.step(state, step, velocity) for _ in range(steps)), torch.zeros(()).to(state))


@dataclass(frozen=True)
class _Stretch:
    """Steps to take until the next record, and the number taken by then."""

    count: int
    total: int


def _schedule(steps: int, record: int) -> Iterator[_Stretch]:
    if record < 1:
        raise ValueError(f"record must be at least 1, got {record}")
    marks = [*range(0, steps, record), steps]
    yield _Stretch(0, 0)
    for before, after in itertools.pairwise(marks):
        yield _Stretch(after - before, after)


def _largest_eigenvalue(network: StochasticNetwork, x: Tensor) -> Float[Tensor, " R"]:
    return torch.linalg.eigvalsh(tangent_kernel(network, x).block("total"))[..., -1]


def _generators(seeds: Seed | Sequence[Seed], cell: _Cell) -> list[torch.Generator]:
    listed = list(seeds) if isinstance(seeds, Sequence) else [seeds]
    if len(listed) != len(cell.state_buffer):
        raise ValueError(f"{len(cell.state_buffer)} replicates need as many seeds, got {len(listed)}")
    sequences = [s if isinstance(s, SeedSequence) else SeedSequence(s) for s in listed]
    states = [int(s.generate_state(1, "uint64")[0]) for s in sequences]
    return [torch.Generator(cell.x.device).manual_seed(state) for state in states]
