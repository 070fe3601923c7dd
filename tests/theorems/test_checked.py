"""Arguments that are checked come out as they went in: arrays as arrays, single numbers as floats."""

import numpy as np
import pytest

from theorems.checked import above_zero, at_least_zero, checked, count, number
from theorems.regressions import KernelRegression
from theorems.setting import RELU, FixedNoise, LearnedNoise, unit_rows


@pytest.mark.parametrize("kind", [above_zero, at_least_zero])
def test_arrays_stay_arrays_and_numbers_numbers(kind):
    found = kind(np.array([1, 2]), "x")
    np.testing.assert_array_equal(found, [1.0, 2.0])
    assert isinstance(kind(np.float32(0.5), "x"), float)


def test_zero_is_at_least_zero_and_not_above_it():
    assert at_least_zero(0, "x") == 0.0
    for kind, value in ((above_zero, 0), (at_least_zero, -1e-300), (above_zero, np.array([1.0, -1.0]))):
        with pytest.raises(ValueError, match=r"^x"):
            kind(value, "x")


def test_a_decorated_function_gets_what_its_kinds_return_and_the_rest_as_it_was():
    @checked(n=count, t=number)
    def told(n, t=0.25, *, other=None):
        return n, t, other

    other = object()
    assert told(np.int64(3), other=other) == (3, 0.25, other)
    assert told(3, t=np.array(2)) == (3, 2.0, None)
    for arguments in ({"n": 0}, {"n": 1.5}, {"n": 1, "t": np.nan}):
        with pytest.raises(ValueError, match=r"^(n|t)"):
            told(**arguments)


@pytest.mark.parametrize(("row", "norm"), [([0.3, 0.4], 0.5), ([1.2, 1.6], 2)])
def test_the_row_that_is_off_the_sphere_is_named(row, norm):
    with pytest.raises(ValueError, match=f"row 1 .* has norm {norm}"):
        unit_rows(np.array([[1.0, 0.0], row, [0.0, 1.0]]))


@pytest.mark.parametrize(
    ("rows", "remedy"),
    [([[1.0, 0.0], [2.0, 0.0]], "divide every row by its norm"), ([[1.0, 0.0], [0.0, 0.0]], "row of zeros has no dir")],
)
def test_what_to_do_about_rows_off_the_sphere(rows, remedy):
    with pytest.raises(ValueError, match=f"^inputs: row 1 .*; .*{remedy}"):
        unit_rows(np.array(rows))
    with pytest.raises(ValueError, match=f"^inputs: row {1 if 'zeros' in remedy else 2} "):  # zeros are named first
        unit_rows(np.array([*rows, [5.0, 0.0]]))


@pytest.mark.parametrize("noise", [LearnedNoise, FixedNoise])
def test_a_scale_that_is_none_is_refused_by_its_noise(noise):
    for scale in (-0.1, np.nan, 1e31, "1"):
        with pytest.raises(ValueError, match=f"^{noise.__name__}: the scale"):
            noise(scale)
    assert noise(1e30).scale == 1e30


def test_the_slope_of_relu_is_an_array_of_numbers():
    slope = RELU.derivative(np, np.array([-1.0, 0.0, 2.0]))
    assert slope.dtype == np.float64
    assert slope.tolist() == [0.0, 0.0, 1.0]


def test_kernels_of_a_regression_may_be_lists():
    made = KernelRegression([[2.0, 0.0], [0.0, 2.0]], [[1.0, 0.0]], 0.5)
    assert isinstance(made.gram, np.ndarray)
    assert isinstance(made.cross, np.ndarray)
    assert made.fitted([[1.0], [0.0]]).tolist() == [[0.8], [0.0]]
