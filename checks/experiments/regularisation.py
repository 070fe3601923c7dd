"""The latent KL at many strengths β, and under sampled outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import SeedSequence

from checks.experiments.endpoint import MOST_STEPS, TOLERANCE
from checks.experiments.networks import initial_networks
from checks.regularised_cases import RegularisedCase
from claimtest.cells import Experiment, Quantities
from models.endpoint import train_to_end
from models.objective import output_variance
from models.regularised_descent import regularised_descent
from models.snn import StochasticNetwork
from models.tangent import tangent_kernel

__all__ = ["FACTORS", "FRACTIONS", "GROWTH", "PATH", "SAMPLED", "TIMES", "growth", "path", "sampled"]

FACTORS = (1 / 512, 1 / 64, 1 / 16, 1 / 4, 1.0, 4.0, 16.0, 64.0, 1e4)
"""Strengths of the KL, in units of the case's β."""

FRACTIONS = (0.3, 0.15)
"""Steps of the sampled training, in units of 1/(the fastest rate)."""

BURN_IN, WINDOW, RECORD = 120, 120, 4
"""Steps before and while the floor of one step is measured, and steps between two looks at it."""


TIMES = (0.25, 1.0)
"""Times at which a growing decoder is looked at, in units of m: the encoder has collapsed before the first."""


def path(
    case: RegularisedCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    tolerance: float = TOLERANCE,
) -> Quantities:
    """The end points of the same networks at every strength in ``FACTORS``: "start" (R, n, d), "end" (R, F, n, d).

    "remaining" (R, F) bounds the distance of "end" to the end points.
    """
    x, network = case.problem.inputs, initial_networks(case, width, seeds, device)
    ends = [
        train_to_end(
            network,
            x,
            case.problem.targets,
            beta=share * case.beta,
            divergence="initial-posterior",
            trainable=("mean",),
            tolerance=tolerance,
            most_steps=MOST_STEPS,
        )
        for share in FACTORS
    ]
    measured = {
        "start": network.mean_output(x),
        "end": torch.stack([end.network.mean_output(x) for end in ends], 1),
        "remaining": torch.stack([end.remaining for end in ends], 1),
    }
    return {name: values.cpu().numpy() for name, values in measured.items()}


def sampled(case: RegularisedCase, width: int, seeds: Sequence[SeedSequence], device: str) -> Quantities:
    """Sampled outputs, fresh noise at every step, and β times the exact KL; the longer step first, then the other.

    For each of the two steps, at the W recorded ones: "output" f(X) (R, 2, W, n, d) and "variance" V (R, 2, W). Besides
    "start" f0(X), "end" the end point of the same network under the mean loss, each (R, n, d), and "step" (R, 2).
    """
    x, y = case.problem.inputs, case.problem.targets
    first, *noise = zip(*(seed.spawn(3) for seed in seeds), strict=True)
    network = initial_networks(case, width, first, device)
    given = {"beta": case.beta, "divergence": "initial-posterior", "trainable": ("mean",)}
    end = train_to_end(network, x, y, tolerance=TOLERANCE, most_steps=MOST_STEPS, **given)
    rate = _fastest_rate(network, case)
    outputs, variances, now = [], [], network
    for fraction, own in zip(FRACTIONS, noise, strict=True):
        states = regularised_descent(
            now, x, y, fraction / rate, BURN_IN + WINDOW, seeds=own, record=RECORD, initial=network, **given
        )
        late = [s for s in states if s.time > (BURN_IN + 0.5) * fraction / rate]
        outputs.append(torch.stack([s.network.mean_output(x) for s in late], 1))
        variances.append(torch.stack([output_variance(s.network, x) for s in late], 1))
        now = late[-1].network
    measured = {
        "start": network.mean_output(x),
        "end": end.network.mean_output(x),
        "output": torch.stack(outputs, 1),
        "variance": torch.stack(variances, 1),
    }
    steps = np.tile(np.array(FRACTIONS) / rate, (len(seeds), 1))
    return {name: values.cpu().numpy() for name, values in measured.items()} | {"step": steps}


def growth(
    case: RegularisedCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    trainable: Sequence[str] = ("mean", "decoder"),
) -> Quantities:
    """Gradient descent on L + β KL to N(0, I) with the decoder trained too, to the times t = τ m of ``TIMES``.

    "gram" W^dᵀW^d/m (R, T, d, d) and "time" τ as reached, (R, T).
    """
    x, network = case.problem.inputs, initial_networks(case, width, seeds, device)
    step = 0.5 / _fastest_rate(network, case, "total")
    every = round(TIMES[0] * width / step)
    given = {"beta": case.beta, "divergence": "standard-normal", "trainable": trainable}
    steps = round(TIMES[1] / TIMES[0]) * every
    late = list(regularised_descent(network, x, case.problem.targets, step, steps, record=every, **given))
    kept = [late[1], late[-1]]
    decoders = [state.network.decoder for state in kept]
    grams = torch.stack([v.mT @ v / width for v in decoders], 1)
    times = np.tile([state.time / width for state in kept], (len(seeds), 1))
    return {"gram": grams.cpu().numpy(), "time": times}


def _fastest_rate(network: StochasticNetwork, case: RegularisedCase, block: str = "mean") -> float:
    """λ_max(Θ^b(0)) + β ‖X‖²/min(σ0, 1)²: L + β Σ KL is nowhere more curved at the start, over all replicates."""
    x = case.problem.inputs
    largest = float(torch.linalg.eigvalsh(tangent_kernel(network, x).block(block)).max())
    return largest + case.beta * float(np.linalg.norm(x, 2)) ** 2 / min(case.problem.noise.scale, 1.0) ** 2


def _path_cost(case: RegularisedCase, width: int) -> float:
    return len(FACTORS) * (4e-3 + width * len(case.problem.inputs) * 3e-7)


def _sampled_cost(case: RegularisedCase, width: int) -> float:
    return 5e-3 + 2 * (BURN_IN + WINDOW) * width * len(case.problem.inputs) * 6e-8


def _growth_cost(case: RegularisedCase, width: int) -> float:
    return 5e-3 + 4 * width * width * len(case.problem.inputs) * 6e-8


GROWTH = Experiment("kl-growth", growth, _growth_cost)
PATH = Experiment("kl-path", path, _path_cost)
SAMPLED = Experiment("kl-sampled", sampled, _sampled_cost)
