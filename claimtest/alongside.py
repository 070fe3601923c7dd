"""A piece of work done in another process while the caller goes on with something else."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from claimtest.pool import METHOD, without_main

__all__ = ["alongside"]


@contextmanager
def alongside(work: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    """Run ``work(*arguments)`` in another process during the body; what it raises is raised at the end of the body.

    Arguments travel by pickle. Where the body raises, the work is still waited for, and its own error is dropped.
    """
    with without_main(), ProcessPoolExecutor(1, multiprocessing.get_context(METHOD)) as executor:
        future = executor.submit(work, *arguments)
        yield
        future.result()
