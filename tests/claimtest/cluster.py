"""A real Dask scheduler and its workers on loopback, as processes of their own, for the tests of the cluster."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from claimtest.pool import THREAD_VARIABLES

PATIENCE = 300
"""Seconds after which something that should come is given up; no test waits for it to pass."""


def until(condition, what):
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)


@contextmanager
def process(name, *arguments, **variables):
    """A module of Dask's command line as a process, killed in the end."""
    threads = dict.fromkeys(THREAD_VARIABLES, "1") | {"OPENBLAS_NUM_THREADS": "2"}  # it is for the worker to see to one
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | threads
    command = [sys.executable, "-m", f"distributed.cli.dask_{name}", "--host", "127.0.0.1", *map(str, arguments)]
    with subprocess.Popen(command, env=environment | variables, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.kill()


@contextmanager
def scheduler(folder, *arguments):
    """A scheduler; gives its process and its address."""
    file = Path(folder) / "scheduler.json"
    options = ("--port", "0", "--no-dashboard", "--scheduler-file", file, *arguments)
    with process("scheduler", *options) as running:
        until(lambda: file.exists() and file.read_text().strip().endswith("}"), "the scheduler")
        yield running, json.loads(file.read_text())["address"]


@contextmanager
def worker(folder, address, **variables):
    """A worker of one thread; gives its process. It may take a while until the scheduler knows it."""
    options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", folder)
    with process("worker", address, *options, **variables) as running:
        yield running


def tasks_known(address):
    """How many tasks the scheduler at this address knows of."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
