"""How the smallest width that works grows: the table of Lemma 2 and Theorem 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from checks.measures.widths import LEAST_CASES, Growth
from claimtest.check import Exhibit
from claimtest.exhibit import Estimate

__all__ = ["growth_table", "width_in_words"]


def width_in_words(smallest: float, widest: int) -> str:
    """A smallest width in words: censored at both ends of the ladder, empty where nothing is claimed."""
    if math.isnan(smallest):
        return ""
    return "≤ 1" if smallest == 1 else f"{smallest:.0f}" if smallest < math.inf else f"> {widest}"


def growth_table(fits: Sequence[tuple[str, Growth | None]], stated: tuple[int, int, int]) -> Exhibit:
    """Exponents of each part's fit, and below them those of n, d and 1/λ0 in the ``stated`` width."""
    rows = []
    for part, fit in fits:
        if fit is not None:
            shown = [Estimate(e, e - 2 * s, e + 2 * s) for e, s in (fit.whole, *fit.parts)]
            rows.append((part, *shown, *[""] * (4 - len(shown)), fit.cases))
    rows.append(("stated", "1", *map(str, stated), ""))
    columns = ("part", "exponent of the stated width", "of n", "of d", "of 1/λ0", "cases")
    alt = (
        "Regression of the logarithm of the smallest width on that of the stated width and, from "
        f"{LEAST_CASES} cases on, on n, d and 1/λ0 jointly; with two standard errors to either side."
    )
    data = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return Exhibit("growth", "How the smallest width grows", alt, data, of_bound=True)
