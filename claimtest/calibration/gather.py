"""The criteria of a session whose evidence is stored, as designs."""

from __future__ import annotations

from collections.abc import Sequence

from claimtest.calibration.design import Design
from claimtest.calibration.sources import design_from
from claimtest.session import Session

__all__ = ["stored_designs"]


def stored_designs(session: Session, claims: Sequence[str]) -> list[Design]:
    """A design for every criterion of these claims whose reading has all its evidence; nothing is measured."""
    found = []
    for claim in claims:
        for part in session.pack.check(claim).readings:
            if session.runner.missing(session.engine.cells([claim], [part.reading])):
                continue
            for result in session.judge_reading(claim, part.reading).criteria:
                design = design_from(f"{claim}/{part.reading}/{result.criterion.id}", result)
                if design is not None:
                    found.append(design)
    return found
