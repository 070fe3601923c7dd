"""Checks: where a claim meets its measurement. Controls of criteria, exhibits, and the pack that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

from numpy import ndarray

from claimtest.attack.attack import Attack
from claimtest.cells import CellData, Experiment, Sweep
from claimtest.claim import Claim, Verdict, claim_graph
from claimtest.criteria import Law
from claimtest.criterion import Criterion, at_every_width, at_three_widest, at_widest
from claimtest.errors import UsageError
from claimtest.exhibit import Estimate, Exhibit
from claimtest.fields import Every, named, require
from claimtest.profile import Profile

__all__ = [
    "Check",
    "Control",
    "Criterion",
    "Estimate",
    "Exhibit",
    "Pack",
    "ReadingCheck",
    "View",
    "at_every_width",
    "at_three_widest",
    "at_widest",
]

T = TypeVar("T")

View = Callable[[Sweep], Sequence[CellData]]
"""What a check sees of the evidence: the data of a sweep, in the order of cases and widths."""


def everywhere(cell: CellData) -> bool:
    """Every cell."""
    return True


@dataclass(frozen=True)
class Control:
    """A variant known to be false, which the criterion it is ``aimed_at`` must find violated.

    In a reading that is expected to be violated it is known to be ``true`` instead, and must hold: what is refuted
    there is what the reading says, and not whatever could be said.

    It changes one thing: ``ingredients`` of the measure (another prediction), ``margins`` (the law shifted by that many
    margins), ``law`` (another law), or ``sweep`` (the experiment run with another ingredient). ``where`` keeps the
    cells in which the variant is really what it is known to be. Raises TypeError for a field of another kind.
    """

    id: str
    states: str
    aimed_at: str
    ingredients: Mapping[str, Any] = field(default_factory=dict)
    margins: float = 0.0
    law: Law | None = None
    sweep: Sweep | None = None
    where: Callable[[CellData], bool] = everywhere
    true: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be run or shown."""
        named(self)
        require(self, states=str, aimed_at=str, ingredients=Mapping, margins=(float, int), where=Callable)
        require(self, law=(Law, NoneType), sweep=(Sweep, NoneType), true=bool)

    @property
    def must(self) -> Verdict:
        """What its aim has to make of it: the opposite of what it makes of the reading."""
        return Verdict.HOLDS if self.true else Verdict.VIOLATED

    @property
    def changes_law_alone(self) -> bool:
        """Whether the samples are those of the criterion itself."""
        return not self.ingredients and self.sweep is None and self.where is everywhere

    def variant(self, criterion: Criterion, profile: Profile) -> Criterion:
        """The criterion as this control would have it."""
        law = self.law or criterion.law
        if self.margins:
            law = law.shifted(self.margins, profile)
        return replace(criterion, law=law, sweep=self.sweep or criterion.sweep)


@dataclass(frozen=True)
class ReadingCheck:
    """The criteria and controls of one reading.

    Raises ValueError if ids repeat or a control aims at nothing.
    """

    reading: str
    criteria: tuple[Criterion, ...]
    controls: tuple[Control, ...] = ()

    def __post_init__(self) -> None:
        """Catch a control that could never be rejected."""
        require(self, reading=str, criteria=Every(Criterion), controls=Every(Control))
        ids = [c.id for c in self.criteria]
        lost = [c.id for c in self.controls if c.aimed_at not in ids]
        if lost or len(set(ids)) < len(ids):
            raise ValueError(f"reading {self.reading!r}: repeated criteria or controls aimed at nothing: {lost}")
        if len({c.id for c in self.controls}) < len(self.controls):
            raise ValueError(f"reading {self.reading!r}: two controls have the same id")


