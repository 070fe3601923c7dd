"""Training under a constant kernel against matrix exponentials, naive loops and recursions of covariances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from theorems.limiting_kernel import limiting_kernel
from theorems.linearised import ConstantKernel, stationary_loss

TIMES = np.array([0.0, 0.1, 1.0, 7.0])


def random_kernel(rng, size, rank=None):
    factor = rng.standard_normal((size, rank or size + 2))
    return factor @ factor.T / size


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_residual_is_the_matrix_exponential(rng):
    theta, r0 = random_kernel(rng, 4), rng.standard_normal((4, 3))
    residual = ConstantKernel(theta).residual(r0, TIMES)
    assert residual.shape == (4, 4, 3)
    for t, r in zip(TIMES, residual, strict=True):
        assert r == pytest.approx(expm(-theta * t) @ r0, abs=1e-13)


def test_loss_is_half_the_squared_norm(rng):
    kernel, r0 = ConstantKernel(random_kernel(rng, 4)), rng.standard_normal((4, 3))
    expected = 0.5 * np.sum(kernel.residual(r0, TIMES) ** 2, axis=(-1, -2))
    assert kernel.loss(r0, TIMES) == pytest.approx(expected, rel=1e-13)


def test_components_are_amplitudes_of_modes(rng):
    theta, r0 = random_kernel(rng, 5), rng.standard_normal((5, 2))
    kernel = ConstantKernel(theta)
    assert np.sum(kernel.components(r0) ** 2) == pytest.approx(np.sum(r0**2))
    assert kernel.components(theta @ r0) == pytest.approx(kernel.eigenvalues[:, None] * kernel.components(r0))
    assert (np.diff(kernel.eigenvalues) >= 0).all()
    assert (kernel.smallest, kernel.largest) == (kernel.eigenvalues[0], kernel.eigenvalues[-1])


def test_a_full_kernel_acts_on_the_residual_as_one_vector(rng):
    n, d = 3, 2
    theta, r0 = random_kernel(rng, n), rng.standard_normal((n, d))
    plain = ConstantKernel(theta)
    tensor = ConstantKernel.full(np.einsum("ij,ab->iajb", theta, np.eye(d)))
    for a, b in ((plain, tensor), (tensor, plain)):
        assert a.residual(r0, TIMES) == pytest.approx(b.residual(r0, TIMES), abs=1e-13)
        assert a.loss(r0, TIMES) == pytest.approx(b.loss(r0, TIMES))
        assert a.integrated_residual(r0, TIMES) == pytest.approx(b.integrated_residual(r0, TIMES))
        assert a.rate(r0, 2.0) == pytest.approx(b.rate(r0, 2.0))
    assert tensor.components(r0).shape == (n * d, 1)
    batch = rng.standard_normal((4, n, d))
    np.testing.assert_array_equal(tensor.components(batch), [tensor.components(r) for r in batch])

    stacked = ConstantKernel.full(np.stack([np.einsum("ij,ab->iajb", k * theta, np.eye(d)) for k in (1, 2)]))
    for k, of_one in enumerate(stacked.residual(np.stack([r0, r0]), TIMES)):
        np.testing.assert_allclose(of_one, ConstantKernel((k + 1) * theta).residual(r0, TIMES), atol=1e-12)

    mixed = random_kernel(rng, n * d)  # outputs coupled
    expected = (expm(-mixed * 0.7) @ r0.ravel()).reshape(n, d)
    assert ConstantKernel.full(mixed.reshape(n, d, n, d)).residual(r0, np.array([0.7]))[0] == pytest.approx(
        expected, abs=1e-13
    )


def test_replicates_are_a_leading_axis(rng):
    thetas = np.stack([random_kernel(rng, 4) for _ in range(5)])
    r0, steps = rng.standard_normal((5, 4, 2)), np.linspace(0.01, 0.1, 5)
    together = ConstantKernel(thetas)
    for i, theta in enumerate(thetas):
        one = ConstantKernel(theta)
        assert together.residual(r0, TIMES)[i] == pytest.approx(one.residual(r0[i], TIMES), abs=1e-13)
        assert together.rate(r0, 2.0)[i] == pytest.approx(one.rate(r0[i], 2.0))
        assert together.rate(r0, np.full(5, 2.0))[i] == pytest.approx(one.rate(r0[i], 2.0))
        descent = one.descent_residual(r0[i], steps[i], np.array([0, 3]))
        assert together.descent_residual(r0, steps, np.array([0, 3]))[i] == pytest.approx(descent, abs=1e-13)
        assert ConstantKernel(thetas[0]).loss(r0, TIMES)[i] == pytest.approx(
            ConstantKernel(thetas[0]).loss(r0[i], TIMES)
        )
    assert together.loss(r0[0], TIMES).shape == (5, 4)


@pytest.mark.parametrize("rank", [None, 2])
def test_integrated_residual_is_the_integral(rng, rank):
    """Gauss-Legendre over [0, t]; with rank 2 the kernel is singular and its null space grows like t."""
    kernel, r0 = ConstantKernel(random_kernel(rng, 4, rank)), rng.standard_normal((4, 3))
    x, w = np.polynomial.legendre.leggauss(40)
    for t in (0.0, 0.5, 3.0):
        integral = np.einsum("s,snd->nd", t / 2 * w, kernel.residual(r0, t / 2 * (1 + x)))
        assert kernel.integrated_residual(r0, np.array([t]))[0] == pytest.approx(integral, abs=1e-12)


def test_integrated_residual_of_the_zero_kernel():
    r0 = np.ones((2, 1))
    assert (ConstantKernel(np.zeros((2, 2))).integrated_residual(r0, np.array([3.0]))[0] == 3.0).all()


def test_integrated_residual_tends_to_the_solution(rng):
    theta, r0 = random_kernel(rng, 4), rng.standard_normal((4, 3))
    late = ConstantKernel(theta).integrated_residual(r0, np.array([1e6]))[0]
    assert late == pytest.approx(np.linalg.solve(theta, r0), rel=1e-9)


def test_descent_is_the_loop(rng):
    theta, r = random_kernel(rng, 4), rng.standard_normal((4, 3))
    steps = ConstantKernel(theta).descent_residual(r, 0.3, np.arange(6))
    for expected in steps:
        assert r == pytest.approx(expected, abs=1e-13)
        r = r - 0.3 * theta @ r


def test_descent_tends_to_the_flow_at_first_order(rng):
    """Halving the step halves the gap to e^{-Θt} r0."""
    kernel, r0 = ConstantKernel(random_kernel(rng, 4)), rng.standard_normal((4, 3))
    flow = kernel.residual(r0, np.array([1.0]))
    gap = [np.linalg.norm(kernel.descent_residual(r0, 2.0**-k, np.array([2**k])) - flow) for k in (8, 9, 10)]
    assert np.diff(np.log2(gap)) == pytest.approx(-1, abs=0.02)


@given(st.integers(0, 2**32), st.floats(0.01, 50))
def test_rate_is_at_least_two(seed, horizon):
    rng = np.random.default_rng(seed)
    kernel, r0 = ConstantKernel(random_kernel(rng, 3)), rng.standard_normal((3, 2))
    rate = kernel.rate(r0, horizon / kernel.smallest)
    assert rate >= 2 - 1e-9
    early = kernel.loss(r0, np.array([0.0, horizon / kernel.smallest]))
    if early[1] > 1e-290 * early[0]:
        assert rate == pytest.approx(-np.log(early[1] / early[0]) / horizon, rel=1e-9)


def test_rate_tends_to_two(rng):
    """The tail beyond the slowest mode's energy vanishes: rate → 2, even where the loss itself underflows."""
    kernel, r0 = ConstantKernel(random_kernel(rng, 3)), rng.standard_normal((3, 2))
    assert kernel.rate(r0, 1e6 / kernel.smallest) == pytest.approx(2, abs=1e-5)


