"""The explicit Runge-Kutta method of order 8 of Dormand and Prince with fixed steps, on flat torch buffers.

Coefficients and error estimate are those of ``scipy.integrate.DOP853`` (Hairer, Nørsett, Wanner, *Solving ordinary
differential equations I*, II.5 and II.10).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from scipy.integrate import DOP853
from torch import Tensor

__all__ = ["DormandPrince8"]

STAGES: int = DOP853.n_stages
# Stages 1 and 2 are read only by stages 2 to 4. Stored before stage 0, they leave every later row of the tableau
# one contiguous range of slots: 1, 2, 0, 3, 4, …, 11.
SLOT = np.array([2, 0, 1, *range(3, STAGES)])
FIRST = 2
"""The slots from here on (stages 0, 3, …, 11) make the result."""


class DormandPrince8:
    """Steps of y' = velocity(y) for states y (R, N): R independent systems with a common step.

    ``velocity(slot)`` reads ``self.argument`` (R, N) and writes the derivative into ``self.stages[slot]`` (R, N); so
    no buffer is allocated inside a step.
    """

    def __init__(self, replicates: int, size: int, *, dtype: torch.dtype, device: torch.device) -> None:
        """Allocate 12 stages and one argument for ``replicates`` systems of ``size`` unknowns."""
        self.stages = torch.zeros(STAGES, replicates, size, dtype=dtype, device=device)
        self.argument = torch.empty(replicates, size, dtype=dtype, device=device)
        self._result = torch.empty(3, replicates, size, dtype=dtype, device=device)
        self._rows = [_row(s, dtype, device) for s in range(STAGES)]
        weights = np.stack([DOP853.B, DOP853.E5[:STAGES], DOP853.E3[:STAGES]])
        self._weights = torch.as_tensor(_by_slot(weights)[:, FIRST:], dtype=dtype, device=device)

    def step(self, state: Float[Tensor, "R N"], step: float, velocity: Callable[[int], object]) -> Float[Tensor, " R"]:
        """Advance ``state`` in place by ``step``; the estimated local error ‖·‖₂ of each system.

        The estimate combines the embedded orders 5 and 3 as DOP853 does, |h| e₅² / √(e₅² + 0.01 e₃²): of order h⁸,
        one order above the true local error h⁹, so it is an overestimate for small steps.
        """
        flat = self.stages.view(STAGES, -1)
        for stage, (low, high, weights) in enumerate(self._rows):
            if stage == 0:
                self.argument.copy_(state)
            else:
                product = flat[low:high].T
                torch.addmv(state.view(-1), product, weights, alpha=step, out=self.argument.view(-1))
            velocity(int(SLOT[stage]))
        torch.mm(self._weights, flat[FIRST:], out=self._result.view(3, -1))
        change, e5, e3 = self._result
        state.add_(change, alpha=step)
        e5, e3 = e5.square().sum(-1), e3.square().sum(-1)
        return abs(step) * e5 / torch.sqrt(e5 + 0.01 * e3).clamp_min(torch.finfo(e5.dtype).tiny)


def _by_slot(weights: np.ndarray) -> np.ndarray:
    """Coefficients of stages 0, …, 11 reordered to the slots where these stages are stored."""
    ordered = np.zeros((*weights.shape[:-1], STAGES))
    ordered[..., SLOT] = weights
    return ordered


def _row(stage: int, dtype: torch.dtype, device: torch.device) -> tuple[int, int, Tensor]:
    """Row ``stage`` of the tableau A as the range of slots it reads and their weights."""
    weights = _by_slot(DOP853.A[stage, :STAGES])
    used = np.flatnonzero(weights)
    low, high = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)
    return low, high, torch.as_tensor(weights[low:high], dtype=dtype, device=device)
