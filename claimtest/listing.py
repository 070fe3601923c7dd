"""Claims as text in a terminal: the list, and one claim."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from tabulate import tabulate

from claimtest.check import Check, Pack
from claimtest.claim import Claim
from claimtest.visible import visible

__all__ = ["claim_text", "claims_table"]


def claims_table(pack: Pack) -> str:
    """A line per claim: id, title, readings, what it rests on, how many of its readings should fail."""
    rows = [_claim_row(check.claim) for check in pack.checks]
    return visible(tabulate(rows, ("claim", "title", "readings", "expected", "rests on"), disable_numparse=True))


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
            f"Reading {reading.id}: {reading.title} ({', '.join(reading.tags)})",
            _wrapped(reading.statement, "    "),
            _wrapped(expected, "    "),
            f"    last verdict: {verdict}",
        ]
    return visible("\n".join(lines))


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
