"""The integrator alone: its order on a problem whose solution is known."""

import math

import pytest
import torch

from models.rungekutta import DormandPrince8, local_error


def integrate(steps):
    """y' = y² cos t as an autonomous pair (y, t) from (1/2, 0) to t = 2: y = 1 / (2 - sin t)."""
    state = torch.tensor([0.5, 0.0], dtype=torch.float64)
    solver = DormandPrince8(2, dtype=state.dtype, device=state.device)

    def velocity(slot):
        y, t = solver.argument
        solver.stages[slot, 0], solver.stages[slot, 1] = y * y * torch.cos(t), 1.0

    estimate = 0.0
    for _ in range(steps):
        e5, e3 = solver.step(state, 2 / steps, velocity)
        estimate += float(local_error(2 / steps, e5.square().sum(), e3.square().sum()))
    assert float(state[1]) == pytest.approx(2)
    return abs(float(state[0]) - 1 / (2 - math.sin(2))), estimate


def test_the_method_has_order_eight():
    coarse, fine = integrate(4)[0], integrate(8)[0]
    assert 7.0 < math.log2(coarse / fine) < 10.0


@pytest.mark.parametrize("steps", [4, 8, 16])
def test_the_estimate_bounds_the_error(steps):
    error, estimate = integrate(steps)
    assert error <= estimate
