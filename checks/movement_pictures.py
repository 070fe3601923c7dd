"""Pictures and tables of how far weights and kernel move, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from checks.measures.drift import distance_at_end, kernel_drift, smallest_share
from checks.measures.movement import (
    decay_share,
    decoder_rows_share,
    encoder_rows_share,
    movement_of_initial_kernel,
    movement_ratio,
    still_held,
)
from checks.measures.widths import by_case
from checks.sweeps import FLOW_SWEEP
from claimtest.cells import CellData, Sweep
from claimtest.check import Exhibit, View
from claimtest.criteria import Samples
from claimtest.criteria.order import fit_slope
from claimtest.profile import Profile

__all__ = ["lemma4_exhibits", "lemma5_exhibits"]

BLOCKS = {"mean": "W^μ", "scale": "W^σ", "decoder": "W^d"}
MARKS = {"mean": "o", "scale": "^", "decoder": "s"}


def lemma4_exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """Movement over its prediction, with Θ∞ and with Θ(0), and the slack of the inequalities."""
    cells = view(FLOW_SWEEP)
    if cells:
        yield movement_by_width(cells)
        yield slack_by_width(cells)


def movement_by_width(cells: Sequence[CellData]) -> Exhibit:
    """Measured over predicted movement of every block: the mean over cases and replicates, and its range over cases."""
    rows = []
    for block, name in BLOCKS.items():
        for ladder in _rungs(cells):
            limiting = [m.mean() for m in (movement_ratio(cell, block) for cell in ladder) if m.size]
            initial = [m.mean() for m in (movement_of_initial_kernel(cell, block) for cell in ladder) if m.size]
            if limiting:
                width = float(np.exp(np.mean([np.log(cell.width) for cell in ladder])))
                means = [float(x) for x in (np.mean(limiting), min(limiting), max(limiting), np.mean(initial))]
                rows.append((name, width, *means))
    columns = ("block", "width (geometric mean)", "over Θ∞: mean", "smallest", "largest", "over Θ(0): mean")

    def draw(axes: Any) -> None:
        for index, (block, name) in enumerate(BLOCKS.items()):
            own = [row[1:] for row in rows if row[0] == name]
            if own:
                x, mean, low, high, initial = zip(*own, strict=True)
                axes.fill_between(x, low, high, alpha=0.15, color=f"C{index}")
                axes.semilogx(x, mean, f"{MARKS[block]}-", color=f"C{index}", label=f"{name}, Θ∞")
                axes.semilogx(x, initial, f"{MARKS[block]}:", color=f"C{index}", label=f"{name}, Θ(0)")
        axes.axhline(1, color="k", lw=1)
        axes.set_xlabel("width m")
        axes.set_ylabel("movement / √(cᵀ Θ^b c)")
        axes.legend(ncols=2)

    alt = (
        "Frobenius movement of each block over its prediction against the width: the means close in on 1; with each "
        "replicate's own kernel at the start in the prediction they are at 1 much sooner."
    )
    data = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return Exhibit("movement", "Movement of the weights, measured over predicted", alt, data, draw)


def slack_by_width(cells: Sequence[CellData]) -> Exhibit:
    """The largest share of each bound that was used, and how often the premise held."""
    rows = []
    for cell in cells:
        shares = [m(cell).max() for m in (decay_share, encoder_rows_share, decoder_rows_share)]
        premise = f"{int(still_held(cell).sum())} of {len(cell['smallest'])}"
        rows.append((cell.case.id, cell.width, premise, *(f"{share:.2f}" for share in shares)))
    columns = ("case", "width", "premise held", "λ0 / rate", "encoder rows / bound", "decoder rows / bound")
    alt = "For each case and width, how often the premise held and the largest share of the bounds that was used."
    return Exhibit("slack", "How loose the bounds are", alt, dict(zip(columns, zip(*rows, strict=True), strict=True)))


def lemma5_exhibits(view: View, profile: Profile, skewed: Sweep) -> Iterator[Exhibit]:
    """Drift against width with fitted exponents, and the smallest eigenvalue on the way."""
    cells = view(FLOW_SWEEP)
    if cells:
        yield drift_by_width(cells, view(skewed))
        yield eigenvalue_by_width(cells)
        yield exponents(cells, view(skewed))


def drift_by_width(cells: Sequence[CellData], skewed: Sequence[CellData]) -> Exhibit:
    """Geometric means over the replicates of sup ‖Θ(t) - Θ(0)‖ and of ‖Θ(T) - Θ∞‖, relative, for every case."""
    kinds = [(cells, kernel_drift, "drift"), (cells, distance_at_end, "distance from limit")]
    kinds.append((skewed, kernel_drift, "drift, skewed decoder"))
    lines = [
        (kind, own[0].case.id, [c.width for c in own], [float(np.exp(np.log(measure(c)).mean())) for c in own])
        for group, measure, kind in kinds
        for own in by_case(group)
    ]
    rows = [(kind, case, m, value) for kind, case, x, y in lines for m, value in zip(x, y, strict=True)]
    styles = {"drift": "C0-", "distance from limit": "C1--", "drift, skewed decoder": "C2-."}

    def draw(axes: Any) -> None:
        for kind, style in styles.items():
            for index, (_, _, x, y) in enumerate(line for line in lines if line[0] == kind):
                axes.loglog(x, y, style, lw=1, label=kind if index == 0 else None)
        ends = np.array([min(row[2] for row in rows), max(row[2] for row in rows)])
        for order, colour in ((-0.5, "0.3"), (-1.0, "0.6")):
            axes.loglog(ends, 0.5 * (ends / ends[0]) ** order, ":", color=colour, lw=2, label=f"slope {order:g}")
        axes.set_xlabel("width m")
        axes.set_ylabel("relative change of the kernel")
        axes.legend()

    alt = (
        "Relative change of the kernel against the width on logarithmic scales: the drift falls like 1/m, the distance "
        "from the limit like 1/√m, and the drift with a skewed decoder and ReLU in between, levelling towards 1/√m."
    )
    data = dict(zip(("what", "case", "width", "geometric mean"), zip(*rows, strict=True), strict=True))
    return Exhibit("drift", "How far the kernel moves", alt, data, draw)


def eigenvalue_by_width(cells: Sequence[CellData]) -> Exhibit:
    """inf_t λ_min(Θ(t))/λ0, the smallest of the replicates, for every case and width."""
    lines = [
        (own[0].case.id, [c.width for c in own], [float(smallest_share(c).min()) for c in own])
        for own in by_case(cells)
    ]

    def draw(axes: Any) -> None:
        for _, x, y in lines:
            axes.semilogx(x, y, ".-", lw=1)
        axes.axhline(0.5, color="k", ls="--", lw=1, label="half of λ0")
        axes.set_xlabel("width m")
        axes.set_ylabel("smallest λ_min(Θ(t)) / λ0")
        axes.legend()

    rows = [(case, m, value) for case, x, y in lines for m, value in zip(x, y, strict=True)]
    data = dict(zip(("case", "width", "smallest λ_min(Θ(t)) / λ0"), zip(*rows, strict=True), strict=True))
    alt = "The smallest eigenvalue during training over its limit, the worst replicate of each case, against the width."
    return Exhibit("eigenvalue", "The eigenvalue on the way", alt, data, draw)


def exponents(cells: Sequence[CellData], skewed: Sequence[CellData]) -> Exhibit:
    """Fitted exponents of the drift, case by case: how tight the bound O(m^(-1/2)) is."""
    rows = []
    for kind, group in (("normal", cells), ("centred exponential", skewed)):
        for own in by_case(group):
            joined = np.concatenate([kernel_drift(cell) for cell in own])
            m = np.concatenate([np.full(len(cell["drift"]), float(cell.width)) for cell in own])
            if len(own) > 1 and np.isfinite(joined).all():
                fit = fit_slope(Samples(joined, np.zeros(len(m), int), m))
                rows.append((own[0].case.id, kind, f"{fit.estimate:.2f} ± {2 * fit.error:.2f}"))
    columns = ("case", "decoder", "exponent of the drift, two standard errors")
    alt = "The fitted exponent of the drift in the width for each case, normal and skewed decoders."
    data = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    return Exhibit("exponents", "The tight exponent, case by case", alt, data)


def _rungs(cells: Sequence[CellData]) -> list[list[CellData]]:
    """The cells rung by rung of their ladders, narrow to wide."""
    ladders = by_case(cells)
    return [[own[k] for own in ladders if k < len(own)] for k in range(max(map(len, ladders)))]
