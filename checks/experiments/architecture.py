"""The network that is configured against the diagram that is drawn of it (Figure 1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.random import SeedSequence

from checks.case import VaeCase
from checks.experiments.networks import initial_networks
from claimtest.cells import Experiment, Quantities
from theorems.figure1 import Diagram, architecture, follow

__all__ = ["ARCHITECTURE", "Alter", "as_drawn", "compare"]

Alter = Callable[[Diagram], Diagram]


def as_drawn(diagram: Diagram) -> Diagram:
    """Nothing: the diagram that the report shows."""
    return diagram


def compare(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, alter: Alter = as_drawn
) -> Quantities:
    """How far diagram and network differ, each (R,).

    "shapes": in how many blocks of weights (name, rows, columns) they differ; "forward": max |f̂ as drawn - f̂ as
    simulated| over inputs and outputs, relative to the largest output, both from the same weights and noise.
    """
    x = case.problem.inputs
    diagram = alter(architecture(case.problem, width))
    start, noise = zip(*(seed.spawn(2) for seed in seeds), strict=True)
    networks = initial_networks(case, width, start, device)
    shapes, forward = [], []
    for replicate, seed in enumerate(noise):
        network = networks[replicate]
        blocks = {name: block.cpu().numpy() for name, block in network.parameters().items()}
        there = {(name, *block.shape) for name, block in blocks.items()}
        shapes.append(len(there ^ {(name, *shape) for name, shape in diagram.shapes().items()}))
        epsilon = np.random.default_rng(seed).standard_normal((len(x), width))
        simulated = network.sample_output(x, noise=torch.as_tensor(epsilon).to(network.mean)).cpu().numpy()
        drawn = follow(diagram, blocks, x, epsilon)
        forward.append(np.abs(drawn - simulated).max() / np.abs(simulated).max())
    return {"shapes": np.array(shapes, dtype=float), "forward": np.array(forward)}


ARCHITECTURE = Experiment("architecture", compare, lambda case, width: 2e-3)
