"""The law "with probability at least 1 - δ", judged by exact binomial bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy import special

from claimtest.criteria.law import MISS, Interval, Law, Outcome, Samples, decide, stated
from claimtest.criteria.student import cases
from claimtest.errors import TooLittle
from claimtest.profile import ALPHA, Profile

__all__ = ["DROP", "TOGETHER", "Probability", "clopper_pearson", "most_below"]

TOGETHER = 0.9
"""Share of the level at which all cases are counted together; the rest is for a single one that contradicts."""

DROP = 0.3
"""How far a probability must have fallen, at every profile, for sizes to be chosen to show it."""


def clopper_pearson(successes: int, n: int, alpha: float) -> Interval:
    """Exact two-sided interval of a proportion at level α (Clopper & Pearson 1934).

    Raises ValueError unless 0 <= successes <= n, 1 <= n <= 10^15 and 10^-300 <= α < 1.
    """
    if not (0 < n <= 10**15 and 0 <= successes <= n and 1e-300 <= alpha < 1):
        raise ValueError(f"{successes} successes of {n} at level {alpha} have no interval")
    low = 0.0 if successes == 0 else float(special.betaincinv(successes, n - successes + 1, alpha / 2))
    high = 1.0 if successes == n else float(special.betainccinv(successes + 1, n - successes, alpha / 2))
    return low, high


@dataclass(frozen=True)
class Shares:
    """How many ``successes`` (*S C) each sample has in each case of ``counts`` (C,) replicates.

    Replicates of all cases are counted together, at 9α/10, and one case that alone contradicts the claim, at its share
    of the last tenth, speaks for itself. With ``in_every_case`` the worst case speaks for all, at α over their number,
    so that choosing it costs nothing.
    """

    successes: Int[ndarray, "*S C"]
    counts: Int[ndarray, " C"]
    at_least: float
    in_every_case: bool

    @property
    def estimate(self) -> Float[ndarray, "*S"]:
        """The fraction over all cases."""
        return self.successes.sum(-1) / self.counts.sum()

    def interval(self, alpha: float) -> tuple[Float[ndarray, "*S"], Float[ndarray, "*S"]]:
        """Clopper and Pearson's, of the case that speaks or of all."""
        _, _, low, high = self.spoken(alpha)
        return low, high

    def spoken(
        self, alpha: float
    ) -> tuple[Int[ndarray, "*S"], Float[ndarray, "*S"], Float[ndarray, "*S"], Float[ndarray, "*S"]]:
        """Which case speaks, -1 for all of them together, at which level, and the interval."""
        number = len(self.counts)
        worst = np.argmin(self.successes / self.counts, axis=-1)
        level = alpha / number * (1 if number == 1 or self.in_every_case else 1 - TOGETHER)
        fewest = np.take_along_axis(self.successes, worst[..., None], -1)[..., 0]
        low, high = _intervals(fewest, self.counts[worst], level)
        if self.in_every_case or number == 1:
            return worst, np.full(worst.shape, level), low, high
        alone = high < self.at_least
        together = _intervals(self.successes.sum(-1), np.full(worst.shape, self.counts.sum()), TOGETHER * alpha)
        return (
            np.where(alone, worst, -1), np.where(alone, level, TOGETHER * alpha),
            np.where(alone, low, together[0]), np.where(alone, high, together[1]),
        )  # fmt: skip


def _intervals(
    successes: Int[ndarray, "*S"], n: Int[ndarray, "*S"], alpha: float
) -> tuple[Float[ndarray, "*S"], Float[ndarray, "*S"]]:
    """Clopper and Pearson's intervals, each computed once."""
    pairs, which = np.unique(np.stack([successes.ravel(), n.ravel()]), axis=1, return_inverse=True)
    low, high = np.array([clopper_pearson(int(k), int(m), alpha) for k, m in pairs.T]).T
    which = which.reshape(successes.shape)
    return low[which], high[which]


