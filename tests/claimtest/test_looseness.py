"""How loose the bounds of a claim are."""

from dataclasses import replace

from checks import PACK
from claimtest.report.looseness import looseness, tightness
from tests.claimtest.toy_pack import LLN_CHECK
from tests.claimtest.toy_run import run_with, toy_run


def test_looseness_names_the_gap():
    lines = {f"{line.reading}/{line.criterion}": line for line in looseness(toy_run().claims[0])}
    assert lines["bound/size"].slack == "tight"
    assert lines["too-fast/size"].slack.endswith("flatter")
    assert (lines["bound/inside"].stated, lines["bound/inside"].slack) == (
        "probability ≥ 0.9",
        "fails in 0 %, 10 % allowed",
    )


def test_what_is_asked_of_the_computation_is_no_bound_of_the_claim():
    part = LLN_CHECK.readings[0]
    criteria = tuple(replace(c, accuracy=c.id == "inside") for c in part.criteria)
    run = run_with(replace(LLN_CHECK, readings=(replace(part, criteria=criteria), *LLN_CHECK.readings[1:])))
    (claim,) = (claim for claim in run.claims if claim.claim.id == "lln")
    assert [f"{line.reading}/{line.criterion}" for line in looseness(claim)] == ["bound/size", "too-fast/size"]
    assert all(line.criterion != "inside" for _, lines in tightness(run) for line in lines)


def test_those_that_ask_how_well_the_suite_computes_are_known():
    found = {
        f"{check.claim.id}/{part.reading}/{c.id}"
        for check in PACK.checks
        for part in check.readings
        for c in part.criteria
        if c.accuracy
    }
    settled = {name for name in found if name.endswith("/settled")}
    assert len(settled) == 6
    assert found - settled == {
        "theorem1/mean-output-flow/time-stepping", "theorem2/decoder-trained/followed",
        "figure2/principal-components/stated-loss", "figure2/raw-pixels/stated-loss",
    }  # fmt: skip
