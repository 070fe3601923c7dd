"""Gradient flow of the mean loss: what Theorem 1 and the lemmas behind it speak of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from numpy.random import SeedSequence

from checks.cases import VaeCase
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.objective import output_variance
from models.snn import BLOCKS
from models.tangent import tangent_kernel
from models.training import gradient_flow, stable_step
from theorems.theorem1 import HORIZON

__all__ = ["FLOW", "flow", "recorded_times"]

INTERVALS = 16
"""Equal recording intervals of [0, T], besides the time 1/λ_k of every mode."""


def recorded_times(case: VaeCase) -> Float[ndarray, " T"]:
    """0 .. T = 3/λ0 in equal intervals, and 1/λ_k for every eigenvalue of Θ∞."""
    smallest = case.smallest_eigenvalue
    return np.union1d(np.linspace(0, HORIZON / smallest, INTERVALS + 1), 1 / case.eigenvalues)


def flow(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    prepare: Prepare = as_initialised,
    trainable: Sequence[str] = BLOCKS,
) -> Quantities:
    """Trained by gradient flow to T = 3/λ0, at T' recorded times.

    "time" (R, T'), "residual" f(x_i) - y_i (R, T', n, d), "variance" V (R, T'), "kernel" Θ(0) (R, n, d, n, d) and
    "error" (R,), a bound on the error of f from time stepping.
    """
    x = case.problem.inputs
    network = prepare(initial_networks(case, width, seeds, device))
    kernel = tangent_kernel(network, x).total
    y = torch.as_tensor(case.problem.targets).to(kernel)
    times = recorded_times(case)
    residual, variance = [], []
    for state in gradient_flow(network, x, y, times.tolist(), step=stable_step(kernel), trainable=trainable):
        residual.append((state.network.mean_output(x) - y).cpu().numpy())
        variance.append(output_variance(state.network, x).cpu().numpy())
        error = state.error.cpu().numpy()
    return {
        "time": np.tile(times, (len(seeds), 1)),
        "residual": np.stack(residual, axis=1),
        "variance": np.stack(variance, axis=1),
        "kernel": kernel.cpu().numpy(),
        "error": error,
    }


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    evaluations = 12 * (HORIZON * case.condition + INTERVALS)
    return 1e-2 + evaluations * width * n * 2e-8


FLOW = Experiment("gradient-flow", flow, _cost)
