"""What a criterion's samples look like beside the region it accepts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy import ndarray

from claimtest.criteria import Outcome
from claimtest.criteria.order import Slope
from claimtest.criteria.probability import clopper_pearson
from claimtest.report.figure import ACCEPTED, FIT, INK, MEASURED
from claimtest.report.points import Points
from claimtest.report.wording import number

__all__ = ["draw_cases", "draw_ladder", "draw_order", "draw_trend", "named_cases", "proportions"]

_LONGEST = 24
"""Characters of a case's name beside its row."""


def draw_order(axes: Axes, points: Points, fit: Slope, outcome: Outcome, stated: float) -> None:
    """Log-log: every case divided by its own constant, the fitted slope, the stated one and the accepted wedge.

    With y = C_c x^s per case, y / C_c collapses on one line; all lines meet at the geometric centre of the abscissae.
    """
    axes.set_xscale("log")
    axes.set_yscale("log")
    constant = np.exp(np.array([fit.intercepts[int(c)] for c in points.stratum]))
    middle = math.exp(float(np.log(points.abscissa).mean()))
    height = middle**fit.estimate
    x = np.array([points.abscissa.min() / 1.15, middle * (1 - 1e-6), middle * (1 + 1e-6), points.abscissa.max() * 1.15])
    axes.fill_between(x, *_wedge(x, middle, height, outcome.accepted), color=ACCEPTED, alpha=0.16, lw=0)
    axes.plot(x, height * (x / middle) ** stated, color=INK, ls=(0, (4, 3)), lw=1.0, label=f"stated {number(stated)}")
    axes.plot(x, height * (x / middle) ** fit.estimate, color=FIT, label=f"fitted {number(fit.estimate, 3)}")
    y = points.centre / constant
    axes.vlines(points.abscissa, points.low / constant, points.high / constant, color=MEASURED, alpha=0.25, lw=1.2)
    axes.plot(points.abscissa, y, "o", color=MEASURED, ms=3.2, alpha=0.85, mew=0)
    axes.fill_between([], [], [], color=ACCEPTED, alpha=0.16, lw=0, label="accepted slopes")
    low, high = (points.low / constant).min(), (points.high / constant).max()
    pad = (high / low) ** 0.12
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(low / pad, high * pad)
    _plain_ticks(axes, points.abscissa)
    axes.legend(loc="upper right" if fit.estimate < 0 else "upper left")


def _wedge(x: ndarray, middle: float, height: float, accepted: tuple[float, float]) -> tuple[ndarray, ndarray]:
    """The two edges of the lines through (middle, height) whose slopes are accepted."""
    unbounded = 1e9  # steep enough to be vertical; clipped, because the picture only needs to be left
    low, high = (math.copysign(unbounded, s) if math.isinf(s) else s for s in accepted)
    with np.errstate(over="ignore"):
        edges = [np.clip((x / middle) ** slope, 1e-6, 1e6) * height for slope in (low, high)]
    return edges[0], edges[1]


def draw_ladder(axes: Axes, points: Points, outcome: Outcome) -> None:
    """Values against the abscissa, each case a line, with the accepted region as a band."""
    positive = points.abscissa.min() > 0
    if positive and points.abscissa.max() / points.abscissa.min() > 4:
        axes.set_xscale("log")
        _plain_ticks(axes, points.abscissa)
    low, high = _range(points, outcome)
    axes.axhspan(max(outcome.accepted[0], low), min(outcome.accepted[1], high), color=ACCEPTED, alpha=0.16, lw=0)
    for code in np.unique(points.stratum):
        chosen = points.stratum == code
        axes.plot(points.abscissa[chosen], points.centre[chosen], "-", color=MEASURED, lw=0.6, alpha=0.5)
    axes.vlines(points.abscissa, points.low, points.high, color=MEASURED, alpha=0.22, lw=1.2)
    axes.plot(points.abscissa, points.centre, "o", color=MEASURED, ms=3.2, alpha=0.85, mew=0)
    for edge in outcome.accepted:
        if math.isfinite(edge):
            axes.axhline(edge, color=ACCEPTED, lw=1.0)
    axes.set_ylim(low, high)


