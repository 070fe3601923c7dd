"""The sweeps of Figures 3 and 4: widths are latent dimensions, replicates are seeds of weights, batches and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from checks.experiments.attributes import ATTRIBUTE_AREAS, REAL_TRAVERSALS, TRAVERSALS
from checks.experiments.disentanglement import DISENTANGLEMENT
from checks.picture_cases import GridCase, faces, grids, photographs
from checks.planning import sweep
from claimtest.profile import Profile

__all__ = [
    "AREAS_SWEEP",
    "CAR_SWEEP",
    "GRID_SWEEP",
    "LARGE",
    "PHOTOGRAPH_SWEEP",
    "SMALL",
    "SPRITE_SWEEP",
    "TRAVERSAL_SWEEP",
    "WIDEST_RATIO",
]

SMALL, LARGE = 10, 256
"""Latent dimensions that Figure 4 compares."""

LATENTS = {"quick": (), "standard": (10, 50, 200), "thorough": (10, 20, 50, 100, 200)}
"""Latent dimensions of Figure 3."""

WIDEST_RATIO = 20.0
"""From its smallest latent dimension to its largest."""


def latents(case: Any, profile: Profile) -> tuple[int, ...]:
    """The latent dimensions that Figure 3 is drawn over."""
    return LATENTS[profile.name]


def _alone(book: Any, profile: Profile, which: int) -> Sequence[GridCase]:
    """One data set of the two."""
    return grids(book, profile)[which : which + 1]


def both(case: Any, profile: Profile) -> tuple[int, int]:
    """The two of Figure 4."""
    return SMALL, LARGE


GRID_SWEEP = sweep(DISENTANGLEMENT, grids, latents, {"quick": 0, "standard": 6, "thorough": 12}, 1)
SPRITE_SWEEP, CAR_SWEEP = (replace(GRID_SWEEP, cases=partial(_alone, which=which)) for which in (0, 1))
AREAS_SWEEP = sweep(ATTRIBUTE_AREAS, faces, both, {"quick": 0, "standard": 8, "thorough": 12}, 1)
TRAVERSAL_SWEEP = sweep(TRAVERSALS, faces, both, {"quick": 0, "standard": 1, "thorough": 1}, 1)
PHOTOGRAPH_SWEEP = sweep(REAL_TRAVERSALS, photographs, both, {"quick": 0, "standard": 1, "thorough": 1}, 1)
