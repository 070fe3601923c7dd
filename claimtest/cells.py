"""Experiments, sweeps and cells: what is measured, cut into the units that are scheduled, stored and sent away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy import ndarray
from numpy.random import SeedSequence

from claimtest.errors import RunError
from claimtest.fields import named, real_numbers, require
from claimtest.profile import Profile

__all__ = ["Case", "Cell", "CellData", "Experiment", "Quantities", "Sweep", "replicate_seeds"]

Quantities = Mapping[str, ndarray]
"""What an experiment measured: named float arrays, the first axis running over replicates."""


class Case(Protocol):
    """One problem. ``id`` is short and readable, ``digest`` identifies the content, ``summary`` describes it.

    A case may say that it ``stands_for`` so many: it then gets as many times the replicates, ``case.block(usual)`` of
    them in a cell. It may name the data it is of, its ``source``, which the report then shows beside the verdict.
    """

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def digest(self) -> str: ...  # noqa: D102
    @property
    def summary(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(frozen=True)
class Experiment:
    """A pure function from case, width and the seeds of replicates to measured quantities.

    ``run(case, width, seeds, device)`` must return arrays whose first axis is ``len(seeds)`` long and must not
    depend on anything else, random or global. ``cost(case, width)`` is the relative time of one replicate; the
    longest cells are scheduled first.
    """

    id: str
    run: Callable[[Any, int, Sequence[SeedSequence], str], Quantities]
    cost: Callable[[Any, int], float]

    def __post_init__(self) -> None:
        """Refuse what could not be run. Raises TypeError, in one line."""
        named(self)
        require(self, run=Callable, cost=Callable)


@dataclass(frozen=True)
class Cell:
    """One experiment on one case at one width for one block of replicates ``first`` .. ``first + count - 1``."""

    experiment: Experiment
    case: Any
    width: int
    first: int
    count: int

    def key(self, root: int, sources: str, device: str = "cpu") -> str:
        """Digest of everything the cell's numbers depend on: itself, the root seed and the digest of the sources."""
        return _digest(root, *self.identity, sources, device)

    @property
    def identity(self) -> tuple[str, str, int, int, int]:
        """What tells the cell from the others of a run."""
        return self.experiment.id, self.case.digest, self.width, self.first, self.count

    @property
    def cost(self) -> float:
        """Relative time of the cell."""
        return self.count * self.experiment.cost(self.case, self.width)

    def run(self, root: int, device: str = "cpu") -> Quantities:
        """Measure. Raises TypeError or ValueError if the experiment breaks its promise about numbers and shapes."""
        seeds = replicate_seeds(root, self.experiment.id, self.case.digest, self.width, self.first, self.count)
        found = self.experiment.run(self.case, self.width, seeds, device)
        if not isinstance(found, Mapping):
            raise TypeError(f"{self.experiment.id}: run has to return quantities by name, not {type(found).__name__}")
        measured = {name: real_numbers(values, f"{self.experiment.id}: {name}") for name, values in found.items()}
        for name, values in measured.items():
            if values.ndim == 0 or len(values) != self.count:
                raise ValueError(f"{self.experiment.id}: {name} has shape {values.shape}, not {self.count} replicates")
        return measured


@dataclass(frozen=True)
class CellData:
    """What was measured of one case at one width: quantities with all replicates along the first axis."""

    case: Any
    width: int
    quantities: Quantities

    def __getitem__(self, name: str) -> ndarray:
        """The quantity of that name, (replicates, ...)."""
        return self.quantities[name]


@dataclass(frozen=True)
class Sweep:
    """An experiment over cases, widths and replicates; which ones, the profile decides.

    ``cases(book, profile)`` picks from the pack's case book; ``widths(case, profile)`` gives the ladder;
    ``replicates(profile)`` their number. ``block`` replicates make a cell; a larger profile adds whole blocks, so
    that it extends a smaller one's evidence.
    """

    experiment: Experiment
    cases: Callable[[Any, Profile], Sequence[Any]]
    widths: Callable[[Any, Profile], Sequence[int]]
    replicates: Callable[[Profile], int] = lambda profile: profile.replicates
    block: int = 8

    def __post_init__(self) -> None:
        """Refuse what could not be cut into cells. Raises TypeError or ValueError, in one line."""
        require(self, experiment=Experiment, cases=Callable, widths=Callable, replicates=Callable, block=int)
        if self.block < 1:
            raise ValueError(f"a cell needs at least one replicate, got block={self.block}")

    def replicates_of(self, case: Any, profile: Profile) -> int:
        """How many replicates the case has at each width."""
        return self.replicates(profile) * getattr(case, "stands_for", 1)

    def chosen(self, book: Any, profile: Profile) -> list[Any]:
        """The cases that the profile picks. Raises RunError, in one line, unless they are cases."""
        found = self.cases(book, profile)
        if not isinstance(found, Iterable):
            raise RunError(f"{self.experiment.id}: cases has to return cases, not {type(found).__name__}")
        cases = list(found)
        for case in cases:
            if not isinstance(getattr(case, "id", None), str) or not isinstance(getattr(case, "digest", None), str):
                raise RunError(f"{self.experiment.id}: a case has an id and a digest, which {case!r:.40} has not")
        return cases

    def ladder(self, case: Any, profile: Profile) -> list[int]:
        """The widths of that case. Raises RunError, in one line, unless they are whole numbers from 1 on."""
        found = self.widths(case, profile)
        of = f"{self.experiment.id}: widths of {case.id}"
        if not isinstance(found, Iterable):
            raise RunError(f"{of} have to be whole numbers, not {type(found).__name__}")
        widths = list(found)
        for width in widths:
            if isinstance(width, bool) or not isinstance(width, int | np.integer) or width < 1:
                raise RunError(f"{of} have to be whole numbers from 1 on, not {width!r}")
        _distinct(of, widths)
        return [int(width) for width in widths]

    def cells(self, cases: Sequence[Any], profile: Profile) -> Iterator[Cell]:
        """The cells of these cases. Raises RunError where cases or widths repeat: evidence would count twice."""
        _distinct(f"{self.experiment.id}: cases", [case.id for case in cases])
        ladders = {case.id: self.ladder(case, profile) for case in cases}
        _distinct(f"{self.experiment.id}: cases", [case.digest for case in cases if ladders[case.id]])
        for case in cases:
            total = self.replicates_of(case, profile)
            block = case.block(self.block) if hasattr(case, "block") else self.block
            for width in ladders[case.id]:
                for first in range(0, total, block):
                    yield Cell(self.experiment, case, width, first, min(block, total - first))


def _distinct(what: str, names: list[Any]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise RunError(f"{what} repeat ({twice!r}): evidence that counts twice proves nothing")


def replicate_seeds(root: int, experiment: str, case: str, width: int, first: int, count: int) -> list[SeedSequence]:
    """One SeedSequence per replicate, from the digest of (root, experiment, case, width, replicate).

    The width is in the key: else a draw at width 64 would be the head of that at 128 and exponents correlate.
    """
    return [
        SeedSequence(int(_digest(root, experiment, case, width, replicate), 16))
        for replicate in range(first, first + count)
    ]


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]
