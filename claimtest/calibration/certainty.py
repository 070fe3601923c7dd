"""How surely the criteria of a run hold, and its controls come out violated, if it were run again with other seeds.

What the run estimated is taken for the truth, so that whatever finite widths bias it by counts, and its noise is drawn
again: evidence like that of the run, as often as shows a rate below `MISS`. A control that changes only the law is
judged on the evidence of its criterion; one that changes a prediction or an experiment has evidence of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import default_rng

from claimtest.calibration.design import Design
from claimtest.calibration.processes import counted
from claimtest.calibration.rates import Rate, chunks, rows_of, seeds_of
from claimtest.calibration.sources import design_from
from claimtest.calibration.worst import SteadyDesign, worst_of
from claimtest.check import Control
from claimtest.claim import Verdict
from claimtest.criteria import Identity, Law
from claimtest.criteria.law import MISS, Interval, disjoint, inside
from claimtest.criteria.probability import clopper_pearson
from claimtest.judged import CriterionResult
from claimtest.profile import ALPHA, Profile
from claimtest.results import ReadingResult

__all__ = ["ENOUGH", "Certainty", "Evidence", "certainties", "evidence_of", "left_out"]

ENOUGH = 30_000
"""So many trials without an error show that it is rarer than `MISS`, at 95 %."""

THOROUGH = 10 * ENOUGH
"""What errs in one of `ENOUGH` trials is tried so often: up to 20 errors show the same then."""


@dataclass(frozen=True)
class Question:
    """Whether a criterion or a ``control``, judged by the region ``accepted``, comes to the verdict ``again``."""

    name: str
    control: bool
    accepted: Interval
    again: Verdict

    def erring(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Which intervals do not."""
        return ~(inside if self.again is Verdict.HOLDS else disjoint)(low, high, self.accepted)

    @property
    def error(self) -> str:
        """What they do instead."""
        return "does not hold" if self.again is Verdict.HOLDS else "not violated"


@dataclass(frozen=True)
class Evidence:
    """A design with the ``truth`` that the run estimated, and everything that is asked of the same evidence."""

    design: Design
    truth: float
    questions: tuple[Question, ...]

    def intervals(self, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Of one chunk of samples."""
        rng = default_rng(seeds_of(self.design, first))
        values = self.design.again(rng, rows_of(self.design), self.truth)
        return self.design.law.fit(values, self.design.samples).interval(ALPHA)


@dataclass(frozen=True)
class Certainty:
    """How often a criterion did not hold, or a control was not found violated."""

    name: str
    control: bool
    rate: Rate

    @property
    def shown(self) -> bool:
        """Whether these trials show, at 95 %, that errors are rarer than promised; either of two stages, at 92 %."""
        return clopper_pearson(self.rate.events, self.rate.trials, 0.1)[1] <= self.rate.promised

    @property
    def met(self) -> bool:
        """Whether that is shown, or is not refuted by trials too few to show it."""
        return self.shown if self.rate.trials >= ENOUGH else self.rate.met

    def to_json(self) -> dict[str, Any]:
        """An entry of calibration.json."""
        return {"name": self.name, "control": self.control, **self.rate.to_json(), "met": self.met}


def left_out(claim: str, reading: ReadingResult) -> list[str]:
    """The criteria of a reading with an expectation that did not meet it, of which nothing is asked."""
    expected = reading.reading.expected
    return [
        f"{claim}/{reading.reading.id}/{c.criterion.id}"
        for c in reading.criteria
        if expected is not None and c.outcome is not None and c.verdict is not expected
    ]


def evidence_of(claim: str, reading: ReadingResult, profile: Profile) -> Iterator[Evidence]:
    """The evidence of a reading with an expectation: of each criterion that met it, and of controls with their own.

    Where there is no noise to copy there is none.
    """
    for result in reading.criteria:
        if reading.reading.expected is None or result.verdict is not reading.reading.expected:
            continue
        name, aimed = (
            f"{claim}/{reading.reading.id}",
            [c for c in reading.controls if c.control.aimed_at == result.criterion.id],
        )
        accepted = result.criterion.law.accepted(profile)
        asked = [Question(f"{name}/{result.criterion.id}", False, accepted, result.verdict)]
        for control in aimed:
            if control.outcome is None or control.idle:
                continue
            variant = control.control.variant(result.criterion, profile)
            region = variant.law.accepted(profile)
            question = Question(f"{name}/{control.control.id}", True, region, control.control.must)
            if _same_evidence(control.control, variant.law, result.criterion.law):
                asked.append(question)
            else:
                own = CriterionResult(variant, control.outcome, control.samples)
                yield from _designed(own, question.name, [question])
        yield from _designed(result, asked[0].name, asked)


def _same_evidence(control: Control, law: Law, aim: Law) -> bool:
    """Whether the control changes the law alone, to another of the same kind, and looks at all cells."""
    everywhere = control.where is type(control).__dataclass_fields__["where"].default
    return not control.ingredients and control.sweep is None and everywhere and type(law) is type(aim)


def _designed(result: CriterionResult, name: str, asked: Sequence[Question]) -> Iterator[Evidence]:
    law, outcome = result.criterion.law, result.outcome
    if outcome is None or result.samples is None:
        return
    if isinstance(law, Identity):
        yield Evidence(worst_of(name, law, result.samples), outcome.estimate, tuple(asked))
    elif design := design_from(name, result, most=math.inf) or SteadyDesign.of(name, law, result.samples):
        yield Evidence(replace(design, why=("certainty",)), outcome.estimate, tuple(asked))


def certainties(
    evidence: Sequence[Evidence], trials: int, jobs: int = 1, progress: bool | None = False
) -> list[Certainty]:
    """Simulate every piece of evidence ``trials`` times, `ENOUGH` at most, and where that leaves doubt `THOROUGH`.

    Numbers do not depend on ``jobs``.
    """
    trials = min(trials, ENOUGH)
    found = _tried(evidence, trials, jobs, progress, "running again")
    doubtful = [k for k, sure in enumerate(found) if trials == ENOUGH and not all(c.shown for c in sure)]
    again = _tried([evidence[k] for k in doubtful], THOROUGH, jobs, progress, "looking closer")
    for k, sure in zip(doubtful, again, strict=True):
        found[k] = sure
    return [certainty for sure in found for certainty in sure]


def _tried(
    evidence: Sequence[Evidence], trials: int, jobs: int, progress: bool | None, what: str
) -> list[list[Certainty]]:
    """What so many trials say of every piece of evidence."""
    tasks = [(k, (e, first)) for k, e in enumerate(evidence) for first in range(chunks(e.design, trials))]
    return [
        [_certainty(q, errors[place], errors[_RUNS]) for place, q in enumerate(e.questions)]
        for e, errors in zip(evidence, counted(_count, tasks, jobs, progress, what), strict=True)
    ]


_RUNS = -1
"""Under which the runs themselves are counted; errors are counted by the place of their question."""


def _certainty(question: Question, errors: int, runs: int) -> Certainty:
    return Certainty(question.name, question.control, Rate(question.error, ALPHA, MISS, errors, runs))


def _count(task: tuple[Evidence, int]) -> Counter[int]:
    """A criterion and its control may have one name: errors are counted by their places."""
    evidence, first = task
    low, high = evidence.intervals(first)
    errors = {place: int(np.count_nonzero(q.erring(low, high))) for place, q in enumerate(evidence.questions)}
    return Counter({_RUNS: len(low)} | errors)
