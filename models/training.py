"""Training: gradient flow, gradient descent and stochastic gradients, all replicates of a cell as one batch.

Gradients are in closed form. Replicates are stepped in groups whose working set fits the processor's cache; they
share nothing but the step, so grouping changes no result. A divergence shows as inf or nan, never as an exception.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.random import SeedSequence
from torch import Tensor

from models.cell import Cell, Group
from models.checked import finite_number, finite_tensor, positive_number, whole_number
from models.draws import Seed, fill_uniform, generator, known_seed, to_normal
from models.rungekutta import DormandPrince8, local_error
from models.snn import BLOCKS, StochasticNetwork
from models.step import Step, Workspace, joined
from models.tangent import tangent_matrix

__all__ = [
    "NoiseStreams",
    "State",
    "descent_losses",
    "graded_step",
    "gradient_descent",
    "gradient_flow",
    "record_schedule",
    "stable_step",
    "stochastic_gradients",
]


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
    kernel = finite_tensor(kernel, "kernel", torch.zeros((), dtype=torch.float64))
    if kernel.ndim < 4 or kernel.shape[-4:-2] != kernel.shape[-2:] or not kernel.numel():
        raise ValueError(f"kernel: expected shape (..., n, d, n, d), got {tuple(kernel.shape)}")
    nd, fraction = kernel.shape[-1] * kernel.shape[-2], positive_number(fraction, "fraction")
    largest = float(torch.linalg.eigvalsh(kernel.reshape(*kernel.shape[:-4], nd, nd)).max())
    return fraction / positive_number(largest, "the largest eigenvalue of the kernel")


def graded_step(largest: float, fraction: float, rates: Sequence[float]) -> Callable[[float], float]:
    """Steps that grow as the fast modes die: (fraction/λ_max) min_k e^{λ_k t/9} λ_1/λ_k, at most 5/λ_max.

    ``largest`` is λ_max(Θ(0)), ``rates`` are λ_k, λ_1 the largest of them. The local error of mode k, of amplitude
    e^{-λ_k t}, is proportional to (step λ_k)⁹ e^{-λ_k t}: with these steps none exceeds that of the fastest mode in the
    first step. The method is stable up to 6.4/λ_max.
    """
    fastest = max(rates)

    def step(time: float) -> float:
        growth = min(fastest / rate * math.exp(min(rate * time / 9, 50.0)) for rate in rates)
        return min(fraction * growth, max(5.0, fraction)) / largest

    return step


def gradient_flow(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    times: Sequence[float],
    *,
    step: float | Callable[[float], float],
    trainable: Sequence[str] = BLOCKS,
    refine: int = 1,
) -> Iterator[State]:
    """dW/dt = -∇L(W) from t = 0, yielding the state at each of the increasing ``times`` (0 allowed).

    Each interval is cut into ``refine`` ⌈interval/step⌉ equal steps of order 8; the step may be a function of the time
    at which the interval starts, see ``graded_step``. Raises ValueError, when iteration starts, if the times decrease,
    a step is not positive, a block has another name or shapes do not fit.
    """
    cell = Cell(network, x, y, trainable)
    step_at = step if callable(step) else lambda time: step
    positive_number(step_at(0.0), "step")
    refine = whole_number(refine, "refine")
    times = [finite_number(time, "each time") for time in (times if np.iterable(times) else [times])]
    if any(b < a for a, b in itertools.pairwise([0.0, *times])):
        raise ValueError("gradient flow needs times that increase from 0 on")
    sensitivity = torch.linalg.eigvalsh(tangent_matrix(cell.network, cell.x))[..., -1].sqrt()
    error = torch.zeros_like(sensitivity)
    integrators = {size: _Integrator(cell, group) for size, group in {g.size: g for g in cell.groups}.items()}
    for before, time in itertools.pairwise([0.0, *times]):
        steps = refine * math.ceil((time - before) / positive_number(step_at(before), "step") - 1e-9)
        for group in cell.groups if steps else ():
            error[group.replicates] += integrators[group.size].run(group, (time - before) / steps, steps)
        yield State(time, cell.snapshot(), cell.unflatten(error * sensitivity))


class _Integrator:
    """Integrates groups of one size, one after another, in buffers that are allocated once."""

    def __init__(self, cell: Cell, like: Group) -> None:
        self.x = cell.x
        self.solver = DormandPrince8(like.state.numel(), dtype=cell.x.dtype, device=cell.x.device)
        self.argument = {name: block.mT for name, block in cell.views(self.solver.argument, like.size).items()}
        self.stages = [joined(cell.views(stage, like.size)) for stage in self.solver.stages]
        self.room = Workspace(like.network, len(cell.x))

    def run(self, group: Group, step: float, steps: int) -> Float[Tensor, " R"]:
        """Advance the group in place; the sum of its estimated local errors."""
        one = Step(group.network.replace_parameters(self.argument), self.x, group.y, self.room)

        def velocity(slot: int) -> None:
            """dW/dt = -∇L."""
            one.pull(one.forward(), self.stages[slot], -1.0, add=False)

        error = torch.zeros(group.size, dtype=self.x.dtype, device=self.x.device)
        for _ in range(steps):
            e5, e3 = self.solver.step(group.state, step, velocity)
            error += local_error(step, group.squares(e5), group.squares(e3))
        return error


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
    cell, step = Cell(network, x, y, trainable), positive_number(step, "step")
    groups = list(cell.steps())
    for count, total in record_schedule(steps, record):
        for group, one in groups if count else ():
            trained = group.trained
            for _ in range(count):
                one.pull(one.forward(), trained, -step, add=True)
        yield State(total * step, cell.snapshot(), cell.unflatten(cell.x.new_zeros(cell.size)))


def descent_losses(
    network: StochasticNetwork, x: Any, y: Any, step: float, steps: int, *, trainable: Sequence[str] = BLOCKS
) -> Float[Tensor, "*b k"]:
    """L before the first step of ``gradient_descent``, after every step and after the last, (*b, steps + 1).

    The losses are those of the forward passes that the gradients need anyway.
    """
    cell, step, steps = Cell(network, x, y, trainable), positive_number(step, "step"), whole_number(steps, "steps", 0)
    losses = cell.x.new_empty(steps + 1, cell.size)
    for group, one in cell.steps():
        trained = group.trained
        for taken in range(steps + 1):
            residual = one.forward()
            losses[taken, group.replicates] = 0.5 * residual.square().sum((-2, -1))
            if taken < steps:
                one.pull(residual, trained, -step, add=True)
    return cell.unflatten(losses.T)


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

    One seed per replicate: its stream of noise is its own, so batching changes no draw. The noise is drawn on the
    device that trains, so that nothing is copied inside a step: another device has other numbers. Raises ValueError
    unless there is one seed for each replicate.
    """
    cell, step = Cell(network, x, y, trainable), positive_number(step, "step")
    streams, groups = NoiseStreams(seeds, cell), list(cell.steps())
    for count, total in record_schedule(steps, record):
        for group, one in groups if count else ():
            noise, trained = cell.x.new_empty(group.size, len(cell.x), network.width), group.trained
            for _ in range(count):
                streams.fill(noise, group.replicates)
                one.pull(one.forward(noise), trained, -step, add=True)
        yield State(total * step, cell.snapshot(), cell.unflatten(cell.x.new_zeros(cell.size)))


