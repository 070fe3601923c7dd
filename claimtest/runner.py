"""The runner: brings the evidence of cells, from the store where it is there, else from an executor."""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from claimtest.cells import Cell, Quantities
from claimtest.check import Pack
from claimtest.engine import Evidence
from claimtest.evidence import EvidenceStore
from claimtest.executor import Executor
from claimtest.pool import LocalPool
from claimtest.reference import Reference
from claimtest.sources import sources_digest

__all__ = ["Runner", "available_cores"]

LONG = 10
"""Minutes from which on a wait is announced."""


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Runner:
    """The engine's ``measure`` door: loads what is stored and measures the rest, longest cells first.

    ``executor`` measures, ``jobs`` local processes if there is none. Results go into the store as each cell ends,
    written by this process only. A progress bar shows on stderr if that is a terminal, or as ``progress`` says. Numbers
    depend neither on ``jobs`` nor on the executor.
    """

    pack: Pack
    store: EvidenceStore
    root: int = 0
    device: str = "cpu"
    jobs: int = field(default_factory=available_cores)
    progress: bool | None = None
    executor: Executor | None = None
    known: dict[tuple[Any, ...], Quantities] = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)

    def __call__(self, cells: Sequence[Cell]) -> Evidence:
        """The evidence of these cells, by identity.

        Raises RunError if a cell cannot be measured and KeyboardInterrupt, with a count, on Ctrl-C: what has ended by
        then is stored.
        """
        self._measure(self.missing(cells))
        return {cell.identity: self.known[cell.identity] for cell in cells}

    def missing(self, cells: Sequence[Cell]) -> list[Cell]:
        """Those of the cells that are not stored; the others are loaded."""
        unknown = {self.key(cell): cell for cell in cells if cell.identity not in self.known}
        for key, quantities in self.store.load(unknown).items():
            self.known[unknown[key].identity] = quantities
        return [cell for cell in cells if cell.identity not in self.known]

    def key(self, cell: Cell) -> str:
        """The key of the cell in the store."""
        name = cell.experiment.id
        if name not in self._sources:
            self._sources[name] = sources_digest(cell.experiment, self.pack.packages, self.pack.module)
        return cell.key(self.root, self._sources[name], self.device)

    def seconds(self, cells: Sequence[Cell]) -> list[float]:
        """The time that each cell takes, as far as the store, or else the pack, knows its experiment.

        Units of cost differ between experiments up to thirtyfold. One that nobody has timed is taken for as fast as the
        median of those that were.
        """
        speeds = self._speeds(cells)
        known = [speed for speed in speeds.values() if not math.isnan(speed)]
        usual = statistics.median(known) if known else 1.0
        return [cell.cost * (usual if math.isnan(speed := speeds[cell.experiment.id]) else speed) for cell in cells]

    def _speeds(self, cells: Sequence[Cell]) -> dict[str, float]:
        """Seconds per unit of cost of each experiment, nan where nobody has timed it."""
        timed = Reference.read(self.pack.reference).with_speeds(self.store.speeds())
        return {name: timed.speed(name) for name in {cell.experiment.id for cell in cells}}

    def _measure(self, missing: Sequence[Cell]) -> None:
        if not missing:
            return
        longest = sorted(zip(self.seconds(missing), missing, strict=True), key=lambda timed: -timed[0])
        times, cells = zip(*longest, strict=True)
        executor = self.executor or LocalPool(self.pack.module, self.jobs)
        self._warn(cells)
        ended = 0
        with self._bar(sum(times)) as bar:
            running = executor.measure(cells, self.root, self.device)
            try:
                for done in running:
                    cell = cells[done.position]
                    self.store.save(self.key(cell), cell, self.device, done.quantities, done.seconds)
                    self.known[cell.identity] = done.quantities
                    ended += 1
                    bar.set_postfix_str(f"{ended}/{len(cells)} cells", refresh=False)
                    bar.update(times[done.position])
            except KeyboardInterrupt:
                raise KeyboardInterrupt(f"{ended} of {len(cells)} cells measured and kept") from None
            finally:
                running.close()

    def _warn(self, cells: Sequence[Cell]) -> None:
        """One line before a long wait, which shows where no bar does; none if progress is not wanted."""
        speeds = self._speeds(cells)
        known = [cell.cost * speeds[cell.experiment.id] for cell in cells]
        minutes = sum(seconds for seconds in known if not math.isnan(seconds)) / self.jobs / 60
        if minutes > LONG and self.progress is not False:
            ahead = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
            print(f"about {ahead} of measuring ahead (`plan` says what; what has ended is kept)", file=sys.stderr)

    @contextmanager
    def _bar(self, total: float) -> Iterator[tqdm]:
        """A bar in proportion to the expected time of the cells."""
        off = None if self.progress is None else not self.progress  # None: off unless on a terminal
        layout = "{desc}: {percentage:3.0f}%|{bar}| {postfix} [{elapsed}<{remaining}]"
        with tqdm(desc="measuring", total=total, disable=off, bar_format=layout, file=sys.stderr, leave=False) as bar:
            yield bar
