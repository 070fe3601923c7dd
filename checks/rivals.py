"""Predictions that are wrong by design, which Theorem 2's criteria must tell from the right ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorems.duals import dual_of
from theorems.limiting_kernel import limiting_kernel
from theorems.regressions import KernelRegression

__all__ = ["tangent_ridge", "without_noise_part"]


def tangent_ridge(inputs: Any, unseen: Any, *, activation: Any, noise: Any, beta: float) -> KernelRegression:
    """Plain ridge regression with Θ^μ∞ + Θ^σ∞ of learned noise and the ridge β/τ²: a wrong prediction for reading E."""
    here = limiting_kernel(inputs, activation=activation, noise=noise)
    there = limiting_kernel(unseen, inputs, activation=activation, noise=noise)
    return KernelRegression(here.mean + here.scale, there.mean + there.scale, beta / noise.scale**2)


def without_noise_part(inputs: Any, unseen: Any, *, activation: Any, noise: Any, beta: float) -> KernelRegression:
    """The collapse of learned noise with κ = h_u(0, 1)², the part ½ h_s(0, 1)² left out: a wrong prediction."""
    gain = float(dual_of(activation).first(0.0, 1.0, 1.0))
    return KernelRegression(gain * np.eye(len(inputs)), np.empty((0, len(inputs))), beta)
