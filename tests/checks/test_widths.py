"""Smallest widths on ladders whose answer is known, and what Lemma 2's tables make of them."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from checks.growth_table import growth_table, width_in_words
from checks.measures.widths import LEAST_CASES, always_from, growth, smallest_width
from claimtest.cells import CellData
from theorems import theorem1
from theorems.lemma2 import stated_width


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


@pytest.mark.parametrize(
    ("shares", "found"),
    [((0.0, 0.5, 1.0, 1.0), 4), ((1.0, 1.0), 1), ((1.0, 0.99, 1.0), 4), ((1.0, 1.0, 0.99), math.inf)],
)
def test_the_width_from_which_on_it_always_happens(shares, found):
    assert always_from(cells(*shares), event) == found


def test_where_nothing_is_claimed_there_is_no_smallest_width():
    assert math.isnan(smallest_width(cells(1.0, 1.0), lambda cell: np.empty(0)))


def ladders(cases):
    """Cells whose smallest width is about 8 n²/(d λ0^½), to the next power of two."""
    for k, (n, d, smallest) in enumerate(cases):
        case = SimpleNamespace(
            id=str(k), problem=SimpleNamespace(targets=np.zeros((n, d))), smallest_eigenvalue=smallest
        )
        for rung in range(14):
            happened = np.full(400, float(2**rung >= 8 * n**2 / d * smallest**-0.5))
            yield CellData(case, 2**rung, {"happened": happened})


def drawn(number):
    rng = np.random.default_rng(0)
    return [(int(n), int(d), float(s)) for n, d, s in zip(
        rng.integers(2, 12, number), rng.integers(1, 6, number), rng.uniform(0.05, 1, number), strict=True
    )]  # fmt: skip


def test_how_the_smallest_width_grows_is_a_regression_on_logarithms():
    cases = drawn(40)
    found = growth(list(ladders(cases)), event)
    assert found.cases == 40
    m = [2.0 ** np.ceil(np.log2(8 * n**2 / d * s**-0.5)) for n, d, s in cases]
    for columns, exponents in (
        ([[math.log(stated_width(*case))] for case in cases], (found.whole,)),
        ([[math.log(n), math.log(d), -math.log(s)] for n, d, s in cases], found.parts),
    ):
        x = np.column_stack([np.ones(40), columns])
        fitted, *_ = np.linalg.lstsq(x, np.log(m), rcond=None)
        left_out = [  # HC3 by deleting a case at a time: the residual of a case from the fit to the others
            np.log(m[k]) - x[k] @ np.linalg.lstsq(np.delete(x, k, 0), np.delete(np.log(m), k), rcond=None)[0]
            for k in range(40)
        ]
        errors = np.sqrt(((np.linalg.pinv(x) * left_out) ** 2).sum(1))
        assert [e for e, _ in exponents] == pytest.approx(fitted[1:])
        assert [s for _, s in exponents] == pytest.approx(errors[1:])
    assert [e for e, _ in found.parts] == pytest.approx([2, -1, 0.5], abs=0.3)


def test_few_cases_tell_one_exponent_and_fewer_none():
    found = growth(list(ladders(drawn(LEAST_CASES - 1))), event)
    assert (found.cases, found.parts) == (LEAST_CASES - 1, ())
    assert math.isfinite(found.whole[0])
    assert growth(list(ladders(drawn(3))), event) is None


def test_growth_is_told_against_the_width_that_is_stated():
    cases = drawn(20)
    found = growth(list(ladders(cases)), event, always_from, theorem1.stated_width)
    m = [2.0 ** np.ceil(np.log2(8 * n**2 / d * s**-0.5)) for n, d, s in cases]
    x = np.log([theorem1.stated_width(*case) for case in cases])
    assert found.whole[0] == pytest.approx(np.polyfit(x, np.log(m), 1)[0])


@pytest.mark.parametrize(("width", "words"), [(1, "≤ 1"), (16, "16"), (math.inf, "> 64"), (math.nan, "")])
def test_a_smallest_width_in_words(width, words):
    assert width_in_words(width, 64) == words


def test_the_table_of_growth_ends_with_what_is_stated():
    fit = growth(list(ladders(drawn(LEAST_CASES))), event)
    table = growth_table([("(a)", fit), ("(b)", None)], (5, 3, 4)).data
    assert list(table["part"]) == ["(a)", "stated"]
    assert [table[name][-1] for name in ("of n", "of d", "of 1/λ0")] == ["5", "3", "4"]
    assert table["cases"][0] == LEAST_CASES
