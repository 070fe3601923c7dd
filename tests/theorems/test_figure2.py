"""The dotted line of Figure 2 against loops that read like its definition."""

import numpy as np
import pytest

from theorems.figure2 import accumulated_residual, initial_norm, movement
from theorems.limiting_kernel import limiting_kernel
from theorems.linearised import ConstantKernel
from theorems.setting import ERF, FixedNoise, LearnedNoise, Problem

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 3))
X /= np.linalg.norm(X, axis=1, keepdims=True)
R0 = RNG.standard_normal((4, 5, 2))


def kernel():
    """Not made when the module is read: an error in it is that of a test."""
    return limiting_kernel(X)


def by_stepping(theta, r0, step, steps):
    """η Σ_{k<K} r_k with r_{k+1} = (I - ηΘ) r_k, step by step."""
    total, r = np.zeros_like(r0), r0.copy()
    for _ in range(int(steps)):
        total += step * r
        r = r - step * theta @ r
    return total


def test_every_network_of_a_batch_moves_by_its_own_and_none_by_a_matrix_that_is_not_positive():
    theta, c = np.array([[2.0, 0.5], [0.5, 1.0]]), np.random.default_rng(0).standard_normal((3, 2, 4))
    for size in (1.0, 1e-3):
        moved = [np.sqrt(np.trace(one.T @ theta @ one)) for one in size * c]
        np.testing.assert_allclose(movement(theta, size * c), moved)
    indefinite, along = np.diag([1.0, -1e-3]), np.eye(2)[:, :, None]
    assert movement(indefinite, along[:1]) == pytest.approx([1.0])
    with pytest.raises(ValueError, match="not positive semidefinite"):
        movement(indefinite, along)
    with pytest.raises(ValueError, match="not positive semidefinite"):  # however far another network moves
        movement(indefinite, np.stack([1e6 * along[0], along[1]]))


@pytest.mark.parametrize("singular", [False, True])
def test_the_accumulated_residual_is_the_sum_over_the_steps(singular):
    theta = kernel().total.copy()
    if singular:
        values, modes = np.linalg.eigh(theta)
        theta = (modes * np.where(np.arange(5) == 0, 0.0, values)) @ modes.T
    largest = np.linalg.eigvalsh(theta)[-1]
    step, steps = np.array([0.1, 0.5, 1.0, 1.7]) / largest, np.array([0.0, 1.0, 30.0, 200.0])
    found = accumulated_residual(ConstantKernel(theta), R0, step, steps)
    for row, r0, eta, k in zip(found, R0, step, steps, strict=True):
        np.testing.assert_allclose(row, by_stepping(theta, r0, eta, k), rtol=1e-9, atol=1e-12)


def test_a_linear_network_moves_as_far_as_predicted():
    """f = J w with any J: descent moves w by -Jᵀ c, and ‖Δw‖² = cᵀ J Jᵀ c."""
    j = RNG.standard_normal((5, 9))
    theta, w, y = j @ j.T, RNG.standard_normal((9, 2)), RNG.standard_normal((5, 2))
    step, steps, now = 0.5 / np.linalg.eigvalsh(theta)[-1], 40, w.copy()
    for _ in range(steps):
        now = now - step * j.T @ (j @ now - y)
    c = accumulated_residual(ConstantKernel(theta), (j @ w - y)[None], np.array([step]), np.array([float(steps)]))
    assert movement(theta, c)[0] == pytest.approx(np.linalg.norm(now - w), rel=1e-10)


def test_many_small_steps_are_the_flow():
    constant, one = ConstantKernel(kernel().total), np.ones(4)
    flow = constant.integrated_residual(R0, np.array([3.0]))[:, 0]
    errors = [
        np.abs(accumulated_residual(constant, R0, one * 3.0 / k, one * k) - flow).max() for k in (1000, 2000, 4000)
    ]
    np.testing.assert_allclose(np.array(errors[:-1]) / errors[1:], 2, rtol=0.02)  # order 1


@pytest.mark.parametrize(("block", "columns", "tau"), [("mean", 3, 1.0), ("scale", 3, 0.7), ("decoder", 2, 1.0)])
def test_initial_norms_are_those_of_normal_matrices(block, columns, tau):
    problem = Problem(X, np.ones((5, 2)), ERF, LearnedNoise(0.7))
    drawn = tau * np.random.default_rng(1).standard_normal((400, 50, columns))
    mean_square = (drawn**2).sum((1, 2)).mean()
    assert initial_norm(problem, block, 50) ** 2 == pytest.approx(mean_square, rel=0.03)


def test_fixed_noise_has_no_scale_block():
    with pytest.raises(ValueError, match="no scale block"):
        initial_norm(Problem(X, X, ERF, FixedNoise(1.0)), "scale", 8)
