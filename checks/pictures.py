"""Pictures and tables of training for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from checks.growth_table import growth_table, width_in_words
from checks.measures.trajectory import decay_rate, limit_of, loss, obeys_rate
from checks.measures.widths import always_from, by_case, growth
from checks.sweeps import FLOW_SWEEP, NARROW_FLOW_SWEEP
from claimtest.cells import CellData
from claimtest.check import Exhibit, View
from claimtest.profile import Profile
from theorems.theorem1 import stated_width

__all__ = ["theorem1_exhibits"]

STATED = (5, 3, 4)
"""Exponents of n, d and 1/λ0 in the first of the two widths that the theorem states, which is the larger here."""


def theorem1_exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """Loss against its prediction, and the widths at which the theorem already holds."""
    cells = view(FLOW_SWEEP)
    if cells:
        widest = [cell for cell in cells if cell.width == max(c.width for c in cells if c.case.id == cell.case.id)]
        yield loss_curves(max(widest, key=lambda cell: cell.case.condition))
        yield rates_by_width(cells)
        everywhere = from_narrow_to_wide(view)
        yield stated_widths(everywhere)
        yield growth_table([("rate", growth(everywhere, obeys_rate, always_from, stated_width))], STATED)


def loss_curves(cell: CellData) -> Exhibit:
    """Every replicate's L(t) at the widest network, with the prediction and the bound of the theorem."""
    time, measured = cell["time"][0], loss(cell["residual"])
    predicted = limit_of(cell.case).loss(cell["residual"][:, 0], time)
    relative, expected = measured / measured[:, :1], predicted / predicted[:, :1]
    smallest = cell.case.smallest_eigenvalue
    bound, sampled = np.exp(-smallest * time), relative_sampled(cell)
    data = {
        "λ0 t": smallest * time,
        "bound": bound,
        "predicted (mean)": expected.mean(0),
        "measured (mean)": relative.mean(0),
        "smallest": relative.min(0),
        "largest": relative.max(0),
        "sampled loss (mean)": sampled.mean(0),
    }

    def draw(axes: Any) -> None:
        axes.fill_between(smallest * time, relative.min(0), relative.max(0), alpha=0.25, label="all replicates")
        axes.semilogy(smallest * time, relative.mean(0), "-", label="measured mean")
        axes.semilogy(smallest * time, expected.mean(0), "k:", lw=2, label="predicted, nothing fitted")
        axes.semilogy(smallest * time, bound, "k--", lw=1, label="bound of the theorem")
        axes.semilogy(smallest * time, sampled.mean(0), "-.", label="sampled loss, L + V")
        axes.set_xlabel("λ0 t")
        axes.set_ylabel("loss / initial loss")
        axes.legend()

    alt = (
        f"Loss over time on a logarithmic scale for {cell.case.id} at width {cell.width}: the measured losses lie on "
        "the prediction, far below the bound; the sampled loss levels off at its noise floor."
    )
    return Exhibit("loss", f"Loss against its prediction ({cell.case.id}, width {cell.width})", alt, data, draw)


def relative_sampled(cell: CellData) -> np.ndarray:
    """(L + V)(t) over its initial value, (R, T)."""
    sampled = loss(cell["residual"]) + cell["variance"]
    return sampled / sampled[:, :1]


def rates_by_width(cells: Sequence[CellData]) -> Exhibit:
    """Smallest and mean rate a of the replicates at every width."""
    rows = []
    for cell in cells:
        a = decay_rate(loss(cell["residual"]), cell["time"], cell.case.smallest_eigenvalue)
        rows.append((cell.case.id, cell.width, float(a.min()), float(a.mean())))
    names, widths, smallest, means = (list(column) for column in zip(*rows, strict=True))

    def draw(axes: Any) -> None:
        for index, name in enumerate(dict.fromkeys(names)):
            own = [i for i, other in enumerate(names) if other == name]
            axes.semilogx([widths[i] for i in own], [smallest[i] for i in own], ".-", lw=1, color=f"C{index}")
        axes.axhline(1, color="k", ls="--", lw=1)
        axes.set_xlabel("width m")
        axes.set_ylabel("smallest rate a of the replicates")

    alt = "The smallest rate over the replicates of each case against the width; the theorem asks for at least 1."
    data = {"case": names, "width": widths, "smallest a": smallest, "mean a": means}
    return Exhibit("rates", "How loose the rate is: a ≥ 1 is asked", alt, data, draw)


def from_narrow_to_wide(view: View) -> list[CellData]:
    """Every case's networks at all widths tried, below the ladder and on it, each width once."""
    cells: dict[tuple[str, int], CellData] = {}
    for cell in (*view(NARROW_FLOW_SWEEP), *view(FLOW_SWEEP)):
        cells.setdefault((cell.case.id, cell.width), cell)
    return [cells[place] for place in sorted(cells, key=lambda place: place[1])]


def stated_widths(cells: Sequence[CellData]) -> Exhibit:
    """The stated width with C = 1 beside the narrowest width from which on every replicate obeyed the bound."""
    rows = []
    for own in by_case(cells):
        case, found = own[0].case, always_from(own, obeys_rate)
        n, d = case.problem.targets.shape
        stated = stated_width(n, d, case.smallest_eigenvalue)
        size = round(case.smallest_eigenvalue, 4)
        rows.append((case.id, n, d, size, width_in_words(found, own[-1].width), stated))
    columns = ("case", "n", "d", "λ0", "width that worked", "stated width (C = 1)")
    alt = "The narrowest width tried from which on every replicate obeyed the bound, beside the stated width."
    data = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return Exhibit("widths", "Stated width against the width that worked", alt, data, of_bound=True)
