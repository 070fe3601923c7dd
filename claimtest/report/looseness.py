"""How loose the bounds are: what each one-sided statement allows against what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from claimtest.claim import Verdict
from claimtest.criteria import AtLeast, AtMost, Ceiling, Law, OrderBound, Probability
from claimtest.report.wording import estimate, number
from claimtest.results import ClaimResult, RunResult

__all__ = ["Looseness", "looseness", "tightness"]


@dataclass(frozen=True)
class Looseness:
    """A bound beside the truth: ``stated``, ``measured`` and what lies between them, in words."""

    reading: str
    criterion: str
    asks: str
    stated: str
    measured: str
    slack: str
    verdict: Verdict


def looseness(claim: ClaimResult) -> list[Looseness]:
    """A line for every one-sided criterion that was judged, but for those about the computation itself."""
    lines = []
    for reading in claim.readings:
        for result in reading.criteria:
            law, outcome = result.criterion.law, result.outcome
            if outcome is None or not isinstance(law, OrderBound | AtLeast | AtMost | Ceiling | Probability):
                continue
            if result.criterion.accuracy:
                continue
            stated, slack = _slack(law, outcome.estimate, outcome.verdict)
            slack = f"{_factors(*result.used)}; {slack}" if result.used else slack
            where = reading.reading.id, result.criterion.id, result.criterion.asks
            lines.append(Looseness(*where, stated, estimate(outcome), slack, outcome.verdict))
    return lines


def tightness(run: RunResult) -> list[tuple[ClaimResult, list[Looseness]]]:
    """Every claim of the run that states a bound, with its lines."""
    found = [(claim, looseness(claim)) for claim in run.claims]
    return [(claim, lines) for claim, lines in found if lines]


def _factors(median: float, largest: float) -> str:
    """How far from their bound the median network stayed, and the one that came closest to it."""
    usual, closest = (number(1 / share if share > 0 else math.inf) for share in (median, largest))
    return f"a factor of {usual}, {closest} at the closest"


def _slack(law: Law, measured: float, verdict: Verdict) -> tuple[str, str]:
    if isinstance(law, OrderBound):
        gap = law.order - measured
        known = "" if law.truth is None else f"; derived exact exponent {number(law.truth)}"
        words = "tight" if abs(gap) < 0.1 else f"{number(abs(gap), 2)} {'steeper' if gap > 0 else 'flatter'}"
        return f"exponent ≤ {number(law.order)}", words + known
    if isinstance(law, Probability):
        fails, allowed = (number(100 * (1 - share)) for share in (measured, law.at_least))
        words = (
            "none: the bound is broken" if verdict is Verdict.VIOLATED else f"fails in {fails} %, {allowed} % allowed"
        )
        return f"probability ≥ {number(law.at_least)}", words
    assert isinstance(law, AtLeast | AtMost | Ceiling)
    sign, bound = "≥" if isinstance(law, AtLeast) else "≤", law.tolerance if isinstance(law, Ceiling) else law.bound
    stated = f"{sign} {number(bound)}"
    if verdict is Verdict.VIOLATED:
        return stated, "none: the bound is broken"
    larger, smaller = (measured, bound) if sign == "≥" else (bound, measured)
    if smaller > 0:
        return stated, f"a factor of {number(larger / smaller)}"
    return stated, f"{number(larger - smaller)} in absolute terms"
