"""The mean of the tangent kernel over one unit, integrated by quasi-Monte Carlo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import SeedSequence
from scipy import special
from scipy.stats import qmc

from checks.case import VaeCase
from checks.experiments.networks import Prepare, as_initialised
from claimtest.cells import Experiment, Quantities
from models.objective import output_variance
from models.snn import StochasticNetwork
from models.traced import traced_kernel
from theorems.setting import LearnedNoise

__all__ = ["QUASI", "SCRAMBLES", "quasi", "quasi_network"]

SCRAMBLES = 4
"""Scrambled sets whose mean a replicate is: one in ten is ten times as far off as others, whatever its size."""


def quasi_network(case: VaeCase, width: int, seed: SeedSequence, device: str = "cpu") -> StochasticNetwork:
    """A network whose units are a scrambled Sobol set carried to N(0, 1): averages over its units converge like 1/m.

    The first dimensions of a Sobol set are its best. They become the decoder's weights and those of the encoder along
    the inputs' span; what is across it changes nothing that the inputs see.
    """
    p = case.problem
    encoders = ("mean", "scale") if isinstance(p.noise, LearnedNoise) else ("mean",)
    basis = np.linalg.qr(p.inputs.T, mode="complete")[0]
    seen, across = min(p.inputs.shape), p.inputs.shape[1] - min(p.inputs.shape)
    sizes = [p.targets.shape[1], *len(encoders) * [seen], *len(encoders) * [across]]
    points = qmc.Sobol(sum(sizes), rng=np.random.default_rng(seed)).random(width)
    normal = special.ndtri(points.clip(1e-15, 1 - 1e-15))
    decoder, *parts = np.split(normal, np.cumsum(sizes)[:-1], axis=1)
    blocks, number = {"decoder": decoder}, len(encoders)
    for name, along, rest in zip(encoders, parts[:number], parts[number:], strict=True):
        blocks[name] = np.concatenate([along, rest], axis=1) @ basis.T
    if "scale" in blocks:
        blocks["scale"] *= p.noise.scale
    placed = {name: torch.as_tensor(np.ascontiguousarray(block), device=device) for name, block in blocks.items()}
    return StochasticNetwork(placed["mean"], placed.get("scale"), placed["decoder"], p.activation, p.noise, width**-0.5)


def quasi(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_initialised
) -> Quantities:
    """Θ^b(0), b = decoder, mean, scale, of quasi-random networks, traced over outputs and divided by d, (R, n, n).

    Besides "variance" (R,), the V of their sampled outputs. Each replicate is the mean over `SCRAMBLES` networks of
    width / `SCRAMBLES`.
    """
    replicates = [_averaged(case, width // SCRAMBLES, seed.spawn(SCRAMBLES), device, prepare) for seed in seeds]
    return {name: np.stack([replicate[name] for replicate in replicates]) for name in replicates[0]}


def _averaged(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare
) -> dict[str, np.ndarray]:
    """The mean over networks of that width."""
    x, found = case.problem.inputs, []
    for seed in seeds:
        network = prepare(quasi_network(case, width, seed, device))
        kernel = traced_kernel(network, x)
        variance = output_variance(network, x)
        found.append({"decoder": kernel.decoder, "mean": kernel.mean, "scale": kernel.scale, "variance": variance})
    return {name: torch.stack([each[name] for each in found]).mean(0).cpu().numpy() for name in found[0]}


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    return 1e-3 + width * 4e-7 * (n + d)


QUASI = Experiment("quasi-random", quasi, _cost)
