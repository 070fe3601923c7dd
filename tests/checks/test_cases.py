"""The cases: drawn the same for the same seed, in scope, balanced; a user's own data."""

import pickle

import numpy as np
import pytest

from checks.cases import WORST_CONDITION, case_book
from checks.own_data import case_from_data
from claimtest.profile import PROFILES
from theorems.setting import ACTIVATIONS, LearnedNoise, parallel_pairs

BOOK = case_book(0)


def test_the_same_seed_draws_the_same_cases_and_another_seed_others():
    again, other = case_book(0), case_book(1)
    assert [c.digest for c in BOOK.drawn] == [c.digest for c in again.drawn]
    assert {c.digest for c in BOOK.drawn}.isdisjoint(c.digest for c in other.drawn)


@pytest.mark.parametrize("root", range(5))
def test_drawn_cases_are_distinct_in_scope_and_balanced(root):
    drawn = case_book(root).drawn
    assert len({c.digest for c in drawn}) == len(drawn) == PROFILES["thorough"].cases
    for case in drawn:
        assert case.condition <= WORST_CONDITION
        assert not parallel_pairs(case.problem.inputs)
        np.testing.assert_allclose(np.linalg.norm(case.problem.inputs, axis=1), 1, atol=1e-12)
    quick = drawn[: PROFILES["quick"].cases]
    kinds = {(c.problem.activation.name, isinstance(c.problem.noise, LearnedNoise)) for c in quick}
    assert kinds == {(name, learned) for name in ACTIVATIONS for learned in (True, False)}
    assert {len(c.problem.inputs) <= c.problem.inputs.shape[1] for c in drawn} == {True, False}
    assert {c.problem.targets.shape[1] == 1 for c in drawn} == {True, False}


def test_a_case_survives_the_way_to_another_process():
    case = BOOK.drawn[0]
    there = pickle.loads(pickle.dumps(case))
    assert there.digest == case.digest
    assert there.problem.activation is case.problem.activation  # its closed forms are looked up by this object


def test_digits_are_real_unit_inputs_with_themselves_as_targets():
    (digits,) = BOOK.real
    assert digits.problem.inputs.shape == (4, 64)
    np.testing.assert_array_equal(digits.problem.inputs, digits.problem.targets)


def test_the_smallest_eigenvalue_is_that_of_the_limiting_kernel():
    case = BOOK.drawn[3]
    assert case.smallest_eigenvalue == pytest.approx(np.linalg.eigvalsh(case.kernel.total).min(), rel=1e-12)


def test_users_data_make_a_book_of_one_case_with_their_own_ladder():
    (case,) = case_from_data(np.eye(3), None, (8, 70)).drawn
    assert case.widths(PROFILES["quick"]) == (8, 16, 32, 64)
    np.testing.assert_array_equal(case.problem.targets, np.eye(3))


@pytest.mark.parametrize(
    ("inputs", "targets", "widths", "says"),
    [
        (2 * np.eye(3), None, None, "row 0 .* has norm 2"),
        (np.full((2, 2), np.nan), None, None, "must be finite"),
        (np.empty((0, 3)), None, None, "at least one row"),
        (np.eye(3), np.ones((2, 1)), None, "3 inputs but 2 targets"),
        (np.eye(3), None, (0, 4), "widths 0:4"),
        (np.eye(3), None, (9, 4), "widths 9:4"),
    ],
)
def test_bad_data_are_refused_in_one_line(inputs, targets, widths, says):
    with pytest.raises(ValueError, match=says) as refused:
        case_from_data(inputs, targets, widths)
    assert "\n" not in str(refused.value)
