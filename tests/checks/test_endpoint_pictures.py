"""Which cell of Theorem 2's matrix is marked."""

import pytest

from checks.endpoint_pictures import _closest_marked
from claimtest.exhibit import Estimate


@pytest.mark.parametrize(
    ("distances", "marked"),
    [
        ((0.3, 0.01, 0.4, 0.2), 1),
        ((0.3, None, 0.05, 0.11), 2),
        ((0.41, 0.53, 0.49, None), None),  # the training's own theory says nothing there: no other is made the winner
        ((0.2, 0.2, 0.2, 0.1), None),
    ],
)
def test_only_a_distance_far_below_the_others_is_marked(distances, marked):
    row = _closest_marked([None if d is None else Estimate(d, d, d) for d in distances])
    assert [k for k, cell in enumerate(row) if isinstance(cell, Estimate) and cell.marked] == (
        [] if marked is None else [marked]
    )
    assert [cell == "–" for cell in row] == [d is None for d in distances]
