"""The table of verdicts, the same at both doors."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from tabulate import tabulate

from claimtest.claim import Verdict
from claimtest.criteria import Outcome
from claimtest.results import CriterionResult, ReadingResult, RunResult
from claimtest.visible import visible

__all__ = ["COLUMNS", "row", "table", "table_of", "verdict_in_words", "why"]

COLUMNS = ("claim", "reading", "verdict", "criteria", "estimate [interval]", "controls rejected")

LONGEST_REASON = 100
"""Characters of the reason why a reading is out of scope, in place of an estimate; the report has all of it."""


def table(run: RunResult) -> str:
    """One line per reading."""
    return table_of([row(claim.claim.id, reading) for claim, reading in run.readings])


def table_of(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows under their headings."""
    return visible(tabulate(rows, COLUMNS, disable_numparse=True))


def row(claim: str, result: ReadingResult) -> tuple[str, ...]:
    """The columns of one reading."""
    judged = [c for c in result.criteria if c.outcome]
    holding = sum(c.verdict is Verdict.HOLDS for c in judged)
    counted = [c for c in result.controls if c.counts]
    told = sum(c.told is True for c in counted)
    return (
        claim,
        result.reading.id,
        verdict_in_words(result),
        f"{holding}/{len(judged)} hold{_left_open(result)}" if judged else "",
        _estimate(_telling(judged, result.verdict)) or textwrap.shorten(result.scope, LONGEST_REASON, placeholder=" …"),
        f"{told}/{len(counted)}{' hold' * counted[0].control.true}" if counted else "",
    )


def _left_open(result: ReadingResult) -> str:
    """How many criteria were asked and found nothing to look at: what holds then is less than what was asked."""
    number = sum(c.too_little for c in result.criteria)
    return f", {number} without a case" if number else ""


def verdict_in_words(result: ReadingResult) -> str:
    """The verdict against what was expected of it."""
    expected = result.reading.expected
    if result.verdict not in (Verdict.HOLDS, Verdict.VIOLATED):
        return str(result.verdict)
    if expected is None:
        return f"{result.verdict} (no expectation)"
    return f"{result.verdict}, as expected" if result.as_expected else f"{result.verdict} — EXPECTED: {expected}"


def why(result: ReadingResult) -> str:
    """The verdict of a reading with what speaks for it: every criterion that does not hold, every control that lives.

    One line per criterion or control: what was asked, the estimate with its interval, what would be accepted.
    """
    lines = [f"{verdict_in_words(result)}{f': {result.scope}' if result.scope else ''}"]
    for c in result.criteria:
        if c.verdict is not Verdict.HOLDS:
            lines.append(
                f"  criterion {c.criterion.id} ({c.criterion.asks}): {c.verdict}: {_finding(c.outcome, c.why_not)}"
            )
    for k in result.controls:
        if k.missed:
            lines.append(
                f"  control {k.control.id} ({k.control.states}): {k.words}: {_finding(k.outcome, k.why_not)}"
                + (f"; {k.why_not}" if k.outcome and k.why_not else "")
            )
    return visible("\n".join(lines))


def _finding(outcome: Outcome | None, why_not: str) -> str:
    if outcome is None:
        return why_not
    low, high = (_number(v) for v in outcome.interval)
    least, most = (_number(v) for v in outcome.accepted)
    note = f"; {outcome.note}" if outcome.note else ""
    return f"{_number(outcome.estimate)}, interval [{low}, {high}], accepted [{least}, {most}], n = {outcome.n}{note}"


def _telling(judged: Sequence[CriterionResult], verdict: Verdict) -> CriterionResult | None:
    """The first criterion that alone gives the reading its verdict."""
    return next((c for c in judged if c.verdict is verdict), judged[0] if judged else None)


def _estimate(criterion: CriterionResult | None) -> str:
    if criterion is None or criterion.outcome is None:
        return ""
    outcome = criterion.outcome
    low, high = outcome.interval
    if low == high:
        return f"{criterion.criterion.id} {outcome.estimate:.3g}"
    return f"{criterion.criterion.id} {_number(outcome.estimate)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    """Three decimals for numbers of order one, three digits otherwise."""
    return f"{value:.3f}" if value == 0 or 1e-2 <= abs(value) < 1e3 or math.isinf(value) else f"{value:.3g}"
