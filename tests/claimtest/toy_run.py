"""A run of the toy pack, judged once for all tests that look at results."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from claimtest.check import Check, Pack
from claimtest.engine import Engine
from claimtest.profile import PROFILES
from claimtest.results import RunResult
from tests.claimtest.toy_pack import PACK


def run_pack(pack: Pack, seconds: float = 1.0) -> RunResult:
    """Judge every claim of a pack at the quick profile, seed 0."""
    engine = Engine(pack, PROFILES["quick"], pack.cases(0), lambda cells: {c.identity: c.run(0) for c in cells})
    claims = tuple(engine.judge([check.claim.id for check in pack.checks]))
    return RunResult(pack.title, PROFILES["quick"], 0, claims, {"python": "3.11"}, seconds)


@lru_cache(maxsize=1)
def toy_run() -> RunResult:
    """The verdicts on the toy pack."""
    return run_pack(PACK)


def run_with(check: Check) -> RunResult:
    """The toy pack with one of its checks replaced."""
    return run_pack(replace(PACK, checks=tuple(check if c.claim.id == check.claim.id else c for c in PACK.checks)))
