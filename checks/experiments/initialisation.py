"""The tangent kernel of freshly initialised networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import SeedSequence
from torch import Tensor

from checks.case import VaeCase
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.tangent import tangent_kernel

__all__ = ["BLOCKS", "INITIALISATION", "distance_to", "initialisation", "output_trace"]

BLOCKS = ("decoder", "mean", "scale", "total")


def initialisation(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_initialised
) -> Quantities:
    """Θ^b(0), b = decoder, mean, scale, total, as its trace over outputs divided by d (R, n, n) and ‖Θ^b(0)‖_F² (R,).

    The two say how far Θ^b(0) lies from any Θ ⊗ I_d (see ``distance_to``), so that no (nd)² matrix need be kept.
    Besides "weights_b" (R,), the mean square of the weights of block b over the variance that they are to have (of
    blocks that are to have one).
    """
    network = prepare(initial_networks(case, width, seeds, device))
    kernel = tangent_kernel(network, case.problem.inputs)
    measured: dict[str, ndarray] = {}
    for name, weights in network.parameters().items():
        expected = case.problem.noise.scale**2 if name == "scale" else 1.0
        if expected == 0:
            continue
        measured[f"weights_{name}"] = (weights.square().mean((-2, -1)) / expected).cpu().numpy()
    for name in BLOCKS:
        block = getattr(kernel, name)
        measured[name] = output_trace(block)
        measured[f"{name}_square"] = (block**2).sum((-4, -3, -2, -1)).cpu().numpy()
    return measured


def output_trace(block: Float[Tensor, "R n d n2 d"]) -> Float[ndarray, "R n n2"]:
    """(1/d) Σ_k Θ_{ik,jk}."""
    return block.diagonal(dim1=-3, dim2=-1).mean(-1).cpu().numpy()


def distance_to(
    limit: Float[ndarray, "n n"], trace: Float[ndarray, "R n n"], square: Float[ndarray, " R"], outputs: int
) -> Float[ndarray, " R"]:
    """‖Θ - Θ∞ ⊗ I_d‖_F from ‖Θ‖_F² and the trace Θ̄ over outputs: ‖Θ‖² - 2d <Θ̄, Θ∞> + d ‖Θ∞‖²."""
    squared = square - 2 * outputs * (trace * limit).sum((-2, -1)) + outputs * (limit**2).sum()
    return np.sqrt(np.maximum(squared, 0.0))


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    return 1e-4 + width * (2e-8 * (n + d) * 4 + 1e-9 * n**2 * d**2)


INITIALISATION = Experiment("initialisation", initialisation, _cost)
