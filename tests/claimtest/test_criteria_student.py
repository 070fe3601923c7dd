"""Student's t where variances differ: groups, degrees of freedom and skewness against loops, theory and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from claimtest.criteria import Constant, ExactOrder, Samples
from claimtest.criteria.student import Groups, StudentFit, cases, cells, spread
from claimtest.profile import ALPHA
from tests.claimtest.simulation import QUICK, at_least, at_most, misses

CODES = st.lists(st.integers(0, 3), min_size=1, max_size=12).map(lambda c: np.unique(c, return_inverse=True)[1])


@given(CODES, st.randoms())
def test_sums_and_means_of_groups_are_those_of_a_loop(code, random):
    values = np.array([[random.gauss(0, 1) for _ in code] for _ in range(3)])
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
    error, freedom, _ = spread((x - x.mean()) / 20 / np.sqrt(0.95), np.full(20, 0.95), Groups(np.zeros(20, int)), 99.0)
    assert freedom == pytest.approx(19)
    assert error == pytest.approx(x.std(ddof=1) / np.sqrt(20))


def test_degrees_of_freedom_are_those_of_satterthwaite():
    """2 (E se²)²/var se² for groups whose variances are in proportion 100 : 1, estimated in the mean of simulations."""
    counts, scale = np.array([8, 24]), np.array([10.0, 1.0])
    groups = Groups(np.repeat([0, 1], counts))
    parts = np.random.default_rng(1).standard_normal((20000, 32)) * scale[groups.code]
    error, freedom, _ = spread(parts, np.ones(32), groups, 32.0)
    variance = error**2
    assert np.median(freedom) == pytest.approx(2 * variance.mean() ** 2 / variance.var(), rel=0.1)


def test_no_variance_and_no_numbers():
    groups = Groups(np.zeros(4, int))
    error, freedom, skewness = spread(np.zeros(4), np.ones(4), groups, 3.0)
    assert (error, freedom, skewness) == (0.0, 3.0, 0.0)
    error, *_ = spread(np.array([0.0, np.nan, 1.0, 2.0]), np.ones(4), groups, 3.0)
    assert np.isnan(error)


@given(st.floats(-0.6, 0.6), st.floats(3, 200))
def test_an_end_of_the_interval_is_where_halls_statistic_or_students_reaches_its_quantile(skewness, freedom):
    fit = StudentFit(np.array(2.0), np.array(0.5), np.array(freedom), np.array(skewness))
    t = stats.t.isf(0.005, freedom)
    for end, sign in zip(fit.interval(0.01), (1, -1), strict=True):
        distance = (2.0 - end) / 0.5
        halls = distance + skewness * distance**2 / 3 + skewness**2 * distance**3 / 27 + skewness / 6
        assert min(sign * distance, sign * halls) == pytest.approx(t, rel=1e-6)
        assert sign * distance >= t - 1e-9


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
    """Squared normals, 16 in each of 8 cases: Student's interval alone misses 1.2 and 5.5 times the level."""
    strata, abscissa = layout(8, [64.0], 16)

    def draw(rng):
        return Samples(rng.standard_normal(128) ** 2, strata, abscissa)

    trials = 8000
    missed = misses(Constant(1.0), draw, 1.0, trials, alpha)
    assert at_most(missed, trials, 1.2 * alpha)
    assert at_least(missed, trials, 0.3 * alpha)


def test_many_samples_at_once_are_judged_as_one_by_one():
    strata, abscissa = layout(3, [4.0, 8.0], 5)
    weights = np.random.default_rng(3).uniform(0.5, 2, 30)
    values = np.random.default_rng(2).lognormal(0, 0.2, (4, 30))
    for law, w in ((ExactOrder(-0.5), None), (Constant(1.0), None), (Constant(1.0), weights)):
        together = law.fit(values, Samples(values[0], strata, abscissa, w)).interval(ALPHA)
        one_by_one = [law.judge(Samples(row, strata, abscissa, w), QUICK).interval for row in values]
        np.testing.assert_allclose(np.transpose(together), one_by_one, rtol=1e-12)
