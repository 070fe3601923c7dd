"""Networks moved inside a ball around initialisation, at random and by an adversary (Lemma 3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import SeedSequence
from torch import Tensor

from checks.case import VaeCase
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.ball import largest_change, longest_move, moved_rows, random_directions, smallest_eigenvalue
from models.snn import StochasticNetwork
from models.tangent import tangent_matrix
from theorems.lemma3 import promised_radius, stability_constant

__all__ = ["BALL", "BALL_EIGENVALUE", "RADII", "WHOLE", "ball", "ball_eigenvalue", "promised"]

RADII = (1 / 64, 1 / 32, 1 / 16, 1 / 4, 1.0)
"""Radii at which the kernel's change is sought."""

WHOLE = 1.0
"""A radius of the size of the weights themselves, the upper end of the search for the largest one."""

GRID = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Radii at which the smallest eigenvalue is looked at on the way up to ``WHOLE``."""

ROUNDS = 3
"""Halvings, on a logarithmic scale, of the interval in which it is first lost: from a factor of 2 to 9 %."""


def promised(case: VaeCase, width: int) -> float:
    """The radius up to which Lemma 3 promises λ_min(Θ) >= λ0/2 in this case."""
    p = case.problem
    n, d = p.targets.shape
    return promised_radius(case.smallest_eigenvalue, n, d, width, stability_constant(p.activation, p.noise))


def ball(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    prepare: Prepare = as_initialised,
    radii: Sequence[float] = RADII,
    reach: float = 1.0,
) -> Quantities:
    """‖Θ - Θ(0)‖₂ at K radii R: "radius", "random" (rows moved at random) and "ascent" (by the adversary), (R, K).

    "farthest" is the largest movement of a row by the adversary, over R. ``reach`` is the share of R that it may use.
    """
    start, directions = zip(*(seed.spawn(2) for seed in seeds), strict=True)
    x, network = case.problem.inputs, prepare(initial_networks(case, width, start, device))
    initial, moves = tangent_matrix(network, x), random_directions(network, directions)
    random, ascent, farthest = [], [], []
    for radius in radii:
        there = moved_rows(network, moves, radius)
        random.append(torch.linalg.matrix_norm(tangent_matrix(there, x) - initial, ord=2).cpu().numpy())
        worst = largest_change(network, x, reach * radius)
        ascent.append(worst.value.cpu().numpy())
        farthest.append((longest_move(worst.network, network) / radius).cpu().numpy())
    return {
        "radius": np.tile(radii, (len(seeds), 1)),
        "random": np.stack(random, axis=1),
        "ascent": np.stack(ascent, axis=1),
        "farthest": np.stack(farthest, axis=1),
    }


def ball_eigenvalue(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    prepare: Prepare = as_initialised,
    reach: float = 1.0,
) -> Quantities:
    """λ_min over the ball, by descent, each (R,).

    "initial" at the centre; "promised" and "whole" in the balls of the promised radius and of radius 1, "farthest" the
    largest movement of a row there over the radius (R, 2), and ``reach`` the share of it that may be used; "largest"
    the largest radius, of those tried, at which λ_min stayed at λ0/2 or above (0 if it lies below at the centre).
    """
    x, network = case.problem.inputs, prepare(initial_networks(case, width, seeds, device))
    radius, half = promised(case, width), case.smallest_eigenvalue / 2
    initial = torch.linalg.eigvalsh(tangent_matrix(network, x))[..., 0]
    found = {size: smallest_eigenvalue(network, x, reach * size) for size in (radius, WHOLE)}
    inside, whole = (moved.value for moved in found.values())
    measured = {
        "initial": initial,
        "promised": inside,
        "whole": whole,
        "farthest": torch.stack([longest_move(moved.network, network) / size for size, moved in found.items()], 1),
        "largest": _largest_radius(network, x, half, torch.full_like(inside, radius), inside, whole),
    }
    return {name: values.cpu().numpy() for name, values in measured.items()}


def _largest_radius(
    network: StochasticNetwork, x: np.ndarray, level: float, low: Tensor, at_low: Tensor, at_high: Tensor
) -> Tensor:
    """The largest radius tried, from ``low`` up to 1, at which, as at all smaller ones tried, λ_min keeps the level.

    A larger ball contains the smaller one, but a descent whose rows all go to the boundary need not find as little
    there: λ_min as found is no monotone function of R. So radii are tried upwards, and what is lost once stays lost.
    0 where λ_min at ``low`` lies below the level already, 1 where the whole ball keeps it.
    """
    kept, lost = torch.where(at_low >= level, low, 0.0), torch.full_like(low, torch.inf)
    for radius in (*GRID, WHOLE):
        ahead = (radius > kept) & (kept > 0) & lost.isinf()
        if not bool(ahead.any()):
            break
        found = at_high if radius == WHOLE else smallest_eigenvalue(network, x, radius).value
        kept = torch.where(ahead & (found >= level), radius, kept)
        lost = torch.where(ahead & (found < level), radius, lost)
    for _ in range(ROUNDS):
        between = lost.isfinite()
        middle = torch.where(between, (kept * lost).sqrt(), kept)
        keeps = smallest_eigenvalue(network, x, middle).value >= level
        kept = torch.where(between & keeps, middle, kept)
        lost = torch.where(between & ~keeps, middle, lost)
    return kept


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    return 5e-4 + width * (4e-7 * (n + d) + 2e-9 * n**2 * d**2)


BALL = Experiment("ball", ball, lambda case, width: 20 * _cost(case, width))
BALL_EIGENVALUE = Experiment("ball-eigenvalue", ball_eigenvalue, lambda case, width: 15 * _cost(case, width))
