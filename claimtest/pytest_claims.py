"""What the pytest plug-in does once a pack is named: one session of evidence per run, shared by xdist's workers."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from claimtest.cells import Cell
from claimtest.check import Check, Pack
from claimtest.claim import Verdict
from claimtest.errors import RunError, UsageError
from claimtest.executors import OPTIONS, choice_of
from claimtest.options import device_named, known_device, profile_named, whole_number, writable_folder
from claimtest.packs import load_pack, select_claims
from claimtest.pool import warm_up
from claimtest.results import ReadingResult
from claimtest.runner import available_cores
from claimtest.session import Session
from claimtest.table import COLUMNS, row, table_of, why

__all__ = ["ClaimsPlugin"]


class ClaimsPlugin:
    """The pack on trial in a pytest run. Raises UsageError for options that make no sense.

    A pack that cannot be loaded fails the claims' tests only.
    """

    def __init__(self, config: pytest.Config, module: str) -> None:
        """Check the options, load the pack, register the markers."""
        options = config.option
        self.config = config
        self.profile = profile_named(options.claims_profile)
        self.seed = whole_number(options.claims_seed, "--claims-seed", 0)
        given = {option: getattr(options, f"claims_{option.replace('-', '_')}") for option in OPTIONS}
        self.where = choice_of(given, "--claims-")
        self.device = (device_named if self.where.is_local else known_device)(options.claims_device)
        jobs = options.claims_jobs
        self.jobs = available_cores() if jobs is None else whole_number(jobs, "--claims-jobs", 1)
        report = None if self.is_xdist_worker else options.claims_report
        self.report = writable_folder(config.invocation_params.dir / report) if report else None
        self.rows: dict[str, tuple[str, ...]] = {}
        self.last_words: list[str] = []
        self._prefetched = False
        self._pack, self._fault = _load(module)
        for check in self._pack.checks if self._pack else ():
            config.addinivalue_line("markers", f"{check.claim.id}: {check.claim.title}")

    @property
    def is_xdist_worker(self) -> bool:
        """Whether this process is one of xdist's workers."""
        return _is_xdist_worker(self.config)

    @property
    def _given(self) -> dict[str, Any]:
        """What xdist's controller told this worker."""
        return self.config.workerinput  # type: ignore[attr-defined]

    @cached_property
    def scratch(self) -> Path:
        """A folder of this run, the same in every xdist worker, removed at its end."""
        if self.is_xdist_worker:
            return Path(self._given["claims_scratch"])
        return Path(tempfile.mkdtemp(prefix="claims-"))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell xdist's workers where to keep evidence and locks."""
        node.workerinput["claims_scratch"] = str(self.scratch)
        node.workerinput["claims_evidence"] = str(self.report or self.scratch)

    @cached_property
    def session(self) -> Session:
        """The session that all tests of this process share."""
        folder = self._given["claims_evidence"] if self.is_xdist_worker else self.report or self.scratch
        pack = self._loaded()
        executor = self.where.executor(pack, self.jobs)
        return Session(pack, self.profile, self.seed, self.device, self.jobs, Path(folder), executor=executor)

    def _loaded(self) -> Pack:
        if self._pack is None:
            raise self._fault or RunError("no pack")
        return self._pack

    def warm_up(self) -> None:
        """Let the processes that measure start while pytest still collects."""
        if measures_here(self.config):
            warm_up(self._loaded().module)

    def check(self, claim: str) -> Check:
        """The check of a claim. Raises UsageError if there is none and RunError if the pack cannot be loaded."""
        (found,) = select_claims(self._loaded(), [claim])
        return self._loaded().check(found)

    def test_reading(
        self, claim: str, reading: str, session: pytest.Session, record: Callable[[str, object], None]
    ) -> None:
        """Judge a reading; pass, fail or skip accordingly. The columns of its row are properties in a JUnit file."""
        try:
            self._prefetch(session)
            result = self.session.judge_reading(claim, reading)
        except (RunError, UsageError) as error:  # UsageError: data of the user's that a claim asks for and cannot read
            for column, text in zip(COLUMNS, (claim, reading, "could not run"), strict=False):
                record(column, text)
            story = f"could not run: {error}\n{error.details}" if isinstance(error, RunError) else str(error)
            raise pytest.fail.Exception(story, pytrace=False) from None
        for column, text in zip(COLUMNS, row(claim, result), strict=True):
            record(column, text)
        _pass_fail_or_skip(claim, result, strict=self.profile.strict)

    def _prefetch(self, session: pytest.Session) -> None:
        """Measure the cells of every selected reading in one go, in one process only: it uses all the jobs."""
        if self._prefetched:
            return
        self._prefetched = True
        selected = [
            (item.function.claim, str(item.callspec.params["reading"]))
            for item in session.items
            if isinstance(item, pytest.Function) and hasattr(item.function, "claim")
        ]
        distinct: dict[tuple[Any, ...], Cell] = {}
        for claim, reading in selected:
            with contextlib.suppress(UsageError):  # that reading's own test tells of it
                distinct |= {cell.identity: cell for cell in self.session.engine.cells([claim], [reading])}
        with contextlib.suppress(RunError), self._alone():  # each test tells of its own cells
            self.session.runner(list(distinct.values()))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the other xdist workers back: what is measured here they will find in the store."""
        if not self.is_xdist_worker:
            yield
            return
        import fcntl

        with (self.scratch / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file closes, or its process dies
            yield

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the table; xdist forwards reports to its controller."""
        columns = {name: str(text) for name, text in report.user_properties}
        if report.when == "call" and all(name in columns for name in COLUMNS):
            self.rows[report.nodeid] = tuple(columns[name] for name in COLUMNS)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report of the claims that were judged."""
        if not self.report or not self.rows or self.is_xdist_worker or exitstatus == pytest.ExitCode.INTERRUPTED:
            return
        try:
            claims = select_claims(self._loaded(), [claim for claim, *_ in self.rows.values()])
            _, page = self.session.judge_and_write(claims, self.report)
            self.last_words.append(f"report: {page}")
        except (RunError, UsageError) as error:
            self.last_words.append(f"the report could not be written: {error}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table of verdicts."""
        if not self.rows:
            return
        terminalreporter.section(f"claims ({self.profile.name} profile)")
        rows = sorted(self.rows.values(), key=self._in_paper_order)
        for line in [*table_of(rows).splitlines(), *self.last_words]:
            terminalreporter.write_line(line)

    def _in_paper_order(self, columns: tuple[str, ...]) -> tuple[int, int]:
        claims = [check.claim.id for check in self._loaded().checks]
        readings = [reading.id for reading in self.check(columns[0]).claim.readings]
        return claims.index(columns[0]), readings.index(columns[1])

    def close(self) -> None:
        """Close the evidence, and remove it where it was temporary."""
        if "session" in vars(self):
            self.session.close()
        if "scratch" in vars(self) and not self.is_xdist_worker:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _is_xdist_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def measures_here(config: pytest.Config) -> bool:
    """Whether local processes will measure for this one, which is going to run tests."""
    elsewhere = config.option.claims_executor not in (None, "local")
    return not (elsewhere or _is_xdist_worker(config) or config.getoption("collectonly"))


def _load(module: str) -> tuple[Pack | None, UsageError | RunError | None]:
    try:
        return load_pack(module), None
    except (UsageError, RunError) as error:
        return None, error


def _pass_fail_or_skip(claim: str, result: ReadingResult, strict: bool) -> None:
    text = f"{claim}, reading {result.reading.id}: {why(result)}"
    if result.fails:
        pytest.fail(text, pytrace=False)
    if result.gated and result.verdict is Verdict.INCONCLUSIVE and strict:
        pytest.fail(text, pytrace=False)
    if result.verdict in (Verdict.INCONCLUSIVE, Verdict.OUT_OF_SCOPE, Verdict.NOT_RUN):
        pytest.skip(text.replace("\n  ", "; "))
