"""Pictures still to be drawn: drawing takes longer than judging, so that many are shared among processes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from matplotlib.axes import Axes

from claimtest.processes import process_pool
from claimtest.report.figure import Margins, figure_svg

__all__ = ["Sketch", "draw_all"]

_WORTH_A_PROCESS = 16
"""Fewer pictures than this are drawn by the time that another process could begin."""

_CHUNK = 4

Drawn = tuple[str, str]
"""The SVG and no reason, or no SVG and the reason."""


@dataclass(frozen=True)
class Sketch:
    """What ``draw`` is to put on axes of that size (inches); see `figure_svg`."""

    name: str
    draw: Callable[[Axes], None]
    size: tuple[float, float]
    margins: Margins | None = None

    def drawn(self) -> Drawn:
        """The SVG, or why there is none: the verdicts must reach the reader even if a picture cannot be drawn."""
        try:
            return figure_svg(self.name, self.draw, self.size, margins=self.margins), ""
        except Exception as error:
            return "", f"{type(error).__name__}: {error}"


def draw_all(sketches: Sequence[Sketch], jobs: int) -> list[Drawn]:
    """Draw them, by ``jobs`` processes if there are many; those that cannot travel are drawn here meanwhile."""
    travelling = [k for k, sketch in enumerate(sketches) if _travels(sketch)] if jobs > 1 else []
    if len(travelling) < _WORTH_A_PROCESS:
        return [sketch.drawn() for sketch in sketches]
    found: dict[int, Drawn] = {}
    with process_pool(jobs) as executor:
        away = executor.map(Sketch.drawn, [sketches[k] for k in travelling], chunksize=_CHUNK)
        found.update((k, sketches[k].drawn()) for k in sorted(set(range(len(sketches))) - set(travelling)))
        try:
            found.update(zip(travelling, away, strict=True))
        except BrokenProcessPool:  # somebody killed it: here they can still be drawn
            found.update((k, sketches[k].drawn()) for k in travelling)
    return [found[k] for k in range(len(sketches))]


def _travels(sketch: Sketch) -> bool:
    """Functions inside functions do not."""
    try:
        pickle.dumps(sketch)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True
