"""Laws about a mean: a predicted constant (equivalence) and one-sided bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy import stats

from claimtest.criteria.law import Interval, Law, Outcome, Samples, decide, standard_errors_apart, values_needed
from claimtest.profile import ALPHA, Profile

__all__ = ["AtLeast", "AtMost", "Constant", "mean_interval"]


def mean_interval(samples: Samples, alpha: float) -> tuple[float, float, float]:
    """Mean, its standard error and the t quantile: every case counts alike, or values by their weights.

    Raises ValueError if there are too few values to estimate a variance from.
    """
    mean, error, freedom = _balanced(samples) if samples.weights is None else _weighted(samples)
    return mean, error, float(stats.t.isf(alpha / 2, freedom))


def _balanced(samples: Samples) -> tuple[float, float, float]:
    """The mean of the cases' means, with variances estimated case by case.

    x̄ = Σ w x, w = 1/(C n_c) in case c of C; se² = Σ_c n_c/(n_c - 1) Σ_{i in c} w² (x_i - x̄_c)². Degrees of freedom
    (Σ w²)²/Σ w⁴ - C, a conservative Satterthwaite count.
    """
    x = samples.values
    cases, code, counts = np.unique(samples.strata, return_inverse=True, return_counts=True)
    if len(x) == 0 or counts.min() < 2:
        raise ValueError("a mean needs at least two values of every case")
    w = 1 / (len(cases) * counts[code])
    centre = (np.bincount(code, weights=x) / counts)[code]
    squares = counts[code] / (counts[code] - 1) * (w * (x - centre)) ** 2
    freedom = max((w**2).sum() ** 2 / (w**4).sum() - len(cases), 1.0)
    return float((w * x).sum()), math.sqrt(squares.sum()), freedom


def _weighted(samples: Samples) -> tuple[float, float, float]:
    """The mean by known precisions, whatever the case: x̄ = Σ w x / Σ w.

    se² = n/(n - 1) Σ w² (x - x̄)² / (Σ w)², which holds even if the precisions are not the true ones; differences
    between cases widen it. Degrees of freedom (Σ w²)²/Σ w⁴ - 1.
    """
    x, w = samples.values, np.asarray(samples.weights)
    if len(x) < 2:
        raise ValueError("a mean needs at least two values")
    mean = float((w * x).sum() / w.sum())
    squares = len(x) / (len(x) - 1) * (w * (x - mean)) ** 2
    freedom = max((w**2).sum() ** 2 / (w**4).sum() - 1, 1.0)
    return mean, math.sqrt(squares.sum()) / float(w.sum()), freedom


class _MeanLaw(Law):
    """A region for a mean, with intervals from Student's t."""

    def judge(self, samples: Samples, profile: Profile, alpha: float = ALPHA) -> Outcome:
        """Interval of the mean against the accepted region."""
        estimate, error, quantile = mean_interval(samples, alpha)
        interval = (estimate - quantile * error, estimate + quantile * error)
        n, spread = len(samples), error * math.sqrt(len(samples))
        accepted = self.accepted(profile)
        return Outcome(
            decide(interval, accepted), estimate, interval, accepted,
            self.detectable(n, spread, profile, alpha), n, spread,
        )  # fmt: skip

    def _margin(self, profile: Profile) -> float:
        return 0.0

    def detectable(self, n: int, spread: float, profile: Profile, alpha: float = ALPHA) -> float:
        """Margin + 8.28 standard errors, a little more for few values."""
        return self._margin(profile) + standard_errors_apart(alpha, n) * spread / math.sqrt(n)

    def needed(self, effect: float, spread: float, profile: Profile, alpha: float = ALPHA) -> int:
        """Solve detectable(n) = effect. Raises ValueError for an effect inside the margin."""
        beyond = effect - self._margin(profile)
        if beyond <= 0:
            raise ValueError(f"an effect of {effect:.3g} lies inside the margin {self._margin(profile):.3g}")
        return values_needed(beyond, spread, alpha, 2)


@dataclass(frozen=True)
class Constant(_MeanLaw):
    """A predicted constant: the mean lies within ``value``·(1 ± margin), an equivalence test.

    ``margin`` is relative and comes from the profile unless fixed here.
    """

    value: float = 1.0
    margin: float | None = None
    kind = "constant"

    def _margin(self, profile: Profile) -> float:
        return (profile.margins["constant"] if self.margin is None else self.margin) * abs(self.value)

    def accepted(self, profile: Profile) -> Interval:
        """[value - margin, value + margin]."""
        return self.value - self._margin(profile), self.value + self._margin(profile)

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The constant larger by that many margins, with the same absolute margin."""
        value = self.value + margins * self._margin(profile)
        return replace(self, value=value, margin=self._margin(profile) / abs(value))


@dataclass(frozen=True)
class AtLeast(_MeanLaw):
    """The mean is at least ``bound``; ``effect`` is the unit in which a control shifts the bound."""

    bound: float
    effect: float = 0.0
    kind = "lower bound"

    def accepted(self, profile: Profile) -> Interval:
        """[bound, ∞)."""
        return self.bound, math.inf

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The bound raised by that many effects."""
        return replace(self, bound=self.bound + margins * self.effect)


@dataclass(frozen=True)
class AtMost(_MeanLaw):
    """The mean is at most ``bound``; ``effect`` is the unit in which a control shifts the bound."""

    bound: float
    effect: float = 0.0
    kind = "upper bound"

    def accepted(self, profile: Profile) -> Interval:
        """(-∞, bound]."""
        return -math.inf, self.bound

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The bound lowered by that many effects."""
        return replace(self, bound=self.bound - margins * self.effect)
