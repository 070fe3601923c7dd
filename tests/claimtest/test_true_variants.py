"""True variants: what is expected to be violated shows that the truth in its place holds."""

from dataclasses import replace

import pytest

from claimtest.calibration.certainty import evidence_of
from claimtest.check import Check, Control
from claimtest.claim import Verdict
from claimtest.compare import changes
from claimtest.criteria import OrderBound
from claimtest.engine import NOT_VIOLATED
from claimtest.report.controls import controls_in_words, tally
from claimtest.report.markdown import reading_parts
from claimtest.report.pictures import Pictures
from claimtest.table import row, why
from tests.claimtest.simulation import QUICK
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK
from tests.claimtest.toy_run import run_with, toy_run

ROOT = Control("root", "it is $O(m^{-1/2})$", "size", law=OrderBound(-0.5), true=True)
FALSE = replace(ROOT, id="not-so-fast", law=OrderBound(-0.9))
"""Said to be true, and it is not."""


def check_with(*controls, reading=1):
    parts = list(LLN_CHECK.readings)
    parts[reading] = replace(parts[reading], controls=controls)
    return replace(LLN_CHECK, readings=tuple(parts))


def run(*controls):
    made = run_with(check_with(*controls))
    return made, made.claims[0].readings[1]


def test_a_true_variant_that_holds_is_told_and_counts():
    made, reading = run(ROOT)
    (control,) = reading.controls
    assert (reading.verdict, control.outcome.verdict) == (Verdict.VIOLATED, Verdict.HOLDS)
    assert (control.told, control.counts, control.missed, control.idle) == (True, True, False, False)
    assert made.exit_status() == 0
    assert control.to_json()["holds"] is True
    assert "rejected" not in control.to_json()
    assert row("lln", reading)[-1] == "1/1 hold"
    assert "not" not in why(reading).split("\n")[-1]


def test_one_that_does_not_hold_fails_the_gate_and_is_named():
    made, reading = run(ROOT, FALSE)
    assert reading.as_expected
    assert [c.missed for c in reading.controls] == [False, True]
    assert made.exit_status() == 1
    assert "control not-so-fast" in why(reading)
    assert "does not hold" in why(reading)
    assert tally(reading.controls).outcome == "1 of 2 true hold"
    every = [control for _, reading in made.readings for control in reading.controls]
    assert tally(every).outcome == "5 of 5 rejected, 1 of 2 true hold"
    assert not tally(every).complete


def test_it_does_not_count_where_the_reading_is_not_violated():
    part = LLN_CHECK.readings[1]
    slack = replace(part.criteria[0], law=OrderBound(0.0))
    check = replace(
        check_with(ROOT), readings=(LLN_CHECK.readings[0], replace(part, criteria=(slack,), controls=(ROOT,)))
    )
    (control,) = run_with(check).claims[0].readings[1].controls
    assert (control.counts, control.discounted) == (False, NOT_VIOLATED)


@pytest.mark.parametrize(("reading", "control"), [(0, ROOT), (1, replace(ROOT, true=False))])
def test_a_check_refuses_the_wrong_kind(reading, control):
    with pytest.raises(ValueError, match=r"'root' has to be (true|false)$") as refused:
        check_with(control, reading=reading)
    assert str(refused.value).endswith("false" if reading == 0 else "true")
    assert isinstance(LLN_CHECK, Check)


def test_reports_speak_of_it():
    made, reading = run(ROOT)
    sentence = controls_in_words(made)[-1]
    assert sentence == "1 of 1 controls that are true variants of what is expected to be violated holds."
    assert len(controls_in_words(toy_run())) == 1
    text = "\n".join(reading_parts(made.claims[0], reading, Pictures({}, {})))
    assert "Control (known to be true)" in text
    kills = made.claims[0].kills
    assert kills.true == ("too-fast/root",)
    assert kills.unaimed == ("bound/flips",)
    assert kills.to_json()["true"] == ["too-fast/root"]


def test_a_difference_between_runs_is_seen():
    before, after = run(ROOT)[0].to_json(), run(ROOT)[0].to_json()
    after["claims"][0]["readings"][1]["controls"][0]["holds"] = False
    (change,) = changes(before, after)
    assert (change.before, change.after) == ("holds", "does not hold")


def test_both_verdicts_are_asked_for_again():
    _, reading = run(ROOT)
    found = {q.name: (q.control, q.again) for e in evidence_of("lln", reading, QUICK) for q in e.questions}
    assert found == {"lln/too-fast/size": (False, Verdict.VIOLATED), "lln/too-fast/root": (True, Verdict.HOLDS)}


def test_a_control_without_a_case_is_marked_where_it_fails_the_gate():
    nowhere = replace(CLT_CHECK.readings[0].controls[1], where=lambda cell: False)
    made = run_with(replace(CLT_CHECK, readings=(replace(CLT_CHECK.readings[0], controls=(nowhere,)),)))
    claim = made.claims[1]
    assert made.exit_status() == 1
    assert "**not rejected**, not run: no case here" in "\n".join(
        reading_parts(claim, claim.readings[0], Pictures({}, {}))
    )
    assert controls_in_words(made)[0].startswith("1 of 4 controls")
