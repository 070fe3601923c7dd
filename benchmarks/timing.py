"""Timing side by side: the contenders in turn, one thread each on one core, medians of at least five."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from threadpoolctl import threadpool_limits

__all__ = ["Goal", "Part", "one_core", "side_by_side"]

REPEATS = 5

SHORT = 1.0
"""Seconds."""


@dataclass(frozen=True)
class Goal:
    """A number with what it should at least be (at most, if ``at_most``)."""

    asks: str
    goal: float
    found: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether it is."""
        return self.found <= self.goal if self.at_most else self.found >= self.goal


@dataclass
class Part:
    """A section of the page: a title, what was compared, a table and the goals."""

    title: str
    about: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """What :meth:`from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Part:
        """The part that was stored."""
        return cls(stored["title"], stored["about"], stored["rows"], [Goal(**goal) for goal in stored["goals"]])


def one_core() -> None:
    """Keep this process, and those it starts, on one core with one thread."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    torch.set_num_threads(1)
    threadpool_limits(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def side_by_side(contenders: Mapping[str, Callable[[], object]], repeats: int = REPEATS) -> dict[str, float]:
    """Median seconds of each contender: one run of each to warm up, then all in turn, ``repeats`` times.

    One that takes less than ``SHORT`` runs untimed before each timed run, as peers in processes of their own do: it
    would pay for the caches and the memory that the one before it left behind (gigabytes, where Jacobians are written).
    """
    first = {name: _seconds(function) for name, function in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, function in contenders.items():
            if first[name] < SHORT:
                function()
            seconds[name].append(_seconds(function))
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
