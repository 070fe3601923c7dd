"""How cases are drawn: Hypothesis gives each a key, and all that is random in a case comes from key and root seed.

A key is one choice, and all keys are of one length that no literal in the sources has. For Hypothesis fills five draws
of six with copies of parts of the sixth where a draw has parts alike, and mixes constants from the sources of whatever
modules are loaded into what it draws: cases would be less varied, and other ones in another process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

__all__ = ["drawn_by"]

KEY = 41
"""Bytes of a key."""

T = TypeVar("T")


def drawn_by(make: Callable[[np.random.Generator], T], root: int, count: int) -> list[T]:
    """What ``make`` makes of ``count`` streams that Hypothesis draws for this root seed: no database, no shrinking."""
    found: list[T] = []

    @seed(root)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.binary(min_size=KEY, max_size=KEY))
    def collect(key: bytes) -> None:
        found.append(make(np.random.default_rng([root, *key])))

    collect()
    return found
