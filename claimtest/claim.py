"""Claims, their readings and the graph of what rests on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from types import NoneType

from claimtest.fields import Every, named, require
from claimtest.shown import Shown

__all__ = ["Claim", "Provenance", "Reading", "Verdict", "claim_graph"]


class Verdict(Shown, StrEnum):
    """What the evidence says of a criterion, a reading or a claim."""

    HOLDS = "holds"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"
    OUT_OF_SCOPE = "out of scope"
    NOT_RUN = "not run"


class Provenance(StrEnum):
    """Where the wording of a statement comes from."""

    PAPER = "paper"
    REPORTED = "reported"
    RECONSTRUCTED = "reconstructed"
    DERIVED = "derived"


@dataclass(frozen=True)
class Reading:
    """One precise interpretation of a claim.

    ``statement`` is prose with $TeX$. ``expected`` is the verdict that the theory leads us to expect, or None
    where there is no prediction; ``because`` says why and is required unless it is plain "holds". ``provenance`` is one
    tag, or several where parts of the statement come from different places.
    Raises ValueError if that reason, or every tag, is missing, and TypeError for a field of another kind.
    """

    id: str
    title: str
    statement: str
    provenance: Provenance | tuple[Provenance, ...]
    expected: Verdict | None = Verdict.HOLDS
    because: str = ""

    def __post_init__(self) -> None:
        """Ask for a reason wherever the expectation is not the obvious one."""
        named(self)
        require(self, title=str, statement=str, because=str, expected=(Verdict, NoneType))
        require(self, provenance=(Provenance, tuple), tags=Every(Provenance))
        if self.expected is not Verdict.HOLDS and not self.because:
            raise ValueError(f"reading {self.id!r} expects {self.expected}: say why in `because`")
        if not self.tags:
            raise ValueError(f"reading {self.id!r} needs at least one tag of provenance")

    @property
    def tags(self) -> tuple[Provenance, ...]:
        """The provenance as tags: one, or several."""
        return (self.provenance,) if isinstance(self.provenance, Provenance) else self.provenance


@dataclass(frozen=True)
class Claim:
    """A definition, lemma, theorem or figure: statement, premises, provenance and readings.

    The first reading is the principal one: its verdict is the claim's. Texts are prose with $TeX$; ``formula``
    is displayed TeX. ``provenance_note`` says which part of the wording comes from where. Raises ValueError for no
    readings, or two of one name, and TypeError for a field of another kind.
    """

    id: str
    title: str
    statement: str
    formula: str
    premises: tuple[str, ...]
    provenance: tuple[Provenance, ...]
    provenance_note: str
    readings: tuple[Reading, ...]
    depends_on: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a claim that could not be judged or whose readings could not be told apart."""
        named(self)
        require(self, title=str, statement=str, formula=str, provenance_note=str)
        require(self, premises=Every(str), provenance=Every(Provenance), depends_on=Every(str), readings=Every(Reading))
        ids = [reading.id for reading in self.readings]
        if not ids or len(set(ids)) < len(ids):
            raise ValueError(f"claim {self.id!r} needs readings with distinct ids, got {ids}")

    @property
    def principal(self) -> Reading:
        """The reading whose verdict is the claim's."""
        return self.readings[0]


def claim_graph(claims: Iterable[Claim]) -> Mapping[str, Claim]:
    """The claims by id, each after everything it rests on.

    Raises ValueError on a repeated id, a dependency that is no claim, a cycle, or an orphan: a claim that neither
    rests on another nor carries one, in a pack of more than one claim.
    """
    by_id: dict[str, Claim] = {}
    for claim in claims:
        if not isinstance(claim, Claim):
            raise TypeError(f"a graph of claims, not of {type(claim).__name__}")
        if claim.id in by_id:
            raise ValueError(f"two claims are called {claim.id!r}")
        by_id[claim.id] = claim
    for claim in by_id.values():
        for other in claim.depends_on:
            if other not in by_id:
                raise ValueError(f"claim {claim.id!r} rests on {other!r}, which is no claim of this pack")
    try:
        order = tuple(TopologicalSorter({c.id: c.depends_on for c in by_id.values()}).static_order())
    except CycleError as error:
        raise ValueError(f"claims rest on each other in a circle: {' -> '.join(error.args[1])}") from None
    carrying = {other for claim in by_id.values() for other in claim.depends_on}
    orphans = [c.id for c in by_id.values() if not c.depends_on and c.id not in carrying]
    if orphans and len(by_id) > 1:
        raise ValueError(f"claims without any tie to the others: {', '.join(orphans)}")
    return {name: by_id[name] for name in order}
