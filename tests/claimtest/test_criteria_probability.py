"""The law "with probability at least 1 - δ" against SciPy's exact binomial test and exact probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from claimtest.claim import Verdict
from claimtest.criteria import Probability, Samples
from claimtest.criteria.law import MISS
from claimtest.criteria.probability import Shares, clopper_pearson
from claimtest.profile import ALPHA
from tests.claimtest.simulation import QUICK


def events(successes, n):
    values = (np.arange(n) < successes).astype(float)
    return Samples(values, np.zeros(n, int), np.ones(n))


@given(
    st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from([0.05, 0.01, ALPHA]),
)
def test_interval_is_that_of_scipy(counts, alpha):
    successes, n = counts
    reference = stats.binomtest(successes, n).proportion_ci(1 - alpha, method="exact")
    np.testing.assert_allclose(clopper_pearson(successes, n, alpha), (reference.low, reference.high), atol=1e-9)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("p", [0.02, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [16, 128, 400])
def test_coverage_is_exact_for_every_probability(alpha, p, n):
    """Summed over all outcomes, with no simulation."""
    k = np.arange(n + 1)
    intervals = [clopper_pearson(int(count), n, alpha) for count in k]
    missed = sum(stats.binom.pmf(c, n, p) for c, (low, high) in zip(k, intervals, strict=True) if not low <= p <= high)
    assert missed <= alpha


@pytest.mark.parametrize("alpha", [0.05, ALPHA])
def test_a_probability_at_the_edge_is_rarely_judged_either_way(alpha):
    n, law = 400, Probability(0.9)
    chances = dict.fromkeys(Verdict, 0.0)
    for k in range(n + 1):
        chances[law.judge(events(k, n), QUICK, alpha).verdict] += float(stats.binom.pmf(k, n, 0.9))
    assert chances[Verdict.VIOLATED] <= alpha / 2
    assert chances[Verdict.HOLDS] <= alpha / 2


def test_at_most_fifteen_failures_of_four_hundred_can_still_be_judged():
    law = Probability(0.9)
    assert law.judge(events(385, 400), QUICK).verdict is Verdict.HOLDS
    assert law.judge(events(384, 400), QUICK).verdict is Verdict.INCONCLUSIVE


@given(st.integers(80, 3000), st.sampled_from([0.5, 0.9, 0.99]))
def test_what_is_called_detectable_is_detected_with_the_stated_probability(n, at_least):
    law = Probability(at_least)
    drop = law.detectable(n, 0.0, QUICK)
    if drop > at_least:
        return  # nothing is detectable with so few
    k = np.arange(n)
    violated = stats.beta.isf(ALPHA / 2, k + 1, n - k) < at_least  # the upper ends of all intervals, all but k = n
    chance = stats.binom.pmf(k, n, at_least - drop)[violated].sum()
    assert chance == pytest.approx(1 - MISS, abs=MISS / 10)


def test_too_few_replicates_detect_nothing():
    assert Probability(0.9).detectable(3, 0.0, QUICK) == np.inf


@pytest.mark.parametrize("drop", [0.0, -0.1, 0.95])
def test_a_drop_that_cannot_be(drop):
    with pytest.raises(ValueError, match="drop: "):
        Probability(0.9).needed(drop, 0.0, QUICK)


def test_no_replicates():
    with pytest.raises(ValueError, match="no case here about which it says anything"):
        Probability(0.9).judge(events(0, 0), QUICK)


@pytest.mark.parametrize("other", [np.nan, 0.5, 2.0, -1.0])
def test_an_event_happens_or_does_not(other):
    with pytest.raises(ValueError, match=r"happened \(1\) or not \(0\)"):
        Probability(0.9).judge(Samples(np.array([1.0, other, 1.0]), np.zeros(3, int), np.ones(3)), QUICK)


def of_cases(*shares: float, replicates: int = 400) -> Samples:
    """One case for each share of successes."""
    values = np.concatenate([np.arange(replicates) < share * replicates for share in shares]).astype(float)
    strata = np.repeat(np.arange(len(shares)), replicates)
    return Samples(values, strata, np.ones(len(values)), None, tuple(f"case-{k}" for k in range(len(shares))))


def test_one_bad_case_does_not_hide_behind_the_others():
    outcome = Probability(0.9).judge(of_cases(*[1.0] * 7, 0.6, replicates=96), QUICK)
    assert outcome.verdict is Verdict.VIOLATED
    assert outcome.note.endswith("of case-7")


def test_in_every_case_the_worst_speaks_for_all():
    law = Probability(0.9, in_every_case=True)
    assert law.judge(of_cases(1.0, 1.0), QUICK).verdict is Verdict.HOLDS
    outcome = law.judge(of_cases(1.0, 0.93, 1.0), QUICK)
    assert (outcome.verdict, outcome.n) == (Verdict.INCONCLUSIVE, 400)
    assert outcome.note == "372 of 400 replicates of case-1"


def test_the_worst_case_is_that_of_the_smallest_share_at_its_share_of_the_level():
    """300 of 500 are a smaller share than 2 of 3, though 2 are fewer: of two cases, at a tenth of half the level."""
    shares = Shares(np.array([2, 300]), np.array([3, 500]), 0.9, in_every_case=False)
    case, level, low, high = shares.spoken(0.02)
    assert (int(case), float(level)) == (1, pytest.approx(0.001))
    assert (float(low), float(high)) == pytest.approx(clopper_pearson(300, 500, 0.001))
    _, level, *_ = Shares(np.array([2, 300]), np.array([3, 500]), 0.9, in_every_case=True).spoken(0.02)
    assert float(level) == pytest.approx(0.01)


@pytest.mark.parametrize("in_every_case", [False, True])
def test_choosing_the_worst_of_many_cases_keeps_the_level(in_every_case):
    rng, alpha, wrong, law = np.random.default_rng(5), 0.05, 0, Probability(0.9, in_every_case)
    for _ in range(400):
        values = (rng.random(16 * 100) < 0.9).astype(float)
        samples = Samples(values, np.repeat(np.arange(16), 100), np.ones(1600), None, ("x",) * 16)
        wrong += law.judge(samples, QUICK, alpha).verdict is Verdict.VIOLATED
    assert stats.binomtest(wrong, 400, alpha, "greater").pvalue > 1e-4


@pytest.mark.parametrize(("n", "alpha", "miss"), [(400, 5e-6, 1e-4), (150, 1e-3, 1e-2), (60, 0.05, 0.1)])
def test_the_probability_that_surely_holds_against_the_binomial_itself(n, alpha, miss):
    """P(judged to hold) at that probability is 1 - miss: summed over every number of successes that holds."""
    law = Probability(0.8)
    holding = [k for k in range(n + 1) if law.judge(events(k, n), QUICK, alpha).verdict is Verdict.HOLDS]
    assert stats.binom.pmf(holding, n, law.sure(n, alpha, miss)).sum() == pytest.approx(1 - miss, abs=1e-9)


def test_too_few_replicates_never_surely_hold():
    assert Probability(0.9).sure(5) == 1.0
    assert Probability(0.9).sure(2000) < 1.0


def test_a_law_that_is_shifted_leaves_a_tenth_of_the_failures_for_every_margin():
    assert Probability(0.9).shifted(1.0, QUICK).at_least == pytest.approx(0.99)
    assert Probability(0.8).shifted(2.0, QUICK).at_least == pytest.approx(0.998)


def test_all_cases_together_are_an_outcome_of_their_own():
    law, samples = Probability(0.9), of_cases(0.99, 0.97, 1.0)
    outcome = law.judge(samples, QUICK)
    assert (outcome.accepted, outcome.n, outcome.note) == ((0.9, 1.0), 1200, "1184 of 1200 replicates")
    assert outcome.interval == pytest.approx(clopper_pearson(1184, 1200, 0.9 * ALPHA))
    assert outcome.detectable == law.detectable(1200, 0.0, QUICK, 0.9 * ALPHA)
    assert outcome.spread == pytest.approx(np.sqrt(1184 * 16) / 1200)
