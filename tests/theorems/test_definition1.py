"""The kernels that Definition 1's readings predict, against their formulas for erf and ReLU with fixed noise."""

import numpy as np
import pytest

from theorems.definition1 import mean_kernel, one_draw_kernel, shared_noise_kernel
from theorems.setting import FixedNoise, Problem

X = np.array([[1.0, 0.0], [0.6, 0.8], [-0.28, 0.96]])
SCALE = 0.7


def erf_kernel(rho, at):
    """K(at; q, q) + ρ ∂K(at; q, q), q = 1 + σ0²."""
    d = (1 + 2 * (1 + SCALE**2)) ** 2
    return 2 / np.pi * np.arcsin(2 * at / np.sqrt(d)) + rho * 4 / np.pi / np.sqrt(d - 4 * at**2)


def relu_kernel(rho, at):
    q = 1 + SCALE**2
    angle = np.arccos(np.clip(at / q, -1, 1))
    return q * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi) + rho * (np.pi - angle) / (2 * np.pi)


@pytest.mark.parametrize(("activation", "kernel"), [("erf", erf_kernel), ("relu", relu_kernel)])
def test_kernels_of_fixed_noise(activation, kernel):
    problem, rho = Problem(X, np.zeros((3, 1)), activation, FixedNoise(SCALE)), X @ X.T
    own, shared = kernel(rho, rho), kernel(rho, rho + SCALE**2)
    np.testing.assert_allclose(mean_kernel(problem), own, rtol=1e-9)
    np.testing.assert_allclose(shared_noise_kernel(problem), shared, rtol=1e-6)
    np.testing.assert_allclose(one_draw_kernel(problem), np.where(np.eye(3) == 1, shared, own), rtol=1e-6)
