"""Verdicts, outcomes and matrices as small fragments of HTML, for notebooks. Everything they show is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatch
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from numpy import ndarray

from claimtest.claim import Verdict
from claimtest.criteria import Outcome
from claimtest.report.controls import tally
from claimtest.report.mathematics import prose
from claimtest.report.wording import MARKS, estimate, expectation, interval, number, region
from claimtest.results import ClaimResult, CriterionResult, ReadingResult, RunResult

__all__ = ["html_of", "matrices_html"]

_COLOURS = {Verdict.HOLDS: "#1d7a4c", Verdict.VIOLATED: "#b4451f", Verdict.INCONCLUSIVE: "#86650a"}
_MOST = 8
"""Rows and columns of a matrix that are shown; the rest is said to be there."""


@singledispatch
def html_of(item: Any) -> str:
    """A fragment of HTML for a verdict, an outcome or the result of a criterion, reading, claim or run."""
    raise TypeError(f"nothing to show of a {type(item).__name__}")


@html_of.register
def _(item: Verdict) -> str:
    return _badge(item)


@html_of.register
def _(item: Outcome) -> str:
    heads = ("verdict", "estimate", "interval", "accepted", "detectable", "n")
    return _box(_table(heads, [[_badge(item.verdict), *_numbers(item)]]), item.note)


@html_of.register
def _(item: CriterionResult) -> str:
    return _box(_criteria([item]))


@html_of.register
def _(item: ReadingResult) -> str:
    return _box(*_reading(item))


@html_of.register
def _(item: ClaimResult) -> str:
    parts = [part for reading in item.readings for part in _reading(reading)]
    given = f"given {', '.join(item.conditional_on)}, not established in this run" if item.conditional_on else ""
    return _box(Markup("<strong>{}</strong>: {}").format(prose(item.claim.title), _badge(item.verdict)), given, *parts)


@html_of.register
def _(item: RunResult) -> str:
    rows = [
        [claim.claim.id, r.reading.id, _badge(r.verdict), expectation(r), tally(r.controls).outcome]
        for claim, r in item.readings
    ]
    heads = ("claim", "reading", "verdict", "", "controls")
    words = f"Profile {item.profile.name}, seed {item.seed}, {item.seconds:.0f} s"
    return _box(Markup("<strong>{}</strong>").format(prose(item.title)), words, _table(heads, rows))


def matrices_html(title: str, blocks: Mapping[str, ndarray]) -> str:
    """A sum of matrices of one shape: how much each block contributes, the eigenvalues and the entries of the total.

    Scalars and vectors are shown as one row; of more than two axes only the blocks' sizes are.
    """
    total = np.asarray(sum(blocks.values()))
    norm = float(np.linalg.norm(total))
    shares = [[name, number(float(np.linalg.norm(part))), *_ends(part)] for name, part in blocks.items()]
    rows = [*shares, ["total", number(norm), *_ends(total)]]
    parts: list[str] = [
        Markup("<strong>{}</strong>: {}{}").format(
            title, " × ".join(map(str, total.shape)) or "a number", _rate(total)
        ),
        _table(("block", "Frobenius norm", "smallest", "largest"), rows),
    ]
    if total.ndim <= 2 and total.size:
        parts.append(_entries(np.atleast_2d(total)))
    return _box(*parts)


def _rate(total: ndarray) -> str:
    """The extreme eigenvalues of a symmetric matrix."""
    if total.ndim != 2 or total.shape[0] != total.shape[1] or not total.size or not np.isfinite(total).all():
        return ""
    if not np.allclose(total, total.T):
        return ""
    values = np.linalg.eigvalsh(total)
    return f", eigenvalues from {number(float(values[0]))} to {number(float(values[-1]))}"


def _ends(part: ndarray) -> list[str]:
    return [number(float(end)) for end in (part.min(), part.max())] if part.size else ["", ""]


def _entries(matrix: ndarray) -> Markup:
    """The entries, shaded by their size, which the numbers say too."""
    shown = matrix[:_MOST, :_MOST]
    largest = float(np.nanmax(np.abs(shown))) or 1.0
    rows = [Markup("<tr>{}</tr>").format(Markup("").join(_entry(v, largest) for v in row)) for row in shown.tolist()]
    left = f"first {shown.shape[0]} × {shown.shape[1]} of {matrix.shape[0]} × {matrix.shape[1]} entries"
    note = Markup("<div>{}</div>").format(left) if shown.size < matrix.size else Markup("")
    return Markup('<table style="margin-top:.4em">{}</table>{}').format(Markup("").join(rows), note)


def _entry(value: float, largest: float) -> Markup:
    depth = 0.45 * min(abs(value) / largest, 1.0) if np.isfinite(value) else 0.0
    colour = f"rgba(66,133,190,{depth:.2f})" if value >= 0 else f"rgba(190,110,66,{depth:.2f})"
    return Markup('<td style="text-align:right;background:{}">{}</td>').format(colour, number(value))


def _reading(reading: ReadingResult) -> list[str]:
    head = Markup("{} {}, {}").format(prose(reading.reading.title), _badge(reading.verdict), expectation(reading))
    outcome = tally(reading.controls).outcome
    controls = f"controls: {outcome}" if outcome else ""
    return [head, reading.scope, _criteria(reading.criteria) if reading.criteria else "", controls]


def _criteria(results: Sequence[CriterionResult]) -> Markup:
    rows = []
    for result in results:
        numbers = _numbers(result.outcome) if result.outcome else [result.why_not, "", "", "", ""]
        rows.append([prose(result.criterion.asks), _badge(result.verdict), *numbers])
    return _table(("criterion", "verdict", "estimate", "interval", "accepted", "detectable", "n"), rows)


def _numbers(outcome: Outcome) -> list[str]:
    region_words, detectable = region(outcome.accepted), number(outcome.detectable)
    return [estimate(outcome), interval(outcome), region_words, detectable, str(outcome.n)]


def _badge(verdict: Verdict) -> Markup:
    """Mark and word, in a colour that says no more than they do."""
    return Markup('<span style="white-space:nowrap;font-weight:600;color:{}">{} {}</span>').format(
        _COLOURS.get(verdict, "#6b7280"), MARKS.get(verdict, "–"), str(verdict)
    )


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    head = Markup("").join(Markup('<th scope="col" style="text-align:left">{}</th>').format(h) for h in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup('<td style="text-align:left">{}</td>').format(cell) for cell in row)
        )
        for row in rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)


def _box(*parts: str) -> str:
    """The parts below each other, each escaped unless it was made here."""
    return str(
        Markup("<div>{}</div>").format(Markup("").join(Markup("<div>{}</div>").format(escape(p)) for p in parts if p))
    )
