"""Drawing the diagram of a network: boxes for vectors, arrows for what is computed from what."""

from __future__ import annotations

from typing import Any

from theorems.figure1 import Diagram, Part

__all__ = ["draw_diagram", "parts_table"]

PLACES = {
    "input": (0.05, 0.56),
    "mean": (0.33, 0.84),
    "scale": (0.33, 0.44),
    "noise": (0.33, 0.12),
    "latent": (0.56, 0.56),
    "hidden": (0.74, 0.56),
    "output": (0.95, 0.56),
}
"""Where the centre of a part lies, in shares of the picture."""

HALF_HEIGHT = 0.085
"""Of every box."""

SUPERSCRIPTS = {"mean": r"\mu", "scale": r"\sigma", "decoder": "d"}

WORDS = {
    "input": "input",
    "mean": "mean",
    "scale": "noise scale",
    "noise": "noise",
    "latent": "latent units",
    "hidden": "activation",
    "output": "output",
}


def draw_diagram(axes: Any, diagram: Diagram) -> None:
    """Every part as a box with its symbol and size, every source as an arrow with the shape of its weights."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.05, 1)
    for part in diagram.parts:
        _box(axes, part, diagram)
        for name in part.sources:
            _arrow(axes, diagram.part(name), part)
        if part.block:
            _weights(axes, part, diagram)


def _box(axes: Any, part: Part, diagram: Diagram) -> None:
    """A frame of lines (no patch: it would need the size of its text) with what is in it and a word below."""
    (x, y), w, h = PLACES[part.name], _half_width(part), HALF_HEIGHT
    axes.plot([x - w, x + w, x + w, x - w, x - w], [y - h, y - h, y + h, y + h, y - h], color="k", lw=1.0)
    axes.text(x, y, f"{_formula(part)}\n{part.size}", ha="center", va="center", linespacing=1.5)
    named = f"{WORDS[part.name]} {diagram.activation.name}" if part.kind == "activation" else WORDS[part.name]
    below = -1 if part.kind == "sample" else 1  # the arrow of the noise comes from below
    axes.text(x, y - below * (h + 0.045), named, ha="center", va="center", fontsize=7.5)


def _arrow(axes: Any, source: Part, part: Part) -> None:
    """From the edge of one box to that of another."""
    start, end = PLACES[source.name], PLACES[part.name]
    style = {"arrowstyle": "-|>", "color": "C0" if part.block else "k", "lw": 1.3, "shrinkA": 2, "shrinkB": 2}
    axes.annotate("", xy=_edge(part, start), xytext=_edge(source, end), arrowprops=style)


def _edge(part: Part, towards: tuple[float, float]) -> tuple[float, float]:
    """Where the line from the centre of a box to a point outside leaves it."""
    (x, y), (dx, dy) = PLACES[part.name], (towards[0] - PLACES[part.name][0], towards[1] - PLACES[part.name][1])
    reach = min(_half_width(part) / max(abs(dx), 1e-9), HALF_HEIGHT / max(abs(dy), 1e-9))
    return x + reach * dx, y + reach * dy


def _half_width(part: Part) -> float:
    return 0.078 if part.kind in ("linear", "constant", "sample") or part.name == "noise" else 0.045


def _weights(axes: Any, part: Part, diagram: Diagram) -> None:
    """Symbol, factor and shape of the weights beside the middle of their arrow."""
    (x0, y0), (x1, y1) = PLACES[part.sources[0]], PLACES[part.name]
    rows, columns = diagram.shapes()[part.block]
    factor = r"m^{-1/2}\, " if part.kind == "readout" else ""
    text = rf"${factor}W^{{{SUPERSCRIPTS[part.block]}}}$" + f"\n{rows}×{columns}"
    x = (x0 + x1) / 2 - 0.25 * abs(y1 - y0)  # clear of slanted arrows
    y = (y0 + y1) / 2 + (0.095 if y1 >= y0 else -0.11)
    axes.text(x, y, text, ha="center", va="center", color="C0")


def _formula(part: Part) -> str:
    """What stands in the box, as mathtext."""
    match part.kind:
        case "linear":
            return rf"${part.symbol} = W^{{{SUPERSCRIPTS[part.block]}}} x$"
        case "constant":
            return rf"${part.symbol} = {part.value:g}$"
        case "sample":
            return r"$z = u + s\,\varepsilon$"
        case "activation":
            return r"$\psi(z)$"
        case "readout":
            return r"$\hat{f}$"
    return r"$\varepsilon \sim N(0, 1)$" if part.name == "noise" else r"$x$"


def parts_table(diagram: Diagram) -> dict[str, list[Any]]:
    """The parts as columns: what each is, how large, from what, and the shape of its weights."""
    shapes = diagram.shapes()
    parts = diagram.parts
    return {
        "part": [WORDS[part.name] for part in parts],
        "symbol": [part.symbol for part in parts],
        "size": [part.size for part in parts],
        "computed from": [", ".join(diagram.part(name).symbol for name in part.sources) for part in parts],
        "weights": ["×".join(map(str, shapes[part.block])) if part.block else "" for part in parts],
        "factor": [f"{part.value:.4g}" if part.kind in ("constant", "readout") else "" for part in parts],
    }
