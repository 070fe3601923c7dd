"""The report for a job's summary page: the verdicts first, details folded, below the size that such pages take."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from claimtest.report.markdown import grid, headline_of, marked, reading_parts, text
from claimtest.report.mathematics import plain
from claimtest.report.pictures import Pictures
from claimtest.report.wording import expectation
from claimtest.results import ClaimResult, ReadingResult, RunResult
from claimtest.table import row

__all__ = ["MOST_BYTES", "job_summary"]

MOST_BYTES = 1_000_000
"""GitHub shows a step's summary up to 1 MiB (1048576 bytes) and discards a longer one: stay below, with some room."""

_LEFT_OUT = "Left out to stay within the size of this page: {}. The uploaded report has them."
_LONGEST_LIST = 2000
"""Bytes for the names of claims that are left out; more of them are counted."""

_NO_PICTURES = Pictures({}, {})  # a summary page shows no files of the run


def job_summary(run: RunResult, most: int = MOST_BYTES) -> str:
    """Headline and a row per reading, then each claim folded; claims that would pass ``most`` bytes are only named.

    Those with a verdict that was not expected, or a control that lives, are unfolded and come first, so that they are
    kept; where not even a row per reading fits, rows that are as expected give way first. Raises ValueError if the
    headline alone takes more.
    """
    parts = headline_of(run)
    room = most - _size(parts) - _size([_LEFT_OUT]) - _LONGEST_LIST
    if room < 0:
        raise ValueError(f"the headline alone takes more than {most} bytes")
    rows = fitting_verdicts(run, room)
    room -= _size(rows)
    left_out: list[str] = []
    for claim in sorted(run.claims, key=sound):
        folded = details(claim)
        if _size([folded]) <= room:
            rows.append(folded)
            room -= _size([folded])
        else:
            left_out.append(f"`{claim.claim.id}`")
    if left_out:
        names = ", ".join(left_out)
        names = names if len(names.encode()) <= _LONGEST_LIST else f"{len(left_out)} of {len(run.claims)} claims"
        rows.append(_LEFT_OUT.format(names))
    return "\n\n".join(part for part in [*parts, *rows] if part) + "\n"


def sound(claim: ClaimResult) -> bool:
    """Whether nothing of the claim contradicts its expectation."""
    return all(reading.calm for reading in claim.readings)


def fitting_verdicts(run: RunResult, room: int) -> list[str]:
    """The table of verdicts within ``room`` bytes, with a sentence on the readings that had to be left out."""
    every = run.readings
    quiet = [reading.calm for _, reading in every]
    kept, parts = range(len(every)), [verdicts(every)]
    while _size(parts) > room and kept:
        kept = sorted(kept, key=quiet.__getitem__)[: len(kept) // 2]  # those that are wrong stay longest
        unexpected = quiet.count(False) - sum(not quiet[k] for k in kept)
        words = f"{len(every) - len(kept)} more readings do not fit here, {unexpected} of them not as expected."
        parts = [verdicts([every[k] for k in sorted(kept)]), words]
    return parts


def verdicts(readings: Sequence[tuple[ClaimResult, ReadingResult]]) -> str:
    """A row per reading, like the table in a terminal."""
    rows = []
    for claim, reading in readings:
        name, own, _, criteria, estimate, controls = row(claim.claim.id, reading)
        mark = f"{marked(reading.verdict)}, {expectation(reading)}"
        strong = mark if reading.as_expected else f"**{mark}**"
        rows.append([f"`{name}`", f"`{own}`", strong, criteria, text(estimate), controls])
    return grid(rows, ["Claim", "Reading", "Verdict", "Criteria", "Estimate [interval]", "Controls rejected"])


def details(claim: ClaimResult) -> str:
    """The readings of a claim, folded away under its title unless something is wrong with them."""
    title = escape(" ".join(plain(claim.claim.title).split()))  # a new line would end the summary's one
    parts = [f"<details{'' if sound(claim) else ' open'}><summary>{title}: {claim.verdict}</summary>"]
    for reading in claim.readings:
        parts += reading_parts(claim, reading, _NO_PICTURES)
    return "\n\n".join([*(part for part in parts if part), "</details>"])


def _size(parts: list[str]) -> int:
    """Bytes of these parts with what joins them."""
    return sum(len(part.encode()) + 2 for part in parts)
