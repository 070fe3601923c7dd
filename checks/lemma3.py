"""Lemma 3 on trial: how far the kernel goes when every row moves by at most R, the worst way that is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from checks.attacks import ATTACK_LEMMA3
from checks.case import VaeCase
from checks.experiments.ball import BALL, BALL_EIGENVALUE, WHOLE, promised
from checks.experiments.networks import mean_field
from checks.measures.ball import (
    beyond_edge,
    change_by_radius,
    change_per_radius,
    derived_bound,
    half_used,
    keeps,
    kinked,
    random_share,
    share_of_bound,
    smooth,
    used_share,
)
from checks.measures.widths import by_case
from checks.planning import drawn, quick_rungs, rungs, sweep, variant
from checks.scope import singular_limit
from claimtest.cells import CellData
from claimtest.check import Check, Control, Criterion, Exhibit, ReadingCheck, View, at_widest
from claimtest.criteria import Ceiling, ExactOrder, Identity, OrderBound, Probability
from claimtest.profile import Profile
from theorems.lemma3 import DELTA, LEMMA3, stability_constant

__all__ = ["CHECK"]

# Radii R are compared at widths from base·4 on, as the lemma averages over the m R units that a kink can reach.
BALL_SWEEP = sweep(BALL, drawn, quick_rungs(2, 4, 6), {"quick": 8, "standard": 8, "thorough": 16}, 4)
# 128 replicates without a failure are the fewest that show a probability of at least 0.9 at the level of a run.
RADIUS_SWEEP = sweep(BALL_EIGENVALUE, drawn, rungs(4, 4), {"quick": 48, "standard": 48, "thorough": 96}, 12)
TIMID = variant(BALL_SWEEP, "timid", reach=0.4)
TIMID_DESCENT = variant(RADIUS_SWEEP, "timid", reach=0.4)
MEAN_FIELD = variant(RADIUS_SWEEP, "mean-field", prepare=mean_field)


def without_linear_term(case: VaeCase, width: int, radius: np.ndarray) -> np.ndarray:
    """C n (1 + √(d/m))² R²: the bound less its term of first order."""
    return derived_bound(case, width, radius) * radius / (1 + radius)


def whole(case: VaeCase, width: int) -> float:
    """A radius of the size of the weights themselves, whatever λ0/n is."""
    return WHOLE


def _slope(name: str, at: Callable[..., Any], of: str) -> Criterion:
    asks = rf"the largest $\|\Theta - \Theta(0)\|_2$ in the ball is of exact order $R$, {of}"
    return Criterion(
        name, asks, ExactOrder(1.0), BALL_SWEEP, change_by_radius, at, abscissa="radius R", ordinate="kernel change"
    )


def exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """The change against the bound, for a smooth activation and for ReLU, and the radius found beside the promised."""
    cells = view(BALL_SWEEP)
    for name, chosen in (("smooth", smooth(cells)), ("relu", kinked(cells))):
        if chosen:
            yield _change_against_bound(name, by_case(chosen)[0])
    if at := at_widest(view(RADIUS_SWEEP)):
        yield _table_of_radii(at)


def _change_against_bound(name: str, cells: Sequence[CellData]) -> Exhibit:
    lines: list[tuple[str, int, np.ndarray, np.ndarray]] = []
    for cell in cells:
        bound = derived_bound(cell.case, cell.width, cell["radius"])
        for kind in ("ascent", "random"):
            lines.append((kind, cell.width, cell["radius"][0], (cell[kind] / bound).max(0)))
    columns = ("kind of move", "width", "R", "largest ‖Θ - Θ(0)‖₂ / bound")
    rows = [(kind, width, *pair) for kind, width, radius, share in lines for pair in zip(radius, share, strict=True)]
    case = cells[0].case

    def draw(axes: Any) -> None:
        widths = sorted({cell.width for cell in cells})
        for kind, width, radius, share in lines:
            style = {"color": f"C{widths.index(width)}", "ls": "-" if kind == "ascent" else ":"}
            axes.loglog(radius, share, marker=".", label=f"{kind}, m = {width}", **style)
        axes.axhline(1, color="k", ls="--", lw=1)
        axes.set_xlabel("radius R of the ball")
        axes.set_ylabel("largest change of the kernel / bound")
        axes.legend(ncol=2, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.2))  # clear of the bound

    alt = (
        f"The largest change of the kernel over its bound against the radius for {case.id}, on logarithmic scales: "
        "level lines below 1, those of random moves far below those of the adversary and falling with the width."
    )
    data = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return Exhibit(f"change-{name}", f"The kernel's change over its bound ({case.id})", alt, data, draw)


def _table_of_radii(cells: Sequence[CellData]) -> Exhibit:
    rows = []
    for cell in cells:
        case, least = cell.case, float(cell["largest"].min())
        p, radius = case.problem, promised(case, cell.width)
        n, d = p.targets.shape
        constant = stability_constant(p.activation, p.noise)
        found = f"≥ {least:.2g}" if least >= WHOLE else f"{least:.3g}"
        rows.append(
            (
                case.id, n, d, cell.width, round(case.smallest_eigenvalue, 4), round(constant, 2), radius, found,
                least / radius,
            )
        )  # fmt: skip
    columns = ("case", "n", "d", "width", "λ0", "derived C", "promised R", "smallest R found", "found / promised")
    alt = "For each case the radius promised by the lemma and the smallest, over replicates, of the largest found."
    data = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return Exhibit("radii", "How far one may go before the smallest eigenvalue halves", alt, data, of_bound=True)


CHECK = Check(
    LEMMA3,
    (
        ReadingCheck(
            "kernel",
            (
                _slope("slope-smooth", smooth, "for smooth activations"),
                _slope("slope-relu", kinked, "for ReLU, whose units may jump"),
                Criterion("growth", r"$\|\Theta - \Theta(0)\|_2 / R$ does not grow with $m$",
                          OrderBound(0.0), BALL_SWEEP, change_per_radius, ordinate="kernel change / R"),
                Criterion("bound", r"$\|\Theta - \Theta(0)\|_2 \le C n (1 + \sqrt{d/m})^2 (R + R^2)$ with the derived "
                          "$C$", Ceiling(1.0), BALL_SWEEP, share_of_bound, abscissa="radius R",
                          ordinate="change / bound"),
                Criterion("adversary", "moves at random reach less far than the adversary", Ceiling(1.0),
                          BALL_SWEEP, random_share, abscissa="radius R", ordinate="random / adversary"),
                Criterion("edge", "the adversary goes to the edge of the ball, and not beyond", Identity(1e-9),
                          BALL_SWEEP, beyond_edge, ordinate="excess"),
            ),
            (
                Control("exponent", "the exponent is off by 2 margins", "slope-smooth", margins=2.0),
                Control("quadratic", r"the change is of order $R^2$", "slope-smooth", law=ExactOrder(2.0)),
                Control("square-root", r"the change is of order $\sqrt R$, since units jump", "slope-relu",
                        law=ExactOrder(0.5)),
                Control("falls-with-width", "it falls with the width, by 2 margins", "growth", margins=2.0),
                Control("no-linear-term", r"it is at most $C n (1 + \sqrt{d/m})^2 R^2$", "bound",
                        {"bound": without_linear_term}),
                Control("swapped", "the adversary reaches less far than moves at random", "adversary",
                        {"moves": "ascent", "adversary": "random"}),
                Control("timid", "the adversary keeps to four tenths of the radius", "edge", sweep=TIMID),
            ),
        ),
        ReadingCheck(
            "eigenvalue",
            (
                Criterion("eigenvalue", r"$\lambda_{\min}(\Theta) \ge \lambda_0/2$ in the promised ball",
                          Probability(1 - DELTA), RADIUS_SWEEP, keeps, at_widest, ordinate="share",
                          used=half_used),
                Criterion("radius", "the promised radius is at most the largest found", Ceiling(1.0), RADIUS_SWEEP,
                          used_share, at_widest, ordinate="promised / found"),
                Criterion("edge", "descent goes to the edge of the ball, and not beyond", Identity(1e-9), RADIUS_SWEEP,
                          beyond_edge, ordinate="excess"),
            ),
            (
                Control("whole-ball", r"it holds at $R = 1$, whatever $\lambda_0/n$ is", "eigenvalue",
                        {"ball": "whole"}),
                Control("doubled", r"$\lambda_{\min}(\Theta) \ge \lambda_0$ in the promised ball", "eigenvalue",
                        {"factor": 2.0}),
                Control("mean-field", "outputs are scaled by 1/m", "eigenvalue", sweep=MEAN_FIELD),
                Control("radius-one", r"the promised radius is $1$", "radius", {"radius": whole}),
                Control("timid", "descent keeps to four tenths of the radius", "edge", sweep=TIMID_DESCENT),
            ),
        ),
    ),
    singular_limit,
    exhibits,
    attack=ATTACK_LEMMA3,
)  # fmt: skip
