"""How loose the bounds of a claim are."""

from dataclasses import replace

import numpy as np
import pytest

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


def test_what_probabilities_count_has_a_share_of_its_bound_too():
    """Within six deviations: what each mean uses of that is its size in deviations over six."""
    part = LLN_CHECK.readings[0]

    def used(cell):
        return np.abs(cell["mean"]) * np.sqrt(cell.width) / 6

    criteria = tuple(replace(c, used=used) if c.id == "inside" else c for c in part.criteria)
    run = run_with(replace(LLN_CHECK, readings=(replace(part, criteria=criteria), *LLN_CHECK.readings[1:])))
    (claim,) = (claim for claim in run.claims if claim.claim.id == "lln")
    (result,) = (c for c in claim.readings[0].criteria if c.criterion.id == "inside")
    assert result.used is not None
    median, largest = result.used
    assert median == pytest.approx(0.6745 / 6, rel=0.25)  # of a normal
    assert 2 * median < largest < 1
    assert result.to_json()["used"] == {"median": median, "largest": largest}
    (line,) = (line for line in looseness(claim) if line.criterion == "inside")
    assert line.slack == f"a factor of {1 / median:.3g}, {1 / largest:.3g} at the closest; fails in 0 %, 10 % allowed"
    assert all(c.used is None and "used" not in c.to_json() for c in claim.readings[0].criteria if c is not result)


def test_what_used_nothing_of_its_bound_is_infinitely_far_from_it():
    part = LLN_CHECK.readings[0]
    criteria = tuple(replace(c, used=lambda cell: 0 * cell["mean"]) for c in part.criteria)
    claim = run_with(replace(LLN_CHECK, readings=(replace(part, criteria=criteria), *LLN_CHECK.readings[1:]))).claims[0]
    assert all(line.slack.startswith("a factor of ∞") for line in looseness(claim) if line.reading == part.reading)


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
