"""Pictures and tables of Figure 4: attributes found by either space, traversals of the dimensions that know them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from checks.experiments.attributes import STEPS
from checks.latent_pictures import mean_and_reach, what_was_trained
from checks.measures.pictures import found, found_untrained, of_permuted
from checks.picture_sweeps import AREAS_SWEEP, LARGE, PHOTOGRAPH_SWEEP, SMALL, TRAVERSAL_SWEEP
from claimtest.cells import CellData
from claimtest.check import Exhibit, View
from claimtest.profile import Profile
from theorems.figure4 import BEYOND_LUCK, discovered

__all__ = ["attribute_exhibits", "sheet", "unpacked"]

MOST_SHOWN = 18
"""Attributes in a picture of traversals: six rows of three."""

ONLY = "★"
"""Marks what only the large space finds."""


def attribute_exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """What was trained, counts, the list of attributes, then traversals of either space and of real faces."""
    areas = {cell.width: cell for cell in view(AREAS_SWEEP)}
    if len(areas) == 2:
        yield what_was_trained([areas[SMALL]])
        yield counts(areas)
        yield attributes(areas)
    shown = {cell.width: cell for cell in view(TRAVERSAL_SWEEP)}
    for latent in shown if len(shown) == 2 else ():
        yield traversal(shown, latent)
    for cell in view(PHOTOGRAPH_SWEEP):
        yield photograph(cell)


def counts(areas: dict[int, CellData]) -> Exhibit:
    """How many attributes each space discovers, and how many of its dimensions are active."""
    cells = [areas[SMALL], areas[LARGE]]
    data: dict[str, list[Any]] = {"latent dimension D": [cell.width for cell in cells]}
    for name, of in (("trained", found), ("before training", found_untrained), ("labels permuted", of_permuted)):
        data[f"discovered, {name}"] = [_with_reach(of(cell)) for cell in cells]
    data["largest area that luck reaches"] = [round(float(cell["luck"].mean()), 3) for cell in cells]
    data["active dimensions"] = [_with_reach(cell["active"]) for cell in cells]
    total = cells[0]["area"].shape[1]
    alt = (
        f"Of {total} attributes {data['discovered, trained'][0]} are discovered by {SMALL} dimensions and "
        f"{data['discovered, trained'][1]} by {LARGE}, on average over {len(cells[0]['active'])} seeds."
    )
    return Exhibit("counts", f"Attributes discovered on {cells[0].case.source}, of {total}", alt, data)


def _with_reach(values: Float[ndarray, " R"]) -> str:
    centre, reach = mean_and_reach(values)
    return f"{centre:.1f} ± {reach:.1f}"


def attributes(areas: dict[int, CellData]) -> Exhibit:
    """Every attribute with its areas and how many seeds discover it; first what only the large space finds."""
    small, large = areas[SMALL], areas[LARGE]
    names = large.case.names
    hits = {latent: discovered(cell["area"], cell["luck"]).sum(axis=0) for latent, cell in areas.items()}
    before = discovered(large["area_untrained"], large["luck_untrained"]).sum(axis=0)
    most = len(large["area"]) / 2
    only = (hits[LARGE] > most) & (hits[SMALL] <= most)
    order = np.lexsort((-large["area"].mean(axis=0), ~only))
    data = {
        "attribute": [f"{ONLY} {names[a]}" if only[a] else names[a] for a in order],
        f"area, D = {SMALL}": [round(float(small["area"][:, a].mean()), 3) for a in order],
        f"area, D = {LARGE}": [round(float(large["area"][:, a].mean()), 3) for a in order],
        f"area before training, D = {LARGE}": [round(float(large["area_untrained"][:, a].mean()), 3) for a in order],
        f"seeds that discover it, D = {SMALL}": [int(hits[SMALL][a]) for a in order],
        f"seeds that discover it, D = {LARGE}": [int(hits[LARGE][a]) for a in order],
        f"before training, D = {LARGE}": [int(before[a]) for a in order],
    }
    listed = ", ".join(names[a] for a in order if only[a]) or "none"
    places = np.arange(len(order))[::-1]

    def draw(axes: Any) -> None:
        for cell, colour, marker in ((small, "C0", "o"), (large, "C1", "D")):
            axes.plot(cell["area"].mean(axis=0)[order], places, marker, color=colour, ms=5, label=f"D = {cell.width}")
            axes.plot((cell["luck"].mean(axis=0) + BEYOND_LUCK)[order], places, ":", color=colour, lw=1.4)
        axes.plot(
            large["area_untrained"].mean(axis=0)[order], places, "x", color="C1", ms=4, label=f"D = {LARGE}, before"
        )
        axes.plot([], [], "k:", lw=1.4, label="discovered from here on")
        axes.set_yticks(places, data["attribute"], fontsize=7)
        axes.set_xlabel("largest area under the curve of one dimension")
        axes.legend(loc="lower right")

    alt = (
        f"Largest area under the curve of each of {len(names)} attributes in the small and in the large space, with "
        f"the thresholds. Only the large space finds, in most seeds: {listed}."
    )
    title = f"Attributes of {large.case.source}: {ONLY} only {LARGE} dimensions find it, in most seeds"
    return Exhibit("attributes", title, alt, data, draw)


def traversal(shown: dict[int, CellData], latent: int) -> Exhibit:
    """For every attribute, faces along the dimension of the space that knows it best; one seed."""
    cell = shown[latent]
    names = cell.case.names
    here = {width: discovered(c["area"][0], c["luck"][0]) for width, c in shown.items()}
    only = here[LARGE] & ~here[SMALL]
    order = np.lexsort((-shown[LARGE]["area"][0], ~only))[:MOST_SHOWN]
    mark = ["" if not here[latent][a] else ONLY if only[a] else "✓" for a in order]
    titles = [f"{names[a]} {sign}".strip() for a, sign in zip(order, mark, strict=True)]
    rows = unpacked(cell["pictures"][0], cell.case.design.shape)[order]
    data = {
        "attribute": titles,
        "dimension": [int(cell["latent"][0][a]) for a in order],
        "area under the curve": [round(float(cell["area"][0][a]), 3) for a in order],
        "discovered": ["yes" if here[latent][a] else "no" for a in order],
    }
    seen = [t for t, a in zip(titles, order, strict=True) if here[latent][a]]
    alt = (
        f"{len(order)} rows of five faces, each decoded along one of {latent} dimensions, from {STEPS[0]:g} to "
        f"{STEPS[-1]:g} standard deviations; discovered by this space in this seed: {', '.join(seen) or 'none'}. "
        f"✓: discovered by this space; {ONLY}: by {LARGE} dimensions and not by {SMALL}."
    )
    title = f"Traversals of the dimensions that know each attribute best, D = {latent} ({cell.case.source}, one seed)"
    return _of_strips(f"traversal-{latent}", title, alt, data, rows, titles)


def photograph(cell: CellData) -> Exhibit:
    """Real faces without labels, along the dimensions with the largest KL."""
    rows = unpacked(cell["pictures"][0], cell.case.design.shape)
    nats = cell["divergence"][0]
    titles = [f"KL {value:.2f} nats" for value in nats]
    data = {"rank": list(range(1, len(nats) + 1)), "mean KL in nats": [round(float(v), 3) for v in nats]}
    alt = (
        f"Faces decoded along the {len(nats)} dimensions with the largest mean KL of {cell.width}, trained on "
        f"{cell.case.source}; {int(cell['active'][0])} dimensions are active. No labels, so nothing is judged."
    )
    title = f"Traversals on real faces, D = {cell.width} ({cell.case.source})"
    return _of_strips(f"photographs-{cell.width}", title, alt, data, rows, titles)


def _of_strips(
    name: str,
    title: str,
    alt: str,
    data: Mapping[str, Sequence[Any]],
    rows: UInt8[ndarray, "D steps H W 3"],
    titles: Sequence[str],
) -> Exhibit:
    """The strips as an exhibit that is no taller than they are."""
    tall, wide, _ = sheet(rows)[0].shape
    return Exhibit(name, title, alt, data, lambda axes: strips(axes, rows, titles), aspect=tall / wide, whole=True)


def strips(axes: Any, rows: UInt8[ndarray, "D steps H W 3"], titles: Sequence[str]) -> None:
    """Rows of pictures in three columns, a title over each."""
    picture, places = sheet(rows)
    axes.imshow(picture, interpolation="nearest", aspect="equal")
    for title, (left, top) in zip(titles, places, strict=True):
        axes.text(left, top - 2, title, fontsize=6.5, ha="left", va="bottom")
    axes.set_axis_off()


def sheet(
    rows: UInt8[ndarray, "D steps H W 3"], columns: int = 3
) -> tuple[UInt8[ndarray, "A B 4"], list[tuple[int, int]]]:
    """The rows side by side and below each other with transparent gaps, and the left upper corner of each."""
    count, steps, height, width, _ = rows.shape
    down, wide, tall = -(-count // columns), steps * width + 12, height + 14
    whole = np.zeros((down * tall, columns * wide - 12, 4), np.uint8)
    places = []
    for number, row in enumerate(rows):
        top, left = number // columns * tall + 14, number % columns * wide
        strip = row.transpose(1, 0, 2, 3).reshape(height, steps * width, 3)
        whole[top : top + height, left : left + steps * width, :3] = strip
        whole[top : top + height, left : left + steps * width, 3] = 255
        places.append((left, top))
    return whole, places


def unpacked(numbers: Float[ndarray, "D steps HW"], shape: tuple[int, int, int]) -> UInt8[ndarray, "D steps H W 3"]:
    """Pixels from what `packed` made of them: red, green and blue bytes."""
    whole = numbers.astype(np.int64).reshape(*numbers.shape[:2], *shape[1:])
    return np.stack([whole >> 16, whole >> 8 & 255, whole & 255], axis=-1).astype(np.uint8)
