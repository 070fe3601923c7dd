"""Gradient descent on images to a stated loss: what Figure 2 shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import SeedSequence

from checks.case import VaeCase
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.objective import loss
from models.operator import largest_eigenvalue, tangent_operator
from models.snn import BLOCKS
from models.stopping import descend_to_share

__all__ = ["MOVEMENT", "PATIENCE", "SHARE", "movement"]

SHARE = 0.01
"""Training ends at L <= L(0)/100: by then the residual is down to a tenth and every block has made most of its way; the
slowest modes, which carry little of r(0), would take a hundred times as long."""

STEP_ACCURACY = 0.01
"""Of λ_max(Θ(0)), found from products Θ e alone: Θ is an (n d)² matrix that costs more to build than training does, and
a step of descent may be off by a factor of two."""

PATIENCE = 4000
"""Steps after which a run is given up, and shows as one that did not reach its loss."""


def movement(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    prepare: Prepare = as_initialised,
    trainable: Sequence[str] = BLOCKS,
    patience: int = PATIENCE,
) -> Quantities:
    """Gradient descent with η = 1/λ_max(Θ(0)) until L <= L(0)/100, each replicate with its own η and number of steps.

    It is given up after ``patience`` steps.

    "step" η, "steps" K and "share" L(K)/L(0), recomputed from the final network, each (R,); "residual" r(0) (R, n, d);
    for every block b "b_moved" ‖W^b(K) - W^b(0)‖_F and "b_norm" ‖W^b(0)‖_F, each (R,).
    """
    rows = [_one(case, width, seed, device, prepare, trainable, patience) for seed in seeds]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _one(
    case: VaeCase,
    width: int,
    seed: SeedSequence,
    device: str,
    prepare: Prepare,
    trainable: Sequence[str],
    patience: int,
) -> dict[str, np.ndarray]:
    x = case.problem.inputs
    start = prepare(initial_networks(case, width, [seed], device)[0])
    y = torch.as_tensor(case.problem.targets).to(start.mean)
    step = 1 / largest_eigenvalue(tangent_operator(start, x), STEP_ACCURACY)
    fit = descend_to_share(start, x, y, step=step, share=SHARE, most=patience, trainable=trainable)
    before, after = (float(loss(network.mean_output(x), y)) for network in (start, fit.network))
    measured = {
        "step": np.float64(step),
        "steps": np.float64(fit.steps),
        "share": np.float64(after / before),
        "residual": (start.mean_output(x) - y).cpu().numpy(),
    }
    moved = fit.network.parameters()
    for name, block in start.parameters().items():
        measured[f"{name}_moved"] = np.float64(torch.linalg.vector_norm(moved[name] - block))
        measured[f"{name}_norm"] = np.float64(torch.linalg.vector_norm(block))
    return {name: np.asarray(value) for name, value in measured.items()}


def _cost(case: VaeCase, width: int) -> float:
    n, p = case.problem.inputs.shape
    return 1e-2 + 60 * n * width * (4e-8 + 4e-9 * p) if isinstance(case, VaeCase) else 0.0


MOVEMENT = Experiment("descent-to-loss", movement, _cost)
