"""Smallest widths on ladders whose answer is known, and what Lemma 2's tables make of them."""

import math

import numpy as np
import pytest

from checks.measures.widths import smallest_width
from claimtest.cells import CellData


def cells(*shares, replicates=400):
    """One case at widths 1, 2, 4, …, with this share of successes at each."""
    happened = [(np.arange(replicates) < share * replicates).astype(float) for share in shares]
    return [CellData(None, 2**k, {"happened": values}) for k, values in enumerate(happened)]


def event(cell):
    return cell["happened"]


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ((0.0, 0.5, 1.0, 1.0), 4),
        ((1.0, 1.0, 1.0), 1),
        ((1.0, 0.5, 1.0, 0.99), 4),  # from this width on: an early success does not count
        ((0.0, 1.0, 0.9), math.inf),  # nine tenths of 400 do not show nine tenths
    ],
)
def test_the_smallest_width_from_which_on_it_happens(shares, found):
    assert smallest_width(cells(*shares), event) == found


def test_where_nothing_is_claimed_there_is_no_smallest_width():
    assert math.isnan(smallest_width(cells(1.0, 1.0), lambda cell: np.empty(0)))
