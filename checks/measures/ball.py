"""Measures on networks moved inside a ball: how far the kernel goes, how much of the bound, what λ_min keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import VaeCase
from checks.experiments.ball import promised
from checks.measures.shares import of_lower_bound
from claimtest.cells import CellData
from theorems.lemma3 import kernel_change_bound, stability_constant

__all__ = [
    "LINEAR",
    "beyond_edge",
    "change_by_radius",
    "change_per_radius",
    "derived_bound",
    "half_used",
    "keeps",
    "kinked",
    "random_share",
    "share_of_bound",
    "smooth",
    "used_share",
]

LINEAR = 1 / 16
"""Radii up to here show the order in R: further out the term R² is seen (a slope of 1.1 to 1.4 between 1/4 and 1)."""

Bound = Callable[[VaeCase, int, ndarray], ndarray]
"""From case, width and radii to a bound on ‖Θ - Θ(0)‖₂."""


def smooth(data: Sequence[CellData]) -> Sequence[CellData]:
    """The cases whose activation has no kink."""
    return [cell for cell in data if not cell.case.problem.activation.kinks]


def kinked(data: Sequence[CellData]) -> Sequence[CellData]:
    """The cases whose activation has a kink: ReLU."""
    return [cell for cell in data if cell.case.problem.activation.kinks]


def change_by_radius(cell: CellData) -> tuple[Float[ndarray, "R K"], Float[ndarray, "R K"]]:
    """‖Θ - Θ(0)‖₂ that the adversary found, against the radius, for radii up to ``LINEAR``.

    The radii of a replicate share its network, so that what is common to them leaves the slope alone, as radii are the
    same for all; counted as independent they only widen the interval.
    """
    near = cell["radius"][0] <= LINEAR
    return cell["ascent"][:, near], cell["radius"][:, near]


def change_per_radius(cell: CellData) -> Float[ndarray, " R"]:
    """‖Θ - Θ(0)‖₂/R of the adversary, the geometric mean over the radii up to ``LINEAR``."""
    change, radius = change_by_radius(cell)
    return np.exp(np.log(change / radius).mean(1))


def derived_bound(case: VaeCase, width: int, radius: Float[ndarray, "R K"]) -> Float[ndarray, "R K"]:
    """C n (1 + √(d/m))² (R + R²) with the derived C: what Lemma 3 says."""
    p = case.problem
    n, d = p.targets.shape
    return kernel_change_bound(radius, n, d, width, stability_constant(p.activation, p.noise))


def share_of_bound(cell: CellData, bound: Bound = derived_bound) -> tuple[Float[ndarray, "R K"], Float[ndarray, "R K"]]:
    """Largest ‖Θ - Θ(0)‖₂ found, at random or by the adversary, over its bound, against the radius; m >= d."""
    found, radius = np.maximum(cell["ascent"], cell["random"]), cell["radius"]
    kept = slice(None) if cell.width >= cell.case.problem.targets.shape[1] else slice(0)
    return (found / bound(cell.case, cell.width, radius))[kept], radius[kept]


def random_share(
    cell: CellData, moves: str = "random", adversary: str = "ascent"
) -> tuple[Float[ndarray, "R K"], Float[ndarray, "R K"]]:
    """‖Θ - Θ(0)‖₂ after moves at random over that of the adversary, against the radius; a control swaps the two."""
    return cell[moves] / cell[adversary], cell["radius"]


def beyond_edge(cell: CellData) -> Float[ndarray, "R K"]:
    """How far the adversary's farthest row is from the boundary of its ball, as a share of the radius."""
    return cell["farthest"] - 1


def keeps(cell: CellData, ball: str = "promised", factor: float = 1.0) -> Float[ndarray, " R"]:
    """1 where λ_min(Θ) >= λ0/2 after descent in the ball of that name; ``factor`` multiplies λ0."""
    return (cell[ball] >= factor * cell.case.smallest_eigenvalue / 2).astype(float)


def half_used(cell: CellData, ball: str = "promised") -> Float[ndarray, " R"]:
    """λ0/2 over λ_min(Θ) after descent in the ball of that name; infinite where Θ became singular."""
    return of_lower_bound(cell[ball] / (cell.case.smallest_eigenvalue / 2))


def used_share(cell: CellData, radius: Callable[[VaeCase, int], float] = promised) -> Float[ndarray, " R"]:
    """The promised radius over the largest one found to keep λ_min(Θ) >= λ0/2; infinite where none did."""
    with np.errstate(divide="ignore"):
        return radius(cell.case, cell.width) / cell["largest"]
