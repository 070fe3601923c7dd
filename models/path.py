"""The way of the flow of L + β KL while the residual drives it, by linearly implicit steps of order 2."""

from __future__ import annotations

import torch
from torch import Tensor

from models.implicit import Moves, combined
from models.regularised import Point, Regularised

__all__ = ["followed"]

GAMMA = 1 - 0.5**0.5
FIRST, FASTER = 0.5, 4.0
"""The first step, times λ_max(Θ(0)), and the most by which steps grow."""

LATE = 1e8
"""When the path ends at the latest, in units of 1/λ_max(Θ(0))."""


def followed(problem: Regularised, point: Point, tolerance: float, most_steps: int) -> tuple[Point, int, Tensor]:
    """The flow until the residual is ``tolerance`` times its start; the steps taken, and the shift (R,) afterwards.

    ``tolerance`` is also the error allowed in a step: that of the embedded method of order 1, far above its own.

    ROS2 (Verwer et al. 1999), an L-stable W-method: (ρ + D + JᵀJ) k1 = ρ F(a), (ρ + D + JᵀJ) k2 = ρ (F(a + h k1) -
    2 k1), a ← a + h (3/2 k1 + 1/2 k2), ρ = 1/(γh). Its order needs no exact Hessian.
    """
    fastest = torch.linalg.eigvalsh(problem.tangent(point))[:, -1]
    target = tolerance * point.residual.square().sum((1, 2)).sqrt()
    step, steps = FIRST / fastest, 0
    time = torch.zeros_like(step)
    while True:
        going = (point.residual.square().sum((1, 2)).sqrt() > target) & (time * fastest < LATE)
        if steps == most_steps or not going.any():
            return point, steps, fastest / LATE
        shift = 1 / (GAMMA * step)
        newton = problem.gauss_newton(point, shift)
        rate = shift[:, None, None]
        k1 = {b: rate * k for b, k in newton.solve(point.force, point.residual).items()}
        ahead = problem.moved(point, k1, step)
        gradient = problem.gradient(ahead)
        k2 = {b: rate * k for b, k in newton.solve({b: -gradient[b] - 2 * k1[b] for b in k1}).items()}
        error = step * _off_path(point, combined(k1, k2, 1.0)) / 2
        good = going & (error <= tolerance)
        share = torch.where(good, step, 0.0)
        point = problem.moved(point, {b: 1.5 * k1[b] + 0.5 * k2[b] for b in k1}, share)
        time, steps = time + share, steps + 1
        step = step * (0.9 * (tolerance / error.clamp_min(1e-300)).sqrt()).clamp(0.2, FASTER)


def _off_path(point: Point, move: Moves) -> Tensor:
    """What a move changes that the end of training does not undo, (R,).

    That is the decoder's part outside the span of h(X), and m^{-1/2} times the encoder's: an error there bends h.
    """
    width = point.u.shape[-1]
    parts = [move[b].square().sum((1, 2)) / width for b in move if b != "decoder"]
    if "decoder" in move:
        v, h = move["decoder"], point.hidden
        gram = h @ h.mT
        eye = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
        gram = gram + 1e-10 * gram.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * eye
        inside = torch.linalg.solve_ex(gram, h @ v.mT).result.mT @ h  # asking whether it is singular would wait
        parts.append((v - inside).square().sum((1, 2)))
    return torch.stack(parts).sum(0).sqrt()
