"""How far weights and tangent kernel move in training, and nothing else: for networks that are not the theory's own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from numpy.random import SeedSequence

from checks.case import VaeCase
from checks.experiments.flow import step_fraction, time_step
from checks.experiments.movement import Watch
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.tangent import tangent_kernel
from models.training import gradient_flow, stable_step
from theorems.theorem1 import HORIZON

__all__ = ["DRIFT", "drift", "in_proportion"]


def as_stated(width: int) -> float:
    """1: the time scale of the theory does not depend on the width."""
    return 1.0


def in_proportion(width: int) -> float:
    """m: outputs scaled by 1/m learn m times more slowly."""
    return float(width)


def checked_times(case: VaeCase) -> Float[ndarray, " K"]:
    """0, T/9, T/3 and T = 3/λ0: few, as the kernel moves for as long as the residual lasts."""
    return np.array([0, 1 / 9, 1 / 3, 1]) * HORIZON / case.smallest_eigenvalue


def drift(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    prepare: Prepare = as_initialised,
    clock: Callable[[int], float] = as_stated,
    finer: float = 1.0,
) -> Quantities:
    """Trained by gradient flow to T = ``clock(m)`` · 3/λ0, in steps ``finer`` times as small as Θ(0) asks for.

    At four times "checked" (R, 4): what a Watch notes. Besides "residual" r(0) = f(x_i) - y_i (R, 1, n, d).
    """
    x, times = case.problem.inputs, clock(width) * checked_times(case)
    network = prepare(initial_networks(case, width, seeds, device))
    kernel = tangent_kernel(network, x)
    residual = (network.mean_output(x) - torch.as_tensor(case.problem.targets).to(kernel.total)).cpu().numpy()
    watch, stretch = Watch(network, kernel, x), clock(width)
    graded = time_step(case, stretch / stable_step(kernel.total), step_fraction(case))

    def step(time: float) -> float:
        return stretch * graded(time / stretch) / finer

    for state in gradient_flow(network, x, case.problem.targets, times.tolist(), step=step):
        watch.record(state.network)
    return {"checked": np.tile(times, (len(seeds), 1)), "residual": residual[:, None], **watch.quantities()}


def _cost(case: VaeCase, width: int) -> float:
    times, step = checked_times(case), time_step(case, float(case.eigenvalues[-1]), step_fraction(case))
    steps = sum(math.ceil((after - before) / step(before)) for before, after in itertools.pairwise(times.tolist()))
    return 5e-3 + 12 * (steps + 1) * width * len(case.problem.inputs) * 2e-8


DRIFT = Experiment("kernel-drift", drift, _cost)
