"""Scores of disentanglement on codes whose answers are known."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from models.disentanglement import (
    METRICS,
    _weighted_disentanglement,
    dci_disentanglement,
    factor_vae_score,
    mutual_information_gap,
    sap_score,
    scores,
)
from models.factors import FactorGrid, combinations

SIZES, CATEGORIES = (3, 6, 10, 4, 4), (True, False, False, False, False)
GRID = FactorGrid("test", ("a", "b", "c", "d", "e"), SIZES, CATEGORIES, np.zeros((2880, 1, 1, 1), np.uint8))
Z = (GRID.factors - GRID.factors.mean(axis=0)) / GRID.factors.std(axis=0)


def rng():
    return np.random.default_rng(0)


def rotated():
    """Every dimension an even mixture of all factors."""
    return Z @ np.linalg.qr(rng().standard_normal((5, 5)))[0]


@pytest.mark.parametrize("metric", METRICS)
def test_factors_themselves_score_one(metric):
    order = [3, 0, 4, 1, 2]
    for codes in (Z, -2 * Z[:, order], np.concatenate([Z, np.zeros_like(Z)], axis=1)):
        assert METRICS[metric](codes, GRID, rng()) >= 0.95


@pytest.mark.parametrize("metric", METRICS)
def test_constant_codes_score_nothing(metric):
    assert METRICS[metric](np.ones((len(Z), 7)), GRID, rng()) == 0


@pytest.mark.parametrize(("metric", "chance"), [("factorvae", 0.2), ("mig", 0.0), ("dci", 0.0), ("sap", 0.0)])
def test_random_codes_score_what_chance_gives(metric, chance):
    assert METRICS[metric](rng().standard_normal((len(Z), 8)), GRID, rng()) == pytest.approx(chance, abs=0.06)


@pytest.mark.parametrize("metric", METRICS)
def test_mixtures_score_less(metric):
    assert METRICS[metric](rotated(), GRID, rng()) < 0.85 * METRICS[metric](Z, GRID, rng())


def test_duplicated_dimensions_close_gaps_and_nothing_else():
    """MIG and SAP ask for one dimension per factor, FactorVAE's score and DCI do not."""
    twice = np.concatenate([Z, Z], axis=1)
    found = scores(twice, GRID, rng())
    assert found["factorvae"] >= 0.95
    assert found["dci"] >= 0.95
    assert found["mig"] < 0.01
    assert found["sap"] < 0.01


def test_one_dimension_for_two_factors_is_not_disentangled():
    """Forests read both factors of 40 values from their sum with different weights: D is 1 less an entropy near 1."""
    pair = FactorGrid("test", ("d", "e"), (40, 40), (False, False), np.zeros((1600, 1, 1, 1), np.uint8))
    apart = pair.factors.astype(float)
    assert dci_disentanglement(apart, pair, rng()) > 0.95
    assert dci_disentanglement(apart @ [[1.0], [40.0]], pair, rng()) < 0.05


def slow_disentanglement(importance):
    """Eastwood and Williams, §2, dimension by dimension."""
    total, score, factors = importance.sum(), 0.0, importance.shape[1]
    for row in importance:
        if row.sum() > 0:
            score += row.sum() / total * (1 - entropy(row / row.sum(), base=factors))
    return score


@pytest.mark.parametrize("shape", [(1, 2), (5, 3), (200, 5)])
def test_dci_of_importances_is_that_of_its_definition(shape):
    importance = rng().exponential(size=shape) * (rng().random(shape) < 0.7)
    importance[0] = 1.0
    assert _weighted_disentanglement(importance) == pytest.approx(slow_disentanglement(importance), rel=1e-12)
    assert _weighted_disentanglement(np.zeros(shape)) == 0


ROTATED = Z @ np.linalg.qr(np.random.default_rng(3).standard_normal((5, 5)))[0]
"""Codes whose dimensions vary by as much as each other, until they are scaled."""


def slow_factor_vae_score(codes, grid, rng):
    """Kim and Mnih, §4: batches with one factor held fixed, one vote each, the share of the majority's votes."""
    keep = codes.std(axis=0) > 0
    votes = []
    for _ in range(800):
        factor = rng.integers(len(grid.sizes))
        rows = np.flatnonzero(grid.factors[:, factor] == rng.integers(grid.sizes[factor]))
        batch = codes[rng.choice(rows, 64)][:, keep] / codes[:, keep].std(axis=0)
        votes.append((batch.var(axis=0).argmin(), factor))
    training, testing = votes[:400], votes[400:]
    winner = {d: max(range(5), key=lambda f, d=d: training.count((d, f))) for d, _ in votes}
    return np.mean([winner[d] == f for d, f in testing])


@pytest.mark.parametrize(
    "codes",
    [Z, Z[:, :3], ROTATED * [1, 30, 0.1, 5, 2], np.round(Z @ np.array([[1, 1], [1, -1], [0, 1], [0, 0], [1, 0]]))],
)
def test_factor_vae_score_is_that_of_its_definition(codes):
    slow = np.mean([slow_factor_vae_score(codes, GRID, np.random.default_rng(k)) for k in range(5)])
    found = np.mean([factor_vae_score(codes, GRID, np.random.default_rng(100 + k)) for k in range(5)])
    assert found == pytest.approx(slow, abs=0.06)


def test_many_random_projections_look_disentangled_to_forests():
    """Of 200 mixtures some lie near each factor: DCI rises without any disentanglement, MIG does not."""
    codes = Z @ rng().standard_normal((5, 200))
    assert dci_disentanglement(codes, GRID, rng()) > dci_disentanglement(rotated(), GRID, rng()) + 0.1
    assert mutual_information_gap(codes, GRID, rng()) < 0.2


def test_the_gap_is_that_of_mutual_information():
    codes = np.round(2 * rotated())  # whole numbers in a range of less than twenty: every one has its bin
    information = np.array([[mutual_info_score(f, z) for z in codes.T] for f in GRID.factors.T])
    first, second = np.sort(information, axis=1)[:, -1], np.sort(information, axis=1)[:, -2]
    slow = ((first - second) / np.log(SIZES)).mean()
    assert mutual_information_gap(codes, GRID, rng()) == pytest.approx(slow, abs=0.02)


def test_sap_of_ordered_factors_is_the_gap_of_squared_correlations():
    ordered = FactorGrid("test", GRID.names, SIZES, (False,) * 5, GRID.images)
    codes = rotated()
    squares = np.corrcoef(codes.T, GRID.factors.T)[:5, 5:] ** 2
    ranked = np.sort(squares, axis=0)
    assert sap_score(codes, ordered, rng()) == pytest.approx((ranked[-1] - ranked[-2]).mean(), abs=0.03)


def test_votes_go_to_the_dimension_that_stays():
    """Without the first factor no dimension stays when it is fixed: a fifth of the votes is guessed."""
    assert factor_vae_score(Z[:, 1:], GRID, rng()) == pytest.approx(0.8, abs=0.06)


def test_factors_dealt_out_anew_leave_chance():
    found = scores(Z[rng().permutation(len(Z))], GRID, rng())
    assert found["factorvae"] < 0.3
    assert max(found[name] for name in ("mig", "dci", "sap")) < 0.05


def test_codes_must_belong_to_the_images():
    for codes in (Z[:-1], np.full_like(Z, np.nan), Z[:, 0]):
        with pytest.raises(ValueError, match="2880 images"):
            scores(codes, GRID, rng())


def test_combinations():
    assert combinations((2, 3)).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
