"""Claims as text in a terminal: the list, one claim, the plan of a run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from claimtest.check import Check, Pack
from claimtest.claim import Claim
from claimtest.session import Session

__all__ = ["claim_text", "claims_table", "plan_text"]


def claims_table(pack: Pack) -> str:
    """A line per claim: id, title, readings, what it rests on, how many of its readings should fail."""
    rows = [_claim_row(check.claim) for check in pack.checks]
    return tabulate(rows, ("claim", "title", "readings", "expected", "rests on"), disable_numparse=True)


def _claim_row(claim: Claim) -> tuple[str, ...]:
    expected = claim.principal.expected
    return (
        claim.id,
        claim.title,
        str(len(claim.readings)),
        str(expected) if expected else "open",
        ", ".join(claim.depends_on),
    )


def claim_text(check: Check, folder: Path) -> str:
    """Statement, premises, provenance and readings with their last verdicts from the report in ``folder``."""
    claim = check.claim
    last = _last_verdicts(folder, claim.id)
    lines = [f"{claim.id}: {claim.title}", "", _wrapped(claim.statement), "", f"    {claim.formula}", ""]
    if claim.premises:
        lines += ["Premises", *(_wrapped(premise, "  - ") for premise in claim.premises), ""]
    lines += [f"Provenance: {', '.join(claim.provenance)}. {claim.provenance_note}", ""]
    if claim.depends_on:
        lines += [f"Rests on: {', '.join(claim.depends_on)}", ""]
    for reading in claim.readings:
        expected = f"expected: {reading.expected or 'open'}{f', because {reading.because}' if reading.because else ''}"
        verdict = last.get(reading.id, "none in " + str(folder))
        lines += [
            f"Reading {reading.id}: {reading.title} ({reading.provenance})",
            _wrapped(reading.statement, "    "),
            _wrapped(expected, "    "),
            f"    last verdict: {verdict}",
        ]
    return "\n".join(lines)


def _wrapped(text: str, head: str = "") -> str:
    return textwrap.fill(text, 100, initial_indent=head, subsequent_indent=" " * len(head))


def _last_verdicts(folder: Path, claim: str) -> dict[str, str]:
    """Verdicts by reading in the folder's report.json; none if there is no such report, or no readable one."""
    try:
        report: Any = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        found = next((c for c in report["claims"] if c["id"] == claim), {"readings": []})
        return {r["id"]: f"{r['verdict']} ({report['profile']} profile)" for r in found["readings"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def plan_text(session: Session, claims: Sequence[str]) -> str:
    """Cells, replicates and estimated time per claim; accepted region and detectable effect per criterion."""
    return "\n\n".join([_costs(session, claims), _criteria(session, claims)])


def _costs(session: Session, claims: Sequence[str]) -> str:
    """A line per claim. Cells that several claims share are counted with the first."""
    speeds = session.runner.store.speeds()
    counted: set[tuple[Any, ...]] = set()
    rows, whole = [], 0.0
    for claim in claims:
        cells = [c for c in session.engine.cells([claim]) if c.identity not in counted]
        counted |= {c.identity for c in cells}
        lacking = session.runner.missing(cells)
        known = all(c.experiment.id in speeds for c in lacking)
        seconds = sum(c.cost * speeds.get(c.experiment.id, 0.0) for c in lacking)
        whole += seconds if known else float("nan")
        cost = sum(c.cost for c in lacking)
        rows.append(
            (claim, len(cells), len(lacking), sum(c.count for c in cells), f"{cost:.3g}", _seconds(seconds, known))
        )
    head = ("claim", "new cells", "to measure", "replicates", "relative cost", "core-seconds")
    jobs = session.runner.jobs
    total = f"about {whole / jobs:.1f} s on {jobs} processes" if whole == whole else "time unknown before a first run"
    return f"{tabulate(rows, head, disable_numparse=True)}\n\n{session.profile.name} profile: {total}"


def _seconds(seconds: float, known: bool) -> str:
    return f"{seconds:.1f}" if known else "unknown"


def _criteria(session: Session, claims: Sequence[str]) -> str:
    rows = []
    for claim in claims:
        for part in session.pack.check(claim).readings:
            cells = session.engine.cells([claim], [part.reading])
            judged = {}
            if not session.runner.missing(cells):
                result = session.judge_reading(claim, part.reading)
                judged = {c.criterion.id: c.outcome for c in result.criteria if c.outcome}
            for criterion in part.criteria:
                low, high = criterion.law.accepted(session.profile)
                outcome = judged.get(criterion.id)
                detectable = f"{outcome.detectable:.3g} (n = {outcome.n})" if outcome else "not measured yet"
                rows.append(
                    (claim, part.reading, criterion.id, criterion.law.kind, f"[{low:.4g}, {high:.4g}]", detectable)
                )
    head = ("claim", "reading", "criterion", "kind", "accepted", "detectable departure")
    return tabulate(rows, head, disable_numparse=True)
