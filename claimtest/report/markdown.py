"""The report as Markdown: the verdicts first, then claim by claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tabulate import tabulate

from claimtest.claim import Verdict
from claimtest.kills import KillMatrix
from claimtest.report.calibration import CalibrationView
from claimtest.report.controls import tally
from claimtest.report.looseness import Looseness, looseness, tightness
from claimtest.report.mathematics import split_mathematics
from claimtest.report.pictures import Picture, Pictures
from claimtest.report.wording import (
    MARKS,
    basis,
    cell,
    estimate,
    expectation,
    headline,
    interval,
    key_criterion,
    kill_mark,
    number,
    region,
    summary,
)
from claimtest.report.wording import marked as emphasised
from claimtest.results import ClaimResult, ControlResult, CriterionResult, ReadingResult, RunResult

__all__ = ["grid", "headline_of", "markdown", "marked", "reading_parts", "text", "verdict_table"]

_MOST_ROWS = 40


def markdown(run: RunResult, pictures: Pictures) -> str:
    """The whole of report.md."""
    parts = [*headline_of(run), verdict_table(run)]
    for claim in run.claims:
        parts += _claim(claim, pictures)
    parts += _tightness(run)
    parts += _calibration(pictures.calibration)
    return "\n\n".join(part for part in parts if part) + "\n"


def headline_of(run: RunResult) -> list[str]:
    """Title, the answer in one sentence, and what was run."""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return [
        f"# {text(run.title)}",
        f"**{MARKS[headline(run)[0]]} {headline(run)[1]}.** " + " ".join(map(text, summary(run))),
        text(f"Profile {run.profile.name}, seed {run.seed}, {run.seconds:.0f} s" + f"; {versions}." * bool(versions)),
    ]


def verdict_table(run: RunResult) -> str:
    """A row per claim."""
    rows = []
    for claim in run.claims:
        key = key_criterion(claim)
        first = f"{estimate(key.outcome)} in {interval(key.outcome)}" if key and key.outcome else ""
        controls = [control for reading in claim.readings for control in reading.controls]
        rows.append([
            text(claim.claim.title), marked(claim.verdict),
            "; ".join(f"{text(r.reading.title)}: {r.verdict}, {expectation(r)}" for r in claim.readings),
            _controls(controls), first,
        ])  # fmt: skip
    return grid(rows, ["Claim", "Verdict", "Readings", "Controls", "First criterion"])


def _claim(claim: ClaimResult, pictures: Pictures) -> list[str]:
    stated = claim.claim
    parts = [f"## {text(stated.title)}", f"**{marked(claim.verdict)}** · `{stated.id}`", text(stated.statement)]
    if claim.conditional_on:
        parts.append(f"Given {', '.join(claim.conditional_on)}, not established in this run.")
    if stated.formula:
        parts.append(f"$$\n{_formula(stated.formula)}\n$$")
    if stated.premises:
        parts.append("Premises:\n\n" + "\n".join(f"- {text(premise)}" for premise in stated.premises))
    tags = ", ".join(stated.provenance)
    parts.append(f"Provenance: {tags}. {text(stated.provenance_note)}")
    if stated.depends_on:
        parts.append(f"Rests on {', '.join(stated.depends_on)}.")
    exhibits = pictures.exhibits.get(stated.id, ())
    for picture in exhibits:
        parts += _exhibit(picture) if picture.leads else []
    for reading in claim.readings:
        parts += reading_parts(claim, reading, pictures)
    if bounds := looseness(claim):
        parts += ["### How loose the bounds are", _bounds([(claim, bounds)])]
    if claim.kills and claim.kills.controls:
        parts += _kills(claim.kills)
    for picture in exhibits:
        parts += [] if picture.leads else _exhibit(picture)
    return parts


def _tightness(run: RunResult) -> list[str]:
    claims = tightness(run)
    return ["## How loose every bound is", _bounds(claims)] if len(claims) > 1 else []


def _bounds(claims: Sequence[tuple[ClaimResult, Sequence[Looseness]]]) -> str:
    rows = [
        [text(b.asks), f"`{claim.claim.id}/{b.reading}/{b.criterion}`", b.stated, b.measured, b.slack]
        for claim, bounds in claims
        for b in bounds
    ]
    return grid(rows, ["Bound", "Criterion", "Stated", "Measured", "Slack"])


def _calibration(calibration: CalibrationView | None) -> list[str]:
    if calibration is None:
        return []
    rows = [[text(word) for word in row] for row in calibration.rows]
    head = ["## Calibration of the criteria", " ".join(calibration.sentences), _image(calibration.picture)]
    return [*head, grid(rows, calibration.heads)]


def _kills(kills: KillMatrix) -> list[str]:
    numbers = [str(k) for k in range(1, len(kills.criteria) + 1)]
    rows = [[f"`{name}`", *(kill_mark(s) + "!" * bool(s and s.aim) for s in row)] for name, row in kills.rows]
    legend = "✗ found violated, ○ not noticed, ? undecided, – nothing to judge, · does not look, ! the aim. Columns: "
    columns = ", ".join(f"{k} `{name}`" for k, name in zip(numbers, kills.criteria, strict=True))
    true = f" True variants, which have to hold: {', '.join(f'`{name}`' for name in kills.true)}." if kills.true else ""
    return ["### Kill matrix", grid(rows, ["Control", *numbers]), f"{legend}{columns}.{true}"]


def reading_parts(claim: ClaimResult, reading: ReadingResult, pictures: Pictures) -> list[str]:
    """A reading: its verdict, statement, criteria, controls and pictures."""
    stated = reading.reading
    parts = [
        f"### {text(stated.title)}",
        f"**{marked(reading.verdict)}**, {expectation(reading)} · `{claim.claim.id}/{stated.id}` · "
        f"{', '.join(stated.tags)} · {text(basis(reading))}",
        text(stated.statement),
    ]
    if stated.because:
        parts.append(f"Expected {stated.expected or 'nothing'}: {text(stated.because)}")
    if reading.scope:
        parts.append(f"Out of scope: {text(reading.scope)}")
    if reading.criteria:
        heads = ["Criterion", "Kind", "Estimate", "Interval", "Accepted", "Detectable", "n", "Verdict"]
        parts.append(grid([_criterion(c) for c in reading.criteria], heads))
    if reading.controls:
        known = "true" if reading.controls[0].control.true else "false"
        heads = [f"Control (known to be {known})", "Aimed at", "Estimate", "Interval", "It would accept", "Outcome"]
        parts.append(grid([_control(c) for c in reading.controls], heads))
    drawn = [pictures.criteria.get((claim.claim.id, stated.id, c.criterion.id)) for c in reading.criteria]
    parts += [_image(picture) for picture in drawn if picture is not None]
    return parts


def _criterion(result: CriterionResult) -> list[str]:
    head = [f"{text(result.criterion.asks)} (`{result.criterion.id}`)", result.criterion.law.kind]
    o = result.outcome
    if o is None:
        return [*head, text(result.why_not), "", "", "", "", marked(result.verdict)]
    return [*head, estimate(o), interval(o), region(o.accepted), number(o.detectable), str(o.n), marked(o.verdict)]


def _control(result: ControlResult) -> list[str]:
    head = [f"{text(result.control.states)} (`{result.control.id}`)", f"`{result.control.aimed_at}`"]
    o = result.outcome
    if o is None:
        return [*head, "", "", "", f"**{result.words}**, " * result.missed + f"not run: {text(result.why_not)}"]
    verdict = result.words if result.told else f"**{result.words}** ({result.why_not or o.verdict})"
    if not result.counts:
        verdict += f", not counted: {result.discounted}"
    return [*head, estimate(o), interval(o), region(o.accepted), verdict]


def _exhibit(picture: Picture) -> list[str]:
    parts = [f"### {text(picture.title)}"]
    if picture.svg:
        return [*parts, _image(picture)]
    rows = [[_cell(value) for value in row] for row in picture.rows[:_MOST_ROWS]]
    more = len(picture.rows) - len(rows)
    rest = f"{more} more rows in [figures/{picture.name}.csv](figures/{picture.name}.csv)." if more else ""
    return [*parts, text(picture.alt), grid(rows, [text(str(head)) for head in picture.data]), rest]


def _cell(value: Any) -> str:
    return f"**{text(cell(value))}** ◂" if emphasised(value) else text(cell(value))


def _image(picture: Picture) -> str:
    alt = re.sub(r"[\[\]\n]", " ", text(picture.alt))
    return f"![{alt}](figures/{picture.name}.svg)"


def marked(verdict: Verdict) -> str:
    """The verdict with its mark."""
    return f"{MARKS.get(verdict, '–')} {verdict}"


def _controls(controls: Sequence[ControlResult]) -> str:
    count = tally(controls)
    idle = f"{count.idle} not counted" if count.idle else ""
    return ", ".join(filter(None, (count.outcome, idle))) or "none"


def text(words: str) -> str:
    """Escaped Markdown that leaves $TeX$ to the viewer; in it, bars would end a table's cell."""
    return "".join(
        "$" + _formula(piece.replace("\\|", "\\Vert ").replace("|", "\\vert ")) + "$"
        if tex else re.sub(r"([|*_\[\]])", r"\\\1", piece.replace("&", "&amp;").replace("<", "&lt;"))
        for tex, piece in split_mathematics(words.replace("\n", " "))
    )  # fmt: skip


def _formula(tex: str) -> str:
    """TeX that no viewer takes for a tag or for the end of its block, not even one that leaves formulas alone."""
    return re.sub(r"\n\s*\n", "\n", tex.strip().replace("<", "\\lt "))


def grid(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    """A table of cells that are Markdown already."""
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)
