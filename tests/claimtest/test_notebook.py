"""What a notebook shows of verdicts, outcomes and matrices: readable, escaped, small."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.lib.pretty import pretty

from claimtest.claim import Verdict
from claimtest.notebook import html_of, matrices_html
from claimtest.results import CriterionResult
from tests.claimtest.toy_pack import CLT_CHECK
from tests.claimtest.toy_run import run_with, toy_run

HOSTILE = '<script>alert(1)</script> & "quotes" $\\href{javascript:alert(1)}{x}$'


def shown(item):
    """The words of what an object shows, which must be well-formed."""
    return words(item._repr_html_())


def words(html):
    tree = ElementTree.fromstring(html)
    assert not {node.tag for node in tree.iter()} & {"script", "a", "img", "iframe"}
    assert not [name for node in tree.iter() for name in node.attrib if name.startswith("on") or name == "href"]
    return " ".join(" ".join(tree.itertext()).split())


@pytest.mark.parametrize(("verdict", "text"), [(v, f"{m} {v}") for v, m in zip(Verdict, "✓✗?––", strict=True)])
def test_a_verdict_is_a_mark_and_a_word(verdict, text):
    assert shown(verdict) == text
    assert str(verdict) == f"{verdict}" == verdict.value  # showing itself changes nothing else


def test_an_outcome_shows_what_it_rests_on():
    result = toy_run().claims[0].readings[0].criteria[0]
    text = shown(result.outcome)
    assert text.startswith("verdict estimate interval accepted detectable n ✓ holds −0.5")
    assert "≤ −0.35" in text
    assert str(result.outcome.n) in text
    assert shown(result).startswith("criterion verdict estimate")


def test_a_criterion_that_was_not_run_says_why():
    criterion = CLT_CHECK.readings[0].criteria[0]
    text = shown(CriterionResult(criterion, None, None, "not part of <quick>"))
    assert "– not run not part of <quick>" in text


def test_a_reading_a_claim_and_a_run():
    run = toy_run()
    claim = run.claims[0]
    reading = shown(claim.readings[0])
    assert reading.startswith("Upper bound ✓ holds , as expected")
    assert reading.endswith("controls: 3 of 3 rejected")
    assert "✗ violated , as expected" in shown(claim)
    table = shown(run)
    assert "lln too-fast ✗ violated as expected" in table
    assert "Profile quick, seed 0" in table


def test_every_string_is_escaped():
    (part,) = CLT_CHECK.readings
    reading = replace(CLT_CHECK.claim.readings[0], title=HOSTILE)
    claim = replace(CLT_CHECK.claim, title=HOSTILE, readings=(reading,))
    criterion = replace(part.criteria[0], asks=HOSTILE)
    check = replace(CLT_CHECK, claim=claim, readings=(replace(part, criteria=(criterion, *part.criteria[1:])),))
    run = replace(run_with(check), title=HOSTILE)
    for item in (run, run.claims[1], run.claims[1].readings[0], run.claims[1].readings[0].criteria[0]):
        assert "<script>" in shown(item)


def test_matrices_show_their_shares_their_eigenvalues_and_their_entries():
    text = words(matrices_html("K <b>", {"one": np.diag([1.0, 2.0]), "two": np.diag([0.5, 1.0])}))
    assert text.startswith("K <b> : 2 × 2, eigenvalues from 1.5 to 3 block Frobenius norm smallest largest")
    assert "one 2.24 0 2" in text
    assert text.endswith("total 3.35 0 3 1.5 0 0 3")


@pytest.mark.parametrize(
    ("matrix", "part"),
    [
        (np.float64(0.25), "a number"),
        (np.arange(3.0), ": 3 block"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), ": 2 × 2 block"),  # not symmetric: no eigenvalues
        (np.array([[np.nan, 1.0], [1.0, np.inf]]), "not a number"),
        (np.zeros((2, 2)), "eigenvalues from 0 to 0"),
        (np.empty((0, 0)), ": 0 × 0"),
        (np.ones((2, 2, 2)), ": 2 × 2 × 2"),
    ],
)
def test_any_shape_shows_something(matrix, part):
    assert part in words(matrices_html("K", {"all": np.asarray(matrix)}))


def test_a_large_matrix_stays_small():
    html = matrices_html("K", {"all": np.random.default_rng(0).standard_normal((500, 500))})
    assert len(html) < 12_000
    assert "first 8 × 8 of 500 × 500 entries" in words(html)


def test_what_is_no_result_is_refused():
    with pytest.raises(TypeError, match="nothing to show of a int"):
        html_of(3)


def test_where_only_text_can_be_shown_a_result_takes_one_line():
    run = toy_run()
    claim = run.claims[0]
    assert pretty(run) == "RunResult: Coins on trial"
    assert pretty(claim) == "ClaimResult: holds"
    assert pretty(claim.readings[1]) == "ReadingResult: violated"
    assert pretty(claim.readings[0].criteria[0].outcome) == "Outcome: holds"
    assert pretty(Verdict.HOLDS) == "<Verdict.HOLDS: 'holds'>"


def test_reasons_and_notes_are_escaped_too():
    claim = toy_run().claims[0]
    reading = replace(claim.readings[0], scope="edge: <script>")
    outcome = replace(claim.readings[0].criteria[0].outcome, note="3 of <script>")
    shaky = replace(claim, readings=(reading,), conditional_on=("<script>",))
    assert all("<script>" in shown(item) for item in (reading, outcome, shaky))
