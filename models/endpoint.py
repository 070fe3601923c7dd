"""Training L + β KL to its end point, without following the flow where that would be slow.

See ``train_to_end``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.divergence import checked_beta, divergence_from
from models.implicit import Moves, Span
from models.memory import block_size
from models.regularised import Point, Regularised
from models.snn import BLOCKS, StochasticNetwork
from theorems.setting import LearnedNoise

__all__ = ["Endpoint", "train_to_end"]


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Where training ends: the networks, a bound (*b) on ‖f(X) - f_end(X)‖_F and the number of implicit steps."""

    network: StochasticNetwork
    remaining: Float[Tensor, "*b"]
    steps: int


def train_to_end(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    *,
    beta: float,
    divergence: str,
    trainable: Sequence[str] = ("mean",),
    tolerance: float = 1e-6,
    most_steps: int = 200,
) -> Endpoint:
    """Where gradient flow of L + β KL from ``network`` (any axes *b of replicates) ends, to within ``tolerance``.

    ``divergence`` is "weights" (‖ΔW^μ‖²/(2σ0²), once; fixed noise), "initial-posterior" (Σ_i KL(q_t(z|x_i) ‖
    q_0(z|x_i))) or "standard-normal" (Σ_i KL(q_t(z|x_i) ‖ N(0, I))); ``trainable`` names blocks among "mean", "scale",
    "decoder". x (n, p), y (n, d).

    ``remaining`` (*b) bounds ‖f(X) - f_end(X)‖_F; every replicate stops when it is at most ``tolerance``.

    Raises ValueError for β < 0, no trainable block, s = 0, an unknown divergence or block, and RuntimeError if the
    bound is not reached in ``most_steps`` steps.
    """
    beta = checked_beta(beta)
    names, x, y, flat = _checked(network, x, y, trainable)
    kl = divergence_from(divergence, flat, x)
    path = "decoder" in names or not beta
    independent = torch.linalg.matrix_rank(x) == len(x)
    free = independent and not path and isinstance(network.noise, LearnedNoise)
    span = Span.dual(x) if free else Span.principal(x)
    at_once = block_size(6 * network.width * len(x), x.device)
    ends, remaining, steps = [], [], 0
    for start in range(0, len(flat.mean), at_once):
        group = slice(start, start + at_once)
        descent = Regularised(flat[group], y, beta, kl[group], names, span)
        moves, bound, taken = _train(descent, x, path, tolerance, most_steps)
        ends.append(_applied(flat[group], moves, span))
        remaining.append(bound)
        steps = max(steps, taken)
    shape = network.batch_shape
    blocks = {b: torch.cat([e[b].mT for e in ends]).mT for b in names}
    blocks = {b: w.reshape(shape + w.shape[1:]) for b, w in blocks.items()}
    return Endpoint(network.replace_parameters(blocks), torch.cat(remaining).reshape(shape), steps)


def _checked(
    network: StochasticNetwork, x: Any, y: Any, trainable: Sequence[str]
) -> tuple[tuple[str, ...], Tensor, Tensor, StochasticNetwork]:
    """Names of the blocks that train, data as tensors, replicates along one axis."""
    if unknown := set(trainable) - set(BLOCKS):
        raise ValueError(f"trainable blocks are {', '.join(BLOCKS)}; got {', '.join(sorted(unknown))}")
    blocks = network.parameters()
    if not (names := tuple(b for b in BLOCKS if b in trainable and b in blocks)):
        raise ValueError(f"nothing to train: the network has no block named {' or '.join(trainable) or '?'}")
    x = network.as_inputs(x)
    y = torch.as_tensor(y).to(x)
    if y.shape != (len(x), network.outputs):
        raise ValueError(f"targets {(len(x), network.outputs)} expected, got {tuple(y.shape)}")
    return names, x, y, network.replace_parameters({b: w.reshape(-1, *w.shape[-2:]) for b, w in blocks.items()})


