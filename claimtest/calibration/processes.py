"""Simulations in several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from claimtest.processes import process_pool

__all__ = ["mapper"]


@contextmanager
def mapper(jobs: int) -> Iterator[Any]:
    """`map`, or that of a pool of processes."""
    if jobs == 1:
        yield map
        return
    with process_pool(jobs) as pool:
        yield pool.map
