"""Profiles: how much is measured, and how wide the accepted regions are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["ALPHA", "ERROR_BUDGET", "MARGINS_APART", "MOST_CRITERIA", "PROFILES", "Profile"]

ALPHA = 5e-6
"""Level of every interval, whatever is selected for a run."""

ERROR_BUDGET = 1e-3
"""Largest chance that a run contradicts a true claim."""

MOST_CRITERIA = int(ERROR_BUDGET / ALPHA)
"""By the union bound a run may hold this many criteria (200)."""

MARGINS_APART = MappingProxyType({"order": 2.0, "reciprocal": 2.0, "constant": 2.5})
"""How many margins away a false law lies that has to be seen: its controls are that far off."""


@dataclass(frozen=True)
class Profile:
    """Sizes and margins of a run.

    A ladder of widths is base·2^k for ``first_doubling`` <= k <= ``doublings``. Margins are half-widths of accepted
    regions: ``order`` for exponents of order -1/2, ``reciprocal`` for orders of 1/m, ``constant`` (relative) for
    ratios. ``effects`` are the departures from a law that come out violated, which sizes are chosen for. ``strict``: an
    inconclusive verdict fails the gate.
    """

    name: str
    cases: int
    replicates: int
    doublings: int
    margins: Mapping[str, float]
    first_doubling: int = 0
    strict: bool = True

    @property
    def effects(self) -> Mapping[str, float]:
        """What a run at this profile detects, by the name of the margin: so many margins."""
        return {name: MARGINS_APART.get(name, 2.0) * margin for name, margin in self.margins.items()}

    def ladder(self, base: int) -> tuple[int, ...]:
        """Widths base·2^k of this profile, narrow to wide."""
        return tuple(base * 2**k for k in range(self.first_doubling, self.doublings + 1))


def _margins(order: float, reciprocal: float, constant: float) -> Mapping[str, float]:
    return MappingProxyType({"order": order, "reciprocal": reciprocal, "constant": constant})


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "quick": Profile("quick", 6, 16, 5, _margins(0.15, 0.25, 0.05), strict=False),
        "standard": Profile("standard", 8, 16, 7, _margins(0.10, 0.15, 0.02)),
        "thorough": Profile("thorough", 16, 32, 8, _margins(0.05, 0.15, 0.01), first_doubling=2),
    }
)
