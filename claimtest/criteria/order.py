"""Laws about an exponent: exact orders (equivalence) and O(·) bounds (one-sided)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy import stats

from claimtest.criteria.law import Interval, Law, Outcome, Samples, decide, standard_errors_apart, values_needed
from claimtest.profile import ALPHA, Profile

__all__ = ["ExactOrder", "OrderBound", "Slope", "fit_slope"]


@dataclass(frozen=True)
class Slope:
    """Least-squares slope of log value on log abscissa with its HC3 standard error and degrees of freedom.

    ``intercepts`` are those of the cases, in the order of their codes.
    """

    estimate: float
    error: float
    freedom: int
    intercepts: dict[int, float]


def fit_slope(samples: Samples) -> Slope:
    """Regress log value on log abscissa with an intercept per case (Frisch-Waugh: within-case deviations).

    HC3: se² = Σ x̃_i² (e_i / (1 - h_i))² / (Σ x̃²)², h_i = 1/n_case + x̃_i²/Σ x̃² (MacKinnon & White 1985).
    Raises ValueError if no case has two different abscissae.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        y, x = np.log(samples.values), np.log(samples.abscissa)
    cases, code, counts = np.unique(samples.strata, return_inverse=True, return_counts=True)
    mean_x = np.bincount(code, weights=x) / counts
    mean_y = np.bincount(code, weights=y) / counts
    with np.errstate(invalid="ignore"):  # what has no logarithm ends as NaN, which no law accepts
        dx, dy = x - mean_x[code], y - mean_y[code]
    information = float((dx**2).sum())
    freedom = len(y) - len(cases) - 1
    if information <= 1e-12 or freedom < 1:
        raise ValueError("an exponent needs at least two abscissae and three values")
    slope = float((dx * dy).sum()) / information
    leverage = 1 / counts[code] + dx**2 / information
    residual = (dy - slope * dx) / np.maximum(1 - leverage, 1e-9)
    error = math.sqrt(float((dx**2 * residual**2).sum())) / information
    intercepts = {int(c): float(b - slope * a) for c, a, b in zip(cases, mean_x, mean_y, strict=True)}
    return Slope(slope, error, freedom, intercepts)


class _OrderLaw(Law):
    """A region for an exponent, with intervals from Student's t on HC3 errors."""

    order: float
    margin: str

    def judge(self, samples: Samples, profile: Profile, alpha: float = ALPHA) -> Outcome:
        """Interval of the fitted exponent against the accepted region."""
        fit = fit_slope(samples)
        reach = float(stats.t.isf(alpha / 2, fit.freedom)) * fit.error
        interval = (fit.estimate - reach, fit.estimate + reach)
        n, spread = len(samples), fit.error * math.sqrt(len(samples))
        accepted = self.accepted(profile)
        return Outcome(
            decide(interval, accepted), fit.estimate, interval, accepted,
            self.detectable(n, spread, profile, alpha), n, spread,
        )  # fmt: skip

    def detectable(self, n: int, spread: float, profile: Profile, alpha: float = ALPHA) -> float:
        """Margin + 8.28 standard errors, a little more for few values, in units of the exponent."""
        return profile.margins[self.margin] + standard_errors_apart(alpha, n) * spread / math.sqrt(n)

    def needed(self, effect: float, spread: float, profile: Profile, alpha: float = ALPHA) -> int:
        """Solve detectable(n) = effect, the ladder kept. Raises ValueError for an effect inside the margin."""
        beyond = effect - profile.margins[self.margin]
        if beyond <= 0:
            raise ValueError(f"an effect of {effect:.3g} lies inside the margin {profile.margins[self.margin]:.3g}")
        return values_needed(beyond, spread, alpha, 3)


@dataclass(frozen=True)
class ExactOrder(_OrderLaw):
    """The exponent equals ``order`` within the profile's margin of that name: an equivalence test."""

    order: float
    margin: str = "order"
    kind = "exact order"

    def accepted(self, profile: Profile) -> Interval:
        """[order - margin, order + margin]."""
        return self.order - profile.margins[self.margin], self.order + profile.margins[self.margin]

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The order lower by that many margins."""
        return replace(self, order=self.order - margins * profile.margins[self.margin])


@dataclass(frozen=True)
class OrderBound(_OrderLaw):
    """The exponent is at most ``order`` (an O(·) statement, one-sided); the estimate itself is the tightness.

    ``truth`` is the derived exact exponent, where known: a false claim must lie below it to be rejected.
    """

    order: float
    truth: float | None = None
    margin: str = "order"
    kind = "order bound"

    def accepted(self, profile: Profile) -> Interval:
        """(-∞, order + margin]."""
        return -math.inf, self.order + profile.margins[self.margin]

    def shifted(self, margins: float, profile: Profile) -> Self:
        """A bound that lies that many margins below the true exponent."""
        truth = self.order if self.truth is None else self.truth
        return replace(self, order=truth - margins * profile.margins[self.margin])
