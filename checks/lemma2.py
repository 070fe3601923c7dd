"""Lemma 2 on trial: from which width on Θ(0) is close to its limit, and its smallest eigenvalue positive."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from checks.attacks import ATTACK_LEMMA2
from checks.experiments.networks import loud, mean_field
from checks.growth_table import growth_table, width_in_words
from checks.measures.widths import (
    Event,
    by_case,
    close,
    distance_used,
    eigenvalue_used,
    growth,
    positive,
    positive_within_reach,
    smallest_width,
)
from checks.planning import (
    BLOCKS,
    EIGENVALUE_REACH,
    REACH,
    WIDEST,
    derived_eigenvalue_width,
    reachable,
    variant,
)
from checks.scope import singular_limit
from checks.sweeps import CLOSENESS_SWEEP, EIGENVALUE_SWEEP
from claimtest.cells import CellData, Sweep
from claimtest.check import Check, Control, Criterion, Exhibit, ReadingCheck, View, at_widest
from claimtest.criteria import Probability
from claimtest.profile import Profile
from theorems.lemma2 import DELTA, LEMMA2, stated_width

__all__ = ["CHECK"]

STATED = (2, 2, 2)
"""Exponents of n, d and 1/λ0 in the stated width, but for its logarithm."""

SUPERSCRIPT = {"total": "", "decoder": "^d", "mean": r"^\mu", "scale": r"^\sigma"}


def narrower_than_rank(cell: CellData) -> bool:
    """m < min(n, d): then λ_min(Θ(0)) = 0 exactly, the decoder's block having rank m d and the others m n."""
    return cell.width < min(cell.case.problem.targets.shape)


def very_narrow(cell: CellData) -> bool:
    """Widths 1 and 2, where no average over units can be close to its mean."""
    return cell.width <= 2


def _share(sweep: Sweep, event: Event, block: str, states: str, used: Event) -> Criterion:
    asks = f"{states}, in the case where it fails most often"
    law = Probability(1 - DELTA, in_every_case=True)
    return Criterion(block, asks, law, sweep, partial(event, block=block), at_widest,
                     used=partial(used, block=block))  # fmt: skip


def _eigenvalue(block: str) -> Criterion:
    b = SUPERSCRIPT[block]
    states = rf"$\lambda_{{\min}}(\Theta{b}(0)) \ge \frac{{3}}{{4}} \lambda_0{b}$ at the largest width"
    states += f" (of cases whose derived width is at most {EIGENVALUE_REACH:g}, where the ladder reaches)"
    return _share(EIGENVALUE_SWEEP, positive_within_reach, block, states, eigenvalue_used)


def _closeness(block: str) -> Criterion:
    b = SUPERSCRIPT[block]
    states = rf"$\|\Theta{b}(0) - \Theta{b}_\infty \otimes I\|_2 \le \lambda_0{b}/4$ at the largest width"
    states += f" (of cases whose derived width is at most {REACH:g}, where the ladder reaches)"
    return _share(CLOSENESS_SWEEP, close, block, states, distance_used)


def exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """The smallest widths case by case, and how they grow."""
    tried = (
        ("eigenvalue", "(b)", view(EIGENVALUE_SWEEP), positive),
        ("closeness", "(a)", view(CLOSENESS_SWEEP), close),
    )
    for name, part, cells, event in tried:
        yield _table_of_widths(name, part, cells, event)
    yield growth_table([(part, growth(cells, event)) for _, part, cells, event in tried], STATED)


def _table_of_widths(name: str, part: str, cells: Sequence[CellData], event: Event) -> Exhibit:
    rows = []
    for own in by_case(cells):
        case, found = own[0].case, {block: smallest_width(own, partial(event, block=block)) for block in BLOCKS}
        n, d = case.problem.targets.shape
        stated, m = stated_width(n, d, case.smallest_eigenvalue), found["total"]
        needed = f"{m / stated:.2g}" if 1 < m < math.inf else ""
        left = {b for b in BLOCKS if event is positive and derived_eigenvalue_width(case, b) > EIGENVALUE_REACH}
        shown = [width_in_words(width, own[-1].width) + "°" * (block in left) for block, width in found.items()]
        rows.append((case.id, n, d, round(case.smallest_eigenvalue, 4), *shown, round(stated), needed))
    widths = ("smallest width", "of Θ^d alone", "of Θ^μ", "of Θ^σ")
    columns = ("case", "n", "d", "λ0", *widths, "stated width (C = 1)", "C that it takes")
    data = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    alt = f"The smallest width from which on {part} holds, for each case, the stated width and the constant C it takes."
    title = f"{part} Smallest width that works"
    if any("°" in str(cell) for column in data.values() for cell in column):
        title += " (° not judged: its derived width is beyond the ladder's reach)"
    return Exhibit(f"widths-{name}", title, alt, data, of_bound=True)


LOUD = variant(replace(CLOSENESS_SWEEP, cases=reachable("mean")), "loud-decoder", WIDEST, prepare=loud("decoder"))
MEAN_FIELD = variant(EIGENVALUE_SWEEP, "mean-field", WIDEST, prepare=mean_field)

CHECK = Check(
    LEMMA2,
    (
        ReadingCheck(
            "eigenvalue",
            tuple(_eigenvalue(block) for block in BLOCKS),
            (
                Control("narrower-than-rank", r"it holds at $m < \min(n, d)$", "total", where=narrower_than_rank),
                Control("doubled", r"$\lambda_0$ is twice as large", "total", {"factor": 2.0}),
                Control("decoder-doubled", r"$\lambda_0^d$ is twice as large", "decoder", {"factor": 2.0}),
                Control("mean-doubled", r"$\lambda_0^\mu$ is twice as large", "mean", {"factor": 2.0}),
                Control("scale-doubled", r"$\lambda_0^\sigma$ is twice as large", "scale", {"factor": 2.0}),
                Control("mean-field", "outputs are scaled by 1/m", "total", sweep=MEAN_FIELD),
            ),
        ),
        ReadingCheck(
            "closeness",
            tuple(_closeness(block) for block in BLOCKS),
            (
                Control("narrow", "it holds at widths 1 and 2", "total", where=very_narrow),
                Control("hundredth", r"within $\lambda_0/400$", "total", {"factor": 0.01}),
                Control("loud-decoder", "the decoder has variance 1.44", "mean", sweep=LOUD),
                Control("decoder-hundredth", r"within $\lambda_0^d/400$", "decoder", {"factor": 0.01}),
                Control("scale-hundredth", r"within $\lambda_0^\sigma/400$", "scale", {"factor": 0.01}),
            ),
        ),
    ),
    singular_limit,
    exhibits,
    attack=ATTACK_LEMMA2,
)
