"""The kill matrix: every control of a claim against every criterion that reads what the control changes.

A control is aimed at one criterion, which must find it violated. What the others make of it shows how much of the claim
would notice the error, and which errors one criterion alone stands against.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from claimtest.cells import Experiment
from claimtest.check import Check, Control, Criterion, View
from claimtest.claim import Verdict
from claimtest.criteria import Outcome, Samples
from claimtest.errors import TooLittle, judging
from claimtest.profile import Profile

__all__ = ["Kill", "KillMatrix", "control_evidence", "judge_control", "kill_matrix", "reads", "true_there"]

NO_CASE = "no case here in which the variant is false"


@dataclass(frozen=True)
class Kill:
    """What a criterion makes of a control: its verdict (None: nothing to judge) and whether it is the aim."""

    verdict: Verdict | None
    aim: bool


@dataclass(frozen=True)
class KillMatrix:
    """Rows are controls, columns criteria, both as "reading/id"; a square is None where the criterion does not look.

    ``true`` are the rows of true variants, which their aims must find to hold.
    """

    controls: tuple[str, ...]
    criteria: tuple[str, ...]
    squares: tuple[tuple[Kill | None, ...], ...]
    true: tuple[str, ...] = ()

    @property
    def unaimed(self) -> tuple[str, ...]:
        """Criteria that no control is aimed at."""
        columns = zip(*self.squares, strict=True) if self.squares else ((),) * len(self.criteria)
        aimed = [any(square and square.aim for square in column) for column in columns]
        return tuple(name for name, hit in zip(self.criteria, aimed, strict=True) if not hit)

    @property
    def rows(self) -> Iterator[tuple[str, tuple[Kill | None, ...]]]:
        """Each control with its squares."""
        return zip(self.controls, self.squares, strict=True)

    def to_json(self) -> dict[str, Any]:
        """The matrix's entry in report.json: verdicts, null where a criterion does not look or has nothing to judge."""
        verdicts = [[str(s.verdict) if s and s.verdict else None for s in row] for row in self.squares]
        names = {"controls": list(self.controls), "criteria": list(self.criteria), "true": list(self.true)}
        return names | {"verdicts": verdicts}


def kill_matrix(
    check: Check, view: View, profile: Profile, aims: Mapping[tuple[str, str], Verdict | None]
) -> KillMatrix:
    """Judge every control of the check by all of its criteria that read what it changes.

    ``aims`` has what became of the controls where they are aimed, by (reading, control). Raises RunError where a
    measure makes a mistake, as with a prediction that has no meaning for one of them.
    """
    criteria = [(f"{part.reading}/{c.id}", c) for part in check.readings for c in part.criteria]
    rows, names = [], []
    for part in check.readings:
        by_id = {c.id: c for c in part.criteria}
        for control in part.controls:
            aim = by_id[control.aimed_at]
            names.append(f"{part.reading}/{control.id}")
            there = Kill(aims.get((part.reading, control.id)), aim=True)
            with judging(f"{check.claim.id}, kill matrix, control {names[-1]!r}"):
                rows.append(tuple(there if c is aim else _kill(control, aim, c, view, profile) for _, c in criteria))
    true = tuple(f"{part.reading}/{c.id}" for part in check.readings for c in part.controls if c.true)
    return KillMatrix(tuple(names), tuple(name for name, _ in criteria), tuple(rows), true)


def _kill(control: Control, aim: Criterion, criterion: Criterion, view: View, profile: Profile) -> Kill | None:
    if not reads(criterion, control, aim):
        return None
    judged = judge_control(control, criterion, view, profile)
    return Kill(judged.verdict if isinstance(judged, Outcome) else None, aim=False)


def judge_control(control: Control, criterion: Criterion, view: View, profile: Profile) -> Outcome | str:
    """What the criterion makes of the control, or the reason why there is nothing to judge.

    Raises what the measure raises: only evidence that is too little is a reason.
    """
    judged = control_evidence(control, criterion, view, profile)
    return judged if isinstance(judged, str) else judged[0]


def control_evidence(
    control: Control, criterion: Criterion, view: View, profile: Profile, samples: Samples | None = None
) -> tuple[Outcome, Samples] | str:
    """The same with the samples that it rests on: those given, if the control changes nothing that they depend on."""
    variant = control.variant(criterion, profile)
    if samples is not None:
        return variant.law.judge(samples, profile), samples
    data = [cell for cell in view(variant.sweep) if control.where(cell)]
    if not data:
        return NO_CASE
    try:
        return variant.judge(data, profile, **control.ingredients)
    except TooLittle as error:
        return str(error)


def true_there(control: Control, criterion: Criterion, view: View, profile: Profile) -> bool:
    """Whether the criterion finds nothing wrong with the unchanged experiment where the control's variant of it ran.

    Few cases and narrow widths can be enough to contradict a true claim; a control that is rejected there shows
    nothing. True also where the unchanged experiment did not run on those cases and widths.
    """
    if control.sweep is None:
        return True
    places = {(cell.case.id, cell.width) for cell in view(control.sweep)}
    unchanged = [cell for cell in view(criterion.sweep) if (cell.case.id, cell.width) in places and control.where(cell)]
    if not unchanged:
        return True
    try:
        return criterion.judge(unchanged, profile)[0].verdict is not Verdict.VIOLATED
    except TooLittle:
        return True


def reads(criterion: Criterion, control: Control, aim: Criterion) -> bool:
    """Whether the criterion looks at what the control changes.

    The aim always does. A changed law concerns it alone; a changed prediction every criterion whose measure has the
    same default under the same name; a changed experiment every criterion that reads the experiment it varies; both
    together those of which both are true.
    """
    if criterion is aim:
        return True
    if control.law or control.margins:
        return False
    if control.sweep and _base(criterion.sweep.experiment) != _base(control.sweep.experiment):
        return False
    theirs, ours = _predictions(criterion.measure), _predictions(aim.measure)
    return bool(control.sweep or control.ingredients) and all(
        name in theirs and name in ours and _same(theirs[name], ours[name]) for name in control.ingredients
    )


def _same(a: object, b: object) -> bool:
    return a is b or (isinstance(a, int | float) and isinstance(b, int | float) and a == b)


def _base(experiment: Experiment) -> str:
    """The experiment that a variant "experiment/name" varies."""
    return experiment.id.partition("/")[0]


@lru_cache(maxsize=1024)
def _predictions(measure: Callable[..., Any]) -> dict[str, Any]:
    """The keywords of a measure with their defaults."""
    parameters = inspect.signature(measure).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}
