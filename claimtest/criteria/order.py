"""Laws about an exponent: exact orders (equivalence) and O(·) bounds (one-sided)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.criteria.law import Interval, Samples, stated
from claimtest.criteria.student import StudentFit, StudentLaw, cases, cells, spread
from claimtest.errors import TooLittle
from claimtest.profile import Profile

__all__ = ["ExactOrder", "OrderBound", "Slope", "fit_slope", "fit_slopes", "regress"]


@dataclass(frozen=True)
class Slope:
    """Least-squares slope of log value on log abscissa with its HC3 standard error and degrees of freedom.

    ``intercepts`` are those of the cases, in the order of their codes.
    """

    estimate: float
    error: float
    freedom: float
    intercepts: dict[int, float]


def fit_slope(samples: Samples) -> Slope:
    """The slope of one sample, with the intercepts. Raises ValueError as `fit_slopes`."""
    fit = fit_slopes(samples.values, samples)
    case = cases(samples)
    with np.errstate(divide="ignore", invalid="ignore"):
        y, x = (case.sums(np.log(v)) / case.counts for v in (samples.values, samples.abscissa))
        heights = y - fit.estimate * x
    intercepts = {int(c): float(h) for c, h in zip(np.unique(samples.strata), heights, strict=True)}
    return Slope(float(fit.estimate), float(fit.error), float(fit.freedom), intercepts)


def fit_slopes(values: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
    """Regress log value on log abscissa. Raises ValueError as `regress`."""
    with np.errstate(divide="ignore", invalid="ignore"):  # what has no logarithm ends as NaN, which no law accepts
        return regress(np.log(values), np.log(samples.abscissa), samples)


def regress(y: Float[ndarray, "*S N"], x: Float[ndarray, " N"], samples: Samples) -> StudentFit:
    """The slope of y on x with an intercept per case (Frisch-Waugh: within-case deviations).

    HC3: se² = Σ x̃_i² (e_i / (1 - h_i))² / (Σ x̃²)², h_i = 1/n_case + x̃_i²/Σ x̃² (MacKinnon & White 1985). Degrees of
    freedom by `spread`, N - C - 1 at most for C cases.
    Raises ValueError if no case has two different abscissae.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        case = cases(samples)
        dx, dy = x - case.means(x), y - case.means(y)
        information = float((dx**2).sum())
        most = len(x) - len(case.counts) - 1
        if information <= 1e-12 or most < 1:
            raise TooLittle("a slope needs at least two abscissae and three values")
        slope = (dx * dy).sum(-1) / information
        free = np.maximum(1 - 1 / case.counts[case.code] - dx**2 / information, 1e-9)
        parts = dx * (dy - slope[..., None] * dx) / (free * information)
        return spread(slope, parts, free, cells(samples), most)


class _OrderLaw(StudentLaw):
    """A region for an exponent, with intervals from Student's t on HC3 errors."""

    order: float
    margin: str
    least = 3

    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
        """The exponent."""
        return fit_slopes(values, samples)

    def margin_of(self, profile: Profile) -> float:
        """The profile's, in units of the exponent. Raises ValueError if it has no margin of that name."""
        if self.margin not in profile.margins:
            raise ValueError(f"margin: expected one of {', '.join(profile.margins)}, got {repr(self.margin)[:60]}")
        return profile.margins[self.margin]

    def must_detect(self, profile: Profile) -> float:
        """The profile's, in units of the exponent."""
        return profile.effects[self.margin]


@dataclass(frozen=True)
class ExactOrder(_OrderLaw):
    """The exponent equals ``order`` within the profile's margin of that name: an equivalence test."""

    order: float
    margin: str = "order"
    kind = "exact order"

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.order, "order")

    def accepted(self, profile: Profile) -> Interval:
        """[order - margin, order + margin]."""
        return self.order - self.margin_of(profile), self.order + self.margin_of(profile)

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The order lower by that many margins."""
        return replace(self, order=self.order - margins * self.margin_of(profile))


@dataclass(frozen=True)
class OrderBound(_OrderLaw):
    """The exponent is at most ``order`` (an O(·) statement, one-sided); the estimate itself is the tightness.

    ``truth`` is the derived exact exponent, where known: a false claim must lie below it to be rejected.
    """

    order: float
    truth: float | None = None
    margin: str = "order"
    kind = "order bound"

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.order, "order")
        if self.truth is not None:
            stated(self.truth, "truth")

    def accepted(self, profile: Profile) -> Interval:
        """(-∞, order + margin]."""
        return -math.inf, self.order + self.margin_of(profile)

    def shifted(self, margins: float, profile: Profile) -> Self:
        """A bound that lies that many margins below the true exponent."""
        truth = self.order if self.truth is None else self.truth
        return replace(self, order=truth - margins * profile.margins[self.margin])
