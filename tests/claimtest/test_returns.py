"""What a pack's own functions return: judged if it is what they promise, else said in one line that names them."""

from dataclasses import replace

import numpy as np
import pytest

from claimtest.cells import Cell, Experiment
from claimtest.claim import Reading
from claimtest.errors import RunError
from claimtest.profile import PROFILES
from tests.claimtest.test_engine import changed, engine
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK, SWEEP, Coin

(PART,) = CLT_CHECK.readings


def judged(**changes):
    criterion = replace(PART.criteria[0], **changes)
    return engine(LLN_CHECK, changed(CLT_CHECK, criteria=(criterion,), controls=PART.controls[:1])).judge(["clt"])


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "array of real numbers, not None"),
        ("three", "array of real numbers, not str"),
        (np.array(["1.0"]), "array of real numbers, not one of <U3"),
        (np.array([1 + 2j]), "array of real numbers, not one of complex128"),
        ([[1.0], [1.0, 2.0]], "array of real numbers, not list"),
        (1.0, "a value for each replicate, not one number for all"),
        ((np.ones(4), np.ones(4), np.ones(4)), "a pair (values, abscissa), not 3 things"),
        ((np.ones(4), "far"), "the abscissa that measure returns has to be an array of real numbers, not str"),
    ],
)  # fmt: skip
def test_what_a_measure_returns(returned, words):
    with pytest.raises(RunError, match=r"clt, reading 'exact', criterion 'variance'") as caught:
        judged(measure=lambda cell, predicted=1.0: returned)
    assert words in str(caught.value)


def test_truth_values_and_lists_are_numbers():
    (result,) = judged(measure=lambda cell, predicted=1.0: [value / predicted for value in cell["square"]])
    outcome = result.readings[0].criteria[0].outcome
    assert outcome
    assert outcome.estimate == pytest.approx(1.0)


def test_over_a_sweep_it_returns_samples():
    with pytest.raises(RunError, match="has to return Samples over a sweep, not ndarray"):
        judged(over="sweep", measure=lambda cells, predicted=1.0: np.ones(3))


@pytest.mark.parametrize("weight", [-1.0, np.inf, np.nan, None, "much"])
def test_what_a_precision_returns(weight):
    with pytest.raises(RunError, match=r"TypeError: what precision returns|ValueError: precision has to return"):
        judged(precision=lambda cell: weight)


@pytest.mark.parametrize(
    ("quantities", "words"),
    [
        ({"mean": np.array([1j, 2j])}, "odd: mean has to be an array of real numbers, not one of complex128"),
        ({"mean": None}, "odd: mean has to be an array of real numbers, not None"),
        (np.ones(2), "odd: run has to return quantities by name, not ndarray"),
    ],
)
def test_what_an_experiment_returns(quantities, words):
    odd = Experiment("odd", lambda case, width, seeds, device: quantities, lambda case, width: 1.0)
    with pytest.raises(TypeError) as caught:
        Cell(odd, Coin("a", 16), 16, 0, 2).run(0)
    assert str(caught.value) == words


def test_an_id_names_files():
    with pytest.raises(ValueError, match="'aaaaaaaaaaaaaaaaaaaa'… takes more than 64 bytes"):
        replace(PART.criteria[0], id="a" * 65)
    with pytest.raises(ValueError, match="takes more than 64 bytes"):
        Reading("ü" * 33, "", "", CLT_CHECK.claim.readings[0].provenance)
    replace(PART.criteria[0], id="a" * 64)


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        (None, "flip: cases has to return cases, not NoneType"),
        ([1], "flip: a case has an id and a digest, which 1 has not"),
        ([LLN_CHECK], "flip: a case has an id and a digest, which Check("),
    ],
)
def test_what_picks_cases_returns_cases(cases, words):
    with pytest.raises(RunError) as caught:
        replace(SWEEP, cases=lambda book, profile: cases).chosen((), PROFILES["quick"])
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("widths", "words"),
    [
        (64, "have to be whole numbers, not int"),
        ([0], "have to be whole numbers from 1 on, not 0"),
        ([16, 2.5], "have to be whole numbers from 1 on, not 2.5"),
        (["wide"], "have to be whole numbers from 1 on, not 'wide'"),
        ([16, 32, 16], "repeat (16): evidence that counts twice proves nothing"),
    ],
)
def test_a_ladder_is_made_of_widths(widths, words):
    with pytest.raises(RunError) as caught:
        list(replace(SWEEP, widths=lambda case, profile: widths).cells([Coin("a", 16)], PROFILES["quick"]))
    assert str(caught.value) == f"flip: widths of a {words}"
