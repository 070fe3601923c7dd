"""How often intervals of events miss, against every outcome there is; and designs that are looked at closer."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from claimtest.calibration.certainty import ENOUGH, THOROUGH
from claimtest.calibration.design import EventDesign, ExactDesign, StudentDesign
from claimtest.calibration.noise import NormalNoise
from claimtest.calibration.rates import MISSES, Rate, Truths
from claimtest.calibration.run import CLOSER, Calibrated, calibrate
from claimtest.criteria import Ceiling, Constant, Probability, Samples
from claimtest.criteria.law import MISS
from claimtest.profile import ALPHA, PROFILES

QUICK = PROFILES["quick"]


def layout(counts):
    strata = np.repeat(np.arange(len(counts)), counts)
    return Samples(np.ones(len(strata)), strata, np.ones(len(strata)))


def slow(law, counts, truth, alpha):
    """The probability of every outcome whose interval misses."""
    samples, missed = layout(counts), 0.0
    for successes in product(*(range(n + 1) for n in counts)):
        values = np.concatenate([np.repeat([1.0, 0.0], [k, n - k]) for k, n in zip(successes, counts, strict=True)])
        low, high = law.fit(values, samples).interval(alpha)
        if truth < low or high < truth:
            missed += float(np.prod(binom.pmf(successes, counts, truth)))
    return missed


@pytest.mark.parametrize("counts", [(40,), (12, 12), (7, 7, 7)])
@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize(("truth", "alpha"), [(0.5, 0.3), (0.6, 0.05), (0.8, 0.2), (0.97, 0.01)])
def test_what_is_computed_is_what_every_outcome_adds_up_to(counts, every, truth, alpha):
    law = Probability(0.5, every)
    computed = EventDesign("toy", law, layout(counts), ()).missing(truth, alpha)
    true = slow(law, counts, truth, alpha)
    assert true - 1e-12 <= computed <= alpha + 1e-12
    assert computed <= 1.25 * true + 1e-4  # ways to miss that go together are counted twice
    if len(counts) == 1:
        assert computed == pytest.approx(true)


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize(
    ("counts", "at_least", "truth", "alpha"),
    [((6, 14), 0.5, 0.6, 0.2), ((3, 200), 0.9, 0.93, 0.05), ((4, 100), 0.9, 0.9, 0.01), ((2, 5, 40), 0.5, 0.7, 0.3)],
)
def test_unequal_cases_miss_at_most_as_often(every, counts, at_least, truth, alpha):
    law = Probability(at_least, every)
    computed = EventDesign("toy", law, layout(counts), ()).missing(truth, alpha)
    assert slow(law, counts, truth, alpha) - 1e-12 <= computed <= alpha


def test_no_power_is_put_through_the_steps_of_events():
    design = EventDesign("toy", Probability(0.9, True), layout((400, 400)), ())
    rates = tuple(Rate(MISSES, level, level, 900, 10**6) for level in (0.01, 1e-3, 1e-4))  # of which none would be met
    found = Calibrated(design, Truths.of(design, QUICK), rates).extrapolated
    assert found.computed
    assert found.met
    assert found.rate == design.missing(design.centre(QUICK), ALPHA) <= ALPHA
    assert not Calibrated(steady(), Truths.of(steady(), QUICK), rates).extrapolated.computed
    assert ExactDesign("toy", Ceiling(), layout((4,)), ()).missing(1.0, ALPHA) == 0


def steady():
    return StudentDesign("toy", Constant(), layout((16,) * 4), (), scale=np.full(64, 0.1), noise=NormalNoise())


@pytest.mark.parametrize(
    ("events", "level", "close"), [(12, ALPHA, True), (10, ALPHA, False), (12, 1e-4, False), (40, ALPHA, False)]
)
def test_more_errors_than_promised_are_looked_at_closer_unless_they_refute(events, level, close):
    rates = (Rate("does not hold", level, MISS, events, 10**5), Rate(MISSES, 0.01, 0.01, 0, 10**5))
    design = steady()
    assert Calibrated(design, Truths.of(design, QUICK), rates).close is close
    event = EventDesign("toy", Probability(0.9), layout((400,)), ())
    assert Calibrated(event, Truths.of(event, QUICK), rates).close is False  # it errs as often as it may


def test_a_second_look_is_ten_times_as_long():
    assert CLOSER == 10
    assert THOROUGH == 10 * ENOUGH == 300_000


def test_closer_means_ten_times_the_trials(monkeypatch):
    monkeypatch.setattr(Calibrated, "close", property(lambda self: self.design.id == "closer"))
    plain, closer = calibrate([steady(), replace(steady(), id="closer")], QUICK, trials=6250)
    assert {rate.trials for rate in plain.rates} == {6250}
    assert {rate.trials for rate in closer.rates} == {CLOSER * 6250}
