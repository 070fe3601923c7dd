"""Every experiment on a real GPU gives the numbers of the CPU: marked gpu, skipped where there is none."""

import numpy as np
import pytest
import torch

from checks import PACK
from claimtest.cells import Cell
from claimtest.engine import Engine
from claimtest.profile import PROFILES
from models import training
from models.snn import StochasticNetwork
from models.tangent import tangent_kernel
from tests.models.devices import the_same_noise

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device that torch can use"),
]
AGREEMENT = 1e-9
"""Largest difference, relative to the largest entry of a quantity on the CPU."""

ROUND_OFF = 1e-12
"""What is itself round-off, a defect of an identity say, may differ by that much."""


def cheapest_cells():
    """For every experiment, variants for controls included, the cheapest cell of a quick run, cut to two replicates."""
    cells: dict[str, Cell] = {}
    for cell in Engine(PACK, PROFILES["quick"], PACK.cases(0), lambda _: {}).cells([c.claim.id for c in PACK.checks]):
        name = cell.experiment.id
        if name not in cells or cell.cost < cells[name].cost:
            cells[name] = cell
    return [Cell(c.experiment, c.case, c.width, 0, min(2, c.count)) for c in cells.values()]


def disagreement(found, expected):
    """Largest difference beyond round-off, relative to the largest entry; what is not a number agrees with itself."""
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    beyond = np.where(same, 0.0, np.maximum(np.abs(found - expected) - ROUND_OFF, 0.0))
    return float(np.max(beyond, initial=0.0)) / max(float(np.nanmax(np.abs(expected), initial=0.0)), ROUND_OFF)


def test_every_experiment_agrees_with_the_cpu(monkeypatch):
    monkeypatch.setattr(training, "_stream", the_same_noise)
    apart = {}
    for cell in cheapest_cells():
        there, here = cell.run(0, "cuda"), cell.run(0, "cpu")
        assert there.keys() == here.keys()
        apart |= {(cell.experiment.id, cell.width, name): disagreement(there[name], here[name]) for name in here}
    assert {where: distance for where, distance in apart.items() if not distance <= AGREEMENT} == {}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_initialisations_are_the_same_numbers(dtype):
    there, here = (StochasticNetwork.initialise(64, 5, 2, seed=[0, 1], device=d, dtype=dtype) for d in ("cuda", "cpu"))
    for name, block in here.parameters().items():
        assert torch.equal(there.parameters()[name].cpu(), block)


def test_double_precision_is_the_default():
    kernel = tangent_kernel(StochasticNetwork.initialise(64, 5, 2, device="cuda"), np.eye(5)).total
    assert (kernel.dtype, kernel.device.type) == (torch.float64, "cuda")
