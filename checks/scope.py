"""When a claim's premises fail in a case."""

from __future__ import annotations

from typing import Any

from checks.case import VaeCase
from theorems.setting import parallel_pairs

__all__ = ["SINGULAR", "singular_limit"]

SINGULAR = 1e-10
"""λ0 below this share of λ_max is round-off."""


def singular_limit(case: Any) -> str:
    """Why λ0 > 0 fails, naming duplicates and antipodal pairs; "" where it holds (as for ReLU with one such pair)."""
    if not isinstance(case, VaeCase) or case.smallest_eigenvalue > SINGULAR * case.eigenvalues[-1]:
        return ""
    pairs = [f"inputs {i} and {j} are {what}" for i, j, what in parallel_pairs(case.problem.inputs)]
    return "; ".join(pairs) or f"λ0 = {case.smallest_eigenvalue:.1e} is zero to round-off"
