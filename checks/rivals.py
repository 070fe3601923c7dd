"""Predictions in the place of others: wrong by design, which Theorem 2's criteria must tell, and right ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from claimtest.check import Control
from theorems.blocks import Numbers
from theorems.duals import Dual, dual_of
from theorems.learned_ridge import hessian_kernel
from theorems.limiting_kernel import limiting_kernel
from theorems.regressions import KernelRegression, Prediction

__all__ = ["larger_kernel", "right_prediction", "tangent_ridge", "without_noise_part", "without_scale_part"]


def tangent_ridge(inputs: Any, unseen: Any, *, activation: Any, noise: Any, beta: float) -> KernelRegression:
    """Plain ridge regression with Θ^μ∞ + Θ^σ∞ of learned noise and the ridge β/τ²: a wrong prediction for reading E."""
    here = limiting_kernel(inputs, activation=activation, noise=noise)
    there = limiting_kernel(unseen, inputs, activation=activation, noise=noise)
    return KernelRegression(here.mean + here.scale, there.mean + there.scale, beta / noise.scale**2)


def larger_kernel(prediction: Prediction, factor: float = 1.1) -> Prediction:
    """The prediction with a kernel whose constant is off, on training and unseen inputs alike."""

    def wrong(inputs: Any, unseen: Any, **setting: Any) -> KernelRegression:
        made = prediction(inputs, unseen, **setting)
        return KernelRegression(factor * made.gram, factor * made.cross, made.ridge)

    return wrong


@dataclass(frozen=True)
class _FirstOrder:
    """A dual whose second derivative is left out."""

    dual: Dual

    def kernel(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> np.ndarray:
        """K."""
        return self.dual.kernel(rho, q, q2, det)

    def first(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> np.ndarray:
        """∂_ρK."""
        return self.dual.first(rho, q, q2, det)

    def second(self, rho: Numbers, q: Numbers, q2: Numbers, det: Numbers | None = None) -> np.ndarray:
        """0 in the place of ∂²_ρK."""
        return np.zeros(np.broadcast_shapes(*map(np.shape, (rho, q, q2))))


def without_scale_part(inputs: Any, unseen: Any, *, activation: Any, noise: Any, beta: float) -> KernelRegression:
    """Reading E with the part of K_H that W^σ makes, E h_s h_s', left out: a wrong prediction."""
    dual = _FirstOrder(dual_of(activation))
    values = hessian_kernel(dual, inputs, np.concatenate([inputs, unseen]), noise.scale**2)
    return KernelRegression(values[: len(inputs)], values[len(inputs) :], beta)


def without_noise_part(inputs: Any, unseen: Any, *, activation: Any, noise: Any, beta: float) -> KernelRegression:
    """The collapse of learned noise with κ = h_u(0, 1)², the part ½ h_s(0, 1)² left out: a wrong prediction."""
    gain = float(dual_of(activation).first(0.0, 1.0, 1.0))
    return KernelRegression(gain * np.eye(len(inputs)), np.empty((0, len(inputs))), beta)


def right_prediction(prediction: Prediction, what: str, **ingredients: Any) -> tuple[Control, ...]:
    """Controls of a reading that is expected to be violated: the right prediction holds, on either kind of inputs."""
    return tuple(
        Control(f"right-on-{where}", f"{what} on {where} inputs", where, {"prediction": prediction, **ingredients},
                true=True)
        for where in ("training", "unseen")
    )  # fmt: skip
