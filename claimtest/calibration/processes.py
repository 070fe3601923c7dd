"""Simulations in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from claimtest.pool import METHOD, without_main

__all__ = ["mapper"]


@contextmanager
def mapper(jobs: int) -> Iterator[Any]:
    """`map`, or that of a pool of processes."""
    if jobs == 1:
        yield map
        return
    with without_main(), ProcessPoolExecutor(jobs, multiprocessing.get_context(METHOD)) as pool:
        yield pool.map
