"""How close Θ(0) is to its limit in spectral norm, and how small its smallest eigenvalue gets (Lemma 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import SeedSequence

from checks.case import VaeCase
from checks.experiments.initialisation import BLOCKS
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.tangent import tangent_kernel
from theorems.setting import FixedNoise

__all__ = ["EIGENVALUES", "eigenvalues"]


def eigenvalues(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_initialised
) -> Quantities:
    """Per block b and total: "b_distance" ‖Θ^b(0) - Θ^b∞ ⊗ I‖₂ (R,) and "b_smallest" λ_min(Θ^b(0)) (R,)."""
    kernel = tangent_kernel(prepare(initial_networks(case, width, seeds, device)), case.problem.inputs)
    d = case.problem.targets.shape[1]
    measured = {}
    for name in BLOCKS:
        matrix, limit = kernel.block(name), np.kron(getattr(case.kernel, name), np.eye(d))
        if name == "decoder":  # G ⊗ I_d has the eigenvalues of G
            matrix, limit = kernel.decoder[..., :, 0, :, 0], case.kernel.decoder
        if name == "scale" and isinstance(case.problem.noise, FixedNoise):
            measured |= {f"scale_{what}": np.zeros(len(seeds)) for what in ("distance", "smallest")}
            continue
        spread = torch.linalg.eigvalsh(matrix - torch.as_tensor(limit).to(matrix))
        measured[f"{name}_distance"] = spread[:, [0, -1]].abs().amax(-1).cpu().numpy()
        measured[f"{name}_smallest"] = torch.linalg.eigvalsh(matrix)[:, 0].cpu().numpy()
    return measured


def _cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    return 2e-4 + width * (2e-8 * (n + d) * 4 + 1e-9 * n**2 * d**2)


EIGENVALUES = Experiment("eigenvalues", eigenvalues, _cost)
