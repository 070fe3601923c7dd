"""The engine behind both doors: plan cells, gather their evidence, judge readings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from claimtest.cells import Cell, CellData, Quantities, Sweep
from claimtest.check import Check, Control, Criterion, Pack, ReadingCheck, View
from claimtest.claim import Verdict
from claimtest.criteria import Ceiling
from claimtest.errors import RunError, TooLittle, judging
from claimtest.kills import control_evidence, kill_matrix, true_there
from claimtest.profile import MOST_CRITERIA, Profile
from claimtest.results import ClaimResult, ControlResult, CriterionResult, ReadingResult

__all__ = ["Engine", "Evidence", "Measure"]

NOT_HELD = "its criterion does not hold here"
NOT_VIOLATED = "its criterion is not violated here"
LONE = "one problem alone gives too little evidence to tell it from the claim"
"""Why a control does not count."""

Evidence = Mapping[tuple[Any, ...], Quantities]
"""What was measured, by the identity of the cell."""

Measure = Callable[[Sequence[Cell]], Evidence]
"""Brings the evidence of cells, measuring what is missing: the runner's door."""


@dataclass(frozen=True)
class Engine:
    """Judges the readings of a pack at a profile, on a case book, with evidence from ``measure``."""

    pack: Pack
    profile: Profile
    book: Any
    measure: Measure

    def cells(self, claims: Iterable[str], readings: Iterable[str] | None = None) -> list[Cell]:
        """The distinct cells that these claims (or only these of their readings) read, controls included.

        Whole claims bring what their exhibits alone look at, too.
        """
        wanted = None if readings is None else set(readings)
        found: dict[tuple[Any, ...], Cell] = {}
        for claim in claims:
            check = self.pack.check(claim)
            parts = [part for part in check.readings if wanted is None or part.reading in wanted]
            read = [sweep for part in parts for sweep in _sweeps(part)]
            for sweep in (*read, *(check.shown if wanted is None else ())):
                for cell in sweep.cells(self._cases(check, sweep), self.profile):
                    found.setdefault(cell.identity, cell)
        return list(found.values())

    def judge(self, claims: Sequence[str], failed: list[RunError] | None = None) -> list[ClaimResult]:
        """Results of these claims in paper order.

        Raises ValueError if the run holds too many criteria, RunError where a check makes a mistake; with a list
        ``failed``, the mistake goes there and its claim has no result.
        """
        number = sum(len(p.criteria) for c in claims for p in self.pack.check(c).readings)
        if number > MOST_CRITERIA:
            raise ValueError(f"{number} criteria in one run; the error budget allows {MOST_CRITERIA}")
        evidence = self.measure(self.cells(claims))
        results = []
        for claim in claims:
            try:
                results.append(self._claim(self.pack.check(claim), evidence))
            except RunError as error:
                if failed is None:
                    raise
                failed.append(error)
        verdicts = {result.claim.id: result.verdict for result in results}
        return [_conditioned(result, verdicts) for result in results]

    def judge_reading(self, claim: str, reading: str) -> ReadingResult:
        """The result of one reading, with the evidence of that reading alone."""
        check = self.pack.check(claim)
        part = check.part(reading)
        return self._reading(check, part, self._view(check, self.measure(self.cells([claim], [reading]))))

    def _claim(self, check: Check, evidence: Evidence) -> ClaimResult:
        view = self._view(check, evidence)
        readings = tuple(self._reading(check, part, view) for part in check.readings)
        if all(r.verdict in (Verdict.OUT_OF_SCOPE, Verdict.NOT_RUN) for r in readings):
            return ClaimResult(check.claim, readings, ())
        with judging(f"{check.claim.id}, exhibits"):
            exhibits = tuple(check.exhibits(view, self.profile))
        aims = {(r.reading.id, c.control.id): c.outcome and c.outcome.verdict for r in readings for c in r.controls}
        return ClaimResult(check.claim, readings, exhibits, kill_matrix(check, view, self.profile, aims))

    def _reading(self, check: Check, part: ReadingCheck, view: View) -> ReadingResult:
        reading = next(r for r in check.claim.readings if r.id == part.reading)
        offered = {c.id: c for criterion in part.criteria for c in criterion.sweep.chosen(self.book, self.profile)}
        reasons = {name: check.out_of_scope(case) for name, case in offered.items()}
        cases = tuple(case for name, case in offered.items() if not reasons[name])
        if offered and not cases:
            return ReadingResult(reading, (), (), (), scope="; ".join(f"{n}: {why}" for n, why in reasons.items()))
        name = f"{check.claim.id}, reading {reading.id!r}"
        holding, controls = {}, []
        for criterion in part.criteria:
            with judging(f"{name}, criterion {criterion.id!r}"):
                holding[criterion.id] = self._criterion(criterion, view)
        for control in part.controls:
            with judging(f"{name}, control {control.id!r}"):
                controls.append(self._control(control, holding[control.aimed_at], view))
        return ReadingResult(reading, tuple(holding.values()), tuple(controls), cases)

    def _criterion(self, criterion: Criterion, view: View) -> CriterionResult:
        data = view(criterion.sweep)
        if not data:
            return CriterionResult(criterion, None, None, self._absent(criterion))
        try:
            outcome, samples = criterion.judge(data, self.profile)
        except TooLittle as error:
            return CriterionResult(criterion, None, None, str(error), too_little=True)
        return CriterionResult(criterion, outcome, samples, used=criterion.share_used(data))

    def _absent(self, criterion: Criterion) -> str:
        """Why there is nothing to look at."""
        if any(criterion.sweep.replicates_of(c, self.profile) for c in criterion.sweep.chosen(self.book, self.profile)):
            return "no width here suits it"
        return f"not part of the {self.profile.name} profile, or not for such data"

    def _control(self, control: Control, aim: CriterionResult, view: View) -> ControlResult:
        if control.true:
            discounted = "" if aim.verdict is Verdict.VIOLATED else NOT_VIOLATED
        else:
            discounted = "" if aim.verdict is Verdict.HOLDS else NOT_HELD
        if aim.outcome is None:
            return ControlResult(control, None, discounted, f"its criterion is not judged: {aim.why_not}")
        seen = aim.samples if control.changes_law_alone else None
        judged = control_evidence(control, aim.criterion, view, self.profile, seen)
        if isinstance(judged, str):
            return ControlResult(control, None, discounted or (LONE if self._lone(control, aim) else ""), judged)
        outcome, samples = judged
        if not control.true and self._lone(control, aim):
            ceiling = isinstance(control.variant(aim.criterion, self.profile).law, Ceiling)
            if outcome.verdict is Verdict.INCONCLUSIVE or (outcome.verdict is Verdict.HOLDS and ceiling):
                discounted = discounted or LONE
        idle = not control.true and not true_there(control, aim.criterion, view, self.profile)
        why = "the unchanged experiment is violated there too" if idle else ""
        why = "what it measures is not a number" if outcome.undefined else why
        return ControlResult(control, outcome, discounted, why, idle, samples)

    def _lone(self, control: Control, aim: CriterionResult) -> bool:
        """Whether it has one case that stands for several: sizes are chosen for drawn ones, and a user's may vary more.

        One problem may obey a ceiling, too, that others break, or be none in which the variant is false.
        """
        sweeps = filter(None, (control.sweep, aim.criterion.sweep))
        cases = next(filter(None, (sweep.chosen(self.book, self.profile) for sweep in sweeps)), [])
        return len(cases) < 2 and all(getattr(case, "stands_for", 1) > 1 for case in cases)

    def _view(self, check: Check, evidence: Evidence) -> View:
        """What the check sees; joined once per sweep, since many criteria and controls look at the same one."""
        return functools.cache(lambda sweep: self._data(check, sweep, evidence))

    def _cases(self, check: Check, sweep: Sweep) -> list[Any]:
        return [case for case in sweep.chosen(self.book, self.profile) if not check.out_of_scope(case)]

    def _data(self, check: Check, sweep: Sweep, evidence: Evidence) -> list[CellData]:
        gathered: dict[tuple[str, int], list[tuple[Cell, Quantities]]] = {}
        for cell in sweep.cells(self._cases(check, sweep), self.profile):
            gathered.setdefault((cell.case.id, cell.width), []).append((cell, evidence[cell.identity]))
        return [CellData(blocks[0][0].case, blocks[0][0].width, _joined(blocks)) for blocks in gathered.values()]


def _joined(blocks: Sequence[tuple[Cell, Quantities]]) -> Quantities:
    names = blocks[0][1]
    return {name: np.concatenate([quantities[name] for _, quantities in blocks]) for name in names}


def _sweeps(part: ReadingCheck) -> list[Sweep]:
    return [c.sweep for c in part.criteria] + [c.sweep for c in part.controls if c.sweep]


def _conditioned(result: ClaimResult, verdicts: Mapping[str, Verdict]) -> ClaimResult:
    shaky = tuple(
        name for name in result.claim.depends_on if verdicts.get(name) in (Verdict.VIOLATED, Verdict.INCONCLUSIVE)
    )
    return replace(result, conditional_on=shaky)
