"""Laws about a mean: a predicted constant (equivalence) and one-sided bounds."""

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
from claimtest.profile import MARGINS_APART, Profile

__all__ = ["AtLeast", "AtMost", "Constant", "fit_mean", "mean_interval"]


def mean_interval(samples: Samples, alpha: float) -> tuple[float, float, float]:
    """Mean, its standard error and how many of those its interval reaches, on the longer side.

    Every case counts alike, or values by their weights. Raises ValueError if there are too few values to estimate a
    variance from.
    """
    fit = fit_mean(samples.values, samples)
    low, high = fit.interval(alpha)
    reach = float(np.maximum(fit.estimate - low, high - fit.estimate))
    return float(fit.estimate), float(fit.error), reach / float(fit.error) if fit.error > 0 else 0.0


def fit_mean(values: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
    """Means of samples that share cases, abscissae and weights with ``samples``. Raises as `mean_interval`."""
    return _balanced(values, samples) if samples.weights is None else _weighted(values, samples)


def _balanced(x: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
    """The mean of the cases' means, with variances estimated case by case.

    x̄ = Σ w x, w = 1/(C n_c) in case c of C, and se² = Σ_c n_c/(n_c - 1) Σ_{i in c} w² (x_i - x̄_c)². Degrees of
    freedom by `spread`, N - C at most.
    """
    case = cases(samples)
    if len(case.code) == 0 or case.counts.min() < 2:
        raise TooLittle("a mean needs at least two values of every case")
    n = case.counts[case.code]
    w = 1 / (len(case.counts) * n)
    parts = w * (x - case.means(x)) / np.sqrt(1 - 1 / n)
    return spread((w * x).sum(-1), parts, 1 - 1 / n, cells(samples), len(n) - len(case.counts))


def _weighted(x: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
    """The mean by known precisions, whatever the case: x̄ = Σ h x, h = w / Σ w.

    se² = Σ h² (x - x̄)² / (1 - h) is without bias if the precisions are the true ones and holds approximately if they
    are not; differences between cases widen it. Degrees of freedom by `spread`, N - 1 at most.
    """
    if x.shape[-1] < 2:
        raise TooLittle("a mean needs at least two values")
    w = np.asarray(samples.weights, dtype=float)
    h = w / w.sum()
    mean = (h * x).sum(-1)
    parts = h * (x - mean[..., None]) / np.sqrt(np.maximum(1 - h, 1e-9))
    return spread(mean, parts, 1 - h, cells(samples), len(h) - 1)


class _MeanLaw(StudentLaw):
    """A region for a mean, with intervals from Student's t."""

    least = 2

    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
        """The mean, of each case alike or by known precisions."""
        return fit_mean(values, samples)

    def margin_of(self, profile: Profile) -> float:
        """No margin: the bound itself is the edge."""
        return 0.0

    def must_detect(self, profile: Profile) -> float | None:
        """The unit in which a control shifts the bound, where there is one."""
        return getattr(self, "effect", 0.0) or None


@dataclass(frozen=True)
class Constant(_MeanLaw):
    """A predicted constant: the mean lies within ``value``·(1 ± margin), an equivalence test.

    ``margin`` is relative and comes from the profile unless fixed here.
    """

    value: float = 1.0
    margin: float | None = None
    kind = "constant"

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.value, "value")
        if self.value == 0:
            raise ValueError("value: a margin is a share of the constant, which must not be 0")
        if self.margin is not None:
            stated(self.margin, "margin", above=0.0)

    def margin_of(self, profile: Profile) -> float:
        """In the units of the constant."""
        return (profile.margins["constant"] if self.margin is None else self.margin) * abs(self.value)

    def must_detect(self, profile: Profile) -> float:
        """As many margins as the profile's own constants."""
        return MARGINS_APART["constant"] * self.margin_of(profile)

    def accepted(self, profile: Profile) -> Interval:
        """[value - margin, value + margin]."""
        return self.value - self.margin_of(profile), self.value + self.margin_of(profile)

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The constant larger by that many margins, with the same absolute margin."""
        value = self.value + margins * self.margin_of(profile)
        return replace(self, value=value, margin=self.margin_of(profile) / abs(value))


@dataclass(frozen=True)
class AtLeast(_MeanLaw):
    """The mean is at least ``bound``; ``effect`` is the unit in which a control shifts the bound."""

    bound: float
    effect: float = 0.0
    kind = "lower bound"

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.bound, "bound")
        stated(self.effect, "effect")

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

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.bound, "bound")
        stated(self.effect, "effect")

    def accepted(self, profile: Profile) -> Interval:
        """(-∞, bound]."""
        return -math.inf, self.bound

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The bound lowered by that many effects."""
        return replace(self, bound=self.bound - margins * self.effect)
