"""Thresholds that measures and attacks hold beside the laws: stated numbers, of which ten times as much is noticed."""

import numpy as np
import pytest
from scipy.stats import binom

from checks import PACK, attacks
from checks.cases import case_book
from checks.experiments import endpoint, images
from checks.measures import endpoint as ends
from checks.measures import trajectory
from checks.measures.trajectory import obeys_descent
from checks.sweeps import QUASI_SWEEP
from claimtest.calibration import rates
from claimtest.calibration.rates import Rate
from claimtest.cells import CellData
from claimtest.criteria import Identity
from claimtest.criteria.law import MISS
from claimtest.profile import ALPHA, PROFILES

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
        (endpoint.TOLERANCE, 1e-6), (endpoint.PATH_TOLERANCE, 5e-3),
    ],
)  # fmt: skip
def test_thresholds_are_what_the_documents_say(value, stated):
    assert value == pytest.approx(stated)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_one_unit_is_integrated_over_half_a_million_points(profile):
    assert QUASI_SWEEP.widths(CASE, profile) == (2**19,)
