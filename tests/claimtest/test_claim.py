"""The graph of claims: what is no graph is refused."""

import pytest

from claimtest.claim import Claim, Provenance, Reading, Verdict, claim_graph

READING = Reading("only", "Only", "", Provenance.PAPER)


def claim(name, *depends_on, readings=(READING,)):
    return Claim(name, name, "", "", (), (Provenance.PAPER,), "", readings, depends_on)


def test_claims_come_after_what_they_rest_on():
    graph = claim_graph([claim("c", "a", "b"), claim("b", "a"), claim("a")])
    assert list(graph) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        ([claim("a", "b"), claim("b", "a")], "circle"),
        ([claim("a", "a")], "circle"),
        ([claim("a"), claim("b", "a"), claim("lonely")], "without any tie to the others: lonely"),
        ([claim("a", "nobody")], "'nobody', which is no claim"),
        ([claim("a"), claim("a")], "two claims are called 'a'"),
    ],
)
def test_what_is_no_graph_is_refused(claims, complaint):
    with pytest.raises(ValueError, match=complaint):
        claim_graph(claims)


def test_a_single_claim_needs_no_ties():
    assert list(claim_graph([claim("a")])) == ["a"]


@pytest.mark.parametrize("readings", [(), (READING, READING)])
def test_readings_are_there_and_can_be_told_apart(readings):
    with pytest.raises(ValueError, match="distinct ids"):
        claim("a", readings=readings)


@pytest.mark.parametrize("expected", [Verdict.VIOLATED, None])
def test_an_unusual_expectation_needs_a_reason(expected):
    with pytest.raises(ValueError, match="say why"):
        Reading("r", "R", "", Provenance.PAPER, expected)
    assert Reading("r", "R", "", Provenance.PAPER, expected, "because").because
