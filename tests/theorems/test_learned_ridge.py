"""Learned-noise kernels against their definition over weights, and the floor of sampled training against its loop."""

import numpy as np
import pytest
from scipy.special import erf

from theorems.duals import dual_of
from theorems.hermite import HermiteDual
from theorems.learned_ridge import averaged_kernel, independent_kernel, learned_noise_ridge, spread_normals
from theorems.limiting_kernel import noise_variance
from theorems.sampled_endpoint import stationary_distance
from theorems.setting import ERF, FixedNoise, LearnedNoise

TAU = 0.8


def sphere(rng, n, p):
    x = rng.standard_normal((n, p))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def slopes(name, u, s):
    """(h_u, h_s) in closed form."""
    if name == "erf":
        h_u = 2 / np.sqrt(np.pi * (1 + 2 * s**2)) * np.exp(-(u**2) / (1 + 2 * s**2))
        return h_u, -2 * s * u * h_u / (1 + 2 * s**2)
    if name == "sin":
        return np.exp(-(s**2) / 2) * np.cos(u), -s * np.exp(-(s**2) / 2) * np.sin(u)
    k = u / np.abs(s)
    return (1 + erf(k / np.sqrt(2))) / 2, np.sign(s) * np.exp(-(k**2) / 2) / np.sqrt(2 * np.pi)


def simulated_kernel(name, x, points, units, rng):
    """(1/m) Σ_r h_u h'_u xᵀH_r⁺x' + h_s h'_s xᵀ(2H_r)⁺x', unit by unit, with its standard error."""
    total, squares = 0.0, 0.0
    for w, sigma in zip(
        rng.standard_normal((units, x.shape[1])), TAU * rng.standard_normal((units, x.shape[1])), strict=True
    ):
        here, there = slopes(name, x @ w, x @ sigma), slopes(name, points @ w, points @ sigma)
        inner = points @ np.linalg.pinv((x / ((x @ sigma) ** 2)[:, None]).T @ x) @ x.T
        one = inner * (np.outer(there[0], here[0]) + np.outer(there[1], here[1]) / 2)
        total, squares = total + one, squares + one**2
    mean = total / units
    return mean, np.sqrt((squares / units - mean**2) / units)


@pytest.mark.parametrize("name", ["erf", "relu", "sin"])
@pytest.mark.parametrize("shape", [(3, 5), (4, 3)])
def test_kernels_are_means_over_units(name, shape):
    """20 000 units drawn one by one; six standard errors."""
    rng = np.random.default_rng(4)
    x = sphere(rng, *shape)
    z = np.concatenate([x, sphere(rng, 2, shape[1])])
    mean, error = simulated_kernel(name, x, z, 20_000, rng)
    made = learned_noise_ridge(x, z[shape[0] :], activation=name, noise=LearnedNoise(TAU), beta=0.1)
    values = np.concatenate([made.gram, made.cross])
    assert (np.abs(values - mean) <= 6 * error + 1e-3 * np.abs(mean).max()).all()


@pytest.mark.parametrize("name", ["erf", "relu", "sin"])
def test_the_two_ways_agree_for_independent_inputs(name):
    rng = np.random.default_rng(5)
    x = sphere(rng, 3, 4)
    points, dual = np.concatenate([x, sphere(rng, 3, 4)]), dual_of(name)
    exact = independent_kernel(dual, x, points, TAU**2)
    averaged = averaged_kernel(dual, x, points, TAU**2)
    finer = averaged_kernel(dual, x, points, TAU**2, units=1 << 17)
    assert np.abs(averaged - exact).max() <= 2e-3 * np.abs(exact).max()
    assert np.abs(finer - exact).max() <= 3e-4 * np.abs(exact).max()


def test_independent_inputs_do_not_mix():
    rng = np.random.default_rng(6)
    x = sphere(rng, 3, 5)
    gram = learned_noise_ridge(x, x, activation="sin", noise=LearnedNoise(TAU), beta=0.1).gram
    assert gram == pytest.approx(np.diag(np.diag(gram)), abs=1e-12)
    assert np.ptp(np.diag(gram)) < 1e-12


def test_spread_points_have_the_moments_of_a_gaussian():
    points = spread_normals(3, 1 << 14)
    assert points.mean(0) == pytest.approx(0, abs=1e-4)
    assert points.T @ points / len(points) == pytest.approx(np.eye(3), abs=2e-3)


