"""The law "with probability at least 1 - δ", judged by exact binomial bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy import stats

from claimtest.claim import Verdict
from claimtest.criteria.law import MISS, Interval, Law, Outcome, Samples, decide
from claimtest.profile import ALPHA, Profile

__all__ = ["Probability", "clopper_pearson"]


def clopper_pearson(successes: int, n: int, alpha: float) -> Interval:
    """Exact two-sided interval of a proportion at level α (Clopper & Pearson 1934)."""
    low = 0.0 if successes == 0 else float(stats.beta.ppf(alpha / 2, successes, n - successes + 1))
    high = 1.0 if successes == n else float(stats.beta.isf(alpha / 2, successes + 1, n - successes))
    return low, high


@dataclass(frozen=True)
class Share:
    """How many ``successes`` (*S) each sample of ``n`` replicates counts."""

    successes: Int[ndarray, "*S"]
    n: int

    @property
    def estimate(self) -> Float[ndarray, "*S"]:
        """The fraction."""
        return self.successes / self.n

    def interval(self, alpha: float) -> tuple[Float[ndarray, "*S"], Float[ndarray, "*S"]]:
        """Clopper and Pearson's."""
        counts, which = np.unique(self.successes, return_inverse=True)
        low, high = np.array([clopper_pearson(int(k), self.n, alpha) for k in counts]).T
        return low[which].reshape(self.successes.shape), high[which].reshape(self.successes.shape)


@dataclass(frozen=True)
class Probability(Law):
    """An event has probability at least ``at_least`` = 1 - δ; values are 1 where it happened, else 0.

    ``in_every_case``: in every case by itself, not only over all of them.
    """

    at_least: float = 0.9
    in_every_case: bool = False
    kind = "probability"

    def accepted(self, profile: Profile) -> Interval:
        """[1 - δ, 1]."""
        return self.at_least, 1.0

    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> Share:
        """Count the replicates where it happened. Cases may differ: that only makes the interval wider than need be."""
        if values.shape[-1] == 0:
            raise ValueError("no case here about which it says anything")
        return Share(np.count_nonzero(values == 1, axis=-1), values.shape[-1])

    def judge(self, samples: Samples, profile: Profile, alpha: float = ALPHA) -> Outcome:
        """Clopper-Pearson interval of the fraction of replicates against [1 - δ, 1].

        Replicates of all cases are counted together, at α/2, and one case that alone contradicts the claim, at its
        share of the other α/2, makes it violated. With ``in_every_case`` the worst case speaks for all, at α over
        their number, so that choosing it costs nothing.
        """
        self.fit(samples.values, samples)
        happened = samples.values == 1
        cases = {int(s): happened[samples.strata == s] for s in np.unique(samples.strata)}
        worst = min(cases, key=lambda s: cases[s].mean())
        shared = 1 if len(cases) == 1 else len(cases) * (1 if self.in_every_case else 2)
        alone = self._outcome(cases[worst], samples.names[worst : worst + 1], profile, alpha / shared)
        if self.in_every_case or len(cases) == 1 or alone.verdict is Verdict.VIOLATED:
            return alone
        return self._outcome(happened, (), profile, alpha / 2)

    def _outcome(
        self, happened: Bool[ndarray, " N"], where: tuple[str, ...], profile: Profile, alpha: float
    ) -> Outcome:
        n, successes = len(happened), int(np.count_nonzero(happened))
        interval, accepted, share = clopper_pearson(successes, n, alpha), self.accepted(profile), successes / n
        return Outcome(
            decide(interval, accepted), share, interval, accepted,
            self.detectable(n, 0.0, profile, alpha), n, math.sqrt(share * (1 - share)),
            note=f"{successes} of {n} replicates" + "".join(f" of {name}" for name in where),
        )  # fmt: skip

    def detectable(self, n: int, spread: float, profile: Profile, alpha: float = ALPHA) -> float:
        """How far below 1 - δ the true probability must lie to come out violated with probability 1 - MISS."""
        return _detectable_drop(self.at_least, n, alpha)

    def needed(self, effect: float, spread: float, profile: Profile, alpha: float = ALPHA) -> int:
        """Smallest n, by doubling and bisection, that shows a probability lower by ``effect`` as violated."""
        if not 0 < effect <= self.at_least:
            raise ValueError(f"the drop must lie in (0, {self.at_least}], got {effect}")
        high = 1
        while _detectable_drop(self.at_least, high, alpha) > effect:
            high *= 2
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            if _detectable_drop(self.at_least, middle, alpha) > effect:
                low = middle
            else:
                high = middle
        return high

    def sure(self, n: int, alpha: float = ALPHA) -> float:
        """The smallest probability whose n replicates are judged to hold with probability 1 - MISS; 1 if none is."""
        if clopper_pearson(n, n, alpha)[0] < self.at_least:
            return 1.0
        low, high = 0, n  # the smallest number of successes that holds lies above low
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if clopper_pearson(middle, n, alpha)[0] >= self.at_least else (middle, high)
        return float(stats.beta.isf(MISS, high, n - high + 1))  # P(Bin(n, p) >= high) = 1 - MISS

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The claim that the event is that many tenths less rare to fail: δ shrunk tenfold per margin."""
        return replace(self, at_least=1 - (1 - self.at_least) / 10**margins)


@lru_cache(maxsize=4096)
def _detectable_drop(at_least: float, n: int, alpha: float) -> float:
    """at_least - p, with p the largest probability whose replicates are judged violated with probability 1 - MISS.

    Infinite if even an event that never happens could not be told apart at this n.
    """
    most = _most_successes_violated(at_least, n, alpha)
    if most < 0:
        return math.inf
    p = 1.0 if most >= n else float(stats.beta.ppf(MISS, most + 1, n - most))  # P(Bin(n, p) <= most) = 1 - MISS
    return at_least - p


def _most_successes_violated(at_least: float, n: int, alpha: float) -> int:
    """Largest number of successes whose upper bound lies below ``at_least``, or -1."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        if clopper_pearson(middle, n, alpha)[1] < at_least:
            low = middle
        else:
            high = middle
    return low
