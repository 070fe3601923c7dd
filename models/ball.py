"""Networks moved inside a ball around their initialisation: ‖w_r^b - w_r^b(0)‖ <= R for every row r and block b.

What moves the tangent kernel most is searched for. With a direction w (n, d) fixed,

    wᵀ Θ w = M² Σ_r { ‖Σ_i h_ri w_i‖² + ‖Σ_i h_u,ri <v_r, w_i> x_i‖² + ‖Σ_i h_s,ri <v_r, w_i> x_i‖² }

is a sum over units, so the linearised problem is solved unit by unit: every row goes to the boundary of its ball along
its gradient. To first order in R, ‖Θ - Θ(0)‖₂ is convex and λ_min concave in the moves, hence alternating between the
best direction and the best moves (conditional gradients with full steps) gains in every step; from the leading
eigenvector of Θ(0) it settles in two or three. In balls so large that the first order no longer tells, ascent goes on
from there by projected gradient steps, each row along its gradient by a shrinking share of R and back into its ball.
The best move that was met is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.random import SeedSequence
from torch import Tensor

from models.checked import broadcast_tensor, known_blocks, whole_number
from models.snn import BLOCKS, StochasticNetwork
from models.tangent import tangent_matrix

__all__ = [
    "Moved",
    "largest_change",
    "longest_move",
    "moved_rows",
    "quadratic_form",
    "random_directions",
    "smallest_eigenvalue",
]

STEPS = 3
"""Full steps of a search."""

LARGE = 1 / 8
"""Radius from which on the first order no longer tells: up to half of it full steps reach what others find."""

SHARES = (0.7, 0.5, 0.3, 0.2, 0.1, 0.05)
"""Projected steps in balls that large, as shares of R."""

Radius = float | Float[Tensor, "*b"]


@dataclass(frozen=True, eq=False)
class Moved:
    """A point of the ball: the networks there, the value (*b,) sought, and the eigenvector (*b, nd) it belongs to.

    ``sign`` (*b,) is that of the eigenvalue: which way along the eigenvector the search goes on.
    """

    value: Float[Tensor, "*b"]
    network: StochasticNetwork
    direction: Float[Tensor, "*b nd"]
    sign: Float[Tensor, "*b"]


def quadratic_form(network: StochasticNetwork, x: Any, w: Float[Tensor, "*b n d"]) -> Float[Tensor, "*b"]:
    """wᵀ Θ w without the kernel itself, the squared norm of the gradient of <w, f(X)>."""
    x = network.as_inputs(x)
    features, onto_units = network.features(x), w @ network.decoder.mT
    total = (w.mT @ features.decoder).square().sum((-2, -1))
    for slope in (features.mean, features.scale):
        if slope is not None:
            total = total + (x.T @ (slope * onto_units)).square().sum((-2, -1))
    return network.multiplier**2 * total


def moved_rows(network: StochasticNetwork, directions: Mapping[str, Tensor], radius: Radius) -> StochasticNetwork:
    """Every row of the named blocks moved by ``radius`` along its direction; a row without a direction stays.

    Raises ValueError unless the radius is one finite number, or one for each replicate, and the directions are those of
    known blocks and fit.
    """
    known_blocks(tuple(directions), tuple(network.parameters()))
    reach = broadcast_tensor(radius, "radius", network.batch_shape, network.mean)[..., None, None]
    blocks = network.parameters()
    return network.replace_parameters({b: blocks[b] + reach * _unit_rows(d) for b, d in directions.items()})


def longest_move(there: StochasticNetwork, start: StochasticNetwork) -> Float[Tensor, "*b"]:
    """max_{b,r} ‖w_r^b - w_r^b(0)‖: the radius of the smallest ball that holds the networks."""
    blocks = start.parameters()
    rows = [_lengths(w - blocks[name]).amax((-2, -1)) for name, w in there.parameters().items()]
    return torch.stack(rows).amax(0)


def _into_ball(there: StochasticNetwork, start: StochasticNetwork, radius: Radius) -> StochasticNetwork:
    """The nearest point of the ball, row by row."""
    reach = broadcast_tensor(radius, "radius", start.batch_shape, start.mean)[..., None, None]
    ours, theirs = start.parameters(), there.parameters()
    moves = {name: theirs[name] - block for name, block in ours.items()}
    shares = {name: reach / _lengths(move).clamp_min(torch.finfo(move.dtype).tiny) for name, move in moves.items()}
    return start.replace_parameters({b: ours[b] + moves[b] * shares[b].clamp_max(1.0) for b in ours})


def _unit_rows(rows: Float[Tensor, "*b m k"]) -> Float[Tensor, "*b m k"]:
    """Rows over their norms, 0 for rows that vanish; scaled first, as squares of gradients underflow at 1e-160."""
    largest = rows.abs().amax(-1, keepdim=True)
    scaled = torch.where(largest > 0, rows / largest, 0.0)
    return scaled / _lengths(scaled).clamp_min(1.0)


def _lengths(rows: Float[Tensor, "*b m k"]) -> Float[Tensor, "*b m 1"]:
    """‖w_r‖; torch's own norm along an axis that is not contiguous, as here, takes twenty times as long."""
    return rows.square().sum(-1, keepdim=True).sqrt()


