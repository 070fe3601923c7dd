"""The attacks of this pack: each example is measured as the claims are, and the worst that were found stay harmless."""

from pathlib import Path

import numpy as np
import pytest

from checks import PACK
from checks.attacks import ATTACK_DEFINITION1, ATTACK_LEMMA2, ATTACK_LEMMA3, case_of
from claimtest.attack.attack import Found
from claimtest.attack.record import Record, attack_on
from claimtest.attack.search import Search
from claimtest.errors import UsageError
from models import contraction, tangent
from theorems import lemma3
from theorems.setting import ACTIVATIONS

KEPT = sorted((Path(__file__).parents[1] / "claims" / "regressions").glob("*.json"))
"""Examples that broke a bound once, and the worst that long searches found; `replay` takes each of them."""

EXAMPLE = {"inputs": [[0.6, 0.8], [1.0, 0.0]], "outputs": 2, "activation": "relu", "noise": "learned",
           "noise_scale": 0.5, "width": 3, "seed": 7, "stretch": [2.0, 0.5, 8.0], "radius": 0.25}  # fmt: skip
ATTACKS = {"definition1": ATTACK_DEFINITION1, "lemma2": ATTACK_LEMMA2, "lemma3": ATTACK_LEMMA3}


@pytest.mark.parametrize("claim", ATTACKS)
def test_a_short_search_breaks_nothing_and_replays_to_the_last_bit(claim, tmp_path):
    attack = attack_on(PACK, claim)
    assert attack is ATTACKS[claim]
    search = Search(attack, 1)
    search.climb(lambda state: state.tried >= 25)
    kept = search.shrink(lambda state: state.tried >= 30)
    assert not search.found.broken
    record = Record(claim, kept, {})
    record.write(tmp_path / "x.json", attack.bounds)
    assert Record.read(tmp_path / "x.json").again(attack) == kept


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_the_worst_examples_found_stay_harmless(file):
    """Ratios of round-off are another processor's; the others are the same up to them."""
    record = Record.read(file)
    now = record.again(attack_on(PACK, record.claim))
    assert not now.broken
    assert set(now.ratios) == set(record.found.ratios)  # else `replay` calls it not reproduced
    if record.claim != "definition1":
        assert now.ratios == pytest.approx(record.found.ratios, rel=1e-6, abs=1e-2)


def test_each_of_the_claims_has_an_example_that_is_kept():
    assert {Record.read(file).claim for file in KEPT} >= set(ATTACKS)


@pytest.mark.parametrize("claim", ATTACKS)
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_ratios_are_of_the_bounds_that_are_stated(claim, activation):
    found = ATTACKS[claim].measure(EXAMPLE | {"activation": activation})
    assert set(found.ratios) == set(ATTACKS[claim].bounds)
    assert found.ratio <= 1


def test_the_problem_of_an_example():
    case = case_of(EXAMPLE)
    np.testing.assert_array_equal(case.problem.inputs, EXAMPLE["inputs"])
    assert case.problem.targets.shape == (2, 2)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"width": 10**9}, "none is so large"), ({"outputs": 10**7}, "none is so large"),
        ({"inputs": [[1.0] + [0.0] * 99]}, "none is so large"), ({"activation": "tahn"}, "unknown activation 'tahn'"),
        ({"noise": "loud"}, "noise is fixed or learned, not 'loud'"), ({"noise": None}, "noise is fixed or learned"),
    ],
)  # fmt: skip
def test_what_is_no_example_is_said_in_one_line(changed, words):
    record = Record("definition1", Found(EXAMPLE | changed, {}), {})
    with pytest.raises(UsageError, match=words) as raised:
        record.again(ATTACK_DEFINITION1)
    assert str(raised.value).startswith("no example of definition1: ")


def test_an_example_that_lacks_something_is_told_what():
    record = Record("lemma2", Found({name: v for name, v in EXAMPLE.items() if name != "noise"}, {}), {})
    with pytest.raises(UsageError, match="no example of lemma2: it has no 'noise'"):
        record.again(ATTACK_LEMMA2)


def test_a_wrong_block_breaks_definition_1(monkeypatch):
    """The scale block of the closed form is doubled."""
    true = contraction.spread
    calls = iter(range(1000))
    monkeypatch.setattr(tangent, "spread", lambda *a: true(*a) * (1 + next(calls) % 2))
    found = ATTACK_DEFINITION1.measure(EXAMPLE | {"activation": "erf"})
    assert {"autodiff", "sum"} <= set(found.broken)


def test_a_constant_that_is_too_small_breaks_lemma_3(monkeypatch):
    monkeypatch.setattr("checks.measures.ball.stability_constant", lambda *a: lemma3.stability_constant(*a) / 30)
    assert ATTACK_LEMMA3.measure(EXAMPLE).broken


def test_an_eigenvalue_that_is_too_large_breaks_lemma_2(monkeypatch):
    """λ0 is overstated by a tenth while the distance is that to the true limit.

    That (a) implies (b) is algebra, true of any limit: whether Θ∞ is the limit is for Lemma 1 to say.
    """
    true = np.linalg.eigvalsh
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda matrix: 1.1 * true(matrix) + 0.1)
    assert "closeness" in ATTACK_LEMMA2.measure(EXAMPLE | {"width": 10000}).broken
