"""The small picture beside every estimate: its interval against the accepted region."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from claimtest.criteria import Outcome

__all__ = ["Gauge", "gauge"]

_LEFT, _RIGHT = 3.0, 157.0


@dataclass(frozen=True)
class Gauge:
    """Positions on a strip 160 wide. ``open_low``/``open_high``: the accepted region has no end there."""

    accepted: tuple[float, float]
    interval: tuple[float, float]
    estimate: float
    open_low: bool
    open_high: bool


def gauge(outcome: Outcome, kind: str) -> Gauge | None:
    """Lay the interval and the accepted region on one scale (logarithmic for defects), or None without numbers."""
    if not all(math.isfinite(v) for v in (outcome.estimate, *outcome.interval)):
        return None
    scale = _logarithm if kind == "identity" else float
    accepted = [scale(v) for v in outcome.accepted]
    if kind == "identity":
        accepted[0] = -math.inf
    low, high = (scale(v) for v in outcome.interval)
    centre = scale(outcome.estimate)
    place = _scale([v for v in (*accepted, low, high, centre) if math.isfinite(v)])
    a, b = (place(v) if math.isfinite(v) else math.copysign(math.inf, v) for v in accepted)
    a, b = max(a, 0.0), min(b, 160.0)
    if b - a < 2:  # a region may be a hair beside a distant interval, but it must be seen
        a, b = a - 1, b + 1
    edges = (round(a, 1), round(b, 1))
    bar = (round(place(low), 1), round(place(high), 1))
    open_low = math.isinf(accepted[0]) or kind == "identity"
    return Gauge(edges, bar, round(place(centre), 1), open_low, math.isinf(accepted[1]))


def _logarithm(value: float) -> float:
    """Powers of ten; exact zeros sit at the level of round-off's square."""
    return math.log10(max(value, 1e-20)) if math.isfinite(value) else value


def _scale(values: list[float]) -> Callable[[float], float]:
    """A linear map that leaves a quarter of the strip free around what it shows."""
    low, high = min(values), max(values)
    room = 0.3 * (high - low) or max(abs(high), 1.0) * 0.5
    low, high = low - room, high + room
    return lambda value: _LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT)
