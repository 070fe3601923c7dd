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

__all__ = ["DormandPrince8", "local_error"]

STAGES: int = DOP853.n_stages
# Stages 1 and 2 are read only by stages 2 to 4. Stored before stage 0, they leave every later row of the tableau
# one contiguous range of slots: 1, 2, 0, 3, 4, …, 11.
SLOT = np.array([2, 0, 1, *range(3, STAGES)])
FIRST = 2
"""The slots from here on (stages 0, 3, …, 11) make the result."""


class DormandPrince8:
    """Steps of y' = velocity(y) for a flat state y of ``size`` numbers.

    ``velocity(slot)`` reads ``self.argument`` and writes the derivative into ``self.stages[slot]``; no buffer is
    allocated inside a step.
    """

    def __init__(self, size: int, *, dtype: torch.dtype, device: torch.device) -> None:
        """Allocate 12 stages, the argument of the velocity and room for one result and two errors."""
        self.stages = torch.zeros(STAGES, size, dtype=dtype, device=device)
        self.argument = torch.empty(size, dtype=dtype, device=device)
        self._result = torch.empty(3, size, dtype=dtype, device=device)
        self._rows = [_row(s, dtype, device) for s in range(STAGES)]
        weights = np.stack([DOP853.B, DOP853.E5[:STAGES], DOP853.E3[:STAGES]])
        self._weights = torch.as_tensor(_by_slot(weights)[:, FIRST:], dtype=dtype, device=device)

    def step(
        self, state: Float[Tensor, " N"], step: float, velocity: Callable[[int], object]
    ) -> tuple[Float[Tensor, " N"], Float[Tensor, " N"]]:
        """Advance ``state`` in place; the embedded error vectors (e5, e3), overwritten by the next step."""
        for stage, (low, high, weights) in enumerate(self._rows):
            if stage == 0:
                self.argument.copy_(state)
            else:
                torch.addmv(state, self.stages[low:high].T, weights, alpha=step, out=self.argument)
            velocity(int(SLOT[stage]))
        torch.mm(self._weights, self.stages[FIRST:], out=self._result)
        state.add_(self._result[0], alpha=step)
        return self._result[1], self._result[2]


def local_error(step: float, e5: Float[Tensor, "*b"], e3: Float[Tensor, "*b"]) -> Float[Tensor, "*b"]:
    """DOP853's estimate |h| e₅² / √(e₅² + 0.01 e₃²) from the *squared* norms of its two error vectors.

    It is of order h⁸, one order above the true local error h⁹: an overestimate for small steps.
    """
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
