"""Results of readings, claims and a run, in the shape of report.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claimtest.check import Exhibit
from claimtest.claim import Claim, Reading, Verdict
from claimtest.errors import RunError
from claimtest.judged import ControlResult, CriterionResult
from claimtest.kills import KillMatrix
from claimtest.profile import ERROR_BUDGET, Profile
from claimtest.shown import Shown

__all__ = ["ClaimResult", "ControlResult", "CriterionResult", "ReadingResult", "RunResult", "overall"]


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """Violated if any is, else inconclusive if any is, else holds; not run if nothing was."""
    run = [v for v in verdicts if v is not Verdict.NOT_RUN]
    if not run:
        return Verdict.NOT_RUN
    for verdict in (Verdict.VIOLATED, Verdict.INCONCLUSIVE):
        if verdict in run:
            return verdict
    return Verdict.HOLDS


@dataclass(frozen=True)
class ReadingResult(Shown):
    """A reading with its criteria and controls; ``scope`` says why it was out of scope, where it was."""

    reading: Reading
    criteria: tuple[CriterionResult, ...]
    controls: tuple[ControlResult, ...]
    cases: tuple[Any, ...]
    scope: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict that its criteria amount to."""
        return Verdict.OUT_OF_SCOPE if self.scope else overall([c.verdict for c in self.criteria])

    @property
    def as_expected(self) -> bool:
        """Whether nothing contradicts the expectation: undecided, unexpected and unjudged count as no contradiction."""
        if self.reading.expected is None or self.verdict not in (Verdict.HOLDS, Verdict.VIOLATED):
            return True
        if self.verdict is Verdict.VIOLATED:  # by a number: what is none refutes nothing
            refuted = any(c.outcome and not c.outcome.undefined for c in self.criteria if c.verdict is Verdict.VIOLATED)
            return refuted and self.reading.expected is Verdict.VIOLATED
        return self.reading.expected is Verdict.HOLDS

    @property
    def gated(self) -> bool:
        """Whether a verdict was expected: where none was, neither verdict nor controls affect the exit status."""
        return self.reading.expected is not None

    @property
    def controls_rejected(self) -> bool:
        """Whether every control that was run, and counts, came out as it must."""
        return not any(c.missed for c in self.controls)

    @property
    def calm(self) -> bool:
        """Whether neither its verdict nor a control of it contradicts."""
        return self.as_expected and self.controls_rejected

    @property
    def fails(self) -> bool:
        """Whether it is what makes the exit status 1."""
        return self.gated and not self.calm

    def to_json(self) -> dict[str, Any]:
        """The reading's entry in report.json."""
        return {
            "id": self.reading.id,
            "title": self.reading.title,
            "statement": self.reading.statement,
            "provenance": ", ".join(self.reading.tags),
            "verdict": str(self.verdict),
            "expected": None if self.reading.expected is None else str(self.reading.expected),
            "because": self.reading.because,
            "scope": self.scope,
            "cases": len(self.cases),
            "criteria": [c.to_json() for c in self.criteria],
            "controls": [c.to_json() for c in self.controls],
        }


@dataclass(frozen=True)
class ClaimResult(Shown):
    """A claim with its readings; ``conditional_on`` lists claims it rests on that do not hold."""

    claim: Claim
    readings: tuple[ReadingResult, ...]
    exhibits: tuple[Exhibit, ...]
    kills: KillMatrix | None = None
    conditional_on: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict of the principal reading."""
        principal = self.claim.principal.id
        return next((r.verdict for r in self.readings if r.reading.id == principal), Verdict.NOT_RUN)

    def to_json(self) -> dict[str, Any]:
        """The claim's entry in report.json."""
        return {
            "id": self.claim.id,
            "title": self.claim.title,
            "statement": self.claim.statement,
            "formula": self.claim.formula,
            "premises": list(self.claim.premises),
            "provenance": [str(p) for p in self.claim.provenance],
            "provenance_note": self.claim.provenance_note,
            "depends_on": list(self.claim.depends_on),
            "conditional_on": list(self.conditional_on),
            "verdict": str(self.verdict),
            "readings": [r.to_json() for r in self.readings],
            "kill_matrix": self.kills.to_json() if self.kills else None,
        }


@dataclass(frozen=True)
class RunResult(Shown):
    """Everything a run found; ``failed`` are the mistakes that left claims without a result."""

    title: str
    profile: Profile
    seed: int
    claims: tuple[ClaimResult, ...]
    versions: Mapping[str, str]
    seconds: float
    failed: tuple[RunError, ...] = ()

    @property
    def readings(self) -> list[tuple[ClaimResult, ReadingResult]]:
        """Every reading with its claim."""
        return [(claim, reading) for claim in self.claims for reading in claim.readings]

    @property
    def inconclusive(self) -> int:
        """How many readings the evidence could not decide."""
        return sum(r.verdict is Verdict.INCONCLUSIVE for _, r in self.readings)

    def exit_status(self, strict: bool | None = None) -> int:
        """0 if every verdict is as expected and every control rejected, else 1; 3 if a claim has no result.

        Strict: 1 too where something is inconclusive or nothing was judged at all.
        """
        if self.failed:
            return RunError.status
        strict = self.profile.strict if strict is None else strict
        gated = [r for _, r in self.readings if r.gated]
        sound = not any(r.fails for r in gated)
        undecided = any(r.verdict is Verdict.INCONCLUSIVE for r in gated)
        return 0 if sound and not (strict and (undecided or not self.judged)) else 1

    @property
    def judged(self) -> bool:
        """Whether the evidence was asked anything."""
        return any(r.verdict not in (Verdict.NOT_RUN, Verdict.OUT_OF_SCOPE) for _, r in self.readings)

    def to_json(self) -> dict[str, Any]:
        """The whole of report.json."""
        return {
            "schema": 1,
            "title": self.title,
            "profile": self.profile.name,
            "seed": self.seed,
            "versions": dict(self.versions),
            "error_budget": ERROR_BUDGET,
            "seconds": round(self.seconds, 1),
            "exit_status": self.exit_status(),
            "failed": [str(error) for error in self.failed],
            "claims": [claim.to_json() for claim in self.claims],
        }
