"""The readings of a session whose evidence is stored, and their criteria as designs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from claimtest.calibration.design import Design
from claimtest.calibration.sources import design_from
from claimtest.results import ReadingResult
from claimtest.session import Session

__all__ = ["designs_of", "stored_readings"]

Judged = tuple[str, ReadingResult]
"""The id of a claim and the result of one of its readings."""


def stored_readings(session: Session, claims: Sequence[str]) -> list[Judged]:
    """The results of those readings of these claims that have all their evidence; nothing is measured."""
    return [
        (claim, session.judge_reading(claim, part.reading))
        for claim in claims
        for part in session.pack.check(claim).readings
        if not session.runner.missing(session.engine.cells([claim], [part.reading]))
    ]


def designs_of(judged: Iterable[Judged]) -> list[Design]:
    """A design for every criterion that has noise to copy."""
    designs = (
        design_from(f"{claim}/{reading.reading.id}/{result.criterion.id}", result)
        for claim, reading in judged
        for result in reading.criteria
    )
    return [design for design in designs if design is not None]
