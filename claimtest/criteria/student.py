"""Student's t where variances differ from group to group: standard errors, and the degrees of freedom they have."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy import ndarray
from scipy import special

from claimtest.criteria.law import MISS, Law, Outcome, Samples, decide, standard_errors_apart, stated, values_needed
from claimtest.profile import ALPHA, Profile

__all__ = ["Groups", "StudentFit", "StudentLaw", "cases", "cells", "spread"]

MOST_SKEWED = 0.2
"""By how much of itself an arm of an interval grows at most."""

HEAVY = 12.0
"""Excess kurtosis that a value is taken to have at least where it is said what is detected.

So few values do not show the kurtosis of theirs. With 12 what is stated is kept for tails as heavy as those of a double
exponential, whose excess is 3, down to groups of eight values, for which the expansions are short.
"""


@dataclass(frozen=True)
class Groups:
    """A partition of N values into G groups: ``code`` (N,) with values 0 .. G - 1, each of which occurs."""

    code: Int[ndarray, " N"]

    @cached_property
    def counts(self) -> Int[ndarray, " G"]:
        """How many values each group has."""
        return np.bincount(self.code)

    def sums(self, values: Float[ndarray, "*S N"]) -> Float[ndarray, "*S G"]:
        """Σ over each group, for any number of samples at once."""
        order = np.argsort(self.code, kind="stable")
        starts = np.cumsum(self.counts) - self.counts
        sorted_already = bool((np.diff(self.code) >= 0).all())  # as simulations are: spares them a copy
        return np.add.reduceat(values if sorted_already else values[..., order], starts, axis=-1)

    def means(self, values: Float[ndarray, "*S N"]) -> Float[ndarray, "*S N"]:
        """The mean of its group, at each value."""
        return (self.sums(values) / self.counts)[..., self.code]


def cases(samples: Samples) -> Groups:
    """Values of one case."""
    return _alike(samples.strata)


def cells(samples: Samples) -> Groups:
    """Values of one case at one abscissa: their variances are taken to be equal, and those of no others."""
    return _alike(samples.strata, samples.abscissa)


def _alike(*labels: Shaped[ndarray, " N"]) -> Groups:
    """Values whose labels agree. Samples come in runs of such values: sorting the runs' heads is enough."""
    places = np.stack(labels)
    starts = np.concatenate([[True], (np.diff(places) != 0).any(0)])[: places.shape[1]]
    code = np.unique(places[:, starts], axis=1, return_inverse=True)[1].reshape(-1)
    return Groups(code[np.cumsum(starts) - 1])


@dataclass(frozen=True)
class StudentFit:
    """Estimates (*S) of as many samples, with what is known of their distributions.

    ``error`` (*S) is the standard error and ``freedom`` (*S) its degrees of freedom, ``skewness`` (*S) the estimate's,
    ``uncertainty`` (*S) the relative variance of the squared standard error, ``excess`` (*S) the estimate's kurtosis
    beyond the normal's.
    """

    estimate: Float[ndarray, "*S"]
    error: Float[ndarray, "*S"]
    freedom: Float[ndarray, "*S"]
    skewness: Float[ndarray, "*S"]
    uncertainty: Float[ndarray, "*S"]
    excess: Float[ndarray, "*S"]

    def interval(self, alpha: float) -> tuple[Float[ndarray, "*S"], Float[ndarray, "*S"]]:
        """Student's interval, with its arm longer on the side that skewed noise asks for.

        With κ the skewness of the estimate, T = (estimate - truth)/se has the lower quantile -(t + κ(2t² + 1)/6) up to
        terms of second order (Hall 1992, by Cornish and Fisher's expansion): skewed noise makes se small where the
        estimate is low. So the upper arm grows if κ > 0, the lower one if κ < 0. Neither arm shrinks, for κ is
        estimated and heavy symmetric tails make it look large; for the same reason no arm grows by more than a fifth.
        """
        below, above = self._arms(alpha)
        return self.estimate - below * self.error, self.estimate + above * self.error

    def _arms(self, alpha: float) -> tuple[Float[ndarray, "*S"], Float[ndarray, "*S"]]:
        """Both arms in standard errors."""
        t = -special.stdtrit(self.freedom, alpha / 2)
        skewed = self.skewness * (2 * t**2 + 1) / 6
        return t + np.clip(-skewed, 0, MOST_SKEWED * t), t + np.clip(skewed, 0, MOST_SKEWED * t)

    def far(self, alpha: float) -> Float[ndarray, "*S"]:
        """How far beyond the accepted region a truth must lie to come out violated with probability 1 - MISS.

        r + z √(1 + r² τ²/4 + |κ| r) standard errors, with r the longer arm and τ² = var se²/se⁴: estimate and interval
        vary, and skewness ties them. z is the quantile for a tenth of `MISS` on either side, the normal's and what
        the excess γ adds (Cornish and Fisher), z + γ(z³ - 3z)/24; the rest of `MISS` is for what that leaves.
        """
        r = np.maximum(*self._arms(alpha))
        z = -special.ndtri(MISS / 10)
        z = z + self.excess * (z**3 - 3 * z) / 24
        return (r + z * np.sqrt(1 + r**2 * self.uncertainty / 4 + np.abs(self.skewness) * r)) * self.error


