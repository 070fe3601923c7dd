"""Processes that help this one: they die with it, spare the script that runs, and leave Ctrl-C to it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver, process, resource_tracker

__all__ = ["METHOD", "die_with_parent", "process_pool", "start_server", "without_main"]

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""How processes are started: never by forking the parent, whose threads would be lost."""


@contextlib.contextmanager
def process_pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """An executor of so many processes."""
    start_server()
    context = multiprocessing.get_context(METHOD)
    with without_main(), ProcessPoolExecutor(jobs, context, initializer=die_with_parent) as executor:
        yield executor


@contextlib.contextmanager
def without_main() -> Iterator[None]:
    """Spare new processes the import of the script that runs: they need the pack only, and the script no guard."""
    main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def start_server() -> None:
    """Start the server that processes are forked from, unless it runs.

    It, and with it all that are forked from it, starts with SIGINT blocked: a terminal sends Ctrl-C to every process,
    and one that is still importing would answer with a traceback.
    """
    if METHOD != "forkserver":
        return
    resource_tracker.ensure_running()  # starts deaf by itself, and would let SIGINT through again afterwards
    with without_main(), _interrupts_blocked():
        forkserver.ensure_running()


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_parent() -> None:
    """From now on this process ends when the one that started it does, however that ends."""
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = process.parent_process()
    if parent:
        parent.join()
        os._exit(1)
