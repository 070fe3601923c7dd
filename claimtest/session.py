"""A session: one pack at one profile and seed with its evidence. Both doors, command line and pytest, go through it."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from claimtest.alongside import alongside
from claimtest.check import Pack
from claimtest.engine import Engine
from claimtest.errors import RunError
from claimtest.evidence import EvidenceStore
from claimtest.executor import Executor
from claimtest.export import Measured, export_csv, file_name
from claimtest.profile import PROFILES, Profile
from claimtest.results import ReadingResult, RunResult
from claimtest.runner import Runner, available_cores
from claimtest.sources import import_closure, library_versions

__all__ = ["STORE", "Session"]

STORE = "evidence.sqlite"


@dataclass
class Session:
    """Judges claims of ``pack`` with the evidence in ``folder`` (None: kept in memory only).

    ``book`` makes the case book, drawn from the seed unless said otherwise. Cells are measured by ``executor``, by
    ``jobs`` local processes if there is none. Judging uses one thread: matrices are small, and several threads that
    wait for each other on busy cores take fifty times as long over them. Raises RunError, in one line, when evidence
    cannot be measured, read or written.
    """

    pack: Pack
    profile: Profile = PROFILES["quick"]
    seed: int = 0
    device: str = "cpu"
    jobs: int = field(default_factory=available_cores)
    folder: Path | None = None
    book: Callable[[], Any] | None = None
    progress: bool | None = None
    executor: Executor | None = None

    @cached_property
    def runner(self) -> Runner:
        """The runner on this session's store."""
        store = EvidenceStore(self.folder / STORE if self.folder else None)
        return Runner(self.pack, store, self.seed, self.device, self.jobs, self.progress, self.executor)

    @cached_property
    def engine(self) -> Engine:
        """The engine on this session's case book."""
        with threadpool_limits(1):
            book = self.book() if self.book else self.pack.cases(self.seed)
        return Engine(self.pack, self.profile, book, self.runner)

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of Python and of the libraries that the pack imports."""
        closure = import_closure([self.pack.module], self.pack.packages)
        return {"python": platform.python_version(), **library_versions(closure, self.pack.packages)}

    def judge(self, claims: Sequence[str]) -> RunResult:
        """The verdicts on these claims. A check's mistake costs its own claim alone; RunError if none is left."""
        start, failed = time.perf_counter(), []
        with threadpool_limits(1):
            results = tuple(self.engine.judge(claims, failed))
        if failed and not results:
            raise failed[0]
        seconds = time.perf_counter() - start
        return RunResult(self.pack.title, self.profile, self.seed, results, self.versions, seconds, tuple(failed))

    def judge_reading(self, claim: str, reading: str) -> ReadingResult:
        """The verdict on one reading, from its evidence alone."""
        with threadpool_limits(1):
            return self.engine.judge_reading(claim, reading)

    def missing(self, claims: Sequence[str]) -> dict[str, tuple[int, int]]:
        """For each claim, how many of its cells are not stored, and how many it has."""
        cells = {claim: self.engine.cells([claim]) for claim in claims}
        self.runner.missing([cell for own in cells.values() for cell in own])  # if one is damaged, none is stored
        return {claim: (len(self.runner.missing(own)), len(own)) for claim, own in cells.items()}

    def judge_and_write(self, claims: Sequence[str], folder: Path, form: str = "html") -> tuple[RunResult, Path]:
        """The verdicts, and the path of their report: in every format, or in one other than "html" alone.

        With "html" the evidence is written, too, as CSV, by another process while this one judges. Raises RunError, in
        one line, if the folder cannot be written.
        """
        start, cells = time.perf_counter(), self.engine.cells(claims)
        known = self.runner(cells)
        try:
            if form != "html":
                run = self.judge(claims)
                return run, self._written(run, folder, formats=(form,))
            evidence = [Measured.of(cell, known[cell.identity]) for cell in cells]
            with alongside(export_csv, evidence, folder / "evidence"):
                run = replace(self.judge(claims), seconds=time.perf_counter() - start)
                return run, self._written(run, folder, evidence={file_name(cell.experiment.id) for cell in cells})
        except OSError as error:
            raise RunError(f"cannot write {error.filename or folder}: {error.strerror or error}") from None

    def _written(self, run: RunResult, folder: Path, **how: Any) -> Path:
        from claimtest.report import write_report  # brings matplotlib: not needed by those who want no report

        with threadpool_limits(1):
            return write_report(run, folder, jobs=self.jobs, **how)

    def close(self) -> None:
        """Close the store, if it was opened."""
        if "runner" in vars(self):
            self.runner.store.close()
