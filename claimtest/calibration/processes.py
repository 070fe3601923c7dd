"""Simulations in several processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from claimtest.processes import process_pool

__all__ = ["counted"]


@contextmanager
def _mapper(jobs: int) -> Iterator[Any]:
    """`map`, or that of a pool of processes."""
    if jobs == 1:
        yield map
        return
    with process_pool(jobs) as pool:
        yield pool.map


def counted(
    count: Callable[[Any], Counter], tasks: Sequence[tuple[int, Any]], jobs: int, progress: bool | None, what: str
) -> list[Counter]:
    """What ``count`` finds in the chunks of every task, added up by the number that stands beside each.

    Numbers run from 0 without a gap; sums do not depend on ``jobs``.
    """
    found = [Counter() for _ in range(1 + max((k for k, _ in tasks), default=-1))]
    with _mapper(jobs) as mapped:
        results = zip(tasks, mapped(count, [chunk for _, chunk in tasks]), strict=True)
        hidden = None if progress is None else not progress
        for (k, _), errors in tqdm(results, what, len(tasks), leave=False, disable=hidden):
            found[k].update(errors)
    return found