def test_stationary_loss_is_where_the_recursion_ends():
    """r_{k+1} = (I - ηΘ) r_k - ηΘ ξ_k has covariance C ← (I-ηΘ) C (I-ηΘ) + η²v Θ², iterated for one of d columns."""
    x = np.random.default_rng(3).standard_normal((4, 6))
    theta = limiting_kernel(x / np.linalg.norm(x, axis=1, keepdims=True)).total
    step, variance, outputs = 0.9, 0.4, 3
    assert step * np.linalg.eigvalsh(theta)[-1] < 2
    covariance, shrink = np.zeros((4, 4)), np.eye(4) - step * theta
    for _ in range(4000):
        covariance = shrink @ covariance @ shrink + step**2 * variance * theta @ theta
    floor = stationary_loss(ConstantKernel(theta).eigenvalues, step, variance, outputs)
    assert floor == pytest.approx(0.5 * outputs * np.trace(covariance), rel=1e-10)


def test_stationary_loss_of_small_steps_is_a_trace():
    """½ d Σ ηλv/(2-ηλ) → ¼ η d v tr Θ."""
    eigenvalues = np.array([[0.5, 1.0, 3.0], [0.1, 2.0, 2.5]])
    floor = stationary_loss(eigenvalues, np.array([1e-7, 2e-7]), 0.3, 2)
    assert floor == pytest.approx(0.25 * np.array([1e-7, 2e-7]) * 2 * 0.3 * eigenvalues.sum(axis=1), rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ConstantKernel(np.ones((2, 3))), "square"),
        (lambda: ConstantKernel(np.array([[1.0, 2.0], [0.0, 1.0]])), "not symmetric"),
        (lambda: ConstantKernel(np.array([[np.nan]])), "finite"),
        (lambda: ConstantKernel.full(np.ones((2, 3, 2, 2))), "n, d, n, d"),
        (lambda: ConstantKernel(np.eye(2)).residual(np.ones((3, 1)), [0.0]), "does not fit 2 modes"),
        (lambda: ConstantKernel(np.eye(2)).residual(np.ones((2, 1)), [-1.0]), "numbers >= 0"),
        (lambda: ConstantKernel(np.eye(2)).rate(np.ones((2, 1)), 0.0), "must be positive"),
        (lambda: ConstantKernel(np.eye(2)).rate(np.zeros((2, 1)), 1.0), "residual is 0"),
        (lambda: ConstantKernel(np.ones((2, 2))).rate(np.ones((2, 1)), 1.0), "singular"),
        (lambda: stationary_loss(np.array([1.0, 5.0]), 0.4, 1.0, 1), "must stay below 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("largest", [1e-6, 1.0, 1e6])
def test_a_kernel_is_singular_by_its_own_scale(largest):
    """At n = 2 a smallest eigenvalue of 1.5e-14 times the largest is round-off; of 1e-12 times it is none."""
    r0 = np.ones((2, 1))
    with pytest.raises(ValueError, match="singular"):
        ConstantKernel(np.diag([1.5e-14 * largest, largest])).rate(r0, 1.0)
    assert ConstantKernel(np.diag([1e-12 * largest, largest])).rate(r0, 1.0) >= 2
