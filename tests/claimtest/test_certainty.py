"""Certainty: the coins run again with other seeds, so to speak; what holds by luck is found out."""

from dataclasses import replace

import numpy as np
import pytest

from claimtest.calibration import certainty
from claimtest.calibration.certainty import Certainty, Question, certainties, evidence_of, left_out
from claimtest.calibration.design import shares
from claimtest.calibration.rates import Rate
from claimtest.calibration.run import Calibration
from claimtest.check import Control
from claimtest.claim import Verdict
from claimtest.criteria import Samples
from claimtest.criteria.law import MISS
from claimtest.profile import ALPHA
from tests.claimtest.simulation import QUICK
from tests.claimtest.toy_pack import CLT_CHECK
from tests.claimtest.toy_run import run_with, toy_run


def certain(run, trials=4000):
    evidence = [e for claim, r in run.readings for e in evidence_of(claim.claim.id, r, QUICK)]
    return {c.name: c for c in certainties(evidence, trials)}


def test_criteria_hold_and_controls_are_found_violated():
    found = certain(toy_run())
    assert set(found) == {
        "lln/bound/size", "lln/bound/inside", "lln/bound/flips", "lln/bound/faster", "lln/bound/drift",
        "lln/bound/narrow", "clt/exact/variance", "clt/exact/order", "clt/exact/double", "clt/exact/slower",
        "lln/too-fast/size",
    }  # fmt: skip
    assert {name for name, c in found.items() if c.control} == {
        "lln/bound/faster", "lln/bound/drift", "lln/bound/narrow", "clt/exact/double", "clt/exact/slower",
    }  # fmt: skip
    assert found["lln/bound/drift"].rate.events == found["lln/bound/narrow"].rate.events == 0
    assert all(c.rate.trials >= 4000 for c in found.values())


def test_a_criterion_that_holds_by_luck_and_a_control_that_is_barely_false_are_found_out():
    """The variance is judged with fewer values than its margin asks for."""
    part = CLT_CHECK.readings[0]
    near = Control("near", "the variance is 1.4/m", "variance", {"predicted": 1.4})
    run = run_with(replace(CLT_CHECK, readings=(replace(part, controls=(near,)),)))
    assert run.claims[1].readings[0].criteria[0].verdict is Verdict.HOLDS
    found = certain(run)
    assert not found["clt/exact/variance"].rate.met
    assert not found["clt/exact/near"].rate.met
    calibration = Calibration(QUICK, 4000, (), tuple(found.values()))
    assert {"clt/exact/near", "clt/exact/variance"} <= {line.split(":")[0] for line in calibration.broken}
    assert "clt/exact/near" in calibration.certain()


def test_rates_are_those_of_runs_with_other_seeds():
    """As often as simulated, 2000 fresh samples of squared normals with the mean that was seen do not hold."""
    result = toy_run().claims[1].readings[0].criteria[0]
    rng, seen = np.random.default_rng(5), result.outcome.estimate
    drawn = seen * rng.standard_normal((2000, len(result.samples))) ** 2
    low, high = result.criterion.law.fit(drawn, result.samples).interval(ALPHA)
    share = np.mean((low < 0.75) | (high > 1.25))
    assert certain(toy_run())["clt/exact/variance"].rate.share == pytest.approx(share, abs=0.1)


def test_numbers_do_not_depend_on_the_number_of_processes():
    evidence = [e for claim, r in toy_run().readings for e in evidence_of(claim.claim.id, r, QUICK)][:2]
    assert certainties(evidence, 200) == certainties(evidence, 200, 2)


@pytest.mark.parametrize(
    ("events", "trials", "shown", "met"),
    [
        (0, 30_000, True, True),
        (1, 30_000, False, False),
        (20, 300_000, True, True),
        (21, 300_000, False, False),
        (0, 4000, False, True),  # too few to show it, and nothing against it
        (40, 4000, False, False),
    ],
)
def test_a_rate_below_one_in_ten_thousand_is_shown_at_95_percent_or_it_is_not(events, trials, shown, met):
    sure = Certainty("claim/reading/criterion", False, Rate("does not hold", ALPHA, MISS, events, trials))
    assert (sure.shown, sure.met) == (shown, met)
    assert sure.to_json()["met"] is met


def test_what_erred_once_is_looked_at_ten_times_as_long(monkeypatch):
    monkeypatch.setattr(certainty, "ENOUGH", 1000)
    monkeypatch.setattr(certainty, "THOROUGH", 10_000)
    monkeypatch.setattr(certainty, "MISS", 0.004)  # which none of 1000 shows
    found = certain(toy_run(), 1000)
    doubtful = {name for name, c in found.items() if c.rate.trials >= 10_000}
    assert "clt/exact/variance" in doubtful
    assert "lln/bound/drift" not in doubtful
    assert all(c.rate.events == 0 for name, c in found.items() if name not in doubtful)


def test_errors_of_both_kinds_are_named():
    held = Question("q", False, (0.0, 1.0), Verdict.HOLDS)
    broken = Question("q", True, (0.0, 1.0), Verdict.VIOLATED)
    low, high = np.array([0.2, -0.1, 2.0]), np.array([0.8, 0.5, 3.0])
    assert held.erring(low, high).tolist() == [False, True, True]
    assert broken.erring(low, high).tolist() == [True, True, False]
    assert (held.error, broken.error) == ("does not hold", "not violated")


def test_what_always_happened_need_not_always_happen():
    """Of 4 and of 9 replicates all, none, one: half a success more in one replicate more, over all of them."""
    strata = np.repeat([0, 1, 2], [4, 9, 4])
    values = np.concatenate([np.ones(4), np.zeros(9), [1.0, 0, 0, 0]])
    found = shares(Samples(values, strata, np.ones(17)))
    assert found[[0, 4, 13]] == pytest.approx([17.5 / 18, 0.5 / 18, (17 / 4 + 0.5) / 18])
    assert found.sum() == pytest.approx(17 * (5 + 0.5) / 18)


def test_a_control_that_is_called_like_its_criterion_is_another_question():
    """The region of the first is never met, that of the second always missed: all errors are the first one's."""
    first, *_ = (e for claim, r in toy_run().readings for e in evidence_of(claim.claim.id, r, QUICK))
    never, asked = (9.0, 9.5), (Verdict.HOLDS, Verdict.VIOLATED)
    alike = replace(first, questions=tuple(Question("same", k == 1, never, verdict) for k, verdict in enumerate(asked)))
    criterion, control = certainties([alike], 500)
    assert (criterion.rate.events, control.rate.events) == (criterion.rate.trials, 0)


def test_what_is_not_as_expected_is_left_out_and_named():
    name, reading = next((claim.claim.id, r) for claim, r in toy_run().readings if r.reading.id == "exact")
    assert left_out(name, reading) == []
    unmet = replace(reading, reading=replace(reading.reading, expected=Verdict.VIOLATED, because="a test"))
    assert left_out(name, unmet) == ["clt/exact/variance", "clt/exact/order"]
    assert list(evidence_of(name, unmet, QUICK)) == []
