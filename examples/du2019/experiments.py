"""What is measured, and how much of it: two experiments, their sweeps, and the same with something wrong in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.random import SeedSequence

from claimtest.cells import Experiment, Quantities, Sweep
from claimtest.profile import Profile
from examples.du2019.network import Network, activation_flips, gradient_flow, initial
from examples.du2019.problem import Problem

__all__ = ["FLOW_SWEEP", "HORIZON", "INITIAL_SWEEP", "MEAN_FIELD", "OFF_CENTRE", "SMALL_START"]

HORIZON = 2.0
"""λ0 T, the length of training in units of the slowest mode."""

STEP = 1 / 2
"""λmax h of the Runge-Kutta steps: their error lies far below the departures that are measured (see the tests)."""

Prepare = Callable[[Network], Network]


def as_drawn(network: Network) -> Network:
    """Nothing wrong."""
    return network


def initialisation(
    case: Problem, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_drawn
) -> Quantities:
    """H(0), (R, n, n)."""
    return {"gram": prepare(initial(width, case.inputs.shape[1], seeds)).gram(case.inputs)}


def flow(
    case: Problem, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_drawn
) -> Quantities:
    """Residuals along gradient flow (R, T, n), ‖H(T) - H(0)‖_F (R,), the share of activations that changed (R,)."""
    x = case.inputs
    start = prepare(initial(width, x.shape[1], seeds))
    end, residual = gradient_flow(start, x, case.targets, HORIZON / case.spectrum[0], steps(case))
    drift = np.linalg.norm(end.gram(x) - start.gram(x), axis=(1, 2))
    return {"residual": residual, "drift": drift, "flips": activation_flips(start, end, x)}


def steps(case: Problem) -> int:
    """How many Runge-Kutta steps training takes."""
    return int(np.ceil(HORIZON / STEP * case.spectrum[-1] / case.spectrum[0]))


def off_centre(network: Network) -> Network:
    """w_r ~ N(e_1, I): what H∞ is an average over."""
    weights = network.weights.copy()
    weights[..., 0] += 1
    return replace(network, weights=weights)


def small_start(network: Network) -> Network:
    """w_r ~ N(0, I/m): weights no larger than what they move by."""
    return replace(network, weights=network.weights * network.multiplier)


def mean_field(network: Network) -> Network:
    """Outputs scaled by 1/m."""
    return replace(network, multiplier=network.multiplier**2)


def ladder(case: Problem, profile: Profile) -> Sequence[int]:
    """Widths 64·2^k."""
    return profile.ladder(64)


def every(book: Sequence[Problem], profile: Profile) -> Sequence[Problem]:
    """All cases in every profile."""
    return book


def replicates(factor: int) -> Callable[[Profile], int]:
    """So many times the profile's number."""
    return lambda profile: factor * profile.replicates


def narrow(sweep: Sweep, prepare: Any) -> Sweep:
    """The experiment on networks with something wrong, for two cases at the four narrowest widths."""
    run: Any = sweep.experiment.run
    name = f"{sweep.experiment.id}/{prepare.__name__}"
    experiment = replace(sweep.experiment, id=name, run=partial(run, prepare=prepare))
    return replace(sweep, experiment=experiment, cases=lambda b, p: b[:2], widths=lambda c, p: ladder(c, p)[:4])


INITIAL = Experiment("initialisation", initialisation, lambda case, width: case.inputs.size * width)
FLOW = Experiment("flow", flow, lambda case, width: 4 * steps(case) * case.inputs.size * width)
INITIAL_SWEEP = Sweep(INITIAL, every, ladder, replicates(4), 16)
FLOW_SWEEP = Sweep(FLOW, every, ladder, replicates(5), 16)
OFF_CENTRE = narrow(INITIAL_SWEEP, off_centre)
SMALL_START, MEAN_FIELD = narrow(FLOW_SWEEP, small_start), narrow(FLOW_SWEEP, mean_field)
