"""What all laws share: the rule that decides, and how far apart is far enough."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from claimtest.claim import Verdict
from claimtest.criteria import AtLeast, AtMost, Constant, ExactOrder, Identity, OrderBound, Probability, Samples, decide
from claimtest.criteria.law import MISS, standard_errors_apart, values_needed
from claimtest.profile import ALPHA, ERROR_BUDGET, MOST_CRITERIA, PROFILES

LAWS = [
    Constant(2.0), Constant(-1.0, margin=0.1), AtLeast(0.5, effect=0.1), AtMost(0.5, effect=0.1), ExactOrder(-0.5),
    OrderBound(-0.5), OrderBound(-1.0, margin="reciprocal"), Probability(0.9), Probability(0.5),
]  # fmt: skip


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.0, 1.0), Verdict.HOLDS),  # the edges belong to the accepted region
        ((0.2, 0.3), Verdict.HOLDS),
        ((-0.1, 0.5), Verdict.INCONCLUSIVE),
        ((0.5, 1.1), Verdict.INCONCLUSIVE),
        ((-1.0, 2.0), Verdict.INCONCLUSIVE),
        ((1.0, 2.0), Verdict.INCONCLUSIVE),  # touching is not disjoint
        ((-1.0, 0.0), Verdict.INCONCLUSIVE),
        ((math.nextafter(1.0, 2.0), 2.0), Verdict.VIOLATED),
        ((-1.0, -1e-9), Verdict.VIOLATED),
        ((math.nan, 0.5), Verdict.VIOLATED),
        ((0.5, math.nan), Verdict.VIOLATED),
        ((-math.inf, math.inf), Verdict.INCONCLUSIVE),
    ],
)
def test_inside_disjoint_or_neither(interval, verdict):
    assert decide(interval, (0.0, 1.0)) is verdict


def test_the_error_budget_is_spent_on_at_most_200_criteria():
    assert MOST_CRITERIA == 200
    assert MOST_CRITERIA * ALPHA <= ERROR_BUDGET + 1e-15


@given(st.integers(32, 5000))
def test_standard_errors_apart_agrees_with_the_non_central_t(n):
    apart = standard_errors_apart(ALPHA, n)
    missed = stats.nct.cdf(stats.t.isf(ALPHA / 2, n - 1), n - 1, apart)
    assert 0.9 * MISS < missed < 1.1 * MISS


@given(st.integers(2, 10**6), st.floats(1e-3, 1e3))
def test_values_needed_is_the_smallest_that_does(n, spread):
    effect = standard_errors_apart(ALPHA, n) * spread / math.sqrt(n)
    found = values_needed(effect, spread, ALPHA, 2)
    assert found == n


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
@given(share=st.floats(0.01, 0.99), spread=st.floats(1e-3, 1.0))
def test_detectable_and_needed_are_inverse(law, profile, share, spread):
    """With the n needed for an effect it is detectable, with one value less it is not."""
    most = law.at_least if isinstance(law, Probability) else 3.0
    least = law.detectable(10**6, spread, profile)
    effect = least + share * max(most - least, 0.0)
    n = law.needed(effect, spread, profile)
    assert law.detectable(n, spread, profile) <= effect
    if n > 3:
        assert law.detectable(n - 1, spread, profile) > effect


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_more_values_detect_smaller_departures(law):
    effects = [law.detectable(n, 0.3, PROFILES["standard"]) for n in (64, 256, 1024, 65536)]
    assert effects == sorted(effects, reverse=True)


@pytest.mark.parametrize("law", LAWS[:2] + LAWS[4:], ids=repr)
def test_no_number_of_values_shows_an_effect_inside_the_margin(law):
    with pytest.raises(ValueError, match=r"margin|drop"):
        law.needed(0.0, 1.0, PROFILES["quick"])


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_shifting_by_nothing_changes_no_region(law):
    for profile in PROFILES.values():
        np.testing.assert_allclose(law.shifted(0.0, profile).accepted(profile), law.accepted(profile), rtol=1e-12)


class TestIdentity:
    law = Identity(1e-10)

    @pytest.mark.parametrize(("worst", "verdict"), [(1e-10, "holds"), (1.01e-10, "violated"), (math.nan, "violated")])
    def test_the_worst_defect_decides(self, worst, verdict):
        outcome = self.law.judge(
            Samples(np.array([0.0, worst, -1e-12]), np.zeros(3, int), np.ones(3)), PROFILES["quick"]
        )
        assert outcome.verdict == verdict

    def test_verbs(self):
        quick = PROFILES["quick"]
        assert self.law.detectable(1, 0.0, quick) == 1e-10
        assert self.law.needed(1.1e-10, 0.0, quick) == 1
        with pytest.raises(ValueError, match="inside the tolerance"):
            self.law.needed(1e-10, 0.0, quick)
        assert self.law.shifted(2, quick).tolerance == pytest.approx(1e-12)

    def test_nothing_to_judge(self):
        with pytest.raises(ValueError, match="at least one"):
            self.law.judge(Samples(np.empty(0), np.empty(0, int), np.empty(0)), PROFILES["quick"])


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"weights": np.ones(3)}, "2 values, but 3 weights"),
        ({"weights": np.array(["a", "b"])}, "weights must be an array of numbers"),
        ({"weights": np.array([1.0, -1.0])}, "must not be negative"),
        ({"strata": np.zeros(1, int)}, "2 values, but 1 strata"),
        ({"abscissa": np.ones((2, 1))}, "abscissa must be an array of numbers with one axis"),
    ],
)
def test_columns_that_do_not_belong_together(columns, says):
    with pytest.raises(ValueError, match=says):
        Samples(**{"values": np.ones(2), "strata": np.zeros(2, int), "abscissa": np.ones(2)} | columns)