def record_schedule(steps: int, record: int) -> Iterator[tuple[int, int]]:
    """(steps to take now, steps taken by then) for each record."""
    steps, record = whole_number(steps, "steps", 0), whole_number(record, "record")
    yield 0, 0
    for before, after in itertools.pairwise([*range(0, steps, record), steps]):
        yield after - before, after


class NoiseStreams:
    """Fresh N(0, 1) in every step, each replicate from a stream of its own."""

    def __init__(self, seeds: Seed | Sequence[Seed], cell: Cell) -> None:
        """One stream for each replicate. Raises ValueError for another number of seeds, and for what is none."""
        listed = list(seeds) if isinstance(seeds, Sequence) and not isinstance(seeds, str) else [seeds]
        if len(listed) != cell.size:
            raise ValueError(f"{cell.size} replicates need as many seeds, got {len(listed)}")
        sequences = [s if isinstance(s, SeedSequence) else SeedSequence(known_seed(s)) for s in listed]  # pyright: ignore[reportArgumentType]
        self.streams = [_stream(s, cell.x.device) for s in sequences]

    def fill(self, noise: Float[Tensor, "R n m"], replicates: slice) -> None:
        """The next numbers of these replicates; on the CPU in double precision and rounded to that of ``noise``."""
        on_cpu = noise.device.type == "cpu"
        drawn = noise.double() if on_cpu and noise.dtype != torch.float64 else noise
        for eps, draw in zip(drawn, self.streams[replicates], strict=True):
            draw(eps)
        if on_cpu:
            to_normal(drawn)
        if drawn is not noise:
            noise.copy_(drawn)


def _stream(seed: SeedSequence, device: torch.device) -> Callable[[Tensor], object]:
    """Uniform numbers of ``models.draws`` on the CPU, torch's own N(0, 1) on another device."""
    if device.type == "cpu":
        rng = generator(seed)
        return lambda eps: fill_uniform(eps, rng)
    own = torch.Generator(device).manual_seed(int(seed.generate_state(1, "uint64")[0]))
    return lambda eps: eps.normal_(generator=own)
