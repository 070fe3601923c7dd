"""The constant of Lemma 3 against what it bounds: suprema over moves by brute force, kernels by loops."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import erf

from theorems.lemma3 import kernel_change_bound, promised_radius, slope_moduli, stability_constant
from theorems.limiting_kernel import limiting_kernel
from theorems.setting import Activation, FixedNoise, LearnedNoise

SOFTPLUS = Activation("softplus", lambda xp, z: xp.log1p(xp.exp(z)), lambda xp, z: 1 / (1 + xp.exp(-z)))
LEAKY = Activation(
    "leaky", lambda xp, z: xp.where(z > 0.5, z, 0.2 * z), lambda xp, z: 0.2 + 0.8 * (z > 0.5), kinks=(0.5,)
)
TWICE = Activation(
    "bent twice", lambda xp, z: xp.clip(z, -0.5, 1) + xp.sin(z) / 10,
    lambda xp, z: ((z > -0.5) & (z < 1)) + xp.cos(z) / 10, kinks=(-0.5, 1.0),
)  # fmt: skip
RAISED = Activation("10 + sin", lambda xp, z: 10 + xp.sin(z), lambda xp, z: xp.cos(z))
"""So large that the term linear in R outweighs the square."""


@pytest.mark.parametrize(
    ("psi", "expected"),
    [
        ("erf", (0.0, 2 / math.sqrt(math.pi), math.sqrt(8 / (math.e * math.pi)), 0.0)),
        ("sin", (-1.0, 1.0, 1.0, 0.0)),
        ("relu", (0.0, 1.0, 0.0, 1.0)),
        (SOFTPLUS, (0.0, 1.0, 0.25, 0.0)),
        (LEAKY, (0.2, 1.0, 0.0, 0.8)),
        (TWICE, (-0.1, 1.1, 0.1, 2.0)),
    ],
    ids=lambda value: getattr(value, "name", None),  # an activation prints addresses, which are new every time
)
def test_moduli_of_the_slope(psi, expected):
    np.testing.assert_allclose(slope_moduli(psi), expected, atol=1e-6)


def mean_slopes(psi, u, s):
    """(h, h_u, h_s) from their closed forms, written here once more."""
    if psi == "relu":
        k = u / np.abs(s)
        return u * stats.norm.cdf(k) + np.abs(s) * stats.norm.pdf(k), stats.norm.cdf(k), np.sign(s) * stats.norm.pdf(k)
    q = 1 + 2 * s**2
    slope = 2 / np.sqrt(np.pi * q) * np.exp(-(u**2) / q)
    return erf(u / np.sqrt(q)), slope, -2 * s * u / q * slope


def moved_kernel_entries(psi, weights, moves, x):
    """Θ on the inputs x, (nd, nd), by a loop over units: weights and moves are (mean, scale or number, decoder)."""
    mean, scale, decoder = (w + move for w, move in zip(weights, moves, strict=True))
    n, d = len(x), decoder.shape[1]
    total = np.zeros((n, d, n, d))
    for r in range(len(decoder)):
        s = x @ scale[r] if np.ndim(scale) else np.full(n, float(scale))
        h, h_u, h_s = mean_slopes(psi, x @ mean[r], s)
        vv = np.outer(decoder[r], decoder[r])
        total += np.einsum("i,j,kl->ikjl", h, h, np.eye(d)) / len(decoder)
        slopes = (h_u, h_s) if np.ndim(scale) else (h_u,)
        total += sum(np.einsum("ij,i,j,kl->ikjl", x @ x.T, a, a, vv) for a in slopes) / len(decoder)
    return total.reshape(n * d, n * d)


@pytest.mark.parametrize("psi", ["erf", "relu", LEAKY, RAISED], ids=lambda psi: getattr(psi, "name", psi))
def test_the_constant_is_its_sum_of_moments(psi):
    """Learned noise, τ = 0.7, all means over |ε| by adaptive quadrature."""
    low, high, curvature, jumps = slope_moduli(psi)

    def mean(g):
        return quad(lambda e: 2 * stats.norm.pdf(e) * g(e), 0, 12, epsabs=1e-12)[0]

    def modulus(e):
        return (1 + e) * (curvature + 2 * jumps / math.sqrt(2 * math.pi * (1 + 0.49 * e**2)))

    kernel = limiting_kernel(np.array([[1.0]]), activation=psi, noise=LearnedNoise(0.7))
    lipschitz, size = high * mean(lambda e: 1 + e), math.sqrt(kernel.decoder[0, 0])
    blocks = [(high, mean(modulus)), ((high - low) / math.sqrt(2 * math.pi), mean(lambda e: e * modulus(e)))]
    linear = 2 * lipschitz * size + sum(2 * top * (change + top) for top, change in blocks)
    square = lipschitz**2 + sum(top * (4 * change + 3 * top) for top, change in blocks)
    assert (linear > square) == (psi is RAISED)
    assert stability_constant(psi, LearnedNoise(0.7)) == pytest.approx(max(linear, square), rel=1e-5)


@pytest.mark.parametrize("noise", [LearnedNoise(1.0), LearnedNoise(0.5), FixedNoise(0.7)], ids=str)
@pytest.mark.parametrize("psi", ["erf", "relu"])
def test_the_bound_is_above_whatever_rows_of_length_r_do(psi, noise):
    """Random moves, and moves that lengthen or shorten all rows together, at radii from 0.003 to 1."""
    rng, m, n, p, d = np.random.default_rng(5), 200, 3, 3, 2
    x = rng.standard_normal((n, p))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    learned = isinstance(noise, LearnedNoise)
    scale = noise.scale * rng.standard_normal((m, p)) if learned else noise.scale
    weights = (rng.standard_normal((m, p)), scale, rng.standard_normal((m, d)))
    start = moved_kernel_entries(psi, weights, (0, 0, 0), x)
    constant = stability_constant(psi, noise)
    for radius, kind in itertools.product((0.003, 0.03, 0.3, 1.0), ("random", "longer", "shorter")):
        rows = [rng.standard_normal(np.shape(w)) if kind == "random" else np.asarray(w) for w in weights]
        sign = -1 if kind == "shorter" else 1
        moves = [sign * radius * r / np.linalg.norm(r, axis=-1, keepdims=True) if r.ndim else 0 for r in rows]
        change = np.linalg.norm(moved_kernel_entries(psi, weights, moves, x) - start, 2)
        assert change <= kernel_change_bound(np.array(radius), n, d, m, constant)
        if kind == "longer" and radius < 0.1:
            assert change >= kernel_change_bound(np.array(radius), n, d, m, constant) / 100  # nor absurdly far


@pytest.mark.parametrize("noise", [LearnedNoise(1.0), LearnedNoise(0.3), FixedNoise(0.7)], ids=str)
@pytest.mark.parametrize("psi", ["erf", "relu"])
@pytest.mark.parametrize("radius", [0.003, 0.03, 0.3])
def test_slopes_of_the_mean_activation_change_linearly_on_average(psi, noise, radius):
    """E sup|Δh_u| and E sup|Δh_s| over the square of moves, by Monte Carlo, against Λ R: linear for ReLU too.

    The sums that the constant is made of are recomputed here by plain Monte Carlo over ε, 2e5 draws: 1 % is allowed.
    """
    rng, number = np.random.default_rng(1), 20000
    learned = isinstance(noise, LearnedNoise)
    u, epsilon = rng.standard_normal(number), rng.standard_normal(200000)
    s = noise.scale * rng.standard_normal(number) if learned else np.full(number, noise.scale)
    here = mean_slopes(psi, u, s)
    steps = np.linspace(-radius, radius, 9)
    corners = itertools.product(steps, steps) if learned else ((a, 0.0) for a in steps)
    there = [mean_slopes(psi, u + a, s + b) for a, b in corners]
    low, high, curvature, jumps = slope_moduli(psi)
    reach = 1 + np.abs(epsilon) if learned else np.ones_like(epsilon)
    variance = 1 + noise.scale**2 * (epsilon**2 if learned else 1.0)
    jumpiness = curvature + 2 * jumps / np.sqrt(2 * np.pi * variance)
    moduli = (
        max(abs(low), high) * reach.mean(),
        (reach * jumpiness).mean(),
        (np.abs(epsilon) * reach * jumpiness).mean(),
    )
    for which, modulus in enumerate(moduli if learned else moduli[:2]):
        largest = np.max([np.abs(t[which] - here[which]) for t in there], axis=0).mean()
        assert largest <= 1.01 * modulus * radius
        assert largest >= modulus * radius / (12 if radius < 0.1 else 30)


def test_the_promised_radius_solves_its_equation():
    for smallest, n, d, m in ((0.3, 4, 2, 512), (1.7, 2, 5, 5), (1e-6, 100, 10, 10**6)):
        radius = promised_radius(smallest, n, d, m, 7.5)
        assert kernel_change_bound(np.array(radius), n, d, m, 7.5) == pytest.approx(smallest / 4, rel=1e-6)


def test_the_constant_by_hand_for_relu_with_fixed_noise():
    """ℓ = A = 1, Λ = 2/√(2π(1+σ0²)), η² = K(1; q, q) at q = 1 + σ0²."""
    q = 1.36
    theta = math.acos(1 / q)
    size = math.sqrt(q * (math.sin(theta) + (math.pi - theta) * math.cos(theta)) / (2 * math.pi))
    modulus = 2 / math.sqrt(2 * math.pi * q)
    by_hand = max(2 * size + 2 * (modulus + 1), 1 + 4 * modulus + 3)
    assert stability_constant("relu", FixedNoise(0.6)) == pytest.approx(by_hand, rel=1e-12)


def test_the_constant_stays_finite_as_the_noise_vanishes():
    """No unit of ReLU has a kink of weight R in the mean, however small its noise scale."""
    assert stability_constant("relu", LearnedNoise(1e-6)) < 1.5 * stability_constant("relu", LearnedNoise(1.0))
    with pytest.raises(ValueError, match="did you mean"):
        stability_constant("rleu", LearnedNoise(1.0))
