"""Profiles: how much is measured, and how wide the accepted regions are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from numbers import Integral, Real
from types import MappingProxyType

from claimtest.fields import require

__all__ = ["ALPHA", "ERROR_BUDGET", "MARGINS_APART", "MOST_CRITERIA", "PROFILES", "Profile"]

ALPHA = 5e-6
"""Level of every interval, whatever is selected for a run."""

ERROR_BUDGET = 1e-3
"""Largest chance that a run contradicts a true claim."""

MOST_CRITERIA = int(ERROR_BUDGET / ALPHA)
"""By the union bound a run may hold this many criteria (200)."""

MOST_DOUBLINGS = 40
"""Beyond it a ladder ends at more units than any memory holds."""

MARGINS_APART = MappingProxyType({"order": 2.0, "reciprocal": 2.0, "constant": 2.5})
"""How many margins away a false law lies that has to be seen: its controls are that far off."""


@dataclass(frozen=True)
class Profile:
    """Sizes and margins of a run.

    A ladder of widths is base·2^k for ``first_doubling`` <= k <= ``doublings``. Margins are half-widths of accepted
    regions: ``order`` for exponents of order -1/2, ``reciprocal`` for orders of 1/m, ``constant`` (relative) for
    ratios. ``effects`` are the departures from a law that come out violated, which sizes are chosen for. ``strict``: an
    inconclusive verdict fails the gate. Raises TypeError or ValueError, in one line, for sizes and margins that make no
    sense.
    """

    name: str
    cases: int
    replicates: int
    doublings: int
    margins: Mapping[str, float]
    first_doubling: int = 0
    strict: bool = True

    def __post_init__(self) -> None:
        """Refuse a run of nothing, and regions that accept nothing."""
        require(self, name=str, cases=int, replicates=int, doublings=int, first_doubling=int, strict=bool)
        require(self, margins=Mapping)
        sizes = {"cases": 1, "replicates": 1, "doublings": 0, "first_doubling": 0}
        small = [name for name, least in sizes.items() if getattr(self, name) < least]
        if small or self.doublings > MOST_DOUBLINGS:
            raise ValueError(f"profile {self.name!r}: {(small or ['doublings'])[0]} is out of range")
        wrong = [name for name, margin in self.margins.items() if not (isinstance(margin, Real) and 0 < margin < inf)]
        if wrong:
            raise ValueError(f"profile {self.name!r}: the margin {wrong[0]!r} has to be a number above 0")

    @property
    def effects(self) -> Mapping[str, float]:
        """What a run at this profile detects, by the name of the margin: so many margins."""
        return {name: MARGINS_APART.get(name, 2.0) * margin for name, margin in self.margins.items()}

    def ladder(self, base: int) -> tuple[int, ...]:
        """Widths base·2^k of this profile, narrow to wide. Raises ValueError unless the base is a whole number >= 1."""
        if not isinstance(base, Integral) or base < 1:
            raise ValueError(f"a ladder begins at a whole number of units, at least 1, not {base!r}"[:200])
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
