"""What comes from outside keeps all its digits on the way in, or is refused for what it is."""

import numpy as np
import pytest
import torch

from models.cell import Cell
from models.checked import finite_tensor, whole_number
from models.operator import tangent_operator
from models.tangent import (
    jacobian_tangent_kernel,
    sampled_tangent_kernel,
    tangent_kernel,
    tangent_matrix,
    total_tangent_kernel,
)
from models.traced import traced_kernel

LIKE = torch.zeros((), dtype=torch.float64)


def test_numbers_keep_their_digits_whatever_holds_them():
    values = [[0.1, 1 / 3], [2 / 7, 1e-17]]
    expected = np.array(values)
    for given in (values, expected, torch.from_numpy(expected), [list(map(np.float64, row)) for row in values]):
        np.testing.assert_array_equal(finite_tensor(given, "values", LIKE).numpy(), expected)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.5, "steps must be a whole number, got 2.5"),
        (True, "steps must be a whole number, got True"),
        ("8", "steps must be a whole number, got '8'"),
        (0, "steps must be at least 1, got 0"),
        (10**15, "steps must be at most 2147483648, got 1000000000000000"),
    ],
)
def test_a_count_that_is_none_is_said_for_what_it_is(value, words):
    with pytest.raises(ValueError, match=words):
        whole_number(value, "steps")


def test_so_is_one_of_more_digits_than_python_writes():
    with pytest.raises(ValueError, match="steps must be at most 2147483648, got a number without end"):
        whole_number(10**5000, "steps")


@pytest.mark.parametrize("value", [None, "network", np.eye(2)])
def test_what_takes_a_network_takes_nothing_else(value):
    x = np.eye(2)
    for call in (tangent_kernel, total_tangent_kernel, tangent_matrix, traced_kernel, tangent_operator):
        with pytest.raises(TypeError, match=r"network: StochasticNetwork or NetworkStream expected, got \w+"):
            call(value, x)
    for call in (jacobian_tangent_kernel, lambda w, x: sampled_tangent_kernel(w, x, x), lambda w, x: Cell(w, x, x, [])):
        with pytest.raises(TypeError, match=r"network: StochasticNetwork expected, got \w+"):
            call(value, x)
