"""What is not a number refutes nothing, what is not judged passes no gate, and nothing counts twice."""

from dataclasses import replace

import numpy as np
import pytest

from claimtest.check import Control, ReadingCheck
from claimtest.claim import Verdict
from claimtest.errors import RunError
from claimtest.profile import PROFILES
from claimtest.report import write_report
from claimtest.results import RunResult
from tests.claimtest.test_engine import changed, engine, status
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK, SWEEP, Coin


def nothing(cell, predicted=1.0):
    return np.full(len(cell["mean"]), np.nan)


ALONE = replace(CLT_CHECK.claim, depends_on=())


def test_a_criterion_that_is_not_a_number_contradicts_its_claim():
    (part,) = CLT_CHECK.readings
    check = changed(CLT_CHECK, criteria=(replace(part.criteria[0], measure=nothing),), controls=part.controls[:1])
    results = engine(replace(check, claim=ALONE)).judge(["clt"])
    assert results[0].verdict is Verdict.VIOLATED
    assert status(results) == 1


def test_a_reading_expected_to_fail_does_not_fail_by_it():
    (part,) = CLT_CHECK.readings
    reading = replace(ALONE.readings[0], expected=Verdict.VIOLATED, because="x")
    bare = replace(part, criteria=(replace(part.criteria[0], measure=nothing),), controls=())
    check = replace(CLT_CHECK, claim=replace(ALONE, readings=(reading,)), readings=(bare,))
    results = engine(check).judge(["clt"])
    assert results[0].verdict is Verdict.VIOLATED
    assert not results[0].readings[0].as_expected
    assert status(results) == 1


def test_a_control_that_is_not_a_number_is_not_rejected():
    (part,) = CLT_CHECK.readings
    aim = part.criteria[0]
    control = Control("nan", "nothing is predicted", aim.id, {"predicted": np.nan})
    check = changed(CLT_CHECK, criteria=(aim,), controls=(control,))
    results = engine(replace(check, claim=ALONE)).judge(["clt"])
    (result,) = results[0].readings[0].controls
    assert (result.outcome.verdict, result.told) == (Verdict.VIOLATED, False)
    assert result.why_not == "what it measures is not a number"
    assert status(results) == 1


def test_where_nothing_is_judged_a_strict_gate_is_shut():
    results = engine(book=()).judge(["lln", "clt"])
    assert all(result.verdict is Verdict.NOT_RUN for result in results)
    assert (status(results), status(results, strict=True)) == (0, 1)


def test_a_report_says_so(tmp_path):
    run = RunResult("Coins", PROFILES["standard"], 0, tuple(engine(book=()).judge(["lln", "clt"])), {}, 0.0)
    write_report(run, tmp_path)
    for name in ("index.html", "report.md", "summary.md"):
        assert "Nothing was judged" in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("book", "words"),
    [((Coin("a", 16), Coin("a", 16)), "cases repeat"), ((Coin("a", 16), Coin("a", 32)), "cases repeat")],
)
def test_cases_that_repeat_are_refused(book, words):
    with pytest.raises(RunError, match=words):
        engine(book=book).cells(["lln"])


def test_so_are_widths():
    part = LLN_CHECK.readings[0]
    twice = replace(SWEEP, widths=lambda case, profile: (64, 64))
    criteria = tuple(replace(c, sweep=twice) for c in part.criteria)
    with pytest.raises(RunError, match=r"widths of .* repeat \(64\)"):
        engine(changed(LLN_CHECK, criteria=criteria, controls=part.controls[:1]), CLT_CHECK).cells(["lln"])


def test_so_are_controls_of_one_name():
    part = LLN_CHECK.readings[0]
    with pytest.raises(ValueError, match="two controls have the same id"):
        ReadingCheck(part.reading, part.criteria, (part.controls[0], part.controls[0]))


def test_a_picture_that_cannot_be_made_costs_its_own_claim_alone():
    def broken(view, profile):
        yield 1 / 0

    failed = []
    results = engine(replace(LLN_CHECK, exhibits=broken), CLT_CHECK).judge(["lln", "clt"], failed)
    assert [result.claim.id for result in results] == ["clt"]
    assert [str(error) for error in failed] == ["lln, exhibits: ZeroDivisionError: division by zero"]
