"""Numbers from outside keep all their digits on the way in."""

import numpy as np
import torch

from models.checked import finite_tensor

LIKE = torch.zeros((), dtype=torch.float64)


def test_numbers_keep_their_digits_whatever_holds_them():
    values = [[0.1, 1 / 3], [2 / 7, 1e-17]]
    expected = np.array(values)
    for given in (values, expected, torch.from_numpy(expected), [list(map(np.float64, row)) for row in values]):
        np.testing.assert_array_equal(finite_tensor(given, "values", LIKE).numpy(), expected)
