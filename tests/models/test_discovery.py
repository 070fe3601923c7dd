"""Areas under the curve, and what permuted labels say of luck."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.discovery import areas, best_areas, luck, permuted_best, ranks

RNG = np.random.default_rng(0)
CODES = np.round(RNG.standard_normal((400, 30)), 1)  # with ties
LABELS = RNG.random((5, 400)) < 0.4


def test_areas_are_those_under_the_curve():
    found = areas(LABELS, ranks(CODES))
    for a in range(5):
        for j in range(30):
            area = roc_auc_score(LABELS[a], CODES[:, j])
            assert found[a, j] == pytest.approx(max(area, 1 - area), rel=1e-12)


def test_a_dimension_that_knows_an_attribute_is_found():
    codes = CODES.copy()
    codes[:, 17] -= 3 * LABELS[2]
    best = best_areas(LABELS, ranks(codes))
    assert best.latent[2] == 17
    assert best.area[2] > 0.95


def test_luck_grows_with_the_dimensions_tried_and_keeps_its_level():
    """Of 4 × 5 × 400 fresh permutations 1 % should exceed it; 400 calibrate it, so the share itself is uncertain."""
    many, one = (luck(LABELS, ranks(codes), np.random.default_rng(1)) for codes in (CODES, CODES[:, :1]))
    assert (many > one + 0.02).all()
    fresh = permuted_best(LABELS, ranks(CODES), 1600, np.random.default_rng(2))
    assert 0.002 < (fresh > many[:, None]).mean() < 0.022
    assert (fresh > one[:, None]).mean() > 0.1


def test_an_attribute_that_all_have_is_refused():
    with pytest.raises(ValueError, match="all images have"):
        areas(np.ones((1, 400), bool), ranks(CODES))
