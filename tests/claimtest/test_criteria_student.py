"""Student's t where variances differ: groups, degrees of freedom and skewness against loops, theory and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from claimtest.criteria import Constant, ExactOrder, Samples
from claimtest.criteria.law import MISS
from claimtest.criteria.student import HEAVY, Groups, StudentFit, cases, cells, spread
from claimtest.profile import ALPHA
from tests.claimtest.simulation import QUICK, at_least, at_most, misses

CODES = st.lists(st.integers(0, 3), min_size=1, max_size=12).map(lambda c: np.unique(c, return_inverse=True)[1])


@given(CODES, st.integers(0, 99))
def test_sums_and_means_of_groups_are_those_of_a_loop(code, seed):
    values = np.random.default_rng(seed).standard_normal((3, len(code)))
    groups = Groups(code)
    sums = np.array([[row[code == g].sum() for g in range(code.max() + 1)] for row in values])
    np.testing.assert_allclose(groups.sums(values), sums, atol=1e-12)
    np.testing.assert_allclose(groups.means(values), (sums / np.bincount(code))[:, code], atol=1e-12)


def test_cells_are_cases_at_one_abscissa():
    samples = Samples(np.ones(5), np.array([7, 7, 2, 7, 2]), np.array([1.0, 2.0, 1.0, 1.0, 1.0]))
    assert cases(samples).code.tolist() == [1, 1, 0, 1, 0]
    assert cells(samples).code.tolist() == [1, 2, 0, 1, 0]


def test_one_group_has_the_degrees_of_freedom_that_are_free():
    x = np.random.default_rng(0).standard_normal(20)
    parts = (x - x.mean()) / 20 / np.sqrt(0.95)
    fit = spread(x.mean(), parts, np.full(20, 0.95), Groups(np.zeros(20, int)), 99.0)
    assert fit.freedom == pytest.approx(19)
    assert fit.error == pytest.approx(x.std(ddof=1) / np.sqrt(20))


def test_degrees_of_freedom_are_those_of_satterthwaite():
    """2 (E se²)²/var se² for groups whose variances are in proportion 100 : 1, estimated in the mean of simulations."""
    counts, scale = np.array([8, 24]), np.array([10.0, 1.0])
    groups = Groups(np.repeat([0, 1], counts))
    parts = np.random.default_rng(1).standard_normal((20000, 32)) * scale[groups.code]
    fit = spread(parts.sum(-1), parts, np.ones(32), groups, 32.0)
    variance = fit.error**2
    assert np.median(fit.freedom) == pytest.approx(2 * variance.mean() ** 2 / variance.var(), rel=0.1)


def test_skewness_and_uncertainty_are_those_of_the_sum():
    """Of a sum of 2000 parts with skewness 2/√k and kurtosis 3 + 6/k, k = 0.2: the former over √2000, (33 - 1)/2000."""
    groups = Groups(np.zeros(2000, int))
    parts = (np.random.default_rng(1).standard_gamma(0.2, (2000, 2000)) - 0.2) / np.sqrt(0.2)
    fit = spread(parts.sum(-1), parts, np.ones(2000), groups, 2000.0)
    assert fit.skewness.mean() == pytest.approx(2 / np.sqrt(0.2 * 2000), rel=0.1)
    assert (fit.uncertainty * fit.error**4).mean() / 2000**2 == pytest.approx(32 / 2000, rel=0.1)


def test_the_uncertainty_of_groups_is_that_of_a_loop():
    counts = [4, 9]
    groups, parts = Groups(np.repeat([0, 1], counts)), np.random.default_rng(2).standard_exponential(13) * 10 - 4
    fit = spread(0.0, parts, np.ones(13), groups, 13.0)
    heavy = sum((of**4).sum() for of in np.split(parts, [4]))
    even = sum((of**2).sum() ** 2 / len(of) for of in np.split(parts, [4]))
    fourth = max(heavy, (3 + HEAVY) * even) / (parts**2).sum() ** 2
    even /= (parts**2).sum() ** 2
    assert fit.uncertainty == pytest.approx(fourth - even)
    assert fit.excess == pytest.approx(fourth - 3 * even)


def test_few_values_are_taken_to_have_heavy_tails_and_what_is_heavier_counts():
    even, groups = np.array([1.0, -1, 1, -1]), Groups(np.zeros(4, int))
    fit = spread(0.0, even, np.ones(4), groups, 4.0)
    assert (fit.excess, fit.uncertainty) == pytest.approx((HEAVY / 4, (HEAVY + 2) / 4))
    lone = np.array([1.0] + [0.0] * 99)  # of kurtosis 100
    fit = spread(0.0, lone, np.ones(100), Groups(np.zeros(100, int)), 100.0)
    assert (fit.excess, fit.uncertainty) == pytest.approx((1 - 3 / 100, 1 - 1 / 100))


@pytest.mark.parametrize("skewness", [-0.02, 0.0, 0.02])
def test_what_is_far_is_its_formula(skewness):
    fit = StudentFit(*map(np.array, (1.0, 3.0, 12.0, skewness, 0.4, 0.3)))
    t, z = stats.t.isf(ALPHA / 2, 12), stats.norm.isf(MISS / 10)
    z += 0.3 * (z**3 - 3 * z) / 24
    r = t + abs(skewness) * (2 * t**2 + 1) / 6
    assert fit.far(ALPHA) == pytest.approx(3 * (r + z * np.sqrt(1 + r**2 * 0.1 + abs(skewness) * r)))


def test_no_variance_and_no_numbers():
    groups = Groups(np.zeros(4, int))
    fit = spread(np.array(1.0), np.zeros(4), np.ones(4), groups, 3.0)
    assert (fit.error, fit.freedom, fit.skewness) == (0.0, 3.0, 0.0)
    assert fit.interval(ALPHA) == (1.0, 1.0)
    fit = spread(np.array(np.nan), np.array([0.0, np.nan, 1.0, 2.0]), np.ones(4), groups, 3.0)
    assert np.isnan(fit.interval(ALPHA)).all()


@given(st.floats(-0.3, 0.3), st.floats(3, 200))
def test_the_arm_on_the_skewed_side_is_longer_and_neither_is_shorter_than_students(skewness, freedom):
    fit = StudentFit(*map(np.array, (2.0, 0.5, freedom, skewness, 0.1, 0.0)))
    low, high = fit.interval(0.01)
    t = stats.t.isf(0.005, freedom)
    short, long = sorted([(2.0 - low) / 0.5, (high - 2.0) / 0.5])
    assert short == pytest.approx(t)
    assert long == pytest.approx(min(t + abs(skewness) * (2 * t**2 + 1) / 6, 1.2 * t))
    assert (high - 2.0 >= 2.0 - low) == (skewness >= 0) or long == pytest.approx(short)


def layout(cases, widths, replicates):
    strata = np.repeat(np.arange(cases), len(widths) * replicates)
    return strata, np.tile(np.repeat(widths, replicates), cases)


@pytest.mark.parametrize("alpha", [0.01, 1e-3])
def test_an_exponent_whose_variance_falls_a_hundredfold_along_a_short_ladder(alpha):
    """With N - C - 1 degrees of freedom instead, 1.4 and 2.0 times the level are missed."""
    strata, abscissa = layout(1, 2.0 ** np.arange(5, 11), 8)
    scale = 0.3 * np.geomspace(10, 1, 6)[np.searchsorted(np.unique(abscissa), abscissa)]

    def draw(rng):
        return Samples(np.exp(scale * rng.standard_normal(48)) / np.sqrt(abscissa), strata, abscissa)

    trials = 8000
    assert at_most(misses(ExactOrder(-0.5), draw, -0.5, trials, alpha), trials, alpha)


@pytest.mark.parametrize("alpha", [0.05, 1e-3])
def test_skewed_noise(alpha):
    """Sums of four exponentials, 16 in each of 8 cases: Student's interval alone misses 1.6 times the level 1e-3."""
    strata, abscissa = layout(8, [64.0], 16)

    def draw(rng):
        return Samples(rng.standard_gamma(4, 128) / 4, strata, abscissa)

    trials = 8000
    missed = misses(Constant(1.0), draw, 1.0, trials, alpha)
    assert at_most(missed, trials, alpha)
    assert at_least(missed, trials, 0.3 * alpha)


def test_many_samples_at_once_are_judged_as_one_by_one():
    strata, abscissa = layout(3, [4.0, 8.0], 5)
    weights = np.random.default_rng(3).uniform(0.5, 2, 30)
    values = np.random.default_rng(2).lognormal(0, 0.2, (4, 30))
    for law, w in ((ExactOrder(-0.5), None), (Constant(1.0), None), (Constant(1.0), weights)):
        together = law.fit(values, Samples(values[0], strata, abscissa, w)).interval(ALPHA)
        one_by_one = [law.judge(Samples(row, strata, abscissa, w), QUICK).interval for row in values]
        np.testing.assert_allclose(np.transpose(together), one_by_one, rtol=1e-12)


def test_degrees_of_freedom_are_one_at_least_and_no_more_than_for_equal_variances():
    groups, parts = Groups(np.arange(4)), np.ones(4)
    assert spread(0.0, parts, np.full(4, 9.0), groups, 1.5).freedom == 1.5
    assert spread(0.0, parts, np.full(4, 9.0), groups, 0.5).freedom == 1.0
    assert spread(0.0, np.array([1.0, 0, 0, 0]), np.full(4, 0.1), groups, 3.0).freedom == 1.0
