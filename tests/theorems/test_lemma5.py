"""Lemma 5's distance from the limit, against the matrix written out."""

import numpy as np
import pytest

from theorems.lemma5 import limit_distance


@pytest.mark.parametrize("d", [1, 2, 3])
def test_distance_from_the_limit_written_out(d):
    rng = np.random.default_rng(d)
    limit = rng.standard_normal((3, 3))
    limit = limit + limit.T
    kernels = rng.standard_normal((4, 3 * d, 3 * d))
    kernels = kernels + kernels.swapaxes(1, 2)
    for kernel, distance in zip(kernels, limit_distance(kernels, limit), strict=True):
        difference = kernel.reshape(3, d, 3, d).copy()
        for k in range(d):
            difference[:, k, :, k] -= limit
        assert distance == pytest.approx(np.abs(np.linalg.eigvalsh(difference.reshape(3 * d, 3 * d))).max())


def test_a_kernel_of_another_size_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        limit_distance(np.zeros((2, 4, 4)), np.eye(3))
