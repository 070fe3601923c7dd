"""Laws without statistics: an exact identity, up to round-off, and a ceiling that no value may pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.criteria.law import Interval, Law, Outcome, Samples, decide, stated
from claimtest.errors import TooLittle
from claimtest.profile import ALPHA, Profile

__all__ = ["Ceiling", "Identity"]


@dataclass(frozen=True)
class Worst:
    """The largest value of each sample, which is its own interval."""

    estimate: Float[ndarray, "*S"]

    def interval(self, alpha: float) -> tuple[Float[ndarray, "*S"], Float[ndarray, "*S"]]:
        """No width at any level."""
        return self.estimate, self.estimate


@dataclass(frozen=True)
class Identity(Law):
    """Every value, a defect of either sign, is at most ``tolerance`` in size."""

    tolerance: float = 1e-10
    kind = "identity"

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.tolerance, "tolerance")
        if self.tolerance < 0:
            raise ValueError(f"tolerance: must not be negative, got {self.tolerance:g}")

    def accepted(self, profile: Profile) -> Interval:
        """[0, tolerance]."""
        return 0.0, self.tolerance

    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> Worst:
        """The largest defect."""
        if values.shape[-1] == 0:
            raise TooLittle("an identity needs at least one value")
        return Worst(np.abs(values).max(-1))

    def judge(self, samples: Samples, profile: Profile, alpha: float = ALPHA) -> Outcome:
        """The largest defect against the tolerance."""
        worst = float(self.fit(samples.values, samples).estimate)
        interval = (worst, worst)
        accepted = self.accepted(profile)
        return Outcome(decide(interval, accepted), worst, interval, accepted, self.tolerance, len(samples), 0.0)

    def detectable(self, n: int, spread: float, profile: Profile, alpha: float = ALPHA) -> float:
        """The tolerance: any larger defect is seen, with certainty."""
        return self.tolerance

    def needed(self, effect: float, spread: float, profile: Profile, alpha: float = ALPHA) -> int:
        """One value. Raises ValueError for an effect inside the tolerance."""
        stated(effect, "effect")
        if effect <= self.tolerance:
            raise ValueError(f"an effect of {effect:.3g} lies inside the tolerance {self.tolerance:.3g}")
        return 1

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The tolerance divided by ten per margin."""
        return replace(self, tolerance=self.tolerance / 10**margins)


@dataclass(frozen=True)
class Ceiling(Identity):
    """Every value, measured over stated, is at most ``tolerance`` in size; how far below it stays is the slack."""

    tolerance: float = 1.0
    kind = "ceiling"
