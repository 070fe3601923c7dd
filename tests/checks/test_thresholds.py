"""Thresholds that measures and attacks hold beside the laws: stated numbers, of which ten times as much is noticed."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import binom

from checks import PACK, attacks, definition1, planning, regularised_cases, scope
from checks.cases import case_book
from checks.experiments import endpoint, images
from checks.measures import ball, trajectory
from checks.measures import endpoint as ends
from checks.measures.trajectory import obeys_descent
from checks.sweeps import QUASI_SWEEP
from claimtest.calibration import rates
from claimtest.calibration.rates import Rate
from claimtest.cells import CellData
from claimtest.criteria import Identity
from claimtest.criteria.law import MISS
from claimtest.profile import ALPHA, PROFILES
from theorems.theorem1 import HORIZON

CASE = case_book(0).drawn[0]
IDENTITIES = [c.law for c in PACK.check("definition1").readings[0].criteria if isinstance(c.law, Identity)]


@pytest.mark.parametrize(("over", "obeys"), [(1 - 1e-3, 1.0), (1 + 1e-13, 1.0), (1 + 1e-3, 0.0), (1.1, 0.0)])
def test_a_loss_obeys_its_bound_up_to_round_off(over, obeys):
    """The loss of descent lies on the bound at every step but one, where it is ``over`` times as high."""
    steps, eta = np.arange(6), 0.5 / float(CASE.eigenvalues[-1])
    loss = (1 - eta * CASE.smallest_eigenvalue / 2) ** steps
    loss[3] *= over
    cell = CellData(CASE, 64, {"loss": loss[None], "step": np.array([eta])})
    assert obeys_descent(cell) == pytest.approx(obeys)


def test_an_attack_breaks_what_the_claim_is_judged_by():
    assert {law.tolerance for law in IDENTITIES} == {attacks.IDENTITY} == {1e-10}
    assert attacks.ROUND_OFF == 1e-12


def test_a_probability_is_broken_by_more_networks_than_chance_would_give_a_hundred_thousand_examples():
    assert binom.sf(binom.isf(attacks.SURELY, attacks.NETWORKS, 0.1), attacks.NETWORKS, 0.1) <= 1e-9
    assert 1e-10 < attacks.SURELY <= 1e-9


@pytest.mark.parametrize(("events", "kept"), [(10, True), (26, True), (27, False), (40, False), (100, False)])
def test_a_promise_of_one_in_ten_thousand_is_broken_by_27_in_a_hundred_thousand(events, kept):
    """So many or more would come with probability 10⁻⁵ if the rate were the promised one."""
    assert Rate("does not hold", ALPHA, MISS, events, 100_000).met is kept
    assert rates.SURE == 1e-5


@pytest.mark.parametrize(
    ("value", "stated"),
    [
        (trajectory.LEAST_SHARE, np.exp(-5)), (trajectory.SMALLEST_AMPLITUDE, 0.4), (trajectory.NEAR, 0.02),
        (trajectory.FINE, 0.05), (ends.ON_PATH, 0.01), (ends.AWAY, 0.05), (images.SHARE, 0.01), (images.PATIENCE, 4000),
        (endpoint.TOLERANCE, 1e-6), (endpoint.PATH_TOLERANCE, 5e-3), (planning.REACH, 20),
        (planning.EIGENVALUE_REACH, 80),
        (definition1.SMALLEST_SHARE, 0.05), (ball.LINEAR, 1 / 16), (regularised_cases.DISTINCT, 0.1),
        (regularised_cases.WORST_CONDITION, 60), (scope.SINGULAR, 1e-10),
    ],
)  # fmt: skip
def test_thresholds_are_what_the_documents_say(value, stated):
    assert value == pytest.approx(stated)


def test_first_steps_are_compared_where_the_loss_has_lost_a_factor_of_e():
    """Until then three times as fast, then as predicted: the ratio is that at the first step below 1/e."""
    expected = np.array([0.0, -0.2, -0.9, -1.1, -1.5])
    measured = expected * np.array([1, 3, 3, 1, 2])
    cell = CellData(CASE, 64, {"loss": np.exp(measured)[None], "linearised": np.exp(expected)[None]})
    assert trajectory.descent_ratio(cell) == pytest.approx(1.0)


def test_a_rate_of_three_is_asked_where_the_mean_loss_decays_well_below_it():
    cells = [CellData(case, 64, {}) for case in case_book(0).drawn]
    slow = [trajectory.slower_than_thrice(cell) for cell in cells]
    assert 0 < sum(slow) < len(slow)
    for cell, slower in zip(cells, slow, strict=True):
        kernel, y = trajectory.limit_of(cell.case), cell.case.problem.targets
        start = y.shape[1] * cell.case.kernel.decoder + y @ y.T  # E r(0) r(0)ᵀ
        decay = expm(-cell.case.kernel.total * HORIZON / kernel.smallest)
        rate = -np.log(np.trace(decay @ start @ decay) / np.trace(start)) / HORIZON
        assert slower == (rate < 2.9)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_one_unit_is_integrated_over_half_a_million_points(profile):
    assert QUASI_SWEEP.widths(CASE, profile) == (2**19,)
