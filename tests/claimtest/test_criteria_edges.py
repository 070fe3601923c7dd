"""What criteria refuse, how many degrees of freedom means and lines are given, and at which level a share is judged."""

import dataclasses

import numpy as np
import pytest

from claimtest.criteria import AtLeast, Constant, ExactOrder, Probability, Samples, Trend
from claimtest.criteria.mean import fit_mean, mean_interval
from claimtest.criteria.order import fit_slope
from claimtest.criteria.probability import TOGETHER, clopper_pearson
from claimtest.criteria.student import cells
from claimtest.errors import TooLittle
from claimtest.profile import ALPHA
from tests.claimtest.simulation import QUICK


def normal(size):
    """The same numbers whatever other tests have drawn."""
    return np.random.default_rng(9).standard_normal(size)


def layout(cases, replicates, values=None):
    strata = np.repeat(np.arange(cases), replicates)
    values = normal(len(strata)) if values is None else values
    return Samples(np.asarray(values, dtype=float), strata, np.ones(len(strata)))


@pytest.mark.parametrize(
    "statement",
    [
        lambda: Probability(0.0), lambda: Probability(1.0), lambda: Probability(1.5), lambda: Probability(-0.1),
        lambda: Constant(1.0, margin=0.0), lambda: Constant(1.0, margin=-0.1),
        lambda: Trend(0.0, 1.0, 0.1), lambda: Trend(0.0, 0.5, 0.1),
    ],
)  # fmt: skip
def test_what_is_no_statement_is_refused(statement):
    with pytest.raises(ValueError, match=r"at_least|margin|ratio"):
        statement()


@pytest.mark.parametrize(
    ("successes", "n", "alpha"),
    [
        (0, 0, 0.05),
        (1, 0, 0.05),
        (-1, 5, 0.05),
        (6, 5, 0.05),
        (2, 5, 0.0),
        (2, 5, 1.0),
        (2, 5, 1.5),
        (2, 10**15 + 1, 0.1),
    ],
)
def test_no_share_has_an_interval_where_there_is_none(successes, n, alpha):
    with pytest.raises(ValueError, match="successes"):
        clopper_pearson(successes, n, alpha)


def by_hand(w, residuals, free, groups, most):
    """Satterthwaite's degrees of freedom by loops, for an error Σ w r."""
    variances = [sum((w[i] * residuals[i]) ** 2 for i in np.flatnonzero(groups == g)) for g in np.unique(groups)]
    freedoms = [sum(free[i] for i in np.flatnonzero(groups == g)) for g in np.unique(groups)]
    v = sum(variances) ** 2 / sum(s**2 / (f + 2) for s, f in zip(variances, freedoms, strict=True)) - 2
    return min(max(v, 1.0), most)


def test_a_mean_of_cases_has_the_degrees_of_freedom_of_its_cells():
    """Two cases, one of two widths: every value is free but for its share in the mean of its case."""
    strata = np.repeat([0, 0, 1], [5, 7, 4])
    samples = Samples(normal(16) * np.repeat([1.0, 3.0, 0.5], [5, 7, 4]), strata, np.repeat([1.0, 2, 1], [5, 7, 4]))
    n = np.where(strata == 0, 12, 4)
    means = np.array([samples.values[strata == s].mean() for s in strata])
    expected = by_hand(
        1 / (2 * n) / np.sqrt(1 - 1 / n), samples.values - means, 1 - 1 / n, cells(samples).code, most=14
    )  # fmt: skip
    assert float(fit_mean(samples.values, samples).freedom) == pytest.approx(expected)


@pytest.mark.parametrize("count", [2, 3, 6])
def test_equal_values_have_no_more_degrees_of_freedom_than_there_are(count):
    samples = layout(2, count, np.zeros(2 * count))
    assert float(fit_mean(samples.values, samples).freedom) == 2 * count - 2
    weighted = dataclasses.replace(samples, weights=np.ones(2 * count))
    assert float(fit_mean(weighted.values, weighted).freedom) == 2 * count - 1


def test_a_weighted_mean_has_the_degrees_of_freedom_of_its_cells():
    w = np.array([1.0, 1, 1, 4, 4, 4, 2, 2])
    samples = Samples(normal(8), np.zeros(8, int), np.repeat([1.0, 2, 3], [3, 3, 2]), weights=w)
    h = w / w.sum()
    mean = (h * samples.values).sum()
    expected = by_hand(h / np.sqrt(1 - h), samples.values - mean, 1 - h, cells(samples).code, most=7)
    assert float(fit_mean(samples.values, samples).freedom) == pytest.approx(expected)


def test_the_reach_of_an_interval_is_that_of_its_longer_side():
    for sign in (1, -1):
        samples = layout(1, 40, 10 + sign * np.random.default_rng(9).exponential(size=40) ** 2)
        fit = fit_mean(samples.values, samples)
        low, high = fit.interval(0.01)
        sides = np.array([fit.estimate - low, high - fit.estimate]) / fit.error
        assert np.ptp(sides) > 0.01
        assert mean_interval(samples, 0.01)[2] == pytest.approx(sides.max())


@pytest.mark.parametrize("cases", [1, 3])
def test_a_line_takes_two_values_more_than_there_are_cases(cases):
    """Each case has a height of its own, all have one slope, and one value more tells the noise."""
    strata = np.repeat(np.arange(cases), 2)
    x = np.tile([2.0, 4.0], cases)
    values = x**-0.5 * np.exp(0.01 * normal(2 * cases))
    if cases == 1:
        with pytest.raises(TooLittle):
            fit_slope(Samples(values, strata, x))
        strata, x, values = np.zeros(3, int), np.array([2.0, 4.0, 8.0]), np.array([1.0, 0.7, 0.52])
    fit = fit_slope(Samples(values, strata, x))
    assert np.isfinite([fit.estimate, fit.error]).all()
    exact = Samples(x**-0.5, strata, x)
    assert ExactOrder(-0.5).fit(exact.values, exact).freedom == len(x) - len(np.unique(strata)) - 1


def test_abscissae_that_hardly_differ_still_tell_an_exponent():
    x = np.tile([100.0, 101.0], 8)
    samples = Samples(x**-0.5, np.zeros(16, int), x)
    assert fit_slope(samples).estimate == pytest.approx(-0.5)


def test_a_share_is_judged_at_the_level_that_leaves_room_for_the_worst_case():
    """All cases together have their part of the level; what is detectable is told at that level, too."""
    samples = layout(4, 48, np.ones(192))
    law = Probability(0.9)
    outcome = law.judge(samples, QUICK)
    assert outcome.estimate == 1.0
    assert outcome.interval == pytest.approx(clopper_pearson(192, 192, TOGETHER * ALPHA))
    assert outcome.detectable == law.detectable(192, 0.0, QUICK, TOGETHER * ALPHA)
    assert outcome.detectable > law.detectable(192, 0.0, QUICK, ALPHA)
    half = law.judge(layout(4, 60, np.tile([0.0, 1.0], 120)), QUICK)
    assert half.estimate == 0.5


def test_a_bound_without_an_effect_asks_for_no_size():
    assert AtLeast(0.5).must_detect(QUICK) is None
    assert AtLeast(0.5, 0.25).must_detect(QUICK) == 0.25
