"""The calibration of the criteria, as a section of the report: a table, and nominal against measured levels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from claimtest.calibration.certainty import ENOUGH
from claimtest.report.figure import INK, figure_svg
from claimtest.report.picture import Picture
from claimtest.report.wording import number

__all__ = ["FILE", "CalibrationView", "read_calibration", "view_of"]

FILE = "calibration.json"
"""What `calibrate` writes and the report reads, where it lies beside it."""


@dataclass(frozen=True)
class CalibrationView:
    """What the report shows of a calibration."""

    sentences: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    picture: Picture


def read_calibration(folder: Path) -> CalibrationView | None:
    """The calibration in that folder; None if there is none that can be read."""
    try:
        found: Any = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return view_of(found) if found["schema"] == 1 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def view_of(found: Mapping[str, Any]) -> CalibrationView:
    """The view of what calibration.json holds."""
    *levels, last = found["levels"]
    heads = (
        "Kind", "Evidence like", "Hard because", "n", "Noise", *(f"Missed at {number(level)}" for level in levels),
        f"at {number(last)}, extrapolated", "Wrong on an edge at 0.01", "Effect not seen", "True law not held", "Kept",
    )  # fmt: skip
    rows = tuple(_row(design, levels) for design in found["designs"])
    broken = sum(not design["met"] for design in found["designs"])
    sentences = (
        f"Synthetic evidence that obeys each law exactly, {found['trials']} samples a design (ten times as many where "
        "more errors about a stated effect were seen than promised), laid out and as noisy "
        "as the criteria named, the hardest of every kind. At level α the interval may miss the truth at a rate of α, "
        "and a truth on an edge of the accepted region may be judged either way at a rate of α each: where noise is "
        "skewed, the two ends share the misses unequally. The effect that is "
        "stated as detectable may stay unseen, and a true law fail to hold at the stated size, at a rate of 10⁻⁴.",
        "Every promise is kept: no count of errors is so high that it would come with a probability below 10⁻⁵."
        if not broken
        else f"{broken} of {len(rows)} designs break a promise.",
        "The last level is extrapolated: of the misses at one level the same share is missed at the next, ten times "
        "smaller one. Shares of events go in steps: there it is computed, from binomial tails.",
        *_certain(found.get("certainties", ())),
    )
    return CalibrationView(sentences, heads, rows, _picture(found))


def _certain(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How surely the criteria and controls of the run itself come out as they did."""
    if not found:
        return
    controls, trials = sum(entry["control"] for entry in found), min(entry["trials"] for entry in found)
    ever = sorted((entry for entry in found if entry["events"]), key=lambda entry: -entry["rate"])
    met = sum(entry["met"] for entry in found)
    how_sure = (
        "which is shown at 92 % (in two stages, each at 95 %)" if trials >= ENOUGH else "as far as so few runs can tell"
    )
    how_sure += ", if the noise has no tails of which its values show nothing"
    yield (
        f"With what the run estimated taken for the truth and its noise drawn again, {trials} times or more: of "
        f"{len(found) - controls} criteria and {controls} controls {met} come out as they should with probability "
        f"0.9999, {how_sure}, and {len(found) - len(ever)} did so every time."
    )
    if ever:
        worst = "; ".join(f"{e['name']} ({e['question']}: {e['events']} of {e['trials']})" for e in ever[:8])
        yield f"Those that ever came out otherwise, most often first: {worst}{' and others' if ever[8:] else ''}."


def _row(design: Mapping[str, Any], levels: list[float]) -> tuple[str, ...]:
    def share(words: str, level: float) -> str:
        asked = [r["rate"] for r in design["rates"] if words in r["question"] and r["level"] == level]
        return number(max(asked)) if asked else "–"

    far = design["extrapolated"]
    low, high = far["interval"]
    return (
        design["kind"], design["design"], ", ".join(design["why"]), str(design["n"]), design["noise"],
        *(share("misses", level) for level in levels),
        f"{number(far['rate'])}, computed"
        if far.get("computed")
        else f"{number(far['rate'])} in {number(low)} … {number(high)}",
        share(" on the ", 0.01), share("missed beyond", far["level"]), share("does not hold", far["level"]),
        "yes" if design["met"] else "no",
    )  # fmt: skip


def _picture(found: Mapping[str, Any]) -> Picture:
    points = [point for design in found["designs"] for point in _points(design)]
    columns = ("kind", "evidence like", "nominal level", "measured", "low", "high", "extrapolated")
    data = {name: [point[k] for point in points] for k, name in enumerate(columns)}
    alt = (
        f"Measured rates of missing the truth against nominal levels, of {len(found['designs'])} designs, with exact "
        "99 % intervals; hollow: extrapolated or computed. On the line a level is what it says; below it intervals are "
        "too wide."
    )
    svg = figure_svg("calibration", lambda axes: _draw(axes, points), (6.4, 4.6))
    return Picture("calibration", "Nominal and measured levels", alt, svg, data)


Point = tuple[str, str, float, float, float, float, bool]
"""Kind, design, nominal level, measured rate, the ends of its interval, whether it is extrapolated."""


def _points(design: Mapping[str, Any]) -> list[Point]:
    misses = [(r, False) for r in design["rates"] if r["question"].startswith("misses")]
    return [
        (design["kind"], design["design"], r["level"], r["rate"], *r["interval"], beyond)
        for r, beyond in [*misses, (design["extrapolated"], True)]
    ]


def _draw(axes: Axes, points: list[Point]) -> None:
    """A colour per kind; designs stand side by side at each level."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    designs = list(dict.fromkeys(point[:2] for point in points))
    kinds = list(dict.fromkeys(kind for kind, _ in designs))
    levels = [point[2] for point in points]
    axes.plot([min(levels) / 2, 2 * max(levels)], [min(levels) / 2, 2 * max(levels)], color=INK, lw=0.8)
    least = min(levels) / 30
    for kind, design, level, rate, low, high, beyond in points:
        beside = level * 1.6 ** (designs.index((kind, design)) / len(designs) - 0.5)
        colour = f"C{kinds.index(kind)}"
        axes.vlines(beside, max(low, least), max(high, least), color=colour, alpha=0.5, lw=1.0)
        face = "none" if beyond else colour
        axes.plot([beside], [max(rate, least)], "o", color=colour, mfc=face, ms=3.4, mew=0.9)
    for k, kind in enumerate(kinds):
        axes.plot([], [], "o", color=f"C{k}", ms=3.4, label=kind)
    axes.set_xlabel("nominal level")
    axes.set_ylabel("measured rate of missing the truth")
    axes.set_ylim(bottom=least / 1.5)
    axes.legend(loc="upper left")  # no rate lies far above its level
