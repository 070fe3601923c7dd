"""The engine: readings judged alone or together, controls that count, claims that rest on shaky ones."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from claimtest.check import Check, Control, Criterion, ReadingCheck
from claimtest.claim import Verdict
from claimtest.criteria import Ceiling, Constant, OrderBound
from claimtest.engine import Engine
from claimtest.errors import RunError, UsageError
from claimtest.profile import MOST_CRITERIA, PROFILES
from claimtest.results import RunResult, overall
from claimtest.table import why
from tests.claimtest import toy_pack
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK, PACK, SWEEP, Coin

QUICK = PROFILES["quick"]
KNOWN = {}


def measure(cells):
    """Evidence of cells, measured once for all tests of this module."""
    for cell in cells:
        if cell.identity not in KNOWN:
            KNOWN[cell.identity] = cell.run(0)
    return KNOWN


def engine(*checks, book=None):
    pack = replace(PACK, checks=checks or PACK.checks)
    return Engine(pack, QUICK, pack.cases(0) if book is None else book, measure)


def changed(check, **changes):
    """The check with its first reading's criteria or controls changed."""
    first, *others = check.readings
    return replace(check, readings=(replace(first, **changes), *others))


def status(results, strict=False):
    return RunResult("", QUICK, 0, tuple(results), {}, 0.0).exit_status(strict)


def test_a_reading_alone_gets_the_verdict_it_gets_in_company():
    together = engine().judge(["lln", "clt"])
    assert status(together, strict=True) == 0
    for claim in together:
        for reading in claim.readings:
            assert engine().judge_reading(claim.claim.id, reading.reading.id).to_json() == reading.to_json()


def test_cells_that_claims_share_are_measured_once():
    cells = engine().cells(["lln", "clt"])
    assert len({cell.identity for cell in cells}) == len(cells)
    assert {c.identity for c in engine().cells(["clt"])} < {c.identity for c in cells}
    assert {c.experiment.id for c in engine().cells(["lln"], ["too-fast"])} == {"flip"}


def test_a_claim_that_rests_on_a_violated_one_is_conditional():
    false = tuple(replace(c, law=OrderBound(-2.0)) for c in LLN_CHECK.readings[0].criteria[:1])
    lln, clt = engine(changed(LLN_CHECK, criteria=false, controls=LLN_CHECK.readings[0].controls[:1]), CLT_CHECK).judge(
        ["lln", "clt"]
    )
    assert lln.verdict is Verdict.VIOLATED
    assert clt.conditional_on == ("lln",)
    assert status([lln, clt]) == 1


def test_a_control_counts_only_where_the_claim_itself_holds():
    (variance, *_) = CLT_CHECK.readings[0].criteria
    open_question = replace(variance, law=Constant(1.0, margin=0.02))
    tame = Control("tame", "hardly false", "variance", ingredients={"predicted": 1.001})
    (result,) = engine(LLN_CHECK, changed(CLT_CHECK, criteria=(open_question,), controls=(tame,))).judge(["clt"])
    (control,) = result.readings[0].controls
    assert control.told is False
    assert not control.counts
    assert status([result]) == 0
    assert status([result], strict=True) == 1
    (result,) = engine(LLN_CHECK, changed(CLT_CHECK, controls=(tame,))).judge(["clt"])
    assert status([result]) == 1


def test_no_case_in_scope_is_no_crash():
    book = (Coin("edge", 16, edge=True),)
    results = engine(book=book).judge(["lln", "clt"])
    assert {claim.verdict for claim in results} == {Verdict.OUT_OF_SCOPE}
    assert "edge: the coin stands on its edge" in results[0].readings[0].scope
    assert status(results) == 0


def test_no_case_in_this_profile_is_not_run():
    (result,) = engine(book=()).judge(["clt"])
    assert result.verdict is Verdict.NOT_RUN


def test_too_many_criteria_for_the_error_budget():
    (variance, *_) = CLT_CHECK.readings[0].criteria
    many = tuple(replace(variance, id=f"variance-{k}") for k in range(MOST_CRITERIA + 1))
    lone = (Control("double", "", "variance-0", ingredients={"predicted": 2.0}),)
    with pytest.raises(ValueError, match="the error budget allows 200"):
        engine(LLN_CHECK, changed(CLT_CHECK, criteria=many, controls=lone)).judge(["clt"])


def test_checks_that_could_not_work_are_refused():
    (part,) = CLT_CHECK.readings
    with pytest.raises(ValueError, match="aimed at nothing"):
        replace(part, controls=(Control("lost", "", "nothing"),))
    with pytest.raises(ValueError, match="but checks"):
        Check(toy_pack.LLN, (ReadingCheck("bound", part.criteria),))
    with pytest.raises(ValueError, match="reading 'exact' of 'clt' is expected to hold and has no control"):
        changed(CLT_CHECK, controls=())


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], Verdict.NOT_RUN),
        ([Verdict.NOT_RUN, Verdict.HOLDS], Verdict.HOLDS),
        ([Verdict.HOLDS, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.INCONCLUSIVE, Verdict.VIOLATED, Verdict.HOLDS], Verdict.VIOLATED),
    ],
)
def test_the_worst_criterion_decides(verdicts, expected):
    assert overall(verdicts) is expected


