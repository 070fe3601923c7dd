"""Words and numbers of the report: verdicts, expectations, intervals, the summary in sentences."""

from __future__ import annotations

import math
import re
from typing import Any

from claimtest.claim import Provenance, Verdict
from claimtest.criteria import Outcome
from claimtest.exhibit import Estimate
from claimtest.kills import Kill
from claimtest.profile import ERROR_BUDGET
from claimtest.report.controls import controls_in_words
from claimtest.results import ClaimResult, CriterionResult, ReadingResult, RunResult

__all__ = [
    "MARKS",
    "PROVENANCE",
    "anchor",
    "basis",
    "cell",
    "estimate",
    "expectation",
    "headline",
    "interval",
    "key_criterion",
    "kill_mark",
    "marked",
    "number",
    "region",
    "summary",
]

PROVENANCE = {
    Provenance.PAPER: "in the paper's own words",
    Provenance.REPORTED: "as reported of the paper",
    Provenance.RECONSTRUCTED: "reconstructed: the paper's wording was not at hand",
    Provenance.DERIVED: "derived here",
}
"""What each provenance tag means."""

MARKS = {Verdict.HOLDS: "✓", Verdict.VIOLATED: "✗", Verdict.INCONCLUSIVE: "?"}
"""One sign for a verdict, beside its word."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def anchor(*parts: str) -> str:
    """The permalink of a claim, a reading or a criterion: its ids joined by hyphens, safe in a URL and a file name."""
    return "-".join(re.sub(r"[^A-Za-z0-9_-]+", "-", part).strip("-") for part in parts)


def number(value: float, decimals: int | None = None) -> str:
    """A number as it is written by hand: true minus sign, powers of ten for the very small and large."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e5):
        mantissa, power = f"{value:.1e}".split("e")
        mantissa = mantissa.removesuffix(".0").replace("-", "−")
        return f"{mantissa}·10{str(int(power)).translate(_SUPERSCRIPTS)}"
    if decimals is None:
        decimals = 0 if size >= 100 else None
    text = f"{value:.3g}" if decimals is None else f"{value:.{decimals}f}"
    return text.removeprefix("-") if not float(text) else text.replace("-", "−")  # no −0.00


def _decimals(value: float, low: float, high: float) -> int | None:
    """Two significant digits of the interval's half-width."""
    half = (high - low) / 2
    if not math.isfinite(half) or half <= 0 or abs(value) >= 1e5:
        return None
    return min(max(1 - math.floor(math.log10(half)), 0), 6)


def estimate(outcome: Outcome) -> str:
    """The estimate, with as many digits as its interval warrants."""
    return number(outcome.estimate, _decimals(outcome.estimate, *outcome.interval))


def interval(outcome: Outcome) -> str:
    """The interval of the estimate."""
    low, high = outcome.interval
    if low == high:
        return "exact"
    places = _decimals(outcome.estimate, low, high)
    return f"{number(low, places)} … {number(high, places)}"


def cell(value: Any) -> str:
    """What a table of data shows: an estimate as by hand with its interval, other numbers with four digits."""
    if isinstance(value, Estimate):
        places = _decimals(value.value, value.low, value.high)
        return f"{number(value.value, places)} [{number(value.low, places)}, {number(value.high, places)}]"
    if not isinstance(value, float):
        return str(value)
    usual = value == 0 or 1e-3 <= abs(value) < 1e5
    return f"{value:.4g}".replace("-", "−") if usual else number(value)


def marked(value: Any) -> bool:
    """Whether a table's cell is marked."""
    return isinstance(value, Estimate) and value.marked


def region(accepted: tuple[float, float]) -> str:
    """An accepted region: a range, or a bound where one end is infinite."""
    low, high = accepted
    if math.isinf(low) and math.isinf(high):
        return "anything"
    if math.isinf(low) or (low == 0 and high < 1e-3):  # a defect is never negative
        return f"≤ {number(high)}"
    return f"≥ {number(low)}" if math.isinf(high) else f"{number(low)} … {number(high)}"


def kill_mark(square: Kill | None) -> str:
    """One sign for a square of the kill matrix."""
    if square is None:
        return "·"
    signs = {Verdict.VIOLATED: "✗", Verdict.HOLDS: "○", Verdict.INCONCLUSIVE: "?"}
    return signs[square.verdict] if square.verdict else "–"


