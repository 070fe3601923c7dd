"""The pages that are looked at: a run of the coins, and every word of the whole pack with made-up numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import cycle

from checks.pack import PACK
from claimtest.check import Check
from claimtest.claim import Verdict
from claimtest.criteria import Outcome
from claimtest.profile import PROFILES
from claimtest.results import ClaimResult, ControlResult, CriterionResult, ReadingResult, RunResult
from tests.claimtest.toy_pack import Coin
from tests.claimtest.toy_run import toy_run

__all__ = ["PAGES"]


def outcome(verdict: Verdict, estimate: float) -> Outcome:
    """An outcome as wide as they come, whatever was asked."""
    ends = (estimate - 0.0123, estimate + 0.0123)
    return Outcome(verdict, estimate, ends, (estimate - 0.15, estimate + 0.15), 0.0123, 12288, 1.36, "made up")


@cache
def words_of_the_pack() -> RunResult:
    """Every claim, reading, criterion and control of the pack, each verdict somewhere; no number means anything."""
    turn = cycle((Verdict.HOLDS, Verdict.VIOLATED, Verdict.INCONCLUSIVE))
    claims = [_claim(check, turn) for check in PACK.checks]
    claims[1] = replace(claims[1], conditional_on=("definition1",))
    first = claims[2].readings[0]
    unjudged = tuple(CriterionResult(c.criterion, None, None, "not part of the quick profile") for c in first.criteria)
    outside = replace(claims[2].readings[1], scope="drawn-relu-fixed0.6-n2p5d5: two inputs are antipodal")
    claims[2] = replace(claims[2], readings=(replace(first, criteria=unjudged), outside))
    versions = {"python": "3.11.7", "hypothesis": "6.170.15", "numpy": "2.4.6", "torch": "2.13.0+cpu"}
    return RunResult(PACK.title, PROFILES["standard"], 0, tuple(claims), versions, 419.0)


def _claim(check: Check, turn: cycle[Verdict]) -> ClaimResult:
    readings = []
    for part, reading in zip(check.readings, check.claim.readings, strict=True):
        verdict = next(turn)
        criteria = tuple(CriterionResult(c, outcome(verdict, -0.5), None) for c in part.criteria)
        controls = tuple(ControlResult(c, outcome(Verdict.VIOLATED, 1.736)) for c in part.controls)
        readings.append(ReadingResult(reading, criteria, controls, (Coin("coin", 16),)))
    return ClaimResult(check.claim, tuple(readings), ())


PAGES = {"coins": toy_run, "words": words_of_the_pack}
