"""How the largest defect would come out in other runs, where defects are known by what one run had."""

import numpy as np
import pytest
from numpy.random import default_rng

from claimtest.calibration.worst import ROUND_OFF, SteadyDesign, WorstDesign, worst_of
from claimtest.criteria import Ceiling, Constant, Identity, Samples

RNG = default_rng(8)


def samples(values, replicates, abscissa=1.0):
    """Cases of so many replicates each, one after another."""
    strata = np.repeat(np.arange(len(values) // replicates), replicates)
    return Samples(np.asarray(values, float), strata, np.broadcast_to(abscissa, len(values)))


def exceeded(found: Samples, runs=20_000):
    """How often the largest value passes a ceiling of 1."""
    drawn = worst_of("toy", Ceiling(), found).again(default_rng(1), runs, 0.0)
    return float((drawn.max(-1) > 1).mean())


@pytest.mark.parametrize("replicates", [2, 4, 24])
def test_the_largest_of_lognormal_defects_passes_about_as_often_as_it_does(replicates):
    """Two cases a factor of three apart; the true rate by simulation. Few values scatter more than they should."""
    centre = np.repeat([-3.0, -1.9], replicates)
    truth = np.exp(centre + 0.6 * RNG.standard_normal((40_000, 2 * replicates))).max(-1)
    true = float((truth > 1).mean())
    found = [
        exceeded(samples(np.exp(centre + 0.6 * RNG.standard_normal(2 * replicates)), replicates), runs=4000)
        for _ in range(60)
    ]
    assert 0.3 * true < np.mean(found) < 12 * true + 0.02
    assert np.median(found) < 4 * true + 0.01


def test_defects_far_below_never_pass_and_one_near_the_ceiling_does():
    far = np.exp(-8 + 0.5 * RNG.standard_normal(48))
    assert exceeded(samples(far, 8)) == 0
    near = far.copy()
    near[:8] = np.exp(-0.7 + 0.5 * RNG.standard_normal(8))
    assert exceeded(samples(near, 8)) > 0.1


def test_a_cell_that_scatters_does_not_lend_its_noise_to_one_that_does_not():
    """Half of the cases end at round-off, but for a few values; the other half always near a tenth of the ceiling."""
    wild = np.exp(-25 + 10 * (RNG.random((2, 24)) < 0.1) + 0.1 * RNG.standard_normal((2, 24)))
    tame = np.exp(-2.3 + 0.1 * RNG.standard_normal((2, 24)))
    assert exceeded(samples(np.concatenate([wild, tame]).ravel(), 24)) == 0
    ladder = np.tile(np.repeat([64.0, 128.0], 24), 2)
    by_width = np.concatenate([wild[0], tame[0], wild[1], tame[1]])
    assert exceeded(samples(by_width, 48, ladder)) == 0


def test_one_wild_cell_of_many_small_ones_is_not_diluted():
    """Forty cells of three: one scatters by a factor of e about a fifth of the ceiling, the others hardly."""
    small = np.exp(-1.6 + 0.01 * RNG.standard_normal((40, 3)))
    small[17] = np.exp(-1.6 + np.array([-1.0, 0.0, 1.0]))
    assert exceeded(samples(small.ravel(), 3)) > 0.05  # every other run; a normal cell passes in 3 (1 - Φ(1.6))


def test_what_is_drawn_scatters_at_least_as_much_as_what_was_seen():
    logs = -4 + 0.4 * RNG.standard_normal(64)
    drawn = np.log(worst_of("toy", Ceiling(), samples(np.exp(logs), 16)).again(default_rng(2), 4000, 0.0))
    for case in np.split(np.arange(64), 4):
        assert np.median(drawn[:, case]) == pytest.approx(np.median(logs[case]), abs=0.4)
        assert 1.0 <= drawn[:, case].std() / logs[case].std() <= 1.4


def test_the_order_of_values_does_not_matter():
    values, mixed = np.exp(RNG.standard_normal(32) - 3), RNG.permutation(32)
    plain = samples(values, 8)
    other = Samples(values[mixed], plain.strata[mixed], plain.abscissa[mixed])
    a, b = (np.sort(worst_of("toy", Ceiling(), s).residuals) for s in (plain, other))
    np.testing.assert_allclose(a, b)


def test_nothing_at_all_counts_as_round_off_and_as_nothing_where_nothing_else_is_tolerated():
    none = samples(np.zeros(8), 4)
    drawn = worst_of("toy", Identity(1e-10), none).again(default_rng(0), 5, 0.0)
    np.testing.assert_allclose(drawn, ROUND_OFF)
    assert (worst_of("toy", Identity(0.0), none).again(default_rng(0), 5, 0.0) == 0).all()


def test_what_is_infinite_stays_so():
    values = np.array([np.inf, 0.5, np.inf, 0.4])
    drawn = worst_of("toy", Ceiling(), samples(values, 2)).again(default_rng(0), 7, 0.0)
    assert (drawn == values).all()


def test_single_values_are_compared_across_cases():
    design = worst_of("toy", Ceiling(), samples([0.1, 0.2, 0.4], 1))
    assert isinstance(design, WorstDesign)
    assert design.residuals.std() == pytest.approx(np.log([0.1, 0.2, 0.4]).std() * np.sqrt(1.5))


def test_values_that_never_vary_are_the_same_again():
    steady = samples([0.0, 0.0, 3.0, 3.0], 2)
    design = SteadyDesign.of("toy", Constant(1.0), steady)
    assert (design.again(default_rng(0), 3, 0.0) == steady.values).all()
    assert SteadyDesign.of("toy", Constant(1.0), samples([0.0, 0.1], 2)) is None
    assert SteadyDesign.of("toy", Constant(1.0), samples([0.0, 0.1], 1)) is None  # one each: nobody knows


def test_errors_of_both_signs_scatter_about_zero_and_not_over_orders_of_magnitude():
    """A fiftieth of the ceiling; one that happens to be a millionth of the rest has a logarithm far below theirs."""
    errors = np.tile([0.02, -0.02, 0.015, 1e-8], 6)
    assert exceeded(samples(errors, 4)) == 0
    assert exceeded(samples(np.abs(errors), 4)) > 0
    drawn = worst_of("toy", Ceiling(), samples(errors, 4)).again(default_rng(3), 4000, 0.0)
    assert errors.std() < drawn.std() < 1.5 * errors.std()
    assert worst_of("toy", Ceiling(), samples(errors, 4)).again(default_rng(3), 4, 0.0).min() < 0