@dataclass(frozen=True)
class Probability(Law):
    """An event has probability at least ``at_least`` = 1 - δ; values are 1 where it happened, else 0.

    ``in_every_case``: in every case by itself, not only over all of them.
    """

    at_least: float = 0.9
    in_every_case: bool = False
    kind = "probability"

    def __post_init__(self) -> None:
        """Refuse what is no statement."""
        stated(self.at_least, "at_least", above=0.0, below=1.0)

    def accepted(self, profile: Profile) -> Interval:
        """[1 - δ, 1]."""
        return self.at_least, 1.0

    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> Shares:
        """Count the replicates where it happened, by cases. Raises ValueError for values other than 0 and 1."""
        if values.shape[-1] == 0:
            raise TooLittle("no case here about which it says anything")
        if not ((values == 0) | (values == 1)).all():
            raise ValueError("an event has happened (1) or not (0): it takes no other values")
        case = cases(samples)
        return Shares(case.sums((values == 1).astype(int)), case.counts, self.at_least, self.in_every_case)

    def judge(self, samples: Samples, profile: Profile, alpha: float = ALPHA) -> Outcome:
        """The interval of the case that speaks, or of all together, against [1 - δ, 1]."""
        fit = self.fit(samples.values, samples)
        case, level, low, high = (np.asarray(part).item() for part in fit.spoken(alpha))
        accepted = self.accepted(profile)
        together = case < 0
        successes = int(fit.successes.sum() if together else fit.successes[case])
        n = int(fit.counts.sum() if together else fit.counts[case])
        share, code = successes / n, np.unique(samples.strata)[case]
        of = "" if together or not samples.names else f" of {samples.names[code]}"
        return Outcome(
            decide((low, high), accepted), share, (low, high), accepted,
            self.detectable(n, 0.0, profile, level), n, math.sqrt(share * (1 - share)),
            note=f"{successes} of {n} replicates{of}",
        )  # fmt: skip

    def must_detect(self, profile: Profile) -> float:
        """A drop by `DROP`, or to nothing where that is less."""
        return min(DROP, self.at_least)

    def detectable(self, n: int, spread: float, profile: Profile, alpha: float = ALPHA) -> float:
        """How far below 1 - δ the true probability must lie to come out violated with probability 1 - MISS."""
        return _detectable_drop(self.at_least, n, alpha)

    def needed(self, effect: float, spread: float, profile: Profile, alpha: float = ALPHA) -> int:
        """Smallest n, by doubling and bisection, that shows a probability lower by ``effect`` as violated."""
        stated(effect, "drop", above=0.0)
        if effect > self.at_least:
            raise ValueError(f"drop: a probability of {self.at_least:g} cannot fall by {effect:g}")
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

    def sure(self, n: int, alpha: float = ALPHA, miss: float = MISS) -> float:
        """The smallest probability whose n replicates are judged to hold with probability 1 - ``miss``; 1 if none."""
        if clopper_pearson(n, n, alpha)[0] < self.at_least:
            return 1.0
        low, high = 0, n  # the smallest number of successes that holds lies above low
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if clopper_pearson(middle, n, alpha)[0] >= self.at_least else (middle, high)
        return float(special.betainccinv(high, n - high + 1, miss))  # P(Bin(n, p) >= high) = 1 - miss

    def shifted(self, margins: float, profile: Profile) -> Self:
        """The claim that the event is that many tenths less rare to fail: δ shrunk tenfold per margin."""
        return replace(self, at_least=1 - (1 - self.at_least) / 10**margins)


@lru_cache(maxsize=4096)
def _detectable_drop(at_least: float, n: int, alpha: float) -> float:
    """at_least - p, with p the largest probability whose replicates are judged violated with probability 1 - MISS.

    Infinite if even an event that never happens could not be told apart at this n.
    """
    most = most_below(at_least, n, alpha)
    if most < 0:
        return math.inf
    p = 1.0 if most >= n else float(special.betaincinv(most + 1, n - most, MISS))  # P(Bin(n, p) <= most) = 1 - MISS
    return at_least - p


def most_below(bound: float, n: int, alpha: float) -> int:
    """Largest number of successes of n whose upper end at level α lies below ``bound``, or -1."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        if clopper_pearson(middle, n, alpha)[1] < bound:
            low = middle
        else:
            high = middle
    return low
