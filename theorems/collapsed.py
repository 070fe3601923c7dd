"""Where training ends with the KL term of everyday use, to N(0, I): a regression about the collapsed encoder.

Σ_i KL_i pulls every u_r(x_i) to 0, whatever its start: the encoder leaves its initialisation at order one, loses its
part in span X and keeps its part across. What training on the targets adds is small again, and linear about that place.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.integrate import solve_ivp

from theorems.checked import above_zero, checked, matrix, numbers, rows
from theorems.duals import dual_of
from theorems.regressions import (
    RANK_TOLERANCE,
    KernelRegression,
    coordinates,
    require_beta,
    require_fixed_noise,
)
from theorems.setting import Activation, LearnedNoise, Noise, unit_rows

__all__ = ["collapsed_gain", "collapsed_ridge", "decoder_growth", "learned_noise_collapse", "relative_movement"]


@checked(inputs=matrix, unseen=rows)
def collapsed_ridge(
    inputs: Float[ndarray, "n p"],
    unseen: Float[ndarray, "k p"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
) -> KernelRegression:
    """Reading D, the KL in latent space to N(0, I), encoder mean trained, fixed noise [derived].

        K_c(x, x_j) = E_g[h_u(‖x⊥‖ g, σ0)] h_u(0, σ0) · xᵀ(XᵀX)⁺x_j,      x⊥ = (I - P)x,      ridge β

    It starts from f_c(x) = m^{-1/2} Σ_r v_r h(<w_r(0), x⊥>, σ0), which depends on the weights drawn: pass it as
    ``start``. The two means are those of ψ' under N(0, σ0² + ‖x⊥‖²) and N(0, σ0²), so their product is
    ∂_ρK(0; σ0² + ‖x⊥‖², σ0²). Raises ValueError for learned noise, σ0 = 0, β < 0 or rows off the unit sphere.
    """
    inputs, unseen = unit_rows(inputs), unit_rows(unseen, "unseen") if len(unseen) else unseen
    variance, dual = require_fixed_noise(noise), dual_of(activation)

    def kernel(points: Float[ndarray, "k p"]) -> Float[ndarray, "k n"]:
        along = coordinates(inputs, points)
        across = np.sum((points - along @ inputs) ** 2, axis=1, keepdims=True)
        return np.asarray(dual.first(np.zeros_like(along), variance + across, variance)) * along

    gram = kernel(inputs)
    return KernelRegression((gram + gram.T) / 2, kernel(unseen), require_beta(beta))


def collapsed_gain(activation: str | Activation) -> float:
    """κ = h_u(0, 1)² + ½ h_s(0, 1)² of learned noise collapsed to u = 0, s = ±1 [derived].

    At s = ±1 the KL has second derivatives 1 in u and 1 + 1/s² = 2 in s. h_u² = ∂_ρK(0; 1, 1) and, by Stein,
    h_s² = ∂²_ρK(0; 1, 1).
    """
    dual = dual_of(activation)
    return float(dual.first(0.0, 1.0, 1.0)) + 0.5 * float(dual.second(0.0, 1.0, 1.0))


@checked(inputs=matrix, unseen=rows)
def learned_noise_collapse(
    inputs: Float[ndarray, "n p"],
    unseen: Float[ndarray, "k p"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
) -> KernelRegression:
    """Reading D with learned noise and independent inputs, on training inputs: K_c(X, X) = κ I, ridge β [derived].

    f∞(x_i) = f_c + κ/(κ + β) (y_i - f_c), f_c = h(0, 1) m^{-1/2} Σ_r v_r: the signs of the s_r(x_i) do not matter
    there. At unseen inputs they do, and nothing is predicted: ``cross`` has no rows. Raises ValueError for fixed noise,
    dependent inputs or β < 0.
    """
    if not isinstance(noise, LearnedNoise):
        raise ValueError(f"this end point is that of learned noise, got {noise}")
    if np.linalg.matrix_rank(inputs, tol=RANK_TOLERANCE) < len(inputs):
        raise ValueError("with learned noise the collapse is known for linearly independent inputs alone")
    return KernelRegression(
        collapsed_gain(activation) * np.eye(len(inputs)), np.empty((0, len(inputs))), require_beta(beta)
    )


@checked(inputs=matrix)
def relative_movement(inputs: Float[ndarray, "n p"]) -> float:
    """√(rank X / p), the limit of ‖ΔW^μ‖_F/‖W^μ(0)‖_F at every width under the KL to N(0, I) [derived]."""
    singular = np.linalg.svd(inputs, compute_uv=False)
    return float(np.sqrt(np.sum(singular > RANK_TOLERANCE * singular[0]) / inputs.shape[1]))


@checked(inputs=matrix, targets=matrix, gram=numbers, times=numbers, beta=above_zero)
def decoder_growth(
    inputs: Float[ndarray, "n p"],
    targets: Float[ndarray, "n d"],
    gram: Float[ndarray, "*b d d"],
    times: Float[ndarray, " T"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
) -> Float[ndarray, "*b T d d"]:
    """A(τ) = VᵀV/m at τ = t/m, the decoder trained too under the KL to N(0, I), for ψ with h(0, σ0) = 0 [derived].

        dA/dτ = (κ/β)(EᵀPE A + A EᵀPE),      E + (κ/β) P E A = -y,      κ = h_u(0, σ0)²,   P = X(XᵀX)⁺Xᵀ

    The collapsed encoder follows within a time of order one, u_r(x_i) = -h_u m^{-1/2} Σ_j P_ij <v_r, e_j>/β, which
    gives f(X) = -(κ/β) P E A. Along such u the decoder moves by dv_r/dt = (κ/(βm)) EᵀPE v_r: nothing is stationary
    while E ≠ 0, and a larger decoder with a smaller encoder lowers the objective. ``gram`` is A at τ = 0. Raises
    ValueError for learned noise, σ0 = 0, β <= 0 or ψ with h(0, σ0) ≠ 0.
    """
    variance, dual = require_fixed_noise(noise), dual_of(activation)
    if require_beta(beta) == 0:
        raise ValueError("without a KL term the encoder does not collapse: beta must be positive")
    if abs(float(dual.kernel(0.0, variance, variance))) > 1e-12:
        raise ValueError("the decoder's growth is known for activations whose mean activation vanishes at u = 0")
    if times.ndim != 1 or not len(times) or times[0] < 0 or (np.diff(times) < 0).any():
        raise ValueError("times: expected a vector of at least one time, increasing from 0 on")
    if len(targets) != len(inputs) or gram.shape[-2:] != (targets.shape[1],) * 2:
        raise ValueError(
            f"inputs {inputs.shape}, targets {targets.shape}, gram {gram.shape} do not fit: (n, p), (n, d), (…, d, d)"
        )
    ratio = float(dual.first(0.0, variance, variance)) / beta
    hat = coordinates(inputs, inputs)
    n, d = targets.shape

    def velocity(_: float, flat: Float[ndarray, " dd"]) -> Float[ndarray, " dd"]:
        a = flat.reshape(d, d)
        e = np.linalg.solve(np.eye(n * d) + ratio * np.kron(hat, a), -targets.ravel()).reshape(n, d)
        pull = ratio * e.T @ hat @ e
        return (pull @ a + a @ pull).ravel()

    def grown(start: Float[ndarray, "d d"]) -> Float[ndarray, "T d d"]:
        end = float(times[-1])
        if end == 0:  # the integrator has no solution to show where no time passes
            return np.repeat(start[None], len(times), axis=0)
        solved = solve_ivp(velocity, (0.0, end), start.ravel(), method="DOP853", t_eval=times, rtol=1e-9, atol=1e-12)
        return solved.y.T.reshape(len(times), d, d)

    flat = np.reshape(gram, (-1, d, d))
    return np.stack([grown(start) for start in flat]).reshape(*np.shape(gram)[:-2], len(times), d, d)
