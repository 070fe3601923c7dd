"""The law about a trend: what it estimates, decides and sees."""

import math

import numpy as np
import pytest

from claimtest.claim import Verdict
from claimtest.criteria import Samples, Trend
from claimtest.profile import PROFILES

QUICK = PROFILES["quick"]
DIMENSIONS = np.array([10.0, 20.0, 50.0, 100.0, 200.0])


def samples(gain, deviation=0.01, replicates=6, abscissae=DIMENSIONS, seed=0):
    """Two cases whose means gain so much from 10 to 200, from levels of their own."""
    x = np.tile(np.repeat(abscissae, replicates), 2)
    strata = np.repeat([0, 1], len(x) // 2)
    noise = deviation * np.random.default_rng(seed).standard_normal(len(x))
    return Samples(0.3 * strata + gain * np.log(x / 10) / math.log(20) + noise, strata, x)


@pytest.mark.parametrize(
    ("gain", "deviation", "verdict"),
    [(0.2, 0.01, Verdict.HOLDS), (-0.2, 0.01, Verdict.VIOLATED), (0.01, 0.05, Verdict.INCONCLUSIVE)],
)
def test_a_trend_is_judged_by_its_sign(gain, deviation, verdict):
    outcome = Trend(0.0, 20.0).judge(samples(gain, deviation), QUICK)
    assert outcome.verdict is verdict
    assert outcome.estimate == pytest.approx(gain, abs=5 * deviation)


def test_the_estimate_is_least_squares_with_an_intercept_per_case():
    given = samples(0.15, 0.05)
    design = np.stack([np.log(given.abscissa) / math.log(20), given.strata == 0, given.strata == 1], axis=1)
    slope = np.linalg.lstsq(design.astype(float), given.values, rcond=None)[0][0]
    assert Trend(0.0, 20.0).judge(given, QUICK).estimate == pytest.approx(slope, rel=1e-12)


def test_between_two_abscissae_it_is_the_difference_of_the_means():
    given = samples(0.4, 0.1, abscissae=np.array([10.0, 256.0]))
    means = [given.values[given.abscissa == x].mean() for x in (10.0, 256.0)]
    assert Trend(0.0, 25.6).judge(given, QUICK).estimate == pytest.approx(means[1] - means[0], rel=1e-12)


def test_what_is_said_to_be_detectable_is_seen():
    """The gain that lies so far below the bound comes out violated in 200 of 200 samples: promised are 0.9999."""
    law = Trend(0.0, 20.0)
    far = law.judge(samples(0.0, 0.05), QUICK).detectable
    verdicts = [law.judge(samples(-1.5 * far, 0.05, seed=s), QUICK).verdict for s in range(200)]
    assert set(verdicts) == {Verdict.VIOLATED}


def test_a_control_shifts_the_bound():
    assert Trend(0.0, 20.0, 0.5).shifted(2.0, QUICK).bound == 1.0
    assert Trend(0.0, 20.0, 0.5).must_detect(QUICK) == 0.5
    assert Trend(0.0, 20.0).must_detect(QUICK) is None


def test_one_abscissa_has_no_trend():
    with pytest.raises(ValueError, match="two abscissae"):
        Trend(0.0, 20.0).judge(samples(0.1, abscissae=np.array([10.0])), QUICK)


def test_a_trend_has_no_margin_but_its_bound():
    law = Trend(0.1, 20.0, 0.2)
    assert (law.margin_of(QUICK), law.accepted(QUICK)) == (0.0, (0.1, math.inf))
