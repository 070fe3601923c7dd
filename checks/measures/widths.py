"""Measures on the ladder of widths: shares of replicates, the smallest width that works, and how it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import VaeCase
from checks.measures.shares import of_lower_bound
from checks.planning import EIGENVALUE_REACH, REACH, derived_eigenvalue_width, derived_width
from claimtest.cells import CellData
from claimtest.criteria.probability import clopper_pearson
from claimtest.profile import ALPHA
from theorems.lemma2 import DELTA, closeness_defect, eigenvalue_share, stated_width
from theorems.limiting_kernel import KernelBlocks

__all__ = [
    "LEAST_CASES",
    "Event",
    "Growth",
    "always_from",
    "by_case",
    "close",
    "growth",
    "positive",
    "positive_within_reach",
    "smallest_width",
]

Event = Callable[..., Float[ndarray, " R"]]
"""Of a cell, 1 where the event happened; no values where the claim says nothing."""


def block_smallest(kernel: KernelBlocks, block: str) -> float:
    """λ0^b, 0 to round-off where the block is singular."""
    smallest, *_, largest = (*np.linalg.eigvalsh(getattr(kernel, block)), 0.0)
    return float(smallest) if smallest > 1e-9 * max(abs(largest), 1e-3) else 0.0


def positive(cell: CellData, block: str = "total", factor: float = 1.0) -> Float[ndarray, " R"]:
    """1 where λ_min(Θ^b(0)) >= ¾ λ0^b; ``factor`` multiplies λ0^b."""
    smallest = factor * block_smallest(cell.case.kernel, block)
    measured = cell[f"{block}_smallest"]
    return (eigenvalue_share(measured, smallest) >= 1).astype(float) if smallest > 0 else np.empty(0)


def positive_within_reach(cell: CellData, block: str = "total", factor: float = 1.0) -> Float[ndarray, " R"]:
    """`positive`, for blocks whose derived width of the eigenvalue lies well inside the ladder."""
    within = derived_eigenvalue_width(cell.case, block) <= EIGENVALUE_REACH
    return positive(cell, block, factor) if within else np.empty(0)


def close(cell: CellData, block: str = "total", factor: float = 1.0) -> Float[ndarray, " R"]:
    """1 where ‖Θ^b(0) - Θ^b∞⊗I‖₂ <= λ0^b/4, for blocks whose derived width lies well inside the ladder."""
    smallest = factor * block_smallest(cell.case.kernel, block)
    if smallest == 0 or derived_width(cell.case, block) > REACH:
        return np.empty(0)
    return (closeness_defect(cell[f"{block}_distance"], smallest) <= 1).astype(float)


def eigenvalue_used(cell: CellData, block: str = "total") -> Float[ndarray, " R"]:
    """¾ λ0^b over λ_min(Θ^b(0)), where `positive_within_reach` looks; infinite where Θ^b(0) is singular."""
    if not len(positive_within_reach(cell, block)):
        return np.empty(0)
    return of_lower_bound(eigenvalue_share(cell[f"{block}_smallest"], block_smallest(cell.case.kernel, block)))


def distance_used(cell: CellData, block: str = "total") -> Float[ndarray, " R"]:
    """‖Θ^b(0) - Θ^b∞⊗I‖₂ over λ0^b/4, where `close` looks."""
    if not len(close(cell, block)):
        return np.empty(0)
    return closeness_defect(cell[f"{block}_distance"], block_smallest(cell.case.kernel, block))


def smallest_width(cells: Sequence[CellData], event: Event) -> float:
    """m*: from this width up to the largest tried, the lower bound on the share of successes is at least 1 - δ.

    ``cells`` are those of one case, narrow to wide; infinite where the widest fails, NaN where nothing is claimed.
    """
    if not len(event(cells[-1])):
        return np.nan
    found = np.inf
    for cell in reversed(cells):
        happened = event(cell)
        if clopper_pearson(int(happened.sum()), len(happened), ALPHA)[0] < 1 - DELTA:
            break
        found = cell.width
    return found


def always_from(cells: Sequence[CellData], event: Event) -> float:
    """The width from which on, up to the largest tried, it happened in every replicate; infinite if not in the widest.

    ``cells`` are those of one case, narrow to wide.
    """
    found = np.inf
    for cell in reversed(cells):
        if not event(cell).all():
            break
        found = cell.width
    return found


def by_case(cells: Sequence[CellData]) -> list[list[CellData]]:
    """The cells of each case."""
    cases: dict[str, list[CellData]] = {}
    for cell in cells:
        cases.setdefault(cell.case.id, []).append(cell)
    return list(cases.values())


LEAST_CASES = 12
"""With fewer, three exponents at once are not told apart."""


@dataclass(frozen=True)
class Growth:
    """Exponents in m*, by least squares on logarithms, with standard errors (HC3), from so many ``cases``.

    ``whole`` is that of the stated width alone; ``parts`` those of n, d and 1/λ0 jointly, none from too few cases.
    """

    whole: tuple[float, float]
    parts: tuple[tuple[float, float], ...]
    cases: int


def growth(
    cells: Sequence[CellData],
    event: Event,
    smallest: Callable[[Sequence[CellData], Event], float] = smallest_width,
    stated: Callable[[int, int, float], float] = stated_width,
) -> Growth | None:
    """Regress log m* on that of the ``stated`` width, and on log n, log d and log 1/λ0, over cases where it was found.

    m* is the ``smallest`` width of the cells of a case. None if those cases are fewer than four.
    """
    found = [(own[0].case, m) for own in by_case(cells) if 1 < (m := smallest(own, event)) < np.inf]
    if len(found) < 4:
        return None
    sizes = [(*_shape(case), case.smallest_eigenvalue) for case, _ in found]
    log, whole_width = np.log([m for _, m in found]), np.log([stated(*size) for size in sizes])
    _, whole = _exponents(whole_width[:, None], log)
    _, *parts = _exponents(np.log([(n, d, 1 / eigenvalue) for n, d, eigenvalue in sizes]), log)
    return Growth(whole, tuple(parts) if len(found) >= LEAST_CASES else (), len(found))


def _shape(case: VaeCase) -> tuple[int, int]:
    """n and d."""
    n, d = case.problem.targets.shape
    return n, d


def _exponents(x: Float[ndarray, "N k"], y: Float[ndarray, " N"]) -> list[tuple[float, float]]:
    """The intercept and the coefficients of y on x, each with its standard error; none where x has too low a rank."""
    design = np.column_stack([np.ones(len(x)), x])
    if np.linalg.matrix_rank(design) < design.shape[1] or len(x) <= design.shape[1]:
        return [(np.nan, np.nan)] * design.shape[1]
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = (y - design @ coefficients) / np.maximum(1 - leverage, 1e-9)
    covariance = inverse @ (design.T * residual**2) @ design @ inverse
    return list(zip(map(float, coefficients), map(float, np.sqrt(np.diag(covariance))), strict=True))