def expectation(reading: ReadingResult) -> str:
    """How the verdict relates to the expected one: as expected, unexpected, undecided, …"""
    if reading.reading.expected is None:
        return "no prediction"
    if reading.verdict is reading.reading.expected:
        return "as expected"
    if reading.verdict in (Verdict.HOLDS, Verdict.VIOLATED):
        return "unexpected"
    return {Verdict.HOLDS: "expected to hold", Verdict.VIOLATED: "expected violated"}.get(
        reading.reading.expected, f"expected {reading.reading.expected}"
    )


def key_criterion(claim: ClaimResult) -> CriterionResult | None:
    """What speaks for a claim in one line: the first criterion of its principal reading, or the first that was run.

    The first is what the reading says; later ones add to it, and some are about rivals.
    """
    principal = claim.claim.principal.id
    found = (c for reading in claim.readings if reading.reading.id == principal for c in reading.criteria)
    return next((c for c in found if c.outcome is not None), None)


def headline(run: RunResult) -> tuple[Verdict, str]:
    """The run in one line, with the verdict whose mark goes before it."""
    if not all(r.as_expected for _, r in run.readings):
        return Verdict.VIOLATED, "A verdict contradicts what was expected"
    if not all(r.controls_rejected for _, r in run.readings if r.gated):
        return Verdict.VIOLATED, "A control did not come out as it must: its criterion could not have seen the error"
    if run.failed:
        return Verdict.VIOLATED, "A check failed: its claim has no verdict"
    if not run.judged:
        return Verdict.INCONCLUSIVE, "Nothing was judged"
    if run.exit_status() != 0:
        return Verdict.INCONCLUSIVE, "Not everything is decided, as this profile demands"
    if run.inconclusive:
        return Verdict.HOLDS, "Nothing contradicts what was expected, though not everything is decided"
    return Verdict.HOLDS, "Nothing contradicts what was expected"


def summary(run: RunResult) -> list[str]:
    """The run in sentences: what holds, what does not, and how sure that is."""
    failed = [f"Without a verdict: {error}." for error in run.failed]
    sentences = [*failed, _claims(run), *_readings(run), *controls_in_words(run)]
    sentences.append(f"The chance that a run contradicts a true claim is at most {ERROR_BUDGET:.1%}.")
    return [s for s in sentences if s]


def _claims(run: RunResult) -> str:
    holding = sum(c.verdict is Verdict.HOLDS for c in run.claims)
    total = len(run.claims)
    if holding == total:
        return f"{_count(total, 'claim')} {'holds' if total == 1 else 'hold'} in the principal reading."
    return f"{holding} of {_count(total, 'claim')} hold in the principal reading."


def _readings(run: RunResult) -> list[str]:
    verdicts = [(reading, expectation(reading)) for _, reading in run.readings]
    foreseen = sum(r.verdict is Verdict.VIOLATED and e == "as expected" for r, e in verdicts)
    surprising = [
        f"{c.claim.id}/{r.reading.id}" for c, r in run.readings if not r.as_expected
    ]  # the engine's word on it, not the wording's
    open_ones = sum(r.verdict is Verdict.VIOLATED and r.reading.expected is None for r, _ in verdicts)
    unjudged = sum(r.verdict in (Verdict.NOT_RUN, Verdict.OUT_OF_SCOPE) for r, _ in verdicts)
    return [
        f"{_count(foreseen, 'reading')} {_are(foreseen)} violated, as the theory predicts." if foreseen else "",
        f"{_count(open_ones, 'reading')} without a prediction {_are(open_ones)} violated." if open_ones else "",
        f"{_count(len(surprising), 'verdict')} contradict{'s' if len(surprising) == 1 else ''} "
        f"the expectation: {', '.join(surprising)}." if surprising else "",
        f"{_count(run.inconclusive, 'reading')} {_are(run.inconclusive)} inconclusive."
        if run.inconclusive else "Nothing is inconclusive.",
        f"{_count(unjudged, 'reading')} {_are(unjudged)} not judged in this run." if unjudged else "",
    ]  # fmt: skip


def basis(reading: ReadingResult) -> str:
    """How many cases a reading rests on and, where they say it as their ``source``, which data they are of."""
    sources = dict.fromkeys(str(getattr(case, "source", "")) for case in reading.cases)
    return ": ".join(filter(None, [_count(len(reading.cases), "case"), ", ".join(filter(None, sources))]))


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
