"""How often a law errs on synthetic evidence, against how often it may."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy import ndarray
from numpy.random import SeedSequence, default_rng
from scipy import stats

from claimtest.calibration.design import Design, ExactDesign
from claimtest.criteria.law import MISS, Fit, Interval, disjoint, inside
from claimtest.criteria.probability import clopper_pearson
from claimtest.profile import ALPHA, Profile

__all__ = [
    "LEVELS",
    "MISSES",
    "Extrapolated",
    "Rate",
    "Truths",
    "chunks",
    "count_errors",
    "extrapolate",
    "rates_of",
    "rows_of",
    "seeds_of",
]

LEVELS = (0.05, 0.01, 1e-3, 1e-4)
"""Levels at which errors are counted."""

SURE = 1e-5
"""A rate has been exceeded if so many events or more would be rarer than this."""

MISSES = "misses the truth"

_CHUNK = 200_000
"""Values drawn at once: what fits the caches of a processor, and enough to spare the interpreter."""

Question = tuple[str, float]
"""What is asked, and the level of the interval."""


@dataclass(frozen=True)
class Truths:
    """Where the truth of a design is put: at the centre, on edges, and ``far`` beyond them."""

    centre: float
    edges: tuple[tuple[float, int], ...]
    far: float
    room: float

    @classmethod
    def of(cls, design: Design, profile: Profile) -> Truths:
        """Those of the law at this profile."""
        return cls(design.centre(profile), tuple(design.edges(profile)), design.far(profile), design.room(profile))


@dataclass(frozen=True)
class Rate:
    """So many ``events`` in so many ``trials``, of which a share of at most ``promised`` is allowed."""

    question: str
    level: float
    promised: float
    events: int
    trials: int

    @property
    def share(self) -> float:
        """The measured rate."""
        return self.events / self.trials

    @property
    def interval(self) -> Interval:
        """The exact 99 % interval of the rate."""
        return clopper_pearson(self.events, self.trials, 0.01)

    @property
    def met(self) -> bool:
        """Whether so many events are compatible with the promise."""
        return bool(stats.binom.sf(self.events - 1, self.trials, self.promised) > SURE)

    def to_json(self) -> dict[str, Any]:
        """An entry of calibration.json."""
        return {
            "question": self.question, "level": self.level, "promised": self.promised, "events": self.events,
            "trials": self.trials, "rate": self.share, "interval": list(self.interval), "met": self.met,
        }  # fmt: skip


def count_errors(design: Design, truths: Truths, profile: Profile, first: int, count: int) -> Counter[Question]:
    """Errors in the samples ``first`` .. ``first + count - 1`` of a design, whatever other samples are drawn."""
    found: Counter[Question] = Counter()
    for start in range(first, first + count):
        noise = design.draw(default_rng(seeds_of(design, start)), rows_of(design))
        found.update(_errors(design, truths, profile, noise))
    return found


def seeds_of(design: Design, chunk: int) -> SeedSequence:
    """The random state of one chunk of a design's samples."""
    name = hashlib.sha256(f"{design.id}\x1f{design.law.kind}\x1f{chunk}".encode()).digest()
    return SeedSequence(int.from_bytes(name[:16], "big"))


def rows_of(design: Design) -> int:
    """How many samples make a chunk."""
    return max(_CHUNK // len(design.samples), 1)


def chunks(design: Design, trials: int) -> int:
    """How many chunks of samples make at least so many trials."""
    return math.ceil(trials / rows_of(design))


def _errors(design: Design, truths: Truths, profile: Profile, noise: ndarray) -> Counter[Question]:
    """How many samples err on every question, over one draw of noise."""
    return Counter({q: int(np.count_nonzero(erring)) for q, erring in _erring(design, truths, profile, noise)})


def _erring(
    design: Design, truths: Truths, profile: Profile, noise: ndarray
) -> Iterator[tuple[Question, Bool[ndarray, " S"]]]:
    accepted = design.law.accepted(profile)

    def fit(truth: float, shrunk: float = 1.0) -> Fit:
        return design.law.fit(design.values(noise, truth, shrunk), design.samples)

    yield ("trials", 1.0), np.ones(len(noise), dtype=bool)
    for level, low, high in _at_levels(fit(truths.centre)):
        yield (MISSES, level), (truths.centre < low) | (high < truths.centre)
    for edge, way in truths.edges:
        end = "lower" if way < 0 else "upper"
        if not isinstance(design, ExactDesign):  # there the edge belongs to the region, with certainty
            for level, low, high in _at_levels(fit(edge)):
                yield (f"violated on the {end} edge", level), disjoint(low, high, accepted)
                yield (f"holds on the {end} edge", level), inside(low, high, accepted)
        if not design.power:
            continue
        seen = disjoint(*fit(edge + way * truths.far).interval(ALPHA), accepted)
        yield (f"missed beyond the {end} edge", ALPHA), ~seen
    if not design.power:
        return
    held = inside(*fit(truths.centre, truths.room).interval(ALPHA), accepted)
    yield ("does not hold", ALPHA), ~held


def _at_levels(fit: Fit) -> Iterator[tuple[float, ndarray, ndarray]]:
    """Intervals at every level, from wide to narrow ones."""
    for level in LEVELS:
        yield level, *fit.interval(level)


def rates_of(counted: Counter[Question]) -> list[Rate]:
    """Counts beside what is promised: α for a miss and for each verdict on an edge, `MISS` for the rest."""
    trials = counted["trials", 1.0]
    return [
        Rate(question, level, _promised(question, level), events, trials)
        for (question, level), events in counted.items()
        if question != "trials"
    ]


def _promised(question: str, level: float) -> float:
    return MISS if level == ALPHA else level


@dataclass(frozen=True)
class Extrapolated:
    """The rate at which the interval at level `ALPHA` misses, extrapolated, with its 99 % interval, or ``computed``."""

    rate: float
    interval: Interval
    met: bool
    computed: bool = False

    def to_json(self) -> dict[str, Any]:
        """An entry of calibration.json."""
        return {"level": ALPHA, "rate": self.rate, "interval": list(self.interval), "met": self.met,
                "computed": self.computed}  # fmt: skip


def extrapolate(rates: Iterable[Rate]) -> Extrapolated:
    """Continue the measured rates r(α) of missing the truth to `ALPHA` as a power of α, from α = 0.01 downwards.

    Of the misses at one level a share q = 10^{-b} is still missed at the next, ten times smaller: r(α) = r(0.01)
    (α/0.01)^b. q is estimated by its maximum likelihood, the misses at all levels but the first over those at all but
    the last, with its exact interval. Perfect calibration has q = 0.1. Without a miss at 0.01 there is nothing to
    continue: then 0, with the exact interval of no events at the last level.
    """
    tail = sorted((r for r in rates if r.question == MISSES and r.level <= 0.01), key=lambda r: -r.level)
    if not tail[0].events:
        return Extrapolated(0.0, tail[-1].interval, met=True)
    survived = sum(b.events for _, b in pairwise(tail))
    tried = sum(a.events for a, _ in pairwise(tail))
    decades = math.log10(tail[0].level / ALPHA)

    def continued(q: float) -> float:
        return tail[0].share * q**decades

    low, high = (continued(q) for q in clopper_pearson(survived, tried, 0.01))
    met = continued(clopper_pearson(survived, tried, 2 * SURE)[0]) <= ALPHA
    return Extrapolated(continued(survived / tried), (low, high), met)