def draw_trend(axes: Axes, points: Points, outcome: Outcome, ratio: float) -> None:
    """Values against the logarithm of the abscissa, the fitted trend, and all trends that its interval allows."""
    axes.set_xscale("log")
    middle, level = float(np.log(points.abscissa).mean()), float(points.centre.mean())
    x = np.array([points.abscissa.min() / 1.1, points.abscissa.max() * 1.1])
    along = (np.log(x) - middle) / math.log(ratio)
    fan = np.linspace(x[0], x[1], 60)
    spread = (np.log(fan) - middle) / math.log(ratio)
    ends = [level + slope * spread for slope in outcome.interval]
    axes.fill_between(fan, np.minimum(*ends), np.maximum(*ends), color=FIT, alpha=0.16, lw=0, label="its interval")
    gain = f"fitted: {number(outcome.estimate, 2)} in {number(ratio)} times"
    axes.plot(x, level + outcome.estimate * along, color=FIT, label=gain)
    axes.vlines(points.abscissa, points.low, points.high, color=MEASURED, alpha=0.4, lw=1.6)
    axes.plot(points.abscissa, points.centre, "o", color=MEASURED, ms=4, mew=0)
    axes.set_xticks(np.unique(points.abscissa), [number(v) for v in np.unique(points.abscissa)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend()


def draw_cases(axes: Axes, points: Points, outcome: Outcome) -> None:
    """A row per case: its centre and spread; below them the estimate over all with its interval."""
    rows = np.arange(len(points.stratum))[::-1] + 1.0
    low, high = _range(points, outcome)
    axes.axvspan(max(outcome.accepted[0], low), min(outcome.accepted[1], high), color=ACCEPTED, alpha=0.16, lw=0)
    for edge in outcome.accepted:
        if math.isfinite(edge):
            axes.axvline(edge, color=ACCEPTED, lw=1.0)
    axes.hlines(rows, points.low, points.high, color=MEASURED, alpha=0.4, lw=2.0)
    axes.plot(points.centre, rows, "o", color=MEASURED, ms=4, mew=0)
    axes.hlines([0], *outcome.interval, color=FIT, lw=2.4)
    axes.plot([outcome.estimate], [0], "D", color=FIT, ms=5, mew=0)
    named = named_cases(points)
    axes.set_yticks([*rows[: len(named)], 0], [*named, "all cases"])
    axes.grid(visible=False, axis="y")
    axes.set_ylim(-0.8, len(rows) + 0.8)
    axes.set_xlim(low, high)


def named_cases(points: Points) -> list[str]:
    """The names beside the rows, shortened; none where there are too many rows to tell apart."""
    names = [points.case(int(code)) for code in points.stratum] if len(points.stratum) <= 24 else []
    return [name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…" for name in _told_apart(names)]


def _told_apart(names: list[str]) -> list[str]:
    """Names that are too long without the hyphened parts that all begin with, or that nobody needs at the end."""
    parts = [name.split("-") for name in names]
    if len(parts) < 2 or max(map(len, names)) <= _LONGEST:
        return names
    while min(map(len, parts)) > 1 and len({p[0] for p in parts}) == 1:
        parts = [p[1:] for p in parts]
    while max(len("-".join(p)) for p in parts) > _LONGEST:
        shorter = [p[:-1] for p in parts]
        if not all(shorter) or len(set(map(tuple, shorter))) < len(set(map(tuple, parts))):
            break
        parts = shorter
    return ["-".join(p) for p in parts]


def proportions(points: Points, level: float = 0.05) -> Points:
    """Points of an event: the spread becomes the exact 95 % interval of each group's fraction."""
    counts = points.count.astype(int)
    hits = np.rint(points.centre * counts).astype(int)
    ends = np.array([clopper_pearson(int(k), int(n), level) for k, n in zip(hits, counts, strict=True)])
    return replace(points, low=ends[:, 0], high=ends[:, 1], bar="its exact 95 % interval")


def _range(points: Points, outcome: Outcome) -> tuple[float, float]:
    """Room for the spread, the interval and the finite ends of the accepted region."""
    ends = [*points.low, *points.high, *outcome.interval, *outcome.accepted]
    finite = [float(v) for v in ends if math.isfinite(v)]
    low, high = min(finite), max(finite)
    pad = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - pad, high + pad


def _plain_ticks(axes: Axes, abscissa: ndarray) -> None:
    """Powers of two for widths, otherwise what matplotlib chooses, and no minor labels."""
    low, high = abscissa.min(), abscissa.max()
    powers = [2.0**k for k in range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)]
    inside = [p for p in powers if low / 1.2 <= p <= high * 1.2]
    if low >= 1 and len(inside) >= 2:
        step = math.ceil(len(inside) / 7)
        axes.set_xticks(inside[::step])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
