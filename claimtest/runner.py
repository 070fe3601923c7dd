"""The runner: brings the evidence of cells, from the store where it is there, else from a pool of processes."""

from __future__ import annotations

import os
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
from claimtest.pool import LocalPool
from claimtest.sources import sources_digest

__all__ = ["Runner", "available_cores"]


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Runner:
    """The engine's ``measure`` door: loads what is stored and measures the rest, longest cells first.

    Results go into the store as each cell ends, written by this process only. A progress bar shows on stderr if that
    is a terminal, or as ``progress`` says. Numbers do not depend on ``jobs``.
    """

    pack: Pack
    store: EvidenceStore
    root: int = 0
    device: str = "cpu"
    jobs: int = field(default_factory=available_cores)
    progress: bool | None = None
    known: dict[tuple[Any, ...], Quantities] = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)

    def __call__(self, cells: Sequence[Cell]) -> Evidence:
        """The evidence of these cells, by identity.

        Raises RunError if a cell cannot be measured and KeyboardInterrupt, with a count, on Ctrl-C: what has ended by
        then is stored.
        """
        missing = self.missing(cells)
        self._measure(sorted(missing, key=lambda cell: -cell.cost))
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

    def _measure(self, cells: Sequence[Cell]) -> None:
        if not cells:
            return
        pool = LocalPool(self.pack.module, self.jobs)
        ended = 0
        with self._bar(cells) as bar:
            running = pool.measure(cells, self.root, self.device)
            try:
                for done in running:
                    cell = cells[done.position]
                    self.store.save(self.key(cell), cell, self.device, done.quantities, done.seconds)
                    self.known[cell.identity] = done.quantities
                    ended += 1
                    bar.set_postfix_str(f"{ended}/{len(cells)} cells", refresh=False)
                    bar.update(cell.cost)
            except KeyboardInterrupt:
                raise KeyboardInterrupt(f"{ended} of {len(cells)} cells measured and kept") from None
            finally:
                running.close()

    @contextmanager
    def _bar(self, cells: Sequence[Cell]) -> Iterator[tqdm]:
        """A bar in proportion to the cost of the cells."""
        off = None if self.progress is None else not self.progress  # None: off unless on a terminal
        layout = "{desc}: {percentage:3.0f}%|{bar}| {postfix} [{elapsed}<{remaining}]"
        total = sum(cell.cost for cell in cells)
        with tqdm(desc="measuring", total=total, disable=off, bar_format=layout, file=sys.stderr, leave=False) as bar:
            yield bar
