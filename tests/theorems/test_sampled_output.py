"""The limits that concern sampled outputs: shared noise, the noise floor."""

import numpy as np
import pytest

from tests.theorems.references import TANH
from theorems.limiting_kernel import kernel_profile, noise_floor, noise_variance, shared_noise_profile
from theorems.setting import ACTIVATIONS, FixedNoise, LearnedNoise

RHO = np.array([-1.0, -0.3, 0.0, 0.8, 1.0])


def gauss(nodes=80):
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    return x, w / w.sum()


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.0, 2.0])
def test_shared_noise_of_sin(tau):
    """K(gρ; g, g) = e^{-g} sinh gρ is Gaussian in ε: with B = 1-ρ and A = 1+ρ the means are elementary."""
    profile = shared_noise_profile(RHO, activation="sin", noise=LearnedNoise(tau))

    def mean(side):
        return np.exp(-side) / np.sqrt(1 + 2 * tau**2 * side)

    def mean_square(side):
        return mean(side) / (1 + 2 * tau**2 * side)

    assert profile.decoder == pytest.approx((mean(1 - RHO) - mean(1 + RHO)) / 2, abs=1e-13)
    assert profile.mean == pytest.approx(RHO * (mean(1 - RHO) + mean(1 + RHO)) / 2, abs=1e-13)
    assert profile.scale == pytest.approx(RHO * (mean_square(1 - RHO) + mean_square(1 + RHO)) / 2, abs=1e-13)


def test_shared_noise_of_relu():
    """K is homogeneous, K(gρ; g, g) = g K(ρ; 1, 1), and ∂K does not depend on g."""
    tau = 1.3
    still = kernel_profile(RHO, activation="relu", noise=FixedNoise(0.0))
    profile = shared_noise_profile(RHO, activation="relu", noise=LearnedNoise(tau))
    assert profile.decoder == pytest.approx((1 + tau**2) * still.decoder, abs=1e-13)
    assert profile.mean == pytest.approx(still.mean, abs=1e-13)
    assert profile.scale == pytest.approx(still.mean, abs=1e-13)


@pytest.mark.parametrize("psi", [*ACTIVATIONS.values(), TANH], ids=lambda a: a.name)
def test_shared_fixed_noise(psi):
    """E ψ(u + σ0 ε) ψ(u' + σ0 ε) over u, u', ε, and at ρ = 1 it is E ψ²."""
    sigma, (x, w) = 0.6, gauss()
    rho = 0.8
    u, v, e = np.meshgrid(x, x, x, indexing="ij")
    product = psi.function(np, u + sigma * e) * psi.function(np, rho * u + np.sqrt(1 - rho**2) * v + sigma * e)
    profile = shared_noise_profile([rho, 1.0], activation=psi, noise=FixedNoise(sigma))
    assert profile.decoder[0] == pytest.approx(product @ w @ w @ w, abs=5e-4 if psi.kinks else 1e-8)
    wide = psi.function(np, np.sqrt(1 + sigma**2) * x) ** 2 @ w
    assert profile.decoder[1] == pytest.approx(wide, abs=1e-8)
    assert not profile.scale.any()


@pytest.mark.parametrize(("name", "ratio"), [("erf", 1.88), ("sin", 2.28), ("relu", 1.87)])
def test_shared_noise_is_another_kernel(name, ratio):
    """Its total against the mean output's at τ = 1, ρ = 1; and for τ → 0 its scale block does not vanish."""
    shared, mean = shared_noise_profile(1.0, activation=name), kernel_profile(1.0, activation=name)
    assert float(shared.total / mean.total) == pytest.approx(ratio, abs=0.005)
    small = shared_noise_profile(1.0, activation=name, noise=LearnedNoise(1e-6))
    assert small.scale == pytest.approx(small.mean, rel=1e-6)


@pytest.mark.parametrize("noise", [FixedNoise(0.6), LearnedNoise(0.6)], ids=repr)
@pytest.mark.parametrize("psi", [ACTIVATIONS["erf"], ACTIVATIONS["sin"], TANH], ids=lambda a: a.name)
def test_noise_variance(psi, noise):
    """v∞ = E_{u,s} Var_ε ψ(u + sε), by brute force."""
    x, w = gauss(60)
    s = noise.scale * (x if isinstance(noise, LearnedNoise) else np.ones_like(x))
    values = psi.function(np, x[:, None, None] + s[:, None] * x)
    variance = values**2 @ w - (values @ w) ** 2
    assert noise_variance(psi, noise) == pytest.approx(variance @ w @ w, abs=1e-7)


def test_noise_floor():
    """V∞ = (n d / 2) v∞; relu with fixed noise by hand: v∞ = ½ (1+σ0²) - K(1; q, q)."""
    assert noise_floor(8, 3) == pytest.approx(12 * noise_variance())
    assert noise_floor(8, 3) == pytest.approx(2.817, abs=5e-4)  # seen in simulations at widths up to 4096
    q, theta = 1.25, np.arccos(1 / 1.25)
    decoder = q * (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / (2 * np.pi)
    assert noise_variance("relu", FixedNoise(0.5)) == pytest.approx(q / 2 - decoder, rel=1e-13)
    assert noise_variance("erf", LearnedNoise(0.0)) == pytest.approx(0, abs=1e-15)
