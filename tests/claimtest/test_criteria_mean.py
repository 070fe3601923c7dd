"""Laws about a mean, against simulation with cases of unequal spread."""

import math

import numpy as np
import pytest
from scipy import stats

from claimtest.claim import Verdict
from claimtest.criteria import AtLeast, AtMost, Constant, Samples
from claimtest.criteria.mean import fit_mean, mean_interval
from claimtest.profile import ALPHA
from tests.claimtest.simulation import QUICK, at_least, at_most, misses, verdicts

CASES, REPLICATES = 4, 16
STRATA = np.repeat(np.arange(CASES), REPLICATES)
SPREADS = np.array([0.5, 1.0, 1.0, 2.0])[STRATA]
ERROR = math.sqrt((SPREADS**2).sum()) / len(STRATA)


def around(mean):
    """Draws of samples with that mean, case means differing but averaging to it, cases of unequal spread."""
    offsets = np.array([-1.0, 0.0, 0.25, 0.75])[STRATA]

    def draw(rng):
        return Samples(mean + offsets + SPREADS * rng.standard_normal(len(STRATA)), STRATA, np.ones(len(STRATA)))

    return draw


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_coverage(alpha):
    trials = 3000
    missed = misses(Constant(1.0), around(1.0), 1.0, trials, alpha)
    assert at_most(missed, trials, 1.3 * alpha)  # Satterthwaite's count is an approximation
    assert at_least(missed, trials, 0.5 * alpha)  # and not uselessly wide


def test_equal_symmetric_values_give_the_textbook_interval():
    x = np.random.default_rng(0).standard_normal(25)
    x = np.concatenate([x, -x])
    mean, error, quantile = mean_interval(Samples(x, np.zeros(50, int), np.ones(50)), 0.05)
    low, high = stats.t.interval(0.95, 49, x.mean(), stats.sem(x))
    np.testing.assert_allclose((mean - quantile * error, mean + quantile * error), (low, high), rtol=1e-12)


def test_every_case_weighs_the_same_however_many_replicates():
    samples = Samples(np.array([0.0, 0.0, 3.0, 3.0, 3.0, 3.0]), np.array([0, 0, 1, 1, 1, 1]), np.ones(6))
    assert mean_interval(samples, 0.05)[0] == pytest.approx(1.5)


def test_known_precisions_weigh_within_a_case():
    samples = Samples(np.array([0.0, 1.0]), np.zeros(2, int), np.ones(2), np.array([1.0, 3.0]))
    assert mean_interval(samples, 0.05)[0] == pytest.approx(0.75)


def test_a_true_constant_is_violated_no_more_often_than_the_level():
    trials, alpha = 2000, 0.05
    found = verdicts(Constant(1.0, margin=1e-9), around(1.0), trials, alpha)
    assert at_most(found.count(Verdict.VIOLATED), trials, 1.3 * alpha)


@pytest.mark.parametrize("edge", [0.6, 1.4])
def test_at_the_edge_of_the_region_either_error_is_rare(edge):
    """A mean on the edge is both just accepted and just not: neither verdict may come often, at the fixed level."""
    trials, alpha = 2000, 0.05
    found = verdicts(Constant(1.0, margin=0.4), around(edge), trials, alpha)
    assert at_most(found.count(Verdict.VIOLATED), trials, 1.3 * alpha / 2)
    assert at_most(found.count(Verdict.HOLDS), trials, 1.3 * alpha / 2)


@pytest.mark.parametrize(
    ("law", "sign"), [(Constant(1.0), 1), (Constant(1.0), -1), (AtMost(1.0), 1), (AtLeast(1.0), -1)]
)
def test_what_is_called_detectable_is_detected(law, sign):
    trials, n = 1500, len(STRATA)
    flat = np.zeros(n, int)
    effect = law.detectable(n, 1.0, QUICK)

    def draw(rng):
        return Samples(1.0 + sign * effect + rng.standard_normal(n), flat, np.ones(n))

    found = verdicts(law, draw, trials, ALPHA)
    assert at_most(trials - found.count(Verdict.VIOLATED), trials, 2e-4)
    assert Verdict.HOLDS not in found


@pytest.mark.parametrize(("law", "truth"), [(AtMost(1.0), 0.0), (AtLeast(1.0), 2.0)])
def test_one_sided_bounds_do_not_mind_the_far_side(law, truth):
    assert set(verdicts(law, around(truth), 50, 0.05)) == {Verdict.HOLDS}


def test_a_control_two_and_a_half_margins_away_is_violated_where_the_claim_holds():
    law, rng = Constant(3.0, margin=0.05), np.random.default_rng(1)
    samples = Samples(3.0 + 0.1 * rng.standard_normal(64), STRATA, np.ones(64))
    assert law.judge(samples, QUICK).verdict is Verdict.HOLDS
    assert law.shifted(2.5, QUICK).judge(samples, QUICK).verdict is Verdict.VIOLATED


def test_outcome_reports_spread_per_value():
    samples = around(1.0)(np.random.default_rng(2))
    outcome = Constant(1.0).judge(samples, QUICK)
    assert outcome.n == 64
    assert outcome.spread == pytest.approx(ERROR * 8, rel=0.3)


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_few_values(values):
    with pytest.raises(ValueError, match="two values of every case"):
        Constant(1.0).judge(Samples(np.array(values), np.zeros(len(values), int), np.ones(len(values))), QUICK)


def test_not_a_number_is_a_violation():
    samples = Samples(np.array([1.0, np.nan, 1.0]), np.zeros(3, int), np.ones(3))
    assert Constant(1.0).judge(samples, QUICK).verdict is Verdict.VIOLATED


def test_the_error_by_known_precisions_is_its_sum():
    """Σ h² (x - x̄)²/(1 - h), h = w/Σw: of equal precisions, the textbook's variance of a mean."""
    values, weights = np.array([1.0, 1.5, 0.7, 2.0, 1.1]), np.array([1.0, 3.0, 0.5, 2.0, 4.0])
    h = weights / weights.sum()
    loop = sum(a**2 * (v - h @ values) ** 2 / (1 - a) for a, v in zip(h, values, strict=True))
    fit = fit_mean(values, Samples(values, np.zeros(5, int), np.ones(5), weights))
    assert (fit.estimate, fit.error) == pytest.approx((h @ values, math.sqrt(loop)))
    even = fit_mean(values, Samples(values, np.zeros(5, int), np.ones(5), np.full(5, 7.0)))
    assert even.error == pytest.approx(values.std(ddof=1) / math.sqrt(5))


def test_a_constant_is_shifted_by_margins_and_keeps_its_own():
    shifted = Constant(2.0, margin=0.05).shifted(2.5, QUICK)
    assert (shifted.value, shifted.margin_of(QUICK)) == pytest.approx((2.25, 0.1))