@dataclass(frozen=True)
class Check:
    """A claim with the checks of its readings.

    ``out_of_scope(case)`` gives the reason why the claim's premises fail in a case, or "". ``exhibits(view, profile)``
    makes pictures and tables from the evidence of the sweeps in ``shown`` (besides those of the criteria). ``attack``
    searches for an example that breaks what the claim says without exception.
    """

    claim: Claim
    readings: tuple[ReadingCheck, ...]
    out_of_scope: Callable[[Any], str] = lambda case: ""
    exhibits: Callable[[View, Profile], Iterable[Exhibit]] = lambda view, profile: ()
    shown: tuple[Sweep, ...] = ()
    attack: Attack | None = None

    def __post_init__(self) -> None:
        """Every reading of the claim has its check, and no other."""
        require(self, claim=Claim, readings=Every(ReadingCheck), out_of_scope=Callable, exhibits=Callable)
        require(self, shown=Every(Sweep), attack=(Attack, NoneType))
        stated, checked = [r.id for r in self.claim.readings], [r.reading for r in self.readings]
        if stated != checked:
            raise ValueError(f"claim {self.claim.id!r} states readings {stated} but checks {checked}")
        for reading, part in zip(self.claim.readings, self.readings, strict=True):
            if reading.expected is Verdict.HOLDS and not part.controls:
                raise ValueError(
                    f"reading {reading.id!r} of {self.claim.id!r} is expected to hold and has no control: "
                    "nothing would show that its criteria can fail"
                )
            wrong = [c.id for c in part.controls if c.true is not (reading.expected is Verdict.VIOLATED)]
            if wrong:
                raise ValueError(
                    f"reading {reading.id!r} of {self.claim.id!r} is expected to be {reading.expected}: the control "
                    f"{wrong[0]!r} has to be {'false' if reading.expected is not Verdict.VIOLATED else 'true'}"
                )

    def part(self, reading: str) -> ReadingCheck:
        """The check of that reading. Raises UsageError, naming those there are, if there is none."""
        return _named(reading, {part.reading: part for part in self.readings}, f"reading of {self.claim.id!r}")


@dataclass(frozen=True)
class Pack:
    """A theory on trial: its checks in paper order and where its cases come from.

    ``module`` is the importable module whose attribute PACK is this object (workers load it by that name).
    ``cases(seed)`` draws the case book; ``cases_from_data(inputs, targets, widths)`` makes one of a user's own
    matrices, with ``widths`` a pair (narrowest, widest) or None. ``packages`` are the top-level packages whose sources
    evidence depends on, wherever they are installed; code that is not installed as a library counts anyway.
    ``reference`` is a file with times and noise of an earlier run, which `plan --record` wrote.
    """

    module: str
    title: str
    checks: tuple[Check, ...]
    cases: Callable[[int], Any]
    packages: tuple[str, ...]
    cases_from_data: Callable[[ndarray, ndarray | None, tuple[int, int] | None], Any] | None = None
    reference: Path | None = None

    def __post_init__(self) -> None:
        """Refuse a pack whose claims do not form a graph or whose experiments share a name."""
        require(self, module=str, title=str, checks=Every(Check), cases=Callable, packages=Every(str))
        require(self, cases_from_data=(Callable, NoneType), reference=(Path, NoneType))
        claim_graph(check.claim for check in self.checks)
        self.experiments  # noqa: B018

    @property
    def experiments(self) -> Mapping[str, Experiment]:
        """Every experiment, those of controls included, by id. Raises ValueError if two share an id."""
        found: dict[str, Experiment] = {}
        for check in self.checks:
            judged = [c.sweep for part in check.readings for c in (*part.criteria, *part.controls) if c.sweep]
            for sweep in (*judged, *check.shown):
                if found.setdefault(sweep.experiment.id, sweep.experiment) is not sweep.experiment:
                    raise ValueError(f"two experiments are called {sweep.experiment.id!r}")
        return found

    def check(self, claim: str) -> Check:
        """The check of that claim. Raises UsageError, naming those there are, if there is none."""
        return _named(claim, {c.claim.id: c for c in self.checks}, f"claim in {self.title!r}")


def _named(name: str, known: Mapping[str, T], of: str) -> T:
    if name not in known:
        raise UsageError(f"no {of} is called {name!r} (there are: {', '.join(known)})")
    return known[name]
