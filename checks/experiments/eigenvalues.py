"""How close Θ(0) is to its limit in spectral norm, and how small its smallest eigenvalue gets (Lemma 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import SeedSequence

from checks.cases import VaeCase
from checks.experiments.initialisation import BLOCKS
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.tangent import tangent_kernel

__all__ = ["EIGENVALUES", "eigenvalues"]


def eigenvalues(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_initialised
) -> Quantities:
    """Per block b and total: "b_distance" ‖Θ^b(0) - Θ^b∞ ⊗ I‖₂ (R,) and "b_smallest" λ_min(Θ^b(0)) (R,)."""
    kernel = tangent_kernel(prepare(initial_networks(case, width, seeds, device)), case.problem.inputs)
    n, d = case.problem.targets.shape
    measured = {}
    for name in BLOCKS:
        matrix = getattr(kernel, name).reshape(len(seeds), n * d, n * d)
        limit = torch.as_tensor(np.kron(getattr(case.kernel, name), np.eye(d))).to(matrix)
        spread = torch.linalg.eigvalsh(matrix - limit)  # symmetric: its eigenvalues cost a tenth of singular values
        measured[f"{name}_distance"] = spread.abs().amax(-1).cpu().numpy()
        measured[f"{name}_smallest"] = torch.linalg.eigvalsh(matrix)[:, 0].cpu().numpy()
    return measured


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    return 2e-4 + width * (2e-8 * (n + d) * 4 + 1e-9 * n**2 * d**2)


EIGENVALUES = Experiment("eigenvalues", eigenvalues, _cost)
