"""Where training with a KL term ends: kernel regressions about the initial function (Theorem 2).

Every end point below has the one form f∞ = f0 + K(·, X)(K(X, X) + ridge I)^{-1} (y - f0(X)), with the objective in the
sum form L + β Σ KL; the readings differ in the kernel K and in the ridge. ("(1/n) Σ_i [ℓ_i + β KL_i]" has the same
minimiser if ℓ_i = ½‖f(x_i) - y_i‖²; with ℓ_i = ‖f(x_i) - y_i‖² put β/2 for β.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from theorems.checked import at_least_zero, checked, matrix, number, numbers, rows
from theorems.duals import dual_of
from theorems.limiting_kernel import limiting_kernel
from theorems.setting import Activation, FixedNoise, Noise, unit_rows

__all__ = [
    "KernelRegression",
    "Prediction",
    "coordinates",
    "decoder_ridgeless",
    "plain_ridge",
    "preconditioned_ridge",
    "require_beta",
    "require_fixed_noise",
    "shrinkage",
]

RANK_TOLERANCE = 1e-10
"""Singular values of the inputs below this share of the largest are zero."""


@dataclass(frozen=True, eq=False)
class KernelRegression:
    """K(X, X), K(x, X) for unseen x, and the ridge; d outputs share them, leading axes are replicates and broadcast.

    Raises ValueError if the shapes do not fit or the ridge is negative.
    """

    gram: Float[ndarray, "n n"]
    cross: Float[ndarray, "k n"]
    ridge: float

    def __post_init__(self) -> None:
        """Refuse matrices that do not fit together."""
        object.__setattr__(self, "gram", matrix(self.gram, "gram"))
        object.__setattr__(self, "cross", rows(self.cross, "cross"))
        n = len(self.gram)
        if self.gram.shape != (n, n) or self.cross.ndim != 2 or self.cross.shape[1] != n:
            raise ValueError(f"kernels of shapes {self.gram.shape} and {self.cross.shape} make no regression")
        object.__setattr__(self, "ridge", float(at_least_zero(number(self.ridge, "ridge"), "ridge")))

    def coefficients(
        self, targets: Float[ndarray, "*t n d"], start: Float[ndarray, "*b n d"] | None = None
    ) -> Float[ndarray, "*c n d"]:
        """(K(X, X) + ridge I)^{-1} (y - f0(X)); the pseudo-inverse without a ridge. f0 = 0 if ``start`` is None.

        Raises ValueError if targets or start do not fit the kernel or are not finite.
        """
        residual = numbers(targets, "targets") - (0.0 if start is None else numbers(start, "start"))
        if residual.ndim < 2 or residual.shape[-2] != len(self.gram):
            raise ValueError(f"targets of shape {residual.shape} do not fit {len(self.gram)} inputs")
        return self.inverse @ residual

    @cached_property
    def inverse(self) -> Float[ndarray, "n n"]:
        """(K(X, X) + ridge I)^{-1}, the pseudo-inverse without a ridge."""
        if self.ridge == 0:
            return np.linalg.pinv(self.gram, rcond=RANK_TOLERANCE, hermitian=True)
        return np.linalg.inv(self.gram + self.ridge * np.eye(len(self.gram)))

    def fitted(
        self, targets: Float[ndarray, "*t n d"], start: Float[ndarray, "*b n d"] | None = None
    ) -> Float[ndarray, "*c n d"]:
        """f∞(X) = f0(X) + K(X, X)(K(X, X) + ridge I)^{-1}(y - f0(X))."""
        change = self.gram @ self.coefficients(targets, start)
        return change if start is None else start + change

    def unseen(
        self,
        targets: Float[ndarray, "*t n d"],
        start: Float[ndarray, "*b n d"] | None = None,
        start_unseen: Float[ndarray, "*b k d"] | None = None,
    ) -> Float[ndarray, "*c k d"]:
        """f∞(x) = f0(x) + K(x, X)(K(X, X) + ridge I)^{-1}(y - f0(X)) at the unseen inputs.

        Raises ValueError for one of f0(X) and f0(x) without the other.
        """
        if (start is None) != (start_unseen is None):
            raise ValueError("start and start_unseen go together: f0 on the inputs and on the unseen ones")
        change = self.cross @ self.coefficients(targets, start)
        return change if start_unseen is None else numbers(start_unseen, "start_unseen") + change


Prediction = Callable[..., KernelRegression]
"""(inputs (n, p), unseen (k, p), *, activation, noise, beta) -> KernelRegression: what every reading provides."""


def require_beta(beta: float) -> float:
    """β itself. Raises ValueError unless it is a finite number >= 0."""
    if not (isinstance(beta, int | float | np.integer | np.floating) and np.isfinite(beta) and beta >= 0):
        raise ValueError(f"beta must be a finite number >= 0, got {beta}")
    return float(beta)


def require_fixed_noise(noise: Noise) -> float:
    """σ0² of fixed noise. Raises ValueError for learned noise, and for σ0 = 0: no KL divergence is finite there."""
    if not isinstance(noise, FixedNoise):
        raise ValueError(f"this end point is that of fixed noise, got {noise}")
    if noise.scale == 0:
        raise ValueError("a KL term needs a noise scale above 0")
    return noise.scale**2


@checked(inputs=matrix, points=rows)
def coordinates(inputs: Float[ndarray, "n p"], points: Float[ndarray, "k p"]) -> Float[ndarray, "k n"]:
    """xᵀ(XᵀX)⁺x_j = (x X⁺)_j: for independent inputs the coordinates of Px in the basis x_1, …, x_n, P onto span X."""
    return points @ np.linalg.pinv(inputs, rcond=RANK_TOLERANCE)


@checked(inputs=matrix, unseen=rows)
def plain_ridge(
    inputs: Float[ndarray, "n p"],
    unseen: Float[ndarray, "k p"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
) -> KernelRegression:
    """Reading A, the KL in weight space β ‖ΔW^μ‖²/(2σ0²): plain ridge, K = Θ^μ∞ and the ridge β/σ0² [derived].

    To first order f = f0 + J ΔW, and ½‖J ΔW - r0‖² + β‖ΔW‖²/(2σ0²) is least at ΔW = Jᵀ(JJᵀ + (β/σ0²) I)^{-1} r0,
    JJᵀ → Θ^μ∞. Raises ValueError for learned noise, σ0 = 0 or β < 0.
    """
    variance = require_fixed_noise(noise)
    gram = limiting_kernel(inputs, activation=activation, noise=noise).mean
    cross = limiting_kernel(unseen, inputs, activation=activation, noise=noise).mean
    return KernelRegression(gram, cross, require_beta(beta) / variance)


@checked(inputs=matrix, unseen=rows)
def preconditioned_ridge(
    inputs: Float[ndarray, "n p"],
    unseen: Float[ndarray, "k p"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
) -> KernelRegression:
    """Reading B, the KL in latent space to the initial posterior, encoder mean trained, fixed noise [derived].

        K_H(x, x_j) = σ0² ∂_ρK(ρ_j; q, q) · xᵀ(XᵀX)⁺x_j,      q = 1 + σ0²,      ridge β

    Σ_i KL_i = Σ_r ‖X Δw_r‖²/(2σ0²), whose Hessian H = XᵀX/σ0² preconditions: JH⁺Jᵀ in the place of JJᵀ. For independent
    inputs K_H(X, X) = σ0² ∂_ρK(1) I. Raises ValueError for learned noise, σ0 = 0 or β < 0.
    """
    variance = require_fixed_noise(noise)

    def kernel(points: Float[ndarray, "k p"]) -> Float[ndarray, "k n"]:
        return variance * _slope_correlation(points, inputs, activation, variance) * coordinates(inputs, points)

    gram = kernel(inputs)
    return KernelRegression((gram + gram.T) / 2, kernel(unseen), require_beta(beta))


@checked(inputs=matrix, unseen=rows)
def decoder_ridgeless(
    inputs: Float[ndarray, "n p"],
    unseen: Float[ndarray, "k p"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
) -> KernelRegression:
    """Reading C, the KL in latent space with the decoder trained too: K = Θ^d∞ and no ridge, whatever β > 0 [derived].

    The decoder is not penalised: once it has taken the fit over, L = 0 and the encoder is pulled back to Σ KL = 0.
    Raises ValueError if β is not positive: without the KL the encoder stays where it went.
    """
    if require_beta(beta) == 0:
        raise ValueError("without a KL term nothing brings the encoder back: beta must be positive")
    gram = limiting_kernel(inputs, activation=activation, noise=noise).decoder
    cross = limiting_kernel(unseen, inputs, activation=activation, noise=noise).decoder
    return KernelRegression(gram, cross, 0.0)


def shrinkage(*, activation: str | Activation, noise: Noise, beta: float) -> float:
    """β/(β + σ0² ∂_ρK(1)): what reading B leaves of *every* residual y_i - f0(x_i) if the inputs are independent."""
    variance, point = require_fixed_noise(noise), np.array([[1.0]])
    return require_beta(beta) / (beta + variance * float(_slope_correlation(point, point, activation, variance)[0, 0]))


def _slope_correlation(
    points: Float[ndarray, "k p"], inputs: Float[ndarray, "n p"], activation: str | Activation, variance: float
) -> Float[ndarray, "k n"]:
    """∂_ρK(ρ; q, q) = E h_u(x) h_u(x_j) at ρ = <x, x_j>, q = 1 + σ0²."""
    rho = np.clip(unit_rows(points, "points") @ unit_rows(inputs).T, -1, 1)
    q = 1 + variance
    return dual_of(activation).first(rho, q, q, (1 - rho) * (1 + rho) + variance * (2 + variance))
