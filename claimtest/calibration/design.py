"""Synthetic evidence that obeys a law exactly: the layout of a criterion, the spread and the source of its noise."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator
from scipy import stats

from claimtest.calibration.noise import Noise
from claimtest.criteria import AtLeast, AtMost, Law, Probability, Samples, Trend
from claimtest.criteria.law import MISS
from claimtest.criteria.order import ExactOrder, OrderBound
from claimtest.criteria.probability import TOGETHER, most_below
from claimtest.criteria.student import StudentLaw, cases, cells
from claimtest.profile import ALPHA, Profile

__all__ = ["Design", "EventDesign", "ExactDesign", "StudentDesign", "shares", "sorted_by_cell"]

_PILOT = 2000
"""Samples from which the effect that a design states is found."""


@dataclass(frozen=True)
class Design(ABC):
    """Synthetic evidence for a law. ``id`` says whose layout it has, ``why`` what makes it a hard one."""

    id: str
    law: Law
    samples: Samples
    why: tuple[str, ...]
    power: bool = True
    """Whether the noise is such that the law promises to see the effect that it states."""

    sharp: ClassVar[bool] = False
    """Whether it errs about that effect as often as it may, and not less often, by construction."""

    @property
    def noise_in_words(self) -> str:
        """Where its randomness comes from."""
        return "independent uniform numbers"

    def draw(self, rng: Generator, count: int) -> Float[ndarray, "S N"]:
        """Noise of ``count`` samples; the same noise serves every truth."""
        return rng.random((count, len(self.samples)))

    @abstractmethod
    def values(self, noise: Float[ndarray, "S N"], truth: float, shrunk: float = 1.0) -> Float[ndarray, "S N"]:
        """Samples that obey the law with this truth, their noise ``shrunk`` by a factor where it has a size."""

    def missing(self, truth: float, alpha: float) -> float | None:
        """How often the interval at level α misses this truth; None where only simulations tell."""
        return None

    def again(self, rng: Generator, count: int, truth: float) -> Float[ndarray, "S N"]:
        """What ``count`` runs with other seeds would have in place of the samples, if the ``truth`` was estimated."""
        return self.values(self.draw(rng, count), truth)

    @abstractmethod
    def centre(self, profile: Profile) -> float:
        """The truth that the law states."""

    def edges(self, profile: Profile) -> list[tuple[float, int]]:
        """The finite ends of the accepted region, with the direction (±1) in which they are left."""
        low, high = self.law.accepted(profile)
        return [(end, way) for end, way in ((low, -1), (high, 1)) if np.isfinite(end)]

    @abstractmethod
    def far(self, profile: Profile) -> float:
        """How far beyond an edge the law states that a truth is seen."""

    def room(self, profile: Profile) -> float:
        """How many times as wide as a true law needs at this size the region is; 1 where it is made so."""
        return 1.0


@dataclass(frozen=True)
class StudentDesign(Design):
    """Means, or exponents where the law is about those: noise of standard deviation ``scale`` (N,) at each value."""

    scale: Float[ndarray, " N"] = field(kw_only=True)
    noise: Noise = field(kw_only=True)

    @property
    def noise_in_words(self) -> str:
        """The source, and how unequal the variances are."""
        ratio = (self.scale.max() / self.scale.min()) ** 2
        return f"{self.noise.words}" + (f", variances 1 : {ratio:.3g}" if ratio > 1.01 else "")

    @property
    def _exponent(self) -> bool:
        return isinstance(self.law, ExactOrder | OrderBound)

    def draw(self, rng: Generator, count: int) -> Float[ndarray, "S N"]:
        """Scaled noise."""
        return self.noise.draw(rng, (count, len(self.samples))) * self.scale

    def values(self, noise: Float[ndarray, "S N"], truth: float, shrunk: float = 1.0) -> Float[ndarray, "S N"]:
        """truth + noise; for an exponent abscissa^truth e^noise, for a trend truth along the abscissa + noise."""
        if isinstance(self.law, Trend):
            return truth * self.law.along(self.samples.abscissa) + shrunk * noise
        if not self._exponent:
            return truth + shrunk * noise
        return np.exp(truth * np.log(self.samples.abscissa) + shrunk * noise)

    def centre(self, profile: Profile) -> float:
        """The stated value; for a bound on a mean, far enough inside."""
        if isinstance(self.law, AtLeast | AtMost | Trend):
            ((edge, way),) = self.edges(profile)
            return edge - way * self.far(profile)
        return getattr(self.law, "order" if self._exponent else "value")

    def far(self, profile: Profile) -> float:
        """The median of what the law says of samples like these."""
        noise = self.draw(np.random.default_rng(20240609), _PILOT)
        assert isinstance(self.law, StudentLaw)
        return float(np.median(self.law.fit(self.values(noise, 0.0), self.samples).far(ALPHA)))

    def room(self, profile: Profile) -> float:
        """Margin over `far`; bounds on a mean have no margin and are judged where the truth is far enough."""
        assert isinstance(self.law, StudentLaw)
        return self.law.margin_of(profile) / self.far(profile) or 1.0


@dataclass(frozen=True)
class EventDesign(Design):
    """Events with the same probability in every replicate: where they differ between cases the count varies less."""

    law: Probability
    sharp = True

    def missing(self, truth: float, alpha: float) -> float:
        """At most so often, of a ``truth`` in the accepted region: every way to miss it, with its binomial tail.

        One of the cases lies too low, or the worst of them too high, and so no other below its share; ways are added
        as if no two went together.
        """
        counts = [int(n) for n in cases(self.samples).counts]
        each = alpha / len(counts)
        if self.law.in_every_case or len(counts) == 1:
            return sum(_below(n, truth, each) for n in counts) + _worst_above(counts, truth, each)
        alone = [_below(n, truth, (1 - TOGETHER) * each, self.law.at_least) for n in counts]
        n, together = sum(counts), TOGETHER * alpha
        return sum(alone) + _below(n, truth, together) + _below(n, 1 - truth, together)

    def values(self, noise: Float[ndarray, "S N"], truth: float, shrunk: float = 1.0) -> Float[ndarray, "S N"]:
        """1 with that probability; a claim about every case is broken in one of them only, which is hardest to see."""
        if not self.law.in_every_case or truth >= self.law.at_least:
            return (noise < truth).astype(float)
        broken = cases(self.samples).code == 0
        return (noise < np.where(broken, truth, self._sure)).astype(float)

    def again(self, rng: Generator, count: int, truth: float) -> Float[ndarray, "S N"]:
        """Events as likely in each case as its `shares` say."""
        return (self.draw(rng, count) < shares(self.samples)).astype(float)

    def edges(self, profile: Profile) -> list[tuple[float, int]]:
        """1 - δ; no probability lies beyond 1."""
        return [(self.law.at_least, -1)]

    def centre(self, profile: Profile) -> float:
        """The smallest probability that is sure to be judged to hold."""
        return self._sure

    @cached_property
    def _sure(self) -> float:
        counts = cases(self.samples).counts
        number = len(counts)
        if self.law.in_every_case:
            return max(self.law.sure(int(n), ALPHA / number, MISS / number) for n in counts)
        return self.law.sure(len(self.samples), ALPHA if number == 1 else TOGETHER * ALPHA)

    def far(self, profile: Profile) -> float:
        """The drop that the law says is detectable where it happens always."""
        always = replace(self.samples, values=np.ones(len(self.samples)))
        return self.law.judge(always, profile).detectable


@dataclass(frozen=True)
class ExactDesign(Design):
    """Defects of which the largest is the truth."""

    def missing(self, truth: float, alpha: float) -> float:
        """Never."""
        return 0.0

    def values(self, noise: Float[ndarray, "S N"], truth: float, shrunk: float = 1.0) -> Float[ndarray, "S N"]:
        """Uniform numbers, the largest of each sample made the truth."""
        return noise / noise.max(-1, keepdims=True) * truth

    def edges(self, profile: Profile) -> list[tuple[float, int]]:
        """The tolerance."""
        return [(self.law.accepted(profile)[1], 1)]

    def centre(self, profile: Profile) -> float:
        """Just inside the tolerance."""
        return self.law.accepted(profile)[1] * (1 - 1e-9)

    def far(self, profile: Profile) -> float:
        """Anything beyond the tolerance."""
        return self.law.accepted(profile)[1] * 1e-9


def _below(n: int, p: float, alpha: float, bound: float | None = None) -> float:
    """How often the upper end of n events of probability p lies below ``bound``, p itself if none is given."""
    return float(stats.binom.cdf(most_below(p if bound is None else bound, n, alpha), n, p))


def _worst_above(counts: Sequence[int], p: float, alpha: float) -> float:
    """At most how often the lower end of the case with the smallest share lies above p, its probability in all."""
    least = [n - most_below(1 - p, n, alpha) for n in counts]  # successes from which on it does
    return sum(
        math.prod(float(stats.binom.sf(math.ceil(k * other / n - 1e-9) - 1, other, p)) for other in counts)
        for k, n in zip(least, counts, strict=True)
        if k <= n
    )


def shares(samples: Samples) -> Float[ndarray, " N"]:
    """The share that events had in each case, at each value, with half a success and half a failure more in all.

    With k of N in all that is (k + ½)/(N + 1): that none of N failed is no proof that none ever does.
    """
    n = len(samples)
    return (n * cases(samples).means(samples.values) + 0.5) / (n + 1)


def sorted_by_cell(samples: Samples) -> tuple[Samples, Float[ndarray, " N"]]:
    """The samples ordered by case and abscissa, which spares simulations a copy, and the order."""
    order = np.argsort(cells(samples).code, kind="stable")
    weights = None if samples.weights is None else np.asarray(samples.weights)[order]
    return replace(
        samples, values=samples.values[order], strata=samples.strata[order], abscissa=samples.abscissa[order],
        weights=weights,
    ), order  # fmt: skip
