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

__all__ = ["QUASI", "quasi", "quasi_network"]


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
    blocks = {"decoder": decoder}
    for name, along, rest in zip(encoders, parts, parts[len(encoders) :], strict=False):
        blocks[name] = np.concatenate([along, rest], axis=1) @ basis.T
    if "scale" in blocks:
        blocks["scale"] *= p.noise.scale
    placed = {name: torch.as_tensor(np.ascontiguousarray(block), device=device) for name, block in blocks.items()}
    return StochasticNetwork(placed["mean"], placed.get("scale"), placed["decoder"], p.activation, p.noise, width**-0.5)


def quasi(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_initialised
) -> Quantities:
    """Θ^b(0), b = decoder, mean, scale, of quasi-random networks, traced over outputs and divided by d, (R, n, n).

    Besides "variance" (R,), the V of their sampled outputs.
    """
    networks = [prepare(quasi_network(case, width, seed, device)) for seed in seeds]
    kernels = [traced_kernel(network, case.problem.inputs) for network in networks]
    names = ("decoder", "mean", "scale")
    measured = {name: torch.stack([getattr(kernel, name) for kernel in kernels]).cpu().numpy() for name in names}
    variance = torch.stack([output_variance(network, case.problem.inputs) for network in networks])
    return measured | {"variance": variance.cpu().numpy()}


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    return 1e-3 + width * 4e-7 * (n + d)


QUASI = Experiment("quasi-random", quasi, _cost)
