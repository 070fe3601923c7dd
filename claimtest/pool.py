"""A pool of local worker processes that measure cells, one thread each.

Workers are forked from a server process that has the pack loaded, which itself starts while the parent still plans
(`warm_up`). They look experiments up in the pack, so only cases travel. They die with the parent.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

from claimtest.cells import Cell
from claimtest.errors import RunError
from claimtest.executor import Answer, Done, Failure, answer, message, name_of, one_thread
from claimtest.processes import METHOD, die_with_parent, start_server, without_main

__all__ = ["LocalPool", "warm_up"]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


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


def warm_up(module: str) -> None:
    """Start the server that workers are forked from, which loads the pack ``module`` while the caller goes on."""
    if METHOD != "forkserver":
        return
    multiprocessing.get_context(METHOD).set_forkserver_preload(["claimtest.preload"])
    with _environment(CLAIMTEST_PRELOAD=module, **dict.fromkeys(THREAD_VARIABLES, "1")):
        start_server()


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
        task = message(cell)
        try:
            self.pipe.send_bytes(task)
        except OSError:
            raise self._died(cell) from None

    def take(self) -> Done:
        """What the worker has to say of its cell."""
        assert self.task
        position, cell = self.task
        try:
            said: Answer = self.pipe.recv()
        except (EOFError, OSError):
            raise self._died(cell) from None
        if isinstance(said, Failure):
            raise RunError(f"{name_of(cell)} failed: {said.text}", said.details)
        self.task = None
        return Done(position, *said)

    def _died(self, cell: Cell) -> RunError:
        self.process.join(5)
        return RunError(f"{name_of(cell)}: its process died (exit code {self.process.exitcode}; out of memory?)")

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Those that have an answer or are dead; waits until there is one."""
    ready = connection.wait([worker.pipe for worker in workers] + [worker.process.sentinel for worker in workers])
    return [worker for worker in workers if worker.pipe in ready or worker.process.sentinel in ready]


def _work(pipe: connection.Connection, module: str, root: int, device: str) -> None:
    """What a worker does: measure the cells that come through the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    with contextlib.suppress(EOFError, OSError), one_thread():  # either means that the parent closed the pipe
        while True:
            pipe.send(_answer(pipe.recv_bytes(), module, root, device))


def _answer(task: bytes, module: str, root: int, device: str) -> Answer:
    try:
        pack = importlib.import_module(module).PACK
    except Exception as error:
        return Failure.of(error)
    return answer(task, pack, root, device)
