"""A pool of local worker processes that measure cells, one thread each.

Workers are forked from a server process that has the pack loaded, which itself starts while the parent still plans
(`warm_up`). They look experiments up in the pack, so only cases travel. They die with the parent.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
import types
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, forkserver, process
from typing import Any

from claimtest.cells import Cell, Quantities
from claimtest.errors import RunError

__all__ = ["METHOD", "Done", "LocalPool", "warm_up", "without_main"]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""How processes are started: never by forking the parent, whose threads would be lost."""


@dataclass(frozen=True)
class Done:
    """A cell (its position among the tasks) with what it measured and the seconds that took."""

    position: int
    quantities: Quantities
    seconds: float


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Environment variables for processes started inside."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def without_main() -> Iterator[None]:
    """Spare new processes the import of the script that runs: they need the pack only, and the script no guard."""
    main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def warm_up(module: str) -> None:
    """Start the server that workers are forked from, which loads the pack ``module`` while the caller goes on."""
    if METHOD != "forkserver":
        return
    multiprocessing.get_context(METHOD).set_forkserver_preload(["claimtest.preload"])
    with _environment(CLAIMTEST_PRELOAD=module, **dict.fromkeys(THREAD_VARIABLES, "1")), without_main():
        forkserver.ensure_running()


@dataclass
class LocalPool:
    """Up to ``jobs`` processes measuring cells of the pack in ``module``."""

    module: str
    jobs: int

    def measure(self, cells: Sequence[Cell], root: int, device: str) -> Generator[Done, None, None]:
        """Measure the cells in this order, and yield them as they end.

        Raises RunError, naming the cell, if one fails or its process dies. Processes end with the generator.
        """
        warm_up(self.module)
        waiting = list(enumerate(cells))[::-1]
        workers = [_Worker(self.module, root, device) for _ in range(min(self.jobs, len(cells)))]
        try:
            for worker in workers:
                worker.give(*waiting.pop())
            while busy := [worker for worker in workers if worker.task]:
                for worker in _ready(busy):
                    yield worker.take()
                    if waiting:
                        worker.give(*waiting.pop())
        finally:
            for worker in workers:
                worker.stop()


class _Worker:
    """A process with the pipe to it and the task it is at."""

    def __init__(self, module: str, root: int, device: str) -> None:
        context: Any = multiprocessing.get_context(METHOD)
        self.pipe, theirs = context.Pipe()
        with _environment(**dict.fromkeys(THREAD_VARIABLES, "1")), without_main():
            self.process = context.Process(target=_work, args=(theirs, module, root, device), daemon=True)
            self.process.start()
        theirs.close()
        self.task: tuple[int, Cell] | None = None

    def give(self, position: int, cell: Cell) -> None:
        """Send a cell."""
        self.task = position, cell
        try:
            self.pipe.send((cell.experiment.id, cell.case, cell.width, cell.first, cell.count))
        except OSError:
            raise self._died(cell) from None
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise RunError(f"{_name(cell)}: the case cannot be sent to a process: {error}") from None

    def take(self) -> Done:
        """What the worker has to say of its cell."""
        assert self.task
        position, cell = self.task
        try:
            message = self.pipe.recv()
        except (EOFError, OSError):
            raise self._died(cell) from None
        if isinstance(message, _Failure):
            raise RunError(f"{_name(cell)} failed: {message.text}", message.details)
        self.task = None
        return Done(position, *message)

    def _died(self, cell: Cell) -> RunError:
        self.process.join(5)
        return RunError(f"{_name(cell)}: its process died (exit code {self.process.exitcode}; out of memory?)")

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Those that have an answer or are dead; waits until there is one."""
    ready = connection.wait([worker.pipe for worker in workers] + [worker.process.sentinel for worker in workers])
    return [worker for worker in workers if worker.pipe in ready or worker.process.sentinel in ready]


def _name(cell: Cell) -> str:
    replicates = f"replicates {cell.first} to {cell.first + cell.count - 1}"
    return f"experiment {cell.experiment.id!r} on case {cell.case.id!r} at width {cell.width}, {replicates}"


@dataclass(frozen=True)
class _Failure:
    """An exception as text: the exception itself may not travel."""

    text: str
    details: str


def _work(pipe: connection.Connection, module: str, root: int, device: str) -> None:
    """What a worker does: measure the cells that come through the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError), single_thread():  # either means that the parent closed the pipe
        while True:
            pipe.send(_answer(pipe.recv_bytes(), module, root, device))


def _answer(task: bytes, module: str, root: int, device: str) -> tuple[Quantities, float] | _Failure:
    """What the cell in this message measured and the seconds that took, or how it failed."""
    try:
        start = time.perf_counter()
        pack = importlib.import_module(module).PACK
        experiment, *where = pickle.loads(task)  # from our own parent, through a pipe
        return Cell(pack.experiments[experiment], *where).run(root, device), time.perf_counter() - start
    except Exception as error:
        return _Failure(" ".join(f"{type(error).__name__}: {error}".split()), traceback.format_exc())


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """One thread in BLAS, OpenMP and torch, whatever was loaded before this process was forked."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)
        yield


def _die_with_parent() -> None:
    parent = process.parent_process()
    if parent:
        parent.join()
        os._exit(1)
