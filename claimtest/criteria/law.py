"""What every statistical law shares: samples in, an outcome out, and the rule that decides between them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, Self

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from numpy import ndarray
from scipy import special

from claimtest.claim import Verdict
from claimtest.profile import ALPHA, Profile
from claimtest.shown import Shown

__all__ = [
    "MISS",
    "Fit",
    "Interval",
    "Law",
    "Outcome",
    "Samples",
    "decide",
    "disjoint",
    "inside",
    "standard_errors_apart",
    "stated",
    "values_needed",
]

MISS = 1e-4
"""Allowed chance that a true criterion fails to hold, or that the stated effect is not seen."""

MOST = 1e15
"""Values beyond which nobody counts."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Samples:
    """Measured values (N,) with the case each belongs to (N,) and its abscissa (N,), the width unless said otherwise.

    ``weights`` (N,) are relative precisions known beforehand, None for equal ones. ``names`` are the cases' ids.
    Numbers may be infinite or nan, which no law accepts. Raises ValueError for columns that do not fit together.
    """

    values: Float[ndarray, " N"]
    strata: Int[ndarray, " N"]
    abscissa: Float[ndarray, " N"]
    weights: Shaped[ndarray, " N"] | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        for name, kinds in (("values", "fiub"), ("strata", "iu"), ("abscissa", "fiu"), ("weights", "fiub")):
            column = getattr(self, name)
            if column is None and name == "weights":
                continue
            if not isinstance(column, ndarray) or column.dtype.kind not in kinds or column.ndim != 1:
                raise ValueError(f"samples: {name} must be an array of numbers with one axis")
            if len(column) != len(self.values):
                raise ValueError(f"samples: {len(self.values)} values, but {len(column)} {name}")
        if self.weights is not None and (self.weights < 0).any():
            raise ValueError("samples: weights must not be negative")

    def __len__(self) -> int:
        """Number of values."""
        return len(self.values)


@dataclass(frozen=True)
class Outcome(Shown):
    """What a law says of samples: a verdict, the estimate with its interval, the accepted region, what was detectable.

    ``detectable`` is the smallest departure from the law that comes out *violated* with probability 1 - MISS,
    in the units of the estimate. ``spread`` is the standard error times √n.
    """

    verdict: Verdict
    estimate: float
    interval: Interval
    accepted: Interval
    detectable: float
    n: int
    spread: float
    note: str = ""

    @property
    def undefined(self) -> bool:
        """Whether what was measured is not a number: nothing that was predicted, but no proof of anything else."""
        return any(map(math.isnan, (self.estimate, *self.interval)))


class Fit(Protocol):
    """Estimates of any number of samples at once, and the intervals around them."""

    @property
    def estimate(self) -> Float[ndarray, "*S"]:
        """One estimate per sample."""
        ...

    def interval(self, alpha: float) -> tuple[Float[ndarray, "*S"], Float[ndarray, "*S"]]:
        """Lower and upper ends at level ``alpha``."""
        ...


class Law(ABC):
    """A statistical law at the fixed level α, with the three verbs judge, detectable and needed."""

    kind: str

    @abstractmethod
    def accepted(self, profile: Profile) -> Interval:
        """The region in which the interval must lie for the law to hold."""

    @abstractmethod
    def fit(self, values: Float[ndarray, "*S N"], samples: Samples) -> Fit:
        """Estimates and intervals of any number of samples that share cases, abscissae and weights with ``samples``.

        Raises ValueError on samples that cannot be judged.
        """

    @abstractmethod
    def judge(self, samples: Samples, profile: Profile, alpha: float = ALPHA) -> Outcome:
        """Estimate, interval at level ``alpha`` and verdict. Raises ValueError on samples that cannot be judged."""

    @abstractmethod
    def detectable(self, n: int, spread: float, profile: Profile, alpha: float = ALPHA) -> float:
        """Smallest departure from the law that n values of that spread show as violated."""

    def must_detect(self, profile: Profile) -> float | None:
        """The departure that sizes are chosen to show at this profile; None where the law names none."""
        return None

    @abstractmethod
    def needed(self, effect: float, spread: float, profile: Profile, alpha: float = ALPHA) -> int:
        """How many values of that spread show a departure of size ``effect`` as violated."""

    @abstractmethod
    def shifted(self, margins: float, profile: Profile) -> Self:
        """The false law that lies ``margins`` margins away from this one: what a control claims."""


def stated(value: Any, name: str, above: float = -math.inf, below: float = math.inf) -> None:
    """Raise ValueError unless what a law states under this name is one finite number strictly between the two."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not number or not above < value < below or not abs(value) <= 1e300:  # whole numbers may be larger
        raise ValueError(f"{name}: expected a finite number between {above:g} and {below:g}, got {repr(value)[:60]}")


def decide(interval: Interval, accepted: Interval) -> Verdict:
    """Holds if the interval lies inside the accepted region, violated if they are disjoint, else inconclusive."""
    if disjoint(*interval, accepted):
        return Verdict.VIOLATED
    return Verdict.HOLDS if inside(*interval, accepted) else Verdict.INCONCLUSIVE


def inside(low: Any, high: Any, accepted: Interval) -> Bool[ndarray, "*S"]:
    """Which intervals lie inside the accepted region: there the law holds."""
    return (accepted[0] <= low) & (high <= accepted[1])


def disjoint(low: Any, high: Any, accepted: Interval) -> Bool[ndarray, "*S"]:
    """Which intervals have no point in common with it: there the law is violated.

    So is it where an end is not a number: what was measured then is not what was predicted. It refutes nothing that is
    expected to be false, though (`Outcome.undefined`): neither a control nor a reading.
    """
    return (high < accepted[0]) | (accepted[1] < low) | np.isnan(low) | np.isnan(high)


@lru_cache(maxsize=4096)
def standard_errors_apart(alpha: float, n: float) -> float:
    """How many standard errors beyond the margin an effect must lie to be seen with probability 1 - MISS.

    t + z √(1 + t²/2ν), with t = t_{1-α/2, ν}, z = z_{1-MISS}, ν = n - 1: the standard error is itself estimated from
    the n values. At α = 5e-6 this is 8.65 for n = 128 and tends to 8.28; the exact non-central t agrees within 0.1 %
    from n = 32 on.
    """
    freedom = max(n - 1, 1.0)
    t = float(-special.stdtrit(freedom, alpha / 2))
    return t + float(-special.ndtri(MISS)) * math.sqrt(1 + t**2 / (2 * freedom))


def values_needed(effect: float, spread: float, alpha: float, least: int) -> int:
    """Smallest n >= ``least`` whose n values of that spread show an effect that lies this far beyond the margin.

    Raises ValueError if that takes more than ``MOST`` values.
    """
    low, high = least - 1, least
    while standard_errors_apart(alpha, high) * spread / math.sqrt(high) > effect:
        low, high = high, 2 * high
        if low > MOST:
            raise ValueError(f"an effect of {effect:.3g} beyond the margin takes more than {MOST:.0e} values")
    while high - low > 1:
        middle = (low + high) // 2
        if standard_errors_apart(alpha, middle) * spread / math.sqrt(middle) > effect:
            low = middle
        else:
            high = middle
    return high
