"""Laws about an exponent: the fit against explicit matrices, the intervals against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtest.claim import Verdict
from claimtest.criteria import ExactOrder, OrderBound, Samples
from claimtest.criteria.order import fit_slope
from claimtest.profile import ALPHA
from tests.claimtest.simulation import QUICK, at_least, at_most, misses, verdicts

WIDTHS = 2.0 ** np.arange(6, 12)
CASES, REPLICATES = 4, 8
STRATA = np.repeat(np.arange(CASES), REPLICATES * len(WIDTHS))
ABSCISSA = np.tile(WIDTHS, CASES * REPLICATES)


def decaying(exponent, spread=0.3):
    """Draws of values C_case · m^exponent times log-normal noise that is wider for narrow networks."""
    scale = spread * (1 + 1.0 * (ABSCISSA < 200))

    def draw(rng):
        noise = scale * rng.standard_normal(len(ABSCISSA))
        return Samples((1.0 + STRATA) * ABSCISSA**exponent * np.exp(noise), STRATA, ABSCISSA)

    return draw


def slow_fit(samples):
    """The same regression with its design matrix, hat matrix and HC3 sandwich written out."""
    y = np.log(samples.values)
    dummies = (samples.strata[:, None] == np.unique(samples.strata)).astype(float)
    design = np.column_stack([np.log(samples.abscissa), dummies])
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ y
    hat = design @ bread @ design.T
    residuals = (y - design @ beta) / (1 - np.diag(hat))
    covariance = bread @ design.T @ np.diag(residuals**2) @ design @ bread
    return beta, np.sqrt(covariance[0, 0])


@given(
    st.lists(
        st.lists(st.tuples(st.floats(1, 1e4), st.floats(1e-3, 1e3)), min_size=4, max_size=8), min_size=1, max_size=4
    )
)
def test_fit_agrees_with_explicit_matrices(cases):
    strata = np.concatenate([np.full(len(case), k) for k, case in enumerate(cases)])
    abscissa, values = np.array([point for case in cases for point in case]).T
    if any(np.ptp(np.log(abscissa[strata == k])) < 0.5 for k in range(len(cases))):
        return  # ill-conditioned matrices are no reference
    samples = Samples(values, strata, abscissa)
    if leverages(samples).max() > 1 - 1e-3:
        return  # the fit goes through such a point whatever its value
    fit = fit_slope(samples)
    beta, error = slow_fit(samples)
    np.testing.assert_allclose(fit.estimate, beta[0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(list(fit.intercepts.values()), beta[1:], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(fit.error, error, rtol=1e-5, atol=1e-9)
    assert 1 <= fit.freedom <= len(values) - len(cases) - 1


def leverages(samples):
    x = np.log(samples.abscissa)
    centred = x - np.array([x[samples.strata == k].mean() for k in range(samples.strata.max() + 1)])[samples.strata]
    return 1 / np.bincount(samples.strata)[samples.strata] + centred**2 / (centred**2).sum()


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_coverage_under_unequal_noise(alpha):
    trials = 2500
    missed = misses(ExactOrder(-0.5), decaying(-0.5), -0.5, trials, alpha)
    assert at_most(missed, trials, 1.2 * alpha)
    assert at_least(missed, trials, 0.5 * alpha)


@pytest.mark.parametrize("edge", [-0.65, -0.35])
def test_at_the_edges_of_the_region_either_error_is_rare(edge):
    trials, alpha = 1500, 0.05
    found = verdicts(ExactOrder(-0.5), decaying(edge), trials, alpha)
    assert at_most(found.count(Verdict.VIOLATED), trials, 1.2 * alpha / 2)
    assert at_most(found.count(Verdict.HOLDS), trials, 1.2 * alpha / 2)


def test_a_bound_is_one_sided():
    assert set(verdicts(OrderBound(-0.5), decaying(-3.0), 30, 0.05)) == {Verdict.HOLDS}
    trials, alpha = 1500, 0.05
    found = verdicts(OrderBound(-0.5), decaying(-0.35), trials, alpha)
    assert at_most(found.count(Verdict.VIOLATED), trials, 1.2 * alpha / 2)
    assert at_most(found.count(Verdict.HOLDS), trials, 1.2 * alpha / 2)


@pytest.mark.parametrize(("law", "sign"), [(ExactOrder(-0.5), 1), (ExactOrder(-0.5), -1), (OrderBound(-0.5), 1)])
def test_what_is_called_detectable_is_detected(law, sign):
    spread = 0.3
    deviation = np.log(ABSCISSA).std()
    effect = law.detectable(len(ABSCISSA), spread / deviation, QUICK)  # spread of a slope: noise over spread of log m
    trials, exponent = 1000, -0.5 + sign * effect

    def draw(rng):
        noise = spread * rng.standard_normal(len(ABSCISSA))
        return Samples(ABSCISSA**exponent * np.exp(noise), STRATA, ABSCISSA)

    found = verdicts(law, draw, trials, ALPHA)
    assert at_most(trials - found.count(Verdict.VIOLATED), trials, 3e-4)


def test_true_and_shifted_orders_at_the_fixed_level():
    """What holds at quick with this spread, and its controls two margins away that do not."""
    for samples in map(decaying(-0.5, 0.2), map(np.random.default_rng, range(20))):
        assert ExactOrder(-0.5).judge(samples, QUICK).verdict is Verdict.HOLDS
        assert ExactOrder(-0.5).shifted(2, QUICK).judge(samples, QUICK).verdict is Verdict.VIOLATED
        assert OrderBound(-0.3, truth=-0.5).shifted(2, QUICK).judge(samples, QUICK).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("abscissa", [[4.0, 4.0, 4.0, 4.0], [2.0, 4.0]])
def test_a_slope_needs_two_abscissae_and_three_values(abscissa):
    values = np.arange(1.0, len(abscissa) + 1)
    with pytest.raises(ValueError, match="two abscissae"):
        fit_slope(Samples(values, np.zeros(len(values), int), np.array(abscissa)))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_what_has_no_logarithm_is_a_violation(bad):
    values = np.array([1.0, 0.5, bad, 0.1])
    outcome = ExactOrder(-0.5).judge(Samples(values, np.zeros(4, int), np.array([1.0, 2.0, 4.0, 8.0])), QUICK)
    assert outcome.verdict is Verdict.VIOLATED
