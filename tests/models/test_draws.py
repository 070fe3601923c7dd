"""Normal numbers by inversion: their law, their place in the stream, and the ends of the interval."""

import math

import numpy as np
import torch
from scipy import special, stats

from models.draws import fill_normal, fill_uniform, generator, standard_normal, to_normal


def test_they_are_standard_normal():
    """Kolmogorov-Smirnov on 200 000 numbers sees a distance of 0.006 at this level; and moments up to the fourth."""
    z = standard_normal((200_000,), 3).numpy()
    assert stats.kstest(z, "norm").pvalue > 1e-6
    for power, (mean, variance) in {1: (0, 1), 2: (1, 2), 3: (0, 15), 4: (3, 96)}.items():
        assert abs((z**power).mean() - mean) < 5 * math.sqrt(variance / len(z))


def test_they_are_the_inverse_of_the_distribution_at_the_uniform_numbers():
    u = fill_uniform(torch.empty(1000, dtype=torch.float64), generator(5)).numpy().copy()
    exact = special.ndtri(u + 2.0**-54)
    np.testing.assert_allclose(standard_normal((1000,), 5), exact, rtol=1e-12, atol=1e-14)


def test_the_ends_of_the_interval_are_finite_and_symmetric():
    ends = to_normal(torch.tensor([0.0, 1 - 2.0**-53, 0.5 - 2.0**-53, 0.5], dtype=torch.float64))
    assert ends[0] == -ends[1]
    assert 8.2 < ends[1] < 8.3
    assert ends[2] == -ends[3]


def test_any_part_of_a_draw_is_found_by_its_position():
    whole = standard_normal((500,), 7)
    for start, stop in ((0, 500), (3, 4), (123, 456)):
        part = fill_normal(torch.empty(stop - start, dtype=torch.float64), generator(7, start))
        assert torch.equal(part, whole[start:stop])


def test_single_precision_rounds_the_same_numbers():
    single = fill_normal(torch.empty(50, dtype=torch.float32), generator(7))
    assert torch.equal(single, standard_normal((50,), 7).float())