def _applied(network: StochasticNetwork, moves: Moves, span: Span) -> dict[str, Tensor]:
    """The blocks after their moves: w_r(0) + B a_r, v_r(0) + move."""
    blocks = network.parameters()
    return {b: blocks[b] + (a.mT if b == "decoder" else (span.basis @ a).mT) for b, a in moves.items()}


def _train(problem: Regularised, x: Tensor, path: bool, tolerance: float, most_steps: int) -> tuple[Moves, Tensor, int]:
    """The moves from the start to the end of one group, the bound (R,) and the number of steps."""
    point, steps = problem.start(x), 0
    shift = point.u.new_zeros(len(point.u))
    if path:
        point, steps, shift = _followed(problem, point)
    elif problem.collapsing:
        point = problem.collapsed(point)
    while True:
        newton = problem.gauss_newton(point, shift)
        move = newton.solve(newton.factor(), point.force, point.residual)
        pulled = newton.pull(point.residual)
        decrement = torch.stack([((point.force[b] - pulled[b]) * move[b]).sum((1, 2)) for b in move]).sum(0)
        remaining = decrement.clamp_min(0).sqrt()
        if (remaining <= tolerance).all():
            return point.moves, remaining, steps
        if steps >= most_steps:
            raise RuntimeError(
                f"training did not reach its end point within {most_steps} steps: "
                f"up to {float(remaining.max()):.2g} remain, {tolerance:.2g} were asked for"
            )
        point = _searched(problem, point, move, decrement * (remaining > tolerance))
        steps += 1


def _searched(problem: Regularised, point: Point, move: Moves, decrement: Tensor) -> Point:
    """After the longest of the shares 1, 1/2, 1/4, … of a move that lowers the objective; none where it has ended."""
    share = (decrement > 0).to(decrement)
    slack = 1e-13 * point.objective.abs()
    for _ in range(40):
        new = problem.moved(point, move, share)
        worse = ~(new.objective <= point.objective - 1e-4 * share * decrement + slack)
        if not worse.any():
            return new
        share = torch.where(worse, share / 2, share)
    raise RuntimeError("training to the end point found no descent")


GAMMA = 1 - 0.5**0.5
FIRST, GROWTH, FAR = 0.3, 0.35, 0.02
"""The path's first step times λ_max, later steps as a share of the time, and the share of the residual to stop at."""


def _followed(problem: Regularised, point: Point) -> tuple[Point, int, Tensor]:
    """The flow from the start until the residual is small, by implicit steps of order 2, and the shift afterwards.

    ROS2 (Verwer et al. 1999), an L-stable W-method: (ρ + D + JᵀJ) k1 = ρ F(a), (ρ + D + JᵀJ) k2 = ρ (F(a + h k1) -
    2 k1), a ← a + h (3/2 k1 + 1/2 k2), ρ = 1/(γh). Its order needs no exact Hessian.
    """
    one = torch.ones_like(point.objective)
    fastest = torch.linalg.eigvalsh(problem.gauss_newton(point, one).kernel())[:, -1]
    target = FAR * point.residual.square().sum((1, 2)).sqrt()
    time, steps = torch.zeros_like(one), 0
    while True:
        step = torch.maximum(FIRST / fastest, GROWTH * time)
        step = torch.where((point.residual.square().sum((1, 2)).sqrt() > target) & (time * fastest < 1e7), step, 0.0)
        if not (step > 0).any():
            return point, steps, 1e-8 * fastest
        shift = 1 / (GAMMA * torch.where(step > 0, step, 1 / fastest))
        newton = problem.gauss_newton(point, shift)
        factor = newton.factor()
        rate = shift[:, None, None]
        k1 = {b: rate * k for b, k in newton.solve(factor, point.force, point.residual).items()}
        ahead = problem.moved(point, k1, step)
        pulled = problem.gauss_newton(ahead, shift).pull(ahead.residual)
        force = {b: ahead.force[b] - pulled[b] - 2 * k1[b] for b in k1}
        k2 = {b: rate * k for b, k in newton.solve(factor, force, torch.zeros_like(ahead.residual)).items()}
        point = problem.moved(point, {b: 1.5 * k1[b] + 0.5 * k2[b] for b in k1}, step)
        time, steps = time + step, steps + 1
