"""Lemma 4's predictions: movement against training in the space of parameters and against quadrature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad_vec
from scipy.linalg import expm

from theorems.lemma4 import movement, row_bound


def linear_model(seed, n, d, sizes):
    """Features J_b (n, P_b) of a model f = Σ_b J_b W^b, its kernels J_b J_bᵀ, and a residual at the start."""
    rng = np.random.default_rng(seed)
    features = [rng.standard_normal((n, size)) for size in sizes]
    return features, [j @ j.T for j in features], rng.standard_normal((n, d))


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3))
def test_movement_is_that_of_gradient_flow_on_the_parameters(seed, n, d):
    features, blocks, r0 = linear_model(seed, n, d, (3, 5))
    joined, times = np.hstack(features), np.array([0.0, 0.05, 0.6])
    predicted = [movement(blocks[0] + blocks[1], block, r0, times) for block in blocks]
    for column, t in enumerate(times):
        # dW/dt = -Jᵀ(J W + r0), so W(t) solves a linear equation: put it into one matrix exponential
        size = joined.shape[1]
        generator = np.block([[-joined.T @ joined, -joined.T @ r0], [np.zeros((d, size)), np.zeros((d, d))]])
        w = expm(generator * t)[:size, size:]
        for block, rows in enumerate((w[:3], w[3:])):
            assert predicted[block][column] == pytest.approx(np.linalg.norm(rows), rel=1e-9, abs=1e-11)


def test_movement_is_the_integral_of_the_residual_by_quadrature():
    _, (left, right), r0 = linear_model(3, 4, 2, (6, 7))
    theta, t = left + right, 0.8
    c, _ = quad_vec(lambda s: expm(-theta * s) @ r0, 0, t, epsabs=1e-12)
    assert movement(theta, right, r0, np.array([t])) == pytest.approx([np.sqrt(np.trace(c.T @ right @ c))], rel=1e-9)


def test_movement_ends_at_the_minimum_norm_solution():
    _, (left, right), r0 = linear_model(4, 3, 2, (6, 6))
    theta = left + right
    long = np.array([1e6])
    parts = movement(theta, left, r0, long) ** 2 + movement(theta, right, r0, long) ** 2
    assert parts == pytest.approx([np.trace(r0.T @ np.linalg.solve(theta, r0))], rel=1e-9)


def test_movement_takes_replicates_along_leading_axes():
    _, (left, right), _ = linear_model(5, 3, 2, (6, 6))
    starts = np.random.default_rng(0).standard_normal((4, 3, 2))
    times = np.array([0.1, 1.0, 2.0])
    together = movement(left + right, left, starts, times)
    assert together.shape == (4, 3)
    for row, r0 in zip(together, starts, strict=True):
        assert row == pytest.approx(movement(left + right, left, r0, times), rel=1e-12)


def test_movement_refuses_a_block_of_another_size():
    with pytest.raises(ValueError, match="does not fit"):
        movement(np.eye(3), np.eye(2), np.zeros((3, 1)), np.array([1.0]))


def test_row_bound_reads_like_its_formula():
    assert row_bound(3.0, 2.0, n=4, smallest=0.5, width=9) == pytest.approx(2 * 2 * 3 * 2 / (0.5 * 3))
    assert row_bound(np.ones(2), np.array([1.0, 2.0]), n=1, smallest=1.0, width=1) == pytest.approx([2, 4])
