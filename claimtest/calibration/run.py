"""Runs a calibration, in several processes if wanted, and holds what came out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tabulate import tabulate

from claimtest.calibration.certainty import Certainty
from claimtest.calibration.design import Design
from claimtest.calibration.processes import counted
from claimtest.calibration.rates import (
    LEVELS,
    MISSES,
    Extrapolated,
    Question,
    Rate,
    Truths,
    chunks,
    count_errors,
    extrapolate,
    rates_of,
)
from claimtest.profile import ALPHA, Profile

__all__ = ["Calibrated", "Calibration", "calibrate"]


@dataclass(frozen=True)
class Calibrated:
    """A design with its rates."""

    design: Design
    truths: Truths
    rates: tuple[Rate, ...]

    @property
    def extrapolated(self) -> Extrapolated:
        """The rate of misses at the level of every interval; computed for events, whose counts go in steps."""
        rate = self.design.missing(self.truths.centre, ALPHA)
        return extrapolate(self.rates) if rate is None else Extrapolated(rate, (rate, rate), rate <= ALPHA, True)

    @property
    def met(self) -> bool:
        """Whether the law does on this design what it promises."""
        return all(rate.met for rate in self.rates) and self.extrapolated.met

    @property
    def close(self) -> bool:
        """Whether it erred more often than promised about an effect that the law states, but not refutably so.

        Levels of intervals are met exactly where noise is normal, so that half of their rates lie above them; so are
        all promises of what is `sharp`.
        """
        above = any(rate.level == ALPHA and rate.share > rate.promised for rate in self.rates)
        return above and self.met and not self.design.sharp

    @property
    def broken(self) -> list[str]:
        """Promises that are not kept, in words."""
        broken = [
            f"{self.design.law.kind}, {self.design.id}: {r.question} at level {r.level:g} in {r.events} of {r.trials}, "
            f"promised {r.promised:g}"
            for r in self.rates
            if not r.met
        ]
        if not self.extrapolated.met:
            broken.append(
                f"{self.design.law.kind}, {self.design.id}: {MISSES} at level {ALPHA:g} at a rate of "
                f"{self.extrapolated.rate:.2g}, extrapolated"
            )
        return broken

    def share(self, question: str, level: float) -> str:
        """The rate of the questions that start so, at the edge where it is larger; "" if it was not asked."""
        asked = [rate.share for rate in self.rates if question in rate.question and rate.level == level]
        return f"{max(asked):.3g}" if asked else ""

    def to_json(self) -> dict[str, Any]:
        """The design's entry in calibration.json."""
        return {
            "kind": self.design.law.kind,
            "design": self.design.id,
            "why": list(self.design.why),
            "n": len(self.design.samples),
            "noise": self.design.noise_in_words,
            "detectable": self.truths.far if math.isfinite(self.truths.far) else None,
            "room": self.truths.room,
            "met": self.met,
            "rates": [rate.to_json() for rate in self.rates],
            "extrapolated": self.extrapolated.to_json(),
        }


@dataclass(frozen=True)
class Calibration:
    """What became of all designs, and how sure the run itself is. ``seconds`` is how long it took."""

    profile: Profile
    trials: int
    designs: tuple[Calibrated, ...]
    certainties: tuple[Certainty, ...] = ()
    seconds: float = 0.0

    @property
    def broken(self) -> list[str]:
        """Every promise that is not kept."""
        unsure = [
            f"{c.name}: {c.rate.question} in {c.rate.events} of {c.rate.trials} runs, promised {c.rate.promised:g}"
            for c in self.certainties
            if not c.met
        ]
        return [*(line for design in self.designs for line in design.broken), *unsure]

    def certain(self, most: int = 10) -> str:
        """How often the run's criteria and controls would come out otherwise: a sentence, and those that ever did."""
        controls = sum(c.control for c in self.certainties)
        ever = sorted((c for c in self.certainties if c.rate.events), key=lambda c: -c.rate.share)
        rows = [(c.name, c.rate.question, c.rate.events, c.rate.trials, "yes" if c.met else "NO") for c in ever]
        sentence = (
            f"run again with other seeds, {len(self.certainties) - controls} criteria and {controls} controls: "
            f"{len(ever)} ever came out otherwise"
        )
        table = tabulate(rows[:most], ("criterion or control", "error", "times", "of", "met"), disable_numparse=True)
        return f"{sentence}\n\n{table}" if rows else sentence

    def to_json(self) -> dict[str, Any]:
        """The whole of calibration.json."""
        return {
            "schema": 1,
            "profile": self.profile.name,
            "trials": self.trials,
            "seconds": round(self.seconds, 1),
            "levels": [*LEVELS, ALPHA],
            "met": not self.broken,
            "designs": [design.to_json() for design in self.designs],
            "certainties": [certainty.to_json() for certainty in self.certainties],
        }

    def table(self) -> str:
        """A line per design: how often the truth is missed at every level, wrong verdicts on an edge, and power."""
        heads = (
            "kind", "design", "n", *(f"misses at {level:g}" for level in LEVELS), f"at {ALPHA:g}", "edge at 0.01",
            "unseen", "not held", "met",
        )  # fmt: skip
        return tabulate([_row(design) for design in self.designs], heads, disable_numparse=True)


def _row(found: Calibrated) -> list[str]:
    misses = [found.share(MISSES, level) for level in LEVELS]
    return [
        found.design.law.kind, found.design.id, str(len(found.design.samples)), *misses,
        f"{found.extrapolated.rate:.2g}", found.share(" on the ", 0.01),
        *(found.share(question, ALPHA) for question in ("missed beyond", "does not hold")),
        "yes" if found.met else "NO",
    ]  # fmt: skip


CLOSER = 10
"""Where more errors were seen than promised, but not too many for chance, so many times the trials have to decide."""


def calibrate(
    designs: Sequence[Design], profile: Profile, trials: int = 100_000, jobs: int = 1, progress: bool | None = False
) -> list[Calibrated]:
    """Count the errors on ``trials`` synthetic samples of every design, on `CLOSER` times as many where that is close.

    Numbers do not depend on ``jobs``.
    """
    profile = replace(profile, margins=dict(profile.margins))  # which processes can be sent
    found = _tried(designs, profile, trials, jobs, progress, "simulating")
    close = [k for k, design in enumerate(found) if design.close]
    again = _tried([designs[k] for k in close], profile, CLOSER * trials, jobs, progress, "looking closer")
    for k, design in zip(close, again, strict=True):
        found[k] = design
    return found


def _tried(
    designs: Sequence[Design], profile: Profile, trials: int, jobs: int, progress: bool | None, what: str
) -> list[Calibrated]:
    """What so many trials say of every design."""
    truths = [Truths.of(design, profile) for design in designs]
    tasks = [
        (k, (design, truths[k], profile, first))
        for k, design in enumerate(designs)
        for first in range(chunks(design, trials))
    ]
    rates = [tuple(rates_of(errors)) for errors in counted(_count, tasks, jobs, progress, what)]
    return [Calibrated(*found) for found in zip(designs, truths, rates, strict=True)]


def _count(task: tuple[Design, Truths, Profile, int]) -> Counter[Question]:
    design, truths, profile, first = task
    return count_errors(design, truths, profile, first, 1)
