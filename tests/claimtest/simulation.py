"""How often something happens in simulation, compared with how often it may."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from claimtest.claim import Verdict
from claimtest.criteria import Law, Samples
from claimtest.profile import PROFILES, Profile

QUICK: Profile = PROFILES["quick"]
SURE = 1e-6
"""A test of a rate fails by chance about this often."""


def at_most(events: int, trials: int, rate: float) -> bool:
    """Whether so many events in so many trials are compatible with a probability of at most ``rate``."""
    return bool(stats.binom.sf(events - 1, trials, rate) > SURE)


def at_least(events: int, trials: int, rate: float) -> bool:
    """Whether so many events in so many trials are compatible with a probability of at least ``rate``."""
    return bool(stats.binom.cdf(events, trials, rate) > SURE)


def verdicts(law: Law, draw: Callable[[np.random.Generator], Samples], trials: int, alpha: float) -> list[Verdict]:
    """The law's verdicts on independent samples."""
    rng = np.random.default_rng(20240607)
    return [law.judge(draw(rng), QUICK, alpha).verdict for _ in range(trials)]


def misses(law: Law, draw: Callable[[np.random.Generator], Samples], truth: float, trials: int, alpha: float) -> int:
    """In how many of the trials, which share their layout, the interval misses the truth."""
    rng = np.random.default_rng(20240608)
    drawn = [draw(rng) for _ in range(trials)]
    low, high = law.fit(np.stack([samples.values for samples in drawn]), drawn[0]).interval(alpha)
    return int(np.count_nonzero((truth < low) | (high < truth)))
