"""Gradient flow of the mean loss: what Theorem 1 and the lemmas behind it speak of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from numpy.random import SeedSequence
from torch import Tensor

from checks.case import VaeCase
from checks.experiments.movement import Watch, checkpoints, linear_movement
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.draws import fill_uniform, generator, to_normal
from models.objective import loss, output_variance
from models.snn import BLOCKS, StochasticNetwork
from models.tangent import tangent_kernel, total_tangent_kernel
from models.training import graded_step, gradient_descent, gradient_flow, stable_step
from theorems.linearised import ConstantKernel
from theorems.theorem1 import HORIZON

__all__ = ["FLOW", "STEPPING", "euler", "flow", "recorded_times", "step_fraction", "stepping"]

FEWEST, FEWEST_KINKED = 6, 8
"""Recording intervals of [0, T] at least, and where h has a kink."""

SMOOTH, KINKED = 2.0, 0.5
"""First time step times λ_max(Θ(0)), at most, and where h has a kink."""

ROOM = 1.2
"""λ_max(Θ(0)) over λ_max(Θ∞) that recorded times have room for: few of the wider cells need steps in between."""

DRAWS = 48
"""Draws of the noise behind the sampled loss at the end of training."""


@lru_cache(maxsize=256)
def recorded_times(case: VaeCase) -> Float[ndarray, " T"]:
    """0 .. T = 3/λ0, as far apart as time steps may be under ``ROOM`` Θ∞, at a kink as two to four of them.

    There are 6 intervals at least, 8 at a kink.
    They lie closest where the fast modes decay; every 1/λ_k is within half an interval of one of them.
    """
    horizon, fraction = HORIZON / case.smallest_eigenvalue, 2 * KINKED if case.kinked else SMOOTH
    while True:
        times, step = [0.0], time_step(case, ROOM * float(case.eigenvalues[-1]), fraction)
        while times[-1] < horizon * (1 - 1e-9):
            times.append(times[-1] + step(times[-1]))
        if len(times) > (FEWEST_KINKED if case.kinked else FEWEST):
            return np.array(times) * (horizon / times[-1])
        fraction *= 0.9


def time_step(case: VaeCase, largest: float, fraction: float) -> Callable[[float], float]:
    """The time step at time t for λ_max(Θ(0)) = ``largest``: graded by the modes, or by all that moves at a kink.

    A kink that a unit passes costs the method its order. What it costs is in proportion to the speed of the unit, at
    most ‖r(0)‖ e^{-λ0 t} of its size, and to the square of the step.
    """
    if case.kinked:
        return lambda time: fraction / largest * math.exp(min(case.smallest_eigenvalue * time / 2, 2.0))
    return graded_step(largest, fraction, case.eigenvalues.tolist())


def step_fraction(case: VaeCase) -> float:
    """First time step times λ_max(Θ(0)): 2; where h has a kink 1/2, and 2/κ(Θ∞) if that is less.

    The longer the slow modes last, the more units pass the kink.
    """
    return min(KINKED, 2 / case.condition) if case.kinked else SMOOTH


def flow(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    prepare: Prepare = as_initialised,
    trainable: Sequence[str] = BLOCKS,
    refine: int = 1,
) -> Quantities:
    """Trained by gradient flow to T = 3/λ0, in steps that grow from ``step_fraction``/λ_max(Θ(0)) on, each cut into
    ``refine``.

    At T' recorded times: "time" (R, T'), "residual" r = f(x_i) - y_i (R, T', n, d), "linearised" e^{-Θ(0) t} r(0), of
    the same shape, and "variance" V (R, T'). At some of them, "checked" (R, K): how far weights and kernel have moved,
    and "linear_b" as Θ(0) predicts it, see ``checks.experiments.movement``. At the end: "sampled" the loss of sampled
    outputs, a mean over ``DRAWS`` draws (R,), and "error" (R,), a bound on the error of f from time stepping.
    """
    x = case.problem.inputs
    start, noise = zip(*(seed.spawn(2) for seed in seeds), strict=True)
    network = prepare(initial_networks(case, width, start, device))
    initial = tangent_kernel(network, x)
    kernel = initial.total
    y = torch.as_tensor(case.problem.targets).to(kernel)
    times = recorded_times(case)
    step = time_step(case, 1 / stable_step(kernel), step_fraction(case))
    checked, watch = checkpoints(len(times)), Watch(network, initial, x)
    residuals, variances, error, trained = [], [], y.new_zeros(len(seeds)), network
    states = gradient_flow(network, x, y, times.tolist(), step=step, trainable=trainable, refine=refine)
    for index, state in enumerate(states):
        residuals.append(state.network.mean_output(x) - y)
        variances.append(output_variance(state.network, x))
        if index in checked:
            watch.record(state.network)
        error, trained = state.error, state.network
    r0 = residuals[0].cpu().numpy()
    return {
        "time": np.tile(times, (len(seeds), 1)),
        "residual": torch.stack(residuals, 1).cpu().numpy(),
        "linearised": ConstantKernel.full(kernel.cpu().numpy()).residual(r0, times),
        "variance": torch.stack(variances, 1).cpu().numpy(),
        "sampled": _sampled_loss(trained, x, y, noise),
        "error": error.cpu().numpy(),
        "checked": np.tile(times[checked], (len(seeds), 1)),
        **linear_movement(initial, r0, times[checked]),
        **watch.quantities(),
    }


def _sampled_loss(
    network: StochasticNetwork, x: Float[ndarray, "n p"], y: Tensor, seeds: Sequence[SeedSequence]
) -> Float[ndarray, " R"]:
    """½ Σ_i ‖f̂(x_i; ε_i) - y_i‖², the mean over ``DRAWS`` draws of the noise."""
    streams = [generator(seed) for seed in seeds]
    epsilon = torch.empty(len(seeds), len(x), network.width, dtype=torch.float64)
    u, s = network.latent(x)
    total = torch.zeros_like(u[:, 0, 0])
    for _ in range(DRAWS):
        for block, stream in zip(epsilon, streams, strict=True):
            fill_uniform(block, stream)
        z = torch.addcmul(u, s, to_normal(epsilon).to(y))
        total += loss(network.combine(network.activation.function(torch, z)), y)
    return (total / DRAWS).cpu().numpy()


def euler(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, refine: int = 1
) -> dict[str, Float[ndarray, "R T n d"]]:
    """ "residual" and "linearised" of `flow`, trained by Euler's method in steps of at most 1/λ_max(Θ(0)): a control's
    error.
    """
    x = case.problem.inputs
    network = initial_networks(case, width, [seed.spawn(1)[0] for seed in seeds], device)
    kernel = total_tangent_kernel(network, x)
    y, longest, times = torch.as_tensor(case.problem.targets).to(kernel), stable_step(kernel), recorded_times(case)
    residuals = [network.mean_output(x) - y]
    for interval in np.diff(times):
        steps = refine * math.ceil(interval / longest)
        network = list(gradient_descent(network, x, y, interval / steps, steps, record=steps))[-1].network
        residuals.append(network.mean_output(x) - y)
    residual = torch.stack(residuals, 1).cpu().numpy()
    linearised = ConstantKernel.full(kernel.cpu().numpy()).residual(residual[:, 0], times)
    return {"residual": residual, "linearised": linearised}


Training = Callable[..., Mapping[str, ndarray]]
"""From a case, a width, seeds, a device and ``refine`` to the trajectories, see `flow`."""


def stepping(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, train: Training = flow
) -> Quantities:
    """The same networks trained with the time steps and with halves of them.

    "change" sup_t of ‖difference of the two residuals‖ and "gap" sup_t ‖r(t) - e^{-Θ(0) t} r(0)‖, each (R,).
    """
    states = [SeedSequence(seed.entropy, spawn_key=seed.spawn_key) for seed in seeds]  # spawning twice must agree
    whole, half = train(case, width, seeds, device), train(case, width, states, device, refine=2)

    def largest(difference: ndarray) -> Float[ndarray, " R"]:
        return np.sqrt((difference**2).sum((-2, -1))).max(1)

    return {
        "change": largest(whole["residual"] - half["residual"]),
        "gap": largest(half["residual"] - half["linearised"]),
    }


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    evaluations = 12 * len(recorded_times(case)) * (2 * KINKED / step_fraction(case) if case.kinked else 1)
    return 5e-3 + evaluations * width * (n + d) * 1.5e-8


FLOW = Experiment("gradient-flow", flow, _cost)
STEPPING = Experiment("time-stepping", stepping, lambda case, width: 3 * _cost(case, width))
