"""Digits on the sphere, and one clear line for every file that is no matrix."""

import numpy as np
import pytest

from models.data import digits, sphere


def test_digits_are_unit_rows_spread_over_the_classes_and_always_the_same():
    from sklearn.datasets import load_digits  # slow to load: not while pytest collects

    x = digits(20, seed=3)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1)
    np.testing.assert_array_equal(x, digits(20, seed=3))
    images, classes = load_digits(return_X_y=True)
    label = {tuple(row): c for row, c in zip(sphere(images).tolist(), classes, strict=True)}
    assert sorted(label[tuple(row)] for row in x.tolist()) == sorted(list(range(10)) * 2)
    assert not np.array_equal(x, digits(20, seed=4))


@pytest.mark.parametrize("count", [0, 1798])
def test_no_more_digits_than_there_are(count):
    with pytest.raises(ValueError, match="between 1 and 1797"):
        digits(count)


def test_a_vanishing_row_cannot_go_on_the_sphere():
    with pytest.raises(ValueError, match=r"row 1 has norm 0\.0"):
        sphere(np.array([[1.0, 0.0], [0.0, 0.0]]))
