"""The kill matrix, and controls that show nothing because the true experiment fails where they ran."""

from dataclasses import replace

import pytest

from claimtest.check import Control, Criterion, ReadingCheck
from claimtest.claim import Verdict
from claimtest.criteria import Ceiling, Constant
from claimtest.errors import RunError
from claimtest.kills import KillMatrix, reads
from claimtest.table import row
from tests.claimtest.toy_pack import CLT_CHECK, DRIFTING_SWEEP, LLN_CHECK, SWEEP, scaled_square
from tests.claimtest.toy_run import run_with, toy_run


def test_squares_say_what_each_criterion_makes_of_each_control():
    kills = toy_run().claims[0].kills
    assert isinstance(kills, KillMatrix)
    assert kills.controls == ("bound/faster", "bound/drift", "bound/narrow")
    assert kills.criteria == ("bound/size", "bound/flips", "bound/inside", "too-fast/size")
    faster, drift, narrow = kills.squares
    assert faster[0].aim
    assert faster[0].verdict is Verdict.VIOLATED
    assert faster[1:] == (None, None, None)  # a changed law concerns its aim alone
    assert all(square is not None for square in drift)  # a changed experiment all that read it
    assert [square.verdict for square in drift[:3]] == [Verdict.VIOLATED] * 3
    assert narrow[2].verdict is Verdict.VIOLATED
    assert kills.unaimed == ("bound/flips", "too-fast/size")


def test_a_changed_prediction_concerns_those_that_predict_the_same_thing():
    def other(cell, predicted=2.0):
        return scaled_square(cell, predicted)

    aim = Criterion("aim", "", Constant(), SWEEP, scaled_square)
    control = Control("double", "", "aim", {"predicted": 2.0})
    assert reads(aim, control, aim)
    assert reads(replace(aim, id="same"), control, aim)
    assert not reads(replace(aim, id="other", measure=other), control, aim)
    assert not reads(replace(aim, id="none", measure=lambda cell: cell["mean"]), control, aim)
    both = replace(control, sweep=DRIFTING_SWEEP)  # a changed experiment with a prediction that goes with it
    assert reads(replace(aim, id="same"), both, aim)
    assert not reads(replace(aim, id="none", measure=lambda cell: cell["mean"]), both, aim)


def test_a_bystander_that_cannot_judge_a_control_ends_the_run_and_no_square_hides_it():
    def choosy(cell, predicted=1.0):
        if predicted != 1.0:
            raise ValueError("this prediction is that of another problem")
        return scaled_square(cell, predicted)

    (part,) = CLT_CHECK.readings
    bystander = Criterion("bystander", "", Constant(), SWEEP, choosy)
    seen = Control("double", "", "variance", {"predicted": 2.0})
    with pytest.raises(RunError, match="clt, kill matrix, control 'exact/double': ValueError: this prediction is that"):
        run_with(replace(CLT_CHECK, readings=(replace(part, criteria=(*part.criteria, bystander), controls=(seen,)),)))


def test_the_matrix_travels_into_report_json():
    entry = toy_run().to_json()["claims"][0]["kill_matrix"]
    assert entry["verdicts"][0] == ["violated", None, None, None]
    assert len(entry["verdicts"][1]) == len(entry["criteria"])


def test_a_control_that_the_true_experiment_fails_too_is_not_rejected():
    impossible = Criterion("tiny", "the mean is at most 1/1000", Ceiling(1e-3), SWEEP, lambda c: abs(c["mean"]))
    generous = replace(impossible, id="wide", law=Ceiling(10.45), measure=lambda c: abs(c["mean"]) + 9.5)
    part = ReadingCheck(
        "exact",
        (*CLT_CHECK.readings[0].criteria, generous, impossible),
        (
            Control("drift", "the mean drifts to 1", "wide", sweep=DRIFTING_SWEEP),
            Control("vacuous", "the mean drifts to 1", "tiny", sweep=DRIFTING_SWEEP),
        ),
    )
    run = run_with(replace(CLT_CHECK, readings=(part,)))
    drift, vacuous = run.claims[1].readings[0].controls
    assert drift.told
    assert vacuous.outcome is not None
    assert vacuous.outcome.verdict is Verdict.VIOLATED
    assert vacuous.told is False
    assert vacuous.why_not == "the unchanged experiment is violated there too"


def test_a_criterion_that_finds_nothing_to_look_at_is_counted_beside_those_that_hold():
    part = CLT_CHECK.readings[0]
    empty = Criterion("empty", "", Constant(), SWEEP, lambda cell: cell["mean"][:0])
    result = (
        run_with(replace(CLT_CHECK, readings=(replace(part, criteria=(*part.criteria, empty)),))).claims[1].readings[0]
    )
    number = len(part.criteria)
    assert row("clt", result)[3] == f"{number}/{number} hold, 1 without a case"
    assert row("clt", toy_run().claims[1].readings[0])[3] == f"{number}/{number} hold"


def test_a_rejected_control_of_the_toy_pack_is_not_idle():
    assert all(not c.idle for c in toy_run().claims[0].readings[0].controls)
    assert LLN_CHECK.readings[0].controls[1].sweep is DRIFTING_SWEEP
