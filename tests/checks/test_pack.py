"""The pack as a whole: within the error budget, every claim with its controls, every picture with its words."""

import numpy as np
import pytest

from checks import PACK
from checks.own_data import case_from_data
from checks.scope import singular_limit
from claimtest.claim import Verdict
from claimtest.engine import Engine
from claimtest.profile import ALPHA, ERROR_BUDGET, PROFILES


def test_a_run_stays_within_the_error_budget():
    criteria = sum(len(part.criteria) for check in PACK.checks for part in check.readings)
    assert criteria * ALPHA <= ERROR_BUDGET


@pytest.mark.parametrize("check", PACK.checks, ids=lambda check: check.claim.id)
def test_every_claim_has_at_least_five_controls_with_ids_of_their_own(check):
    controls = [control for part in check.readings for control in part.controls]
    assert len(controls) >= 5
    for part in check.readings:
        assert len({control.id for control in part.controls}) == len(part.controls)


@pytest.mark.parametrize("check", PACK.checks, ids=lambda check: check.claim.id)
def test_every_criterion_is_the_aim_of_a_control(check):
    """Of a false variant or, where the reading is expected to be violated, of a true one."""
    for reading, part in zip(check.claim.readings, check.readings, strict=True):
        if reading.expected is not None:
            assert {c.id for c in part.criteria} == {c.aimed_at for c in part.controls}, part.reading


def test_controls_are_many_and_of_both_wings():
    """Theory: another prediction or law, or the law shifted. Model: the experiment with a wrong ingredient."""
    controls = [control for check in PACK.checks for part in check.readings for control in part.controls]
    model = [control for control in controls if control.sweep is not None]
    assert len(controls) >= 60
    assert len(model) >= 20
    assert len(controls) - len(model) >= 20


@pytest.mark.parametrize(
    ("inputs", "pair"),
    [([[1.0, 0.0], [1.0, 0.0]], "duplicate"), ([[1.0, 0.0], [-1.0, 0.0]], "antipodal")],
)
def test_parallel_inputs_are_out_of_scope_where_the_premise_fails(inputs, pair):
    book = case_from_data(np.array(inputs), np.array([[1.0], [-0.5]]), (8, 16))
    (case,) = book.drawn
    assert pair in singular_limit(case)
    engine = Engine(PACK, PROFILES["quick"], book, lambda cells: {cell.identity: cell.run(0) for cell in cells})
    result = engine.judge_reading("theorem1", "mean-output-flow")
    assert result.verdict is Verdict.OUT_OF_SCOPE
    assert pair in result.scope


def test_larger_profiles_extend_the_evidence_of_smaller_ones():
    book = PACK.cases(0)
    quick, standard = (
        {c.identity for c in Engine(PACK, PROFILES[name], book, dict).cells(["lemma2", "theorem1"])}  # pyright: ignore
        for name in ("quick", "standard")
    )
    flows = {identity for identity in quick if identity[0] == "gradient-flow"}
    assert flows
    assert flows <= standard
