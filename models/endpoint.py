"""Training L + β KL to its end point, without following the flow where that would be slow.

**One end** (the encoder trains, β > 0). The latent KL is strictly convex in the coordinates of the span on either side
of s = 0, and infinite there; the weight-space KL is strictly convex. What the loss adds to the Hessian is JᵀJ >= 0 and
the residual's share, which is O(m^{-1/2}) of the KL's. So L + β KL has one minimum among the points with the signs of
s_r(x_i) at the start, the flow cannot leave these, and any descent inside the span ends where the flow does. It starts
where the KL alone would end (u = 0 and s = ±1 for the standard normal) and takes Gauss-Newton steps, corrected by
secants: stiffness (rates β/s² at units with small s) costs nothing, because D contains it.

**Many ends** (the decoder trains too, or β = 0). The minimisers form a manifold, and where the flow meets it depends on
the way: while the encoder is displaced, the decoder moves along rows h_r(t) that are not h_r(0). So the flow is
followed by linearly implicit steps of order 2, as long as the residual drives it, and ends by steps so long that the
encoder returns and the decoder moves as little as it can, which is what the flow does of a small residual.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.certificate import remaining
from models.checked import finite_tensor, known_blocks, positive_number, whole_number
from models.divergence import checked_beta, divergence_from
from models.implicit import GaussNewton, Moves, combined, dot
from models.memory import block_size
from models.path import followed
from models.regularised import Point, Regularised
from models.snn import BLOCKS, StochasticNetwork
from models.span import Span
from models.tangent import tangent_matrix
from theorems.setting import LearnedNoise

__all__ = ["Endpoint", "train_to_end"]


Secant = tuple[Moves, Moves, Tensor]
"""A move, the change of the gradient along it, and the inverse of their inner product (R,)."""


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
    path_tolerance: float = 1e-2,
    most_steps: int = 200,
) -> Endpoint:
    """Where gradient flow of L + β KL from ``network`` (any axes *b of replicates) ends, to within ``tolerance``.

    x (n, p), y (n, d). ``divergence`` is "weights" (‖ΔW^μ‖²/(2σ0²), once; fixed noise), "initial-posterior"
    (Σ_i KL(q_t(z|x_i) ‖ q_0(z|x_i))) or "standard-normal" (Σ_i KL(q_t(z|x_i) ‖ N(0, I))), the sum over inputs as in
    L = ½ Σ_i ‖f - y‖²; ``models.divergence.summed_beta`` converts the β of a mean. ``trainable`` names blocks among
    "mean", "scale" and "decoder".

    ``remaining`` (*b) bounds ‖f(X) - f_end(X)‖_F (derived in ``models.certificate``; where the decoder trains and the
    targets are met it is the residual itself), and a replicate stops when it is at most ``tolerance``, whatever the
    others do. On unseen inputs a trained decoder also has the error of its path, which no bound covers and
    ``path_tolerance`` controls: at 1e-2 it is 1e-5 to 1e-3 of the way, a fiftieth of what ignoring the path would cost.

    Raises ValueError for β < 0 or one that rounding hides beside the kernel (β = 0 follows a path instead), a tolerance
    <= 0, no trainable block, s = 0, an unknown divergence or block or one that the network has not. Raises RuntimeError
    if the bound is not reached in ``most_steps`` steps: with the decoder trained against the standard normal there is
    no end point.
    """
    beta = checked_beta(beta)
    for name, value in (("tolerance", tolerance), ("path_tolerance", path_tolerance)):
        positive_number(value, name)
    whole_number(most_steps, "most_steps")
    names, x, y, flat = _checked(network, x, y, trainable)
    kl = divergence_from(divergence, flat, x)
    path = "decoder" in names or not beta
    if not path:
        _visible(beta, flat[:1], x)
    independent = torch.linalg.matrix_rank(x) == len(x)
    free = independent and not path and isinstance(network.noise, LearnedNoise)
    span = Span.dual(x) if free else Span.principal(x)
    at_once = block_size(2 * network.width * len(x), x.device)
    ends, bounds, steps = [], [], 0
    for start in range(0, len(flat.mean), at_once):
        group = slice(start, start + at_once)
        problem = Regularised(flat[group], y, beta, kl[group], names, span)
        point = problem.start(x)
        if path:
            way = followed(problem, point, path_tolerance, most_steps)
            moves, bound, taken = _interpolated(problem, *way, tolerance, most_steps)
        else:
            point = problem.collapsed(point) if problem.collapsing else point
            moves, bound, taken = _minimised(problem, point, tolerance, most_steps)
        ends.append(_applied(flat[group], moves, span))
        bounds.append(bound)
        steps = max(steps, taken)
    shape = network.batch_shape
    blocks = {b: torch.cat([e[b].mT for e in ends]).mT for b in names}
    blocks = {b: w.reshape(shape + w.shape[1:]) for b, w in blocks.items()}
    return Endpoint(network.replace_parameters(blocks), torch.cat(bounds).reshape(shape), steps)


FAINTEST = 1e-10
"""Smallest β over the largest eigenvalue of Θ(0): below it the KL is lost in the rounding of JᵀJ, and with it every
bound that divides by β."""


def _visible(beta: float, network: StochasticNetwork, x: Tensor) -> None:
    largest = float(torch.linalg.eigvalsh(tangent_matrix(network, x))[..., -1].max())
    if beta < FAINTEST * largest:
        raise ValueError(
            f"beta = {beta:g} is lost beside the kernel ({largest:.3g}): 0, or at least {FAINTEST:g} of it"
        )


def _checked(
    network: StochasticNetwork, x: Any, y: Any, trainable: Sequence[str]
) -> tuple[tuple[str, ...], Tensor, Tensor, StochasticNetwork]:
    """Names of the blocks that train, data as tensors, replicates along one axis."""
    known_blocks(trainable, BLOCKS)
    blocks = network.parameters()
    if missing := [b for b in trainable if b not in blocks]:
        raise ValueError(f"the network has no block named {' or '.join(missing)} to train: its noise is fixed")
    if not (names := tuple(b for b in BLOCKS if b in trainable)):
        raise ValueError("nothing to train: name at least one block")
    x = network.as_inputs(x)
    y = finite_tensor(y, "targets", x)
    if y.shape != (len(x), network.outputs):
        raise ValueError(f"targets {(len(x), network.outputs)} expected, got {tuple(y.shape)}")
    return names, x, y, network.replace_parameters({b: w.reshape(-1, *w.shape[-2:]) for b, w in blocks.items()})


def _applied(network: StochasticNetwork, moves: Moves, span: Span) -> dict[str, Tensor]:
    """The blocks after their moves: w_r(0) + B a_r, v_r(0) + move."""
    blocks = network.parameters()
    return {b: blocks[b] + (a.mT if b == "decoder" else (span.basis @ a).mT) for b, a in moves.items()}


MEMORY = 8
"""Secant pairs kept."""

REFRESH = 20
"""Steps after which the Gauss-Newton matrix of where they began no longer helps."""


def _minimised(problem: Regularised, point: Point, tolerance: float, most_steps: int) -> tuple[Moves, Tensor, int]:
    """L-BFGS that starts from (D + JᵀJ)⁻¹ of the first point: Gauss-Newton steps corrected by secants.

    It starts again, from where it is, every ``REFRESH`` steps. Replicates that are found to have ended stand still.
    """
    zero = point.u.new_zeros(len(point.u))
    newton = problem.gauss_newton(point, zero)
    gradient, target = problem.gradient(point), zero + tolerance / 2
    secants: deque[Secant] = deque(maxlen=MEMORY)
    ended = zero > 0
    for step in range(most_steps + 1):
        move = _descent(newton, secants, gradient)
        slope = dot(gradient, move)
        going = (slope < -(target**2)) & ~ended
        if not going.any() or (step and step % REFRESH == 0):
            bound = remaining(problem, point, gradient)
            ended = bound <= tolerance
            if ended.all():
                return point.moves, bound, step
            target = torch.where(ended | going, target, 0.3 * target * (tolerance / bound).clamp_min(0.1))
            newton = problem.gauss_newton(point, zero)
            secants.clear()
            continue
        share = going.to(zero)
        new = _searched(problem, point, move, slope, share)
        last, gradient = gradient, problem.gradient(new)
        change, moved = combined(gradient, last, -1.0), combined(new.moves, point.moves, -1.0)
        curvature = dot(change, moved)
        secants.append((moved, change, torch.where(curvature > 0, 1 / curvature, 0.0)))
        point = new
    raise RuntimeError(_unfinished(most_steps, remaining(problem, point, gradient), tolerance))


def _unfinished(steps: int, remaining: Tensor, tolerance: float) -> str:
    worst = float(remaining.max())
    return (
        f"training did not reach its end point within {steps} steps: up to {worst:.2g} remains, "
        f"{tolerance:.2g} was asked for"
    )


def _descent(newton: GaussNewton, secants: Iterable[Secant], gradient: Moves) -> Moves:
    """-H g, H the L-BFGS estimate of the inverse Hessian (Nocedal's two loops)."""
    q, weights = gradient, []
    for moved, change, rho in reversed(list(secants)):
        weights.append(rho * dot(moved, q))
        q = combined(q, change, -weights[-1])
    step = newton.solve(q)
    for moved, change, rho in secants:
        step = combined(step, moved, weights.pop() - rho * dot(change, step))
    return {name: -part for name, part in step.items()}


def _searched(problem: Regularised, point: Point, move: Moves, slope: Tensor, share: Tensor) -> Point:
    """After the longest of the shares 1, 1/2, 1/4, … of a move that lowers the objective enough (0 stays 0)."""
    before = problem.objective(point)
    slack = 1e-13 * before.abs()
    for _ in range(60):
        new = problem.moved(point, move, share)
        worse = ~(problem.objective(new) <= before + 1e-4 * share * slope + slack)
        if not worse.any():
            return new
        share = torch.where(worse, share / 2, share)
    raise RuntimeError("training to the end point found no descent")


def _interpolated(
    problem: Regularised, point: Point, steps: int, shift: Tensor, tolerance: float, most_steps: int
) -> tuple[Moves, Tensor, int]:
    """Implicit steps so long that only the end matters: the encoder returns, the decoder moves least."""
    bound = point.u.new_zeros(len(point.u))
    for step in range(steps, most_steps + 1):
        newton = problem.gauss_newton(point, shift)
        move = newton.solve(point.force, point.residual)
        slope = dot(problem.gradient(point), move)
        bound = (-slope).clamp_min(0).sqrt()
        if (bound <= tolerance).all():
            return point.moves, bound, step
        point = _searched(problem, point, move, slope, (bound > tolerance).to(bound))
    raise RuntimeError(_unfinished(most_steps, bound, tolerance))
