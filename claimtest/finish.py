"""How a command that judged ends: what it prints, keeps and returns."""

from __future__ import annotations

import argparse
from pathlib import Path

from claimtest.errors import RunError
from claimtest.results import RunResult
from claimtest.table import table, why

__all__ = ["told", "whole", "with_details"]


def whole(run: RunResult) -> RunResult:
    """The run itself. Raises RunError for the first mistake that left a claim without a result."""
    if run.failed:
        raise run.failed[0]
    return run


def with_details(error: RunError, folder: Path) -> RunError:
    """Keep the longer story of a failure in the output folder."""
    if not error.details:
        return error
    try:
        (folder / "failure.log").write_text(error.details, encoding="utf-8")
    except OSError:
        return error
    return RunError(f"{error} (traceback in {folder / 'failure.log'})")


def told(run: RunResult, page: Path, options: argparse.Namespace) -> int:
    """The exit status, once all is printed. Raises RunError for a claim that a mistake left without a result."""
    status = _tell(run, page, options)
    if run.failed:
        raise with_details(run.failed[0], options.out)
    return status


def _tell(run: RunResult, page: Path, options: argparse.Namespace) -> int:
    """Print the table, what fails the gate, the path of the report and, at quick, what stayed open.

    Returns the exit status.
    """
    if not options.quiet:
        print(table(run))
        print()
        for claim, reading in run.readings:
            if reading.fails:
                print(f"{claim.claim.id}/{reading.reading.id}: {why(reading)}\n")
    print(page)
    if not run.profile.strict and not options.quiet:
        print(f"{run.inconclusive} inconclusive")
    return run.exit_status()