DOUBLE = CLT_CHECK.readings[0].controls[:1]


def broken(cell, predicted=1.0):
    """A measure whose prediction is not what the cell needs."""
    raise ValueError("this prediction is that of another problem")


@pytest.mark.parametrize(
    "mistake",
    [
        lambda variance: {"criteria": (replace(variance, measure=broken),), "controls": DOUBLE},
        lambda variance: {"controls": (Control("broken", "", "variance", ingredients={"predicted": "three"}),)},
    ],
)
def test_a_mistake_in_a_measure_ends_the_run_and_says_where(mistake):
    (variance, *_) = CLT_CHECK.readings[0].criteria
    with pytest.raises(RunError, match=r"clt, reading '.*', (criterion 'variance'|control 'broken'): \w+Error: "):
        engine(LLN_CHECK, changed(CLT_CHECK, **mistake(variance))).judge(["clt"])


def test_a_mistake_can_cost_its_own_claim_alone():
    (variance, *_) = CLT_CHECK.readings[0].criteria
    failed: list[RunError] = []
    wrong = changed(CLT_CHECK, criteria=(replace(variance, measure=broken),), controls=DOUBLE)
    (left,) = engine(LLN_CHECK, wrong).judge(["lln", "clt"], failed)
    assert left.to_json() == engine().judge(["lln"])[0].to_json()
    assert "prediction is that of another problem" in str(failed[0])
    assert RunResult("", QUICK, 0, (left,), {}, 0.0, tuple(failed)).exit_status() == RunError.status


@dataclass(frozen=True)
class LoneCoin(Coin):
    """A coin in the place of several."""

    stands_for: int = 2


@pytest.mark.parametrize(("coin", "counts"), [(LoneCoin("yours", 16), False), (Coin("coin", 16), True)])
def test_what_one_problem_alone_cannot_tell_does_not_count(coin, counts):
    """A control whose accepted region begins where the truth lies: only a drawn case's sizes promise to tell."""
    (first, *_) = CLT_CHECK.readings[0].criteria
    many = replace(first, sweep=replace(first.sweep, replicates=lambda profile: 4096 // getattr(coin, "stands_for", 1)))
    near = Control("near", "", "variance", margins=1.0)
    check = changed(CLT_CHECK, criteria=(many,), controls=(near,))
    (result,) = engine(LLN_CHECK, check, book=(coin,)).judge_reading("clt", "exact").controls
    assert (result.told, result.counts) == (False, counts)
    assert len(result.samples) == 4096 * len(QUICK.ladder(coin.base))


def test_a_claim_or_a_reading_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(UsageError, match=r"no claim in .* is called 'nope' \(there are: "):
        PACK.check("nope")
    with pytest.raises(UsageError, match=r"no reading of 'lln' is called 'nope' \(there are: "):
        PACK.check("lln").part("nope")


@pytest.mark.parametrize(
    ("coins", "counts"),
    [
        ((LoneCoin("yours", 16),), False), ((Coin("coin", 16),), True),
        ((LoneCoin("one", 16), LoneCoin("two", 16)), True),  # few that stand for more are drawn, too
    ],
)  # fmt: skip
def test_a_false_ceiling_that_one_problem_alone_obeys_does_not_count(coins, counts):
    low = Criterion("low", "the mean is at most 2", Ceiling(2.0), SWEEP, lambda cell: np.abs(cell["mean"]))
    lower = Control("lower", "it is at most 1.5", "low", law=Ceiling(1.5))
    check = changed(CLT_CHECK, criteria=(low,), controls=(lower,))
    (result,) = engine(LLN_CHECK, check, book=coins).judge_reading("clt", "exact").controls
    assert (result.outcome.verdict, result.told, result.counts) == (Verdict.HOLDS, False, counts)


@pytest.mark.parametrize(("coin", "missed"), [(LoneCoin("yours", 16), False), (Coin("coin", 16), True)])
def test_a_control_that_finds_no_case_fails_the_gate_but_on_data_of_ones_own(coin, missed):
    (first, *_) = CLT_CHECK.readings[0].criteria
    nowhere = Control("nowhere", "", "variance", margins=2.0, where=lambda cell: False)
    many = replace(first, sweep=replace(first.sweep, replicates=lambda profile: 4096 // getattr(coin, "stands_for", 1)))
    check = changed(CLT_CHECK, criteria=(many,), controls=(nowhere,))
    reading = engine(LLN_CHECK, check, book=(coin,)).judge_reading("clt", "exact")
    (result,) = reading.controls
    assert (result.outcome, result.told, result.missed) == (None, None, missed)
    assert reading.controls_rejected is not missed
    assert ("nowhere" in why(reading)) is missed
