"""Matplotlib figures as SVG that can stand inside a page: reproducible, its own ids, ink that follows the page."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from claimtest.report.wording import number

__all__ = ["ACCEPTED", "FIT", "INK", "MEASURED", "Margins", "figure_svg", "safe_label"]

INK = "#000000"
"""Becomes the colour of the page's text."""

MEASURED, FIT, ACCEPTED = "#3b82c4", "#d0722b", "#2e9e6b"
"""Mid-tones, legible on light and on dark paper."""

Margins = tuple[float, float]
"""Left and bottom margin in inches."""

_CYCLE = [MEASURED, FIT, ACCEPTED, "#9b6bc3", "#c2527a", "#7f8c3a", "#8a7a66", "#3aa3a8", "#2f3e8f"]
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_STYLE: Any = {
    "svg.hashsalt": "claimtest",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.labelsize": 9.0,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "grid.color": INK,
    "grid.alpha": 0.12,
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.7,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.0,
    "axes.prop_cycle": cycler(color=_CYCLE),
}


def figure_svg(
    name: str, draw: Callable[[Axes], None], size: tuple[float, float], *, margins: Margins | None = None
) -> str:
    """The SVG of what ``draw`` puts on axes of that size (inches), ids prefixed by ``name``.

    Two SVGs in one page share a name space: without the prefix the clip path of one would cut the other. ``margins``
    (left, bottom, in inches) spare matplotlib the search for a layout, which takes as long as the drawing.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout=None if margins else "constrained")
        if margins:
            left, bottom = margins[0] / size[0], margins[1] / size[1]
            figure.subplots_adjust(left=left, right=1 - 0.12 / size[0], bottom=bottom, top=1 - 0.1 / size[1])
        draw(figure.add_subplot())
        for axes in figure.axes:
            _calm_log_axis(axes.xaxis)
            _calm_log_axis(axes.yaxis)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(buffer.getvalue(), name)


def safe_label(text: str) -> str:
    """The label, with its dollars shown as such if matplotlib cannot read its TeX."""
    if "$" not in text:
        return text
    try:
        _parser().parse(text)
    except ValueError:
        return text.replace("$", r"\$")
    return text


@lru_cache(maxsize=1)
def _parser() -> MathTextParser:
    return MathTextParser("path")


def _calm_log_axis(axis: Axis) -> None:
    """Few ticks at round numbers and no minor ones, which would take most of the drawing time."""
    if axis.get_scale() != "log":
        return
    axis.set_minor_locator(NullLocator())
    if isinstance(axis.get_major_locator(), LogLocator):  # not where somebody has chosen the ticks
        axis.set_major_locator(_log_locator(*sorted(axis.get_view_interval())))
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _log_locator(low: float, high: float) -> Locator:
    """Ticks at round numbers, the fewer in a decade the more decades there are; at least three even within one."""
    if high / low >= 60:
        return LogLocator(subs=(1.0, 3.0) if high / low < 1000 else (1.0,), numticks=7)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for subs in ((1.0, 2.0, 5.0), (1.0, 2.0, 3.0, 5.0, 7.0)):
        if sum(low <= sub * 10.0**power <= high for sub in subs for power in decades) >= 3:
            return LogLocator(subs=subs, numticks=7)
    return MaxNLocator(6, steps=[1, 2, 5, 10], min_n_ticks=3)


def _inline(svg: str, name: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)  # it would style the whole page
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    used = set(re.findall(r'href="#([^"]+)"', svg)) | set(re.findall(r"url\(#([^)]+)\)", svg))
    svg = re.sub(r"<[^>]+>", lambda tag: _mended(tag[0], name, used), svg)
    svg = re.sub(r">\s+<", "><", svg.replace("<defs/>", ""))
    return re.sub(r"^<svg[^>]*>", lambda tag: _root(tag[0]), svg, count=1)


def _mended(tag: str, name: str, used: set[str]) -> str:
    """One tag (text between tags stays as it is): prefixed ids, two decimals, the page's fonts and ink."""
    tag = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", tag)
    tag = tag.replace("xlink:href=", "href=").replace('href="#', f'href="#{name}-')
    tag = tag.replace("url(#", f"url(#{name}-")
    tag = re.sub(r"(\d\.\d\d)\d+", r"\1", tag)
    return tag.replace("'DejaVu Sans'", _FONTS).replace(INK, "currentColor")


def _root(tag: str) -> str:
    """The root element: its size in pixels as a hint, the rest by the page's style."""
    box = re.findall(r'viewBox="([^"]+)"', tag)[0]
    width, height = (round(float(v) * 4 / 3) for v in box.split()[2:])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="{box}" '
        'fill="currentColor" stroke-linejoin="round">'
    )
