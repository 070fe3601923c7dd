"""A law about a trend: how much a mean gains as the abscissa grows so many times."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.criteria.law import Interval, Samples, stated
from claimtest.criteria.order import regress
from claimtest.criteria.student import StudentFit, StudentLaw
from claimtest.profile import Profile

__all__ = ["Trend"]


@dataclass(frozen=True)
class Trend(StudentLaw):
    """The mean gains at least ``bound`` while the abscissa grows ``ratio`` times (one-sided).

    The estimate is the least-squares slope of the value on log abscissa / log ratio, with an intercept per case and HC3
    errors. Between two abscissae that far apart it is the difference of their means. ``effect`` is the unit in which a
    control shifts the bound.
    """

    bound: float = 0.0
    ratio: float = 2.0
    effect: float = 0.0
    kind = "trend"
    least = 3

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.bound, "bound")
        stated(self.ratio, "ratio", above=1.0)
        stated(self.effect, "effect")

    def along(self, abscissa: Float[ndarray, " N"]) -> Float[ndarray, " N"]:
        """log abscissa / log ratio: one unit is one growth by the ratio."""
        return np.log(abscissa) / math.log(self.ratio)

    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
        """The gain. Raises ValueError if no case has two different abscissae."""
        return regress(values, self.along(samples.abscissa), samples)

    def margin_of(self, profile: Profile) -> float:
        """No margin: the bound itself is the edge."""
        return 0.0

    def must_detect(self, profile: Profile) -> float | None:
        """The unit in which a control shifts the bound, where there is one."""
        return self.effect or None

    def accepted(self, profile: Profile) -> Interval:
        """[bound, ∞)."""
        return self.bound, math.inf

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The bound raised by that many effects."""
        return replace(self, bound=self.bound + margins * self.effect)
