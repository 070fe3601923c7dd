"""A piece of work done in another process while the caller goes on with something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from claimtest.processes import process_pool

__all__ = ["alongside"]


@contextmanager
def alongside(work: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    """Run ``work(*arguments)`` in another process during the body; what it raises is raised at the end of the body.

    Arguments travel by pickle. Where the body raises, the work is still waited for, and its own error is dropped.
    """
    with process_pool(1) as executor:
        future = executor.submit(work, *arguments)
        yield
        future.result()
