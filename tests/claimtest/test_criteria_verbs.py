"""What every law states, number by number: its region, its effect, its false neighbour, its outcome."""

import math

import numpy as np
import pytest

from claimtest.claim import Verdict
from claimtest.criteria import (
    AtLeast,
    AtMost,
    Ceiling,
    Constant,
    ExactOrder,
    Identity,
    OrderBound,
    Probability,
    Samples,
    Trend,
)
from claimtest.criteria.law import standard_errors_apart, values_needed
from claimtest.criteria.probability import Shares, clopper_pearson
from claimtest.profile import ALPHA, PROFILES

QUICK = PROFILES["quick"]
INF = math.inf


@pytest.mark.parametrize(
    ("law", "kind", "region", "effect", "shifted"),
    [
        (Constant(2.0), "constant", (1.9, 2.1), 0.25, (2.1, 2.3)),
        (Constant(-2.0, margin=0.1), "constant", (-2.2, -1.8), 0.5, (-1.8, -1.4)),
        (AtLeast(0.5, 0.1), "lower bound", (0.5, INF), 0.1, (0.7, INF)),
        (AtLeast(0.5), "lower bound", (0.5, INF), None, (0.5, INF)),
        (AtMost(0.5, 0.1), "upper bound", (-INF, 0.5), 0.1, (-INF, 0.3)),
        (Trend(0.1, 20.0, 0.2), "trend", (0.1, INF), 0.2, (0.5, INF)),
        (ExactOrder(-0.5), "exact order", (-0.65, -0.35), 0.3, (-0.95, -0.65)),
        (ExactOrder(-1.0, "reciprocal"), "exact order", (-1.25, -0.75), 0.5, (-1.75, -1.25)),
        (OrderBound(-0.5), "order bound", (-INF, -0.35), 0.3, (-INF, -0.65)),
        (OrderBound(-0.5, truth=-1.0), "order bound", (-INF, -0.35), 0.3, (-INF, -1.15)),
        (Probability(0.9), "probability", (0.9, 1.0), 0.3, (0.999, 1.0)),
        (Probability(0.2), "probability", (0.2, 1.0), 0.2, (0.992, 1.0)),
        (Identity(1e-10), "identity", (0.0, 1e-10), None, (0.0, 1e-12)),
        (Ceiling(2.0), "ceiling", (0.0, 2.0), None, (0.0, 0.02)),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "kind") else None,
)
def test_what_a_law_states(law, kind, region, effect, shifted):
    assert law.kind == kind
    assert law.accepted(QUICK) == pytest.approx(region)
    assert law.must_detect(QUICK) == (None if effect is None else pytest.approx(effect))
    assert law.shifted(2, QUICK).accepted(QUICK) == pytest.approx(shifted)
    assert type(law.shifted(2, QUICK)) is type(law)


def samples(values):
    return Samples(np.array(values, dtype=float), np.zeros(len(values), int), np.ones(len(values)))


@pytest.mark.parametrize("law", [Identity(0.5), Ceiling(0.5)], ids=["identity", "ceiling"])
def test_the_outcome_of_the_worst(law):
    outcome = law.judge(samples([0.1, 0.4, 0.25]), QUICK)
    assert (outcome.verdict, outcome.estimate, outcome.interval) == (Verdict.HOLDS, 0.4, (0.4, 0.4))
    assert (outcome.accepted, outcome.detectable, outcome.n, outcome.spread) == ((0.0, 0.5), 0.5, 3, 0.0)


def test_the_outcome_of_a_mean():
    values = np.array([0.9, 1.2, 1.1, 0.7, 1.0, 1.3])
    law = AtLeast(0.5, 0.1)
    outcome, fit = law.judge(samples(values), QUICK), law.fit(values, samples(values))
    assert (outcome.estimate, outcome.n, outcome.accepted) == (pytest.approx(values.mean()), 6, (0.5, INF))
    assert outcome.interval == pytest.approx(fit.interval(ALPHA))
    assert outcome.detectable == pytest.approx(fit.far(ALPHA))
    assert outcome.spread == pytest.approx(values.std(ddof=1))
    assert Constant(1.0).judge(samples(values), QUICK).detectable == pytest.approx(0.05 + fit.far(ALPHA))
    assert Constant(1.0).detectable(6, 0.2, QUICK) == pytest.approx(
        0.05 + standard_errors_apart(ALPHA, 6) * 0.2 / math.sqrt(6)
    )


def test_a_single_case_that_contradicts_is_named_wherever_it_stands():
    strata = np.repeat(np.arange(3), 96)
    values = np.ones(288)
    values[:40] = 0.0
    found = Probability(0.9).judge(Samples(values, strata, np.ones(288), None, ("a", "b", "c")), QUICK)
    assert (found.verdict, found.n, found.note) == (Verdict.VIOLATED, 96, "56 of 96 replicates of a")
    assert found.interval == pytest.approx(clopper_pearson(56, 96, 0.1 * ALPHA / 3))


def test_many_samples_at_once_are_judged_one_by_one():
    """All cases together in the first, one that contradicts alone in the second."""
    successes, counts = np.array([[95, 99, 100], [40, 100, 100], [100, 100, 100]]), np.array([100, 100, 100])
    low, high = Shares(successes, counts, 0.9, in_every_case=False).interval(0.01)
    single = [Shares(row, counts, 0.9, in_every_case=False).interval(0.01) for row in successes]
    np.testing.assert_array_equal(low, [one[0] for one in single])
    np.testing.assert_array_equal(high, [one[1] for one in single])


def test_numbers_of_values_are_whole():
    found = values_needed(0.013, 0.17, ALPHA, 2)
    assert isinstance(found, int)
    assert standard_errors_apart(ALPHA, found) * 0.17 / math.sqrt(found) <= 0.013
    assert standard_errors_apart(ALPHA, found - 1) * 0.17 / math.sqrt(found - 1) > 0.013
