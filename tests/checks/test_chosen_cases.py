"""Controls run on the cases in which what they change shows."""

import numpy as np
import pytest

from checks import PACK
from checks.case import CaseBook
from checks.lemma5 import telling
from checks.measures.kernels import noise_takes
from checks.own_data import case_from_data
from checks.planning import drawn, swift
from checks.sweeps import STOCHASTIC_SWEEP
from claimtest.cells import CellData
from claimtest.profile import PROFILES

QUICK = PROFILES["quick"]


def reluctance(case):
    """κ/s, mode by mode: s = Σ_k (λ0/λ_k) share_k of the targets."""
    values, modes = np.linalg.eigh(case.kernel.total)
    shares = ((modes.T @ case.problem.targets) ** 2).sum(1) / (case.problem.targets**2).sum()
    return values[-1] / values[0] / (values[0] / values * shares).sum()


@pytest.mark.parametrize("root", [0, 22, 27])
def test_mean_field_scaling_is_tried_where_it_shows_most(root):
    book = PACK.cases(root)
    cases = sorted(drawn(book, QUICK), key=reluctance)
    assert [case.id for case in telling(book, QUICK)] == [case.id for case in cases[:2]]


def test_noise_takes_from_bounded_activations_and_gives_to_relu():
    cases = drawn(PACK.cases(0), QUICK)
    found = {(case.problem.activation.name, noise_takes(CellData(case, 16, {}))) for case in cases}
    assert found == {("erf", True), ("sin", True), ("relu", False)}


@pytest.mark.parametrize(("number", "share"), [(1, 6), (2, 3), (3, 2), (4, 1), (6, 1), (9, 1)])
def test_few_well_conditioned_cases_get_the_replicates_of_six(number, share):
    """Root seed 401 has two problems whose slowest mode is gone in time, and left the floor of their noise open."""
    every = [case for root in range(4) for case in PACK.cases(root).drawn]
    good, bad = ([case for case in every if (case.condition < 5) is well] for well in (True, False))
    book = CaseBook((*bad[:3], *good[:number]), root=0)
    cases = swift(book, QUICK)
    assert [case.id for case in cases] == [case.id for case in good[:number]][:6]
    assert {case.stands_for for case in cases} == {share}
    assert [STOCHASTIC_SWEEP.replicates_of(case, QUICK) for case in cases] == [64 * share] * len(cases)


def test_a_problem_of_ones_own_stands_for_as_many_as_it_did():
    book = case_from_data(np.eye(3), None, None)
    assert [case.stands_for for case in swift(book, QUICK)] == [QUICK.cases]
