"""Gradient descent and stochastic gradients: the discrete relatives of the flow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import SeedSequence

from checks.case import VaeCase
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.objective import loss, output_variance
from models.tangent import tangent_matrix, total_tangent_kernel
from models.training import descent_losses, stable_step, stochastic_gradients
from theorems.linearised import ConstantKernel
from theorems.theorem1 import HORIZON

__all__ = ["DESCENT", "STOCHASTIC", "descent", "stochastic"]

RECORD = 2
"""Steps between two looks at the floor: about its correlation time."""

SLOW = 5
"""Looks at the loss for one look at what changes slowly, the variance and the kernel."""

FEWEST_STEPS = 24
"""Steps of gradient descent at least: a divergence takes some to show."""

BURN_IN, WINDOW = 40, 110
"""Steps of stochastic gradients before and while the floor is measured; the slowest mode is gone by then."""


def descent(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    fraction: float = 1.0,
    prepare: Prepare = as_initialised,
) -> Quantities:
    """Gradient descent with η = fraction/λ_max(Θ(0)) for 3 λ_max/λ0 / fraction steps, those of Θ∞, and at least 24.

    "loss" L_k (R, k + 1), "linearised" ½‖(I - ηΘ(0))^k r(0)‖², of the same shape, and "step" η (R,). The number of
    steps is the case's, so that its cells fit together.
    """
    x = case.problem.inputs
    network = prepare(initial_networks(case, width, seeds, device))
    kernel = total_tangent_kernel(network, x)
    step = stable_step(kernel, fraction)
    y = torch.as_tensor(case.problem.targets).to(kernel)
    steps = max(FEWEST_STEPS, math.ceil(HORIZON * case.condition / fraction))
    losses = descent_losses(network, x, y, step, steps)
    r0 = (network.mean_output(x) - y).cpu().numpy()
    linear = ConstantKernel.full(kernel.cpu().numpy()).descent_residual(r0, step, np.arange(steps + 1))
    return {
        "loss": losses.cpu().numpy(),
        "linearised": 0.5 * (linear**2).sum((-2, -1)),
        "step": np.full(len(seeds), step),
    }


def stochastic(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    fraction: float = 0.7,
    prepare: Prepare = as_initialised,
) -> Quantities:
    """Fresh noise in every step, η = fraction/λ_max(Θ(0)).

    At every recorded step of the window "excess" L(t) (R, W); at every fifth of them, and the last, "variance" V(t)
    (R, S) and "eigenvalues" of Θ(t) (R, S, nd), which move on the time scale m; besides "drop" 1 - V(T)/V(0) (R,),
    "time" T (R,) and "step" η (R,).
    """
    x = case.problem.inputs
    start, noise = zip(*(seed.spawn(2) for seed in seeds), strict=True)
    network = prepare(initial_networks(case, width, start, device))
    kernel = total_tangent_kernel(network, x)
    y = torch.as_tensor(case.problem.targets).to(kernel)
    step, steps = stable_step(kernel, fraction), BURN_IN + WINDOW
    variance_0 = output_variance(network, x)
    excess, variance, eigenvalues = [], [], []
    for state in stochastic_gradients(network, x, y, step, steps, seeds=noise, record=RECORD):
        if state.time >= BURN_IN * step:
            excess.append(loss(state.network.mean_output(x), y))
            if len(excess) % SLOW == 1:
                variance.append(output_variance(state.network, x))
                eigenvalues.append(torch.linalg.eigvalsh(tangent_matrix(state.network, x)))
    measured = {
        "excess": torch.stack(excess, 1),
        "variance": torch.stack(variance, 1),
        "eigenvalues": torch.stack(eigenvalues, 1),
        "drop": 1 - variance[-1] / variance_0,
    }
    constant = {"time": steps * step, "step": step}
    return {name: value.cpu().numpy() for name, value in measured.items()} | {
        name: np.full(len(seeds), value) for name, value in constant.items()
    }


def _descent_cost(case: VaeCase, width: int) -> float:
    return 5e-3 + 2 * HORIZON * case.condition * width * case.problem.inputs.shape[0] * 2e-8


def _stochastic_cost(case: VaeCase, width: int) -> float:
    return 5e-3 + (BURN_IN + WINDOW) * width * case.problem.inputs.shape[0] * 6e-8


DESCENT = Experiment("gradient-descent", descent, _descent_cost)
STOCHASTIC = Experiment("stochastic-gradients", stochastic, _stochastic_cost)