def spread(
    estimate: Float[ndarray, "*S"],
    parts: Float[ndarray, "*S N"],
    free: Shaped[ndarray, " N"],
    groups: Groups,
    most: float,
) -> StudentFit:
    """The distribution of an estimate whose error is Σ parts, independent and with ``free`` (N,) freedom each.

    se² = Σ_g V_g with V_g = Σ_{i in g} part_i². Were the parts of a group normal with one variance and f_g = Σ free_i
    degrees of freedom, V_g² would overestimate (E V_g)² by the factor (f_g + 2)/f_g and var V_g = 2 (E V_g)²/f_g, so
    that Satterthwaite's (1946) ν = 2 (E se²)²/var se² is estimated without bias in numerator and denominator by

        ν = se⁴ / Σ_g V_g²/(f_g + 2) - 2,

    which is f for a single group. It is kept between 1 and ``most``, the count for equal variances. The skewness is
    Σ part³/se³, the excess Σ_g (Σ part⁴ - 3 V_g²/n_g)/se⁴ and var se² = Σ_g (Σ part⁴ - V_g²/n_g): what they would be
    for values with an excess of `HEAVY` is the least of both, Σ part⁴ being (3 + `HEAVY`) V_g²/n_g then.
    """
    squared = parts**2
    squares, fourths = groups.sums(squared), groups.sums(squared**2)
    even = squares**2 / groups.counts
    heavy = np.maximum(fourths.sum(-1), (3 + HEAVY) * even.sum(-1))
    total = squares.sum(-1)
    error = np.sqrt(total)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = total**2 / (squares**2 / (groups.sums(free) + 2)).sum(-1) - 2
        skewness = np.nan_to_num((squared * parts).sum(-1) / error**3)
        uncertainty, excess = (np.nan_to_num((heavy - k * even.sum(-1)) / total**2) for k in (1, 3))
    freedom = np.where(np.isnan(freedom), most, freedom)  # no variance at all, or no numbers
    freedom = np.clip(freedom, 1.0, max(most, 1.0))
    return StudentFit(estimate, error, freedom, skewness, uncertainty, excess)


class StudentLaw(Law):
    """A region for an estimate with intervals from Student's t."""

    least: int
    """How few values can be judged at all."""

    @abstractmethod
    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> StudentFit:
        """Estimates with their errors and degrees of freedom."""

    @abstractmethod
    def margin_of(self, profile: Profile) -> float:
        """How far the accepted region reaches beyond the stated value."""

    def judge(self, samples: Samples, profile: Profile, alpha: float = ALPHA) -> Outcome:
        """The interval against the accepted region. Infinite values have no interval, and obey no law."""
        with np.errstate(invalid="ignore"):
            fit = self.fit(samples.values, samples)
            low, high = fit.interval(alpha)
        interval, accepted, error, n = (float(low), float(high)), self.accepted(profile), float(fit.error), len(samples)
        return Outcome(
            decide(interval, accepted), float(fit.estimate), interval, accepted,
            self.margin_of(profile) + float(fit.far(alpha)), n, error * math.sqrt(n),
        )  # fmt: skip

    def detectable(self, n: int, spread: float, profile: Profile, alpha: float = ALPHA) -> float:
        """Margin + 8.28 standard errors, a little more for few values."""
        return self.margin_of(profile) + standard_errors_apart(alpha, n) * spread / math.sqrt(n)

    def needed(self, effect: float, spread: float, profile: Profile, alpha: float = ALPHA) -> int:
        """Solve detectable(n) = effect, the design kept. Raises ValueError for an effect inside the margin."""
        stated(effect, "effect")
        beyond = effect - self.margin_of(profile)
        if beyond <= 0:
            raise ValueError(f"an effect of {effect:.3g} lies inside the margin {self.margin_of(profile):.3g}")
        return values_needed(beyond, spread, alpha, self.least)