@pytest.mark.parametrize("shape", [(3, 5), (4, 2)])
def test_the_floor_is_where_the_loop_ends(shape):
    """Covariance of the coefficients c_ij of Δw_r = m^{-1/2} Σ h_u(x_j) <v_r, c_ij> x_i, iterated step by step."""
    rng = np.random.default_rng(7)
    (n, p), beta, step, scale = shape, 0.4, 0.05, 0.8
    x = sphere(rng, n, p)
    a = np.linspace(-9, 9, 300)
    w = np.exp(-(a**2) / 2) / np.exp(-(a**2) / 2).sum()

    def correlation(rho):
        """E h_u h'_u of sin on a grid."""
        other = rho * a[:, None] + np.sqrt(max(1 - rho**2, 0)) * a
        return np.exp(-(scale**2)) * np.einsum("i,j,i,ij->", w, w, np.cos(a), np.cos(other))

    gram = x @ x.T
    slopes_of = np.array([[correlation(min(g, 1.0)) for g in row] for row in gram])
    identity = np.eye(n)
    read = np.einsum("kj,ki->kij", slopes_of, gram).reshape(n, n * n)
    write = np.einsum("ij,jl->ijl", identity, identity).reshape(n * n, n)
    transition = np.eye(n * n) - step * (write @ read + beta / scale**2 * np.kron(gram, identity))
    variance = noise_variance("sin", FixedNoise(scale))
    covariance = np.zeros((n * n, n * n))
    for _ in range(6000):
        covariance = transition @ covariance @ transition.T + step**2 * variance * write @ write.T
    made = stationary_distance(x, activation="sin", noise=FixedNoise(scale), beta=beta, step=step, outputs=2)
    assert made == pytest.approx(np.trace(read @ covariance @ read.T), rel=1e-6)


def test_the_floor_is_proportional_to_the_step():
    x = sphere(np.random.default_rng(8), 3, 3)
    given = {"activation": "erf", "noise": FixedNoise(1.0), "beta": 0.3, "outputs": 1}
    floors = [stationary_distance(x, step=eta, **given) for eta in (1e-3, 2e-3)]
    assert floors[1] / floors[0] == pytest.approx(2, rel=2e-3)


def test_bad_input():
    x = np.eye(3)[:2]
    with pytest.raises(ValueError, match="learned noise"):
        learned_noise_ridge(x, x, activation="erf", noise=FixedNoise(1.0), beta=0.1)
    with pytest.raises(ValueError, match="above 0"):
        learned_noise_ridge(x, x, activation="erf", noise=LearnedNoise(0.0), beta=0.1)
    with pytest.raises(ValueError, match="powers of 2"):
        spread_normals(2, 100)
    with pytest.raises(ValueError, match="too long"):
        stationary_distance(x, activation="erf", noise=FixedNoise(1.0), beta=0.3, step=100.0, outputs=1)
    with pytest.raises(ValueError, match="must be positive"):
        stationary_distance(x, activation="erf", noise=FixedNoise(1.0), beta=0.0, step=0.1, outputs=1)


def test_the_longest_step_of_one_input_is_two_over_its_rate():
    """N ← N (1 - η(D + β/σ0²)) for n = p = 1, with D = ∂_ρK at ρ = 1."""
    given = {"activation": "erf", "noise": FixedNoise(1.0), "beta": 0.3, "outputs": 1}
    longest = 2 / (float(dual_of("erf").first(1.0, 2.0, 2.0, 3.0)) + 0.3)
    assert stationary_distance(np.ones((1, 1)), step=0.99 * longest, **given) > 0
    for factor in (1.01, 1.4):
        with pytest.raises(ValueError, match="too long"):
            stationary_distance(np.ones((1, 1)), step=factor * longest, **given)


def test_duals_that_are_no_closed_form_see_both_scales():
    """Closed forms know the sum of both variances and the determinant alone, a series each variance."""
    rng = np.random.default_rng(9)
    x, point = sphere(rng, 2, 3), sphere(rng, 1, 3)
    closed, series = (independent_kernel(dual, x, point, TAU**2) for dual in (dual_of("erf"), HermiteDual(ERF)))
    np.testing.assert_allclose(series, closed, rtol=1e-8)
