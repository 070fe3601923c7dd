"""Training with a KL term to its end: what Theorem 2 speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.random import SeedSequence
from torch import Tensor

from checks.regularised_cases import RegularisedCase
from claimtest.cells import Experiment, Quantities
from models.endpoint import train_to_end
from models.snn import StochasticNetwork

__all__ = [
    "ANTISYMMETRIC",
    "DECODER",
    "DECODER_PATH",
    "LATENT",
    "LEARNED",
    "LEARNED_STANDARD",
    "STANDARD",
    "WEIGHT",
    "collapsed",
    "endpoint",
    "path_followed",
]

TOLERANCE = 1e-6
"""Bound on ‖f(X) - f_end(X)‖ at which training stops: of a thousand networks one ends within 1e-3 of its prediction."""

PATH_TOLERANCE = 5e-3
"""How closely the flow is followed where the decoder trains: what is left of the path's error is measured, too."""

MOST_STEPS = 2000
"""Implicit steps at most: at the smallest β of a path, networks far from linear take a few hundred."""


def endpoint(
    case: RegularisedCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    divergence: str,
    trainable: Sequence[str],
    factor: float = 1.0,
    antisymmetric: bool = False,
    gain: float = 1.0,
    tolerance: float = TOLERANCE,
    path_tolerance: float = PATH_TOLERANCE,
) -> Quantities:
    """Trained on L + ``factor`` β KL to the end point, on training inputs X and unseen ones.

    "start", "centre" and "end" (R, n, d), and the same with "_unseen" (R, k, d): the outputs at the start, with the
    encoder collapsed (:func:`collapsed`) and at the end. "movement" ‖ΔW^μ‖_F/‖W^μ(0)‖_F and "remaining", a bound on the
    distance of "end" to the end point, each (R,). ``gain`` multiplies the initial decoder.
    """
    p = case.problem
    network = StochasticNetwork.initialise(
        width + width % 2 if antisymmetric else width,
        p.inputs.shape[1],
        p.targets.shape[1],
        activation=p.activation,
        noise=p.noise,
        seed=seeds,
        device=device,
        antisymmetric=antisymmetric,
    )
    network = network.replace_parameters({"decoder": gain * network.decoder})
    x = p.inputs
    end = train_to_end(
        network,
        x,
        p.targets,
        beta=factor * case.beta,
        divergence=divergence,
        trainable=trainable,
        tolerance=tolerance,
        path_tolerance=path_tolerance,
        most_steps=MOST_STEPS,
    )
    middle = collapsed(network, x)
    measured = {"remaining": end.remaining, "movement": _relative(end.network.mean - network.mean, network.mean)}
    for name, points in (("", x), ("_unseen", case.unseen)):
        for stage, at in (("start", network), ("centre", middle), ("end", end.network)):
            measured[stage + name] = at.mean_output(points)
    return {name: values.cpu().numpy() for name, values in measured.items()}


def path_followed(
    case: RegularisedCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    path_tolerance: float = PATH_TOLERANCE,
    **training: Any,
) -> Quantities:
    """:func:`endpoint`, and "off_path" (R,): how far a path ten times finer ends from it, at the unseen inputs.

    On unseen inputs a trained decoder has the error of its path besides what "remaining" bounds.
    """
    end = endpoint(case, width, seeds, device, path_tolerance=path_tolerance, **training)
    finer = endpoint(case, width, seeds, device, path_tolerance=PATH_TOLERANCE / 10, **training)
    off = np.sqrt(((end["end_unseen"] - finer["end_unseen"]) ** 2).sum((-2, -1)))
    return {**end, "off_path": off}


def collapsed(network: StochasticNetwork, x: Any) -> StochasticNetwork:
    """The networks with u_r(x_i) = 0 at all inputs, and s_r(x_i) = ±1 under learned noise: the KL to N(0, I) is 0.

    W^μ loses its part in span X. W^σ gets there what makes s_r(x_i) the sign it had (by least squares if the inputs are
    dependent), and keeps its part across.
    """
    x = network.as_inputs(x)
    inverse = torch.linalg.pinv(x)
    blocks = {"mean": network.mean - network.mean @ x.T @ inverse.T}
    if network.scale is not None:
        s = network.scale @ x.T
        blocks["scale"] = network.scale + (torch.sign(s) - s) @ inverse.T
    return network.replace_parameters(blocks)


def _relative(change: Tensor, start: Tensor) -> Tensor:
    """‖change‖_F/‖start‖_F of every replicate."""
    return torch.linalg.vector_norm(change, dim=(-2, -1)) / torch.linalg.vector_norm(start, dim=(-2, -1))


def _cost(case: RegularisedCase, width: int, iterations: float) -> float:
    return 4e-3 + iterations * width * len(case.problem.inputs) * 2e-7


def _experiment(
    name: str,
    divergence: str,
    trainable: Sequence[str],
    iterations: float,
    training: Callable[..., Quantities] = endpoint,
    **ingredients: Any,
) -> Experiment:
    run = partial(training, divergence=divergence, trainable=trainable, **ingredients)
    return Experiment(f"kl-endpoint-{name}", run, partial(_cost, iterations=iterations))


WEIGHT = _experiment("weight-space", "weights", ("mean",), 1.0)
LATENT = _experiment("latent", "initial-posterior", ("mean",), 1.0)
ANTISYMMETRIC = _experiment("latent-antisymmetric", "initial-posterior", ("mean",), 1.0, antisymmetric=True)
DECODER = _experiment("latent-decoder", "initial-posterior", ("mean", "decoder"), 4.0, tolerance=1e-12)
DECODER_PATH = _experiment(
    "latent-decoder-path", "initial-posterior", ("mean", "decoder"), 30.0, path_followed, tolerance=1e-12
)
STANDARD = _experiment("standard-normal", "standard-normal", ("mean",), 1.0)
LEARNED = _experiment("learned-noise", "initial-posterior", ("mean", "scale"), 3.0)
LEARNED_STANDARD = _experiment("learned-noise-standard-normal", "standard-normal", ("mean", "scale"), 3.0)
