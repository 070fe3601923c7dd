"""How surely the criteria of a run hold, and its controls come out violated, if it were run again with other seeds.

What the run estimated is taken for the truth, so that whatever finite widths bias it by counts, and its noise is drawn
again: evidence like that of the run, as often as shows a rate below `MISS`. A control that changes only the law is
judged on the evidence of its criterion; one that changes a prediction or an experiment has evidence of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import default_rng
from tqdm import tqdm

from claimtest.calibration.design import Design, EventDesign, StudentDesign
from claimtest.calibration.processes import mapper
from claimtest.calibration.rates import Rate, chunks, rows_of, seeds_of
from claimtest.calibration.sources import design_from
from claimtest.check import Control
from claimtest.claim import Verdict
from claimtest.criteria import Law
from claimtest.criteria.law import MISS, Interval, disjoint, inside
from claimtest.criteria.student import cases
from claimtest.profile import ALPHA, Profile
from claimtest.results import CriterionResult, ReadingResult

__all__ = ["ENOUGH", "Certainty", "Evidence", "certainties", "evidence_of"]

ENOUGH = 30_000
"""So many trials without an error show that it is rarer than `MISS`, at 95 %."""


@dataclass(frozen=True)
class Question:
    """Whether a criterion holds or, for a ``control``, comes out violated, judged by the region ``accepted``."""

    name: str
    control: bool
    accepted: Interval


@dataclass(frozen=True)
class Evidence:
    """A design with the ``truth`` that the run estimated, and everything that is asked of the same evidence."""

    design: Design
    truth: float
    questions: tuple[Question, ...]

    def intervals(self, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Of one chunk of samples."""
        noise = self.design.draw(default_rng(seeds_of(self.design, first)), rows_of(self.design))
        if isinstance(self.design, EventDesign):  # the share that each case had
            case = cases(self.design.samples)
            share = case.means(self.design.samples.values)
            values = (noise < share).astype(float)
        else:
            values = self.design.values(noise, self.truth)
        return self.design.law.fit(values, self.design.samples).interval(ALPHA)


@dataclass(frozen=True)
class Certainty:
    """How often a criterion did not hold, or a control was not found violated."""

    name: str
    control: bool
    rate: Rate

    def to_json(self) -> dict[str, Any]:
        """An entry of calibration.json."""
        return {"name": self.name, "control": self.control, **self.rate.to_json()}


def evidence_of(claim: str, reading: ReadingResult, profile: Profile) -> Iterator[Evidence]:
    """The evidence of a reading that is expected to hold: of each criterion that did, and of controls with their own.

    Where there is no noise to copy (identities, ceilings, too many values) there is none.
    """
    if reading.reading.expected is not Verdict.HOLDS:
        return
    for result in reading.criteria:
        if result.verdict is not Verdict.HOLDS:
            continue
        name, aimed = (
            f"{claim}/{reading.reading.id}",
            [c for c in reading.controls if c.control.aimed_at == result.criterion.id],
        )
        asked = [Question(f"{name}/{result.criterion.id}", False, result.criterion.law.accepted(profile))]
        for control in aimed:
            if control.outcome is None or control.idle:
                continue
            variant = control.control.variant(result.criterion, profile)
            question = Question(f"{name}/{control.control.id}", True, variant.law.accepted(profile))
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
    design = design_from(name, result)
    if isinstance(design, StudentDesign | EventDesign) and result.outcome is not None:
        yield Evidence(replace(design, why=("certainty",)), result.outcome.estimate, tuple(asked))


def certainties(
    evidence: Sequence[Evidence], trials: int, jobs: int = 1, progress: bool | None = False
) -> list[Certainty]:
    """Simulate every piece of evidence ``trials`` times, `ENOUGH` at most. Numbers do not depend on ``jobs``."""
    trials = min(trials, ENOUGH)
    tasks = [(k, first) for k, e in enumerate(evidence) for first in range(chunks(e.design, trials))]
    errors: list[Counter[str]] = [Counter() for _ in evidence]
    with mapper(jobs) as mapped:
        results = mapped(_count, [(evidence[k], first) for k, first in tasks])
        bar = tqdm(zip(tasks, results, strict=True), "running again", len(tasks), leave=False,
                   disable=None if progress is None else not progress)  # fmt: skip
        for (k, _), counted in bar:
            errors[k].update(counted)
    return [
        Certainty(
            q.name,
            q.control,
            Rate("not violated" if q.control else "does not hold", ALPHA, MISS, count[q.name], count[""]),
        )
        for e, count in zip(evidence, errors, strict=True)
        for q in e.questions
    ]


def _count(task: tuple[Evidence, int]) -> Counter[str]:
    evidence, first = task
    low, high = evidence.intervals(first)
    found = Counter({"": len(low)})
    for question in evidence.questions:
        as_it_should = disjoint if question.control else inside
        found[question.name] = int(np.count_nonzero(~as_it_should(low, high, question.accepted)))
    return found