def random_directions(network: StochasticNetwork, seeds: Sequence[SeedSequence]) -> dict[str, Float[Tensor, "R m k"]]:
    """A direction for every row of every block, uniform on the sphere, drawn by NumPy from one seed per replicate."""
    streams = [np.random.default_rng(seed) for seed in seeds]
    return {
        name: torch.from_numpy(np.stack([stream.standard_normal(block.shape[1:]) for stream in streams])).to(block)
        for name, block in network.parameters().items()
    }


def largest_change(
    network: StochasticNetwork, x: Any, radius: Radius, *, steps: int = STEPS, blocks: Sequence[str] = BLOCKS
) -> Moved:
    """Ascent on ‖Θ - Θ(0)‖₂ over the ball: a lower bound of its maximum, and a move that attains it.

    The first step is tried both ways, as both raise ‖Θ - Θ(0)‖₂ alike to first order. Raises ValueError for a negative
    radius, or unless ``blocks`` names some that the network has.
    """
    blocks = _movable(network, radius, blocks)
    start = tangent_matrix(network, x)

    def at(there: StochasticNetwork) -> Moved:
        values, vectors = torch.linalg.eigh(tangent_matrix(there, x) - start)
        upwards = values[..., -1] >= -values[..., 0]
        direction = torch.where(upwards[..., None], vectors[..., -1], vectors[..., 0])
        return Moved(values.abs().amax(-1), there, direction, torch.where(upwards, 1.0, -1.0).to(start))

    leading = torch.linalg.eigh(start).eigenvectors[..., -1]
    nowhere = start.new_zeros(start.shape[:-2])
    along = _ascents(Moved(nowhere, network, leading, nowhere + 1), x, blocks)
    here = best = _higher(at(moved_rows(network, along, radius)), at(moved_rows(network, along, -radius)))
    for _ in range(whole_number(steps, "steps") - 1):
        here = at(moved_rows(network, _ascents(here, x, blocks), radius))
        best = _higher(best, here)
    return _projected(at, best, network, x, radius, blocks)


def smallest_eigenvalue(
    network: StochasticNetwork, x: Any, radius: Radius, *, steps: int = STEPS, blocks: Sequence[str] = BLOCKS
) -> Moved:
    """Descent on λ_min(Θ) over the ball: an upper bound of its minimum (``value``), and a move that attains it.

    Raises ValueError as `largest_change`.
    """
    blocks = _movable(network, radius, blocks)

    def at(there: StochasticNetwork) -> Moved:
        values, vectors = torch.linalg.eigh(tangent_matrix(there, x))
        return Moved(-values[..., 0], there, vectors[..., 0], -torch.ones_like(values[..., 0]))

    here = best = at(network)
    for _ in range(whole_number(steps, "steps", 0)):
        here = at(moved_rows(network, _ascents(here, x, blocks), radius))
        best = _higher(best, here)
    best = _projected(at, best, network, x, radius, blocks) if steps else best
    return replace(best, value=-best.value)


def _movable(network: StochasticNetwork, radius: Radius, blocks: Sequence[str]) -> Sequence[str]:
    """The blocks that may move and are there."""
    known_blocks(blocks, BLOCKS)
    if bool((broadcast_tensor(radius, "radius", network.batch_shape, network.mean) < 0).any()):
        raise ValueError(f"a ball has a radius of 0 or more, got {radius}")
    if not (there := [name for name in blocks if name in network.parameters()]):
        raise ValueError(f"nothing to move: the network has no block named {' or '.join(blocks) or '?'}")
    return there


def _projected(
    at: Callable[[StochasticNetwork], Moved],
    best: Moved,
    start: StochasticNetwork,
    x: Any,
    radius: Radius,
    blocks: Sequence[str],
) -> Moved:
    """Projected gradient ascent from the best point so far, for the replicates whose balls are large."""
    reach = broadcast_tensor(radius, "radius", start.batch_shape, start.mean)
    large = reach >= LARGE
    if not bool(large.any()):
        return best
    here = best
    for share in SHARES:
        here = at(_into_ball(moved_rows(here.network, _ascents(here, x, blocks), share * reach), start, reach))
        best = _higher(best, replace(here, value=torch.where(large, here.value, -torch.inf)))
    return best


def _ascents(here: Moved, x: Any, blocks: Sequence[str]) -> dict[str, Tensor]:
    """Gradients of ± wᵀ Θ w by the named blocks: where the linearised value grows fastest, row by row."""
    parameters = {name: block.detach().requires_grad_() for name, block in here.network.parameters().items()}
    w = here.direction.reshape(*here.direction.shape[:-1], -1, here.network.outputs)
    form = quadratic_form(here.network.replace_parameters(parameters), x, w)
    moving = [name for name in parameters if name in blocks]
    gradients = torch.autograd.grad((here.sign * form).sum(), [parameters[name] for name in moving])
    return dict(zip(moving, gradients, strict=True))


def _higher(first: Moved, second: Moved) -> Moved:
    """Replicate by replicate the point of the higher value, the first of equals."""
    wins = second.value > first.value
    ours, theirs = first.network.parameters(), second.network.parameters()
    blocks = {name: torch.where(wins[..., None, None], theirs[name], block) for name, block in ours.items()}
    return Moved(
        torch.where(wins, second.value, first.value),
        first.network.replace_parameters(blocks),
        torch.where(wins[..., None], second.direction, first.direction),
        torch.where(wins, second.sign, first.sign),
    )
