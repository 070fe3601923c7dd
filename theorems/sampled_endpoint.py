"""Training as a user of VAEs does, with sampled outputs: how far stochastic gradients stay from the end point."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg import solve_discrete_lyapunov

from theorems.checked import above_zero, checked, count, matrix
from theorems.duals import dual_of
from theorems.limiting_kernel import noise_variance
from theorems.regressions import RANK_TOLERANCE, require_beta, require_fixed_noise
from theorems.setting import Activation, Noise, unit_rows

__all__ = ["stationary_distance"]


@checked(inputs=matrix, step=above_zero, outputs=count)
def stationary_distance(
    inputs: Float[ndarray, "n p"],
    *,
    activation: str | Activation,
    noise: Noise,
    beta: float,
    step: float,
    outputs: int,
) -> float:
    """lim_k E ½‖f_k(X) - f∞(X)‖² of reading B under sampled outputs with fresh noise in every step η [derived].

    To leading order in m a step is Δw_r ← Δw_r - η[ m^{-1/2} Σ_j h_u(x_j) <v_r, e_j + ξ_j> x_j + (β/σ0²) XᵀX Δw_r ],
    e = f - y, ξ the noise of the outputs, of variance v∞ in every entry. Write Δw_r = m^{-1/2} Σ_j h_u(x_j) <v_r, c_j>,
    with c_j in R^p for every output: that form is kept, and on an orthonormal basis Q of span X, N = (Qᵀc_1, …, Qᵀc_n),

        N ← N - η[ QᵀXᵀ diag(e + ξ) + (β/σ0²) QᵀXᵀXQ N ],     e_k = f0_k - y_k + Σ_j D_kj (XQN)_kj,   D_kj = ∂_ρK(ρ_kj).

    This is linear: the stationary covariance S of N solves S = T S Tᵀ + η² v∞ B Bᵀ. Raises ValueError where that has no
    solution (the step is too long), for learned noise, σ0 = 0 or β <= 0.
    """
    variance = require_fixed_noise(noise)
    if require_beta(beta) == 0:
        raise ValueError("without a KL term there is no floor of this kind: beta must be positive")
    x, n = unit_rows(inputs), len(inputs)
    _, singular, rows = np.linalg.svd(x, full_matrices=False)
    z = x @ rows[singular > RANK_TOLERANCE * singular[0]].T  # the inputs in coordinates Q of their span, (n, k)
    k = z.shape[1]
    rho, q = np.clip(x @ x.T, -1, 1), 1 + variance
    correlation = dual_of(activation).first(rho, q, q, (1 - rho) * (1 + rho) + variance * (2 + variance))
    read = np.einsum("kj,ka->kaj", correlation, z).reshape(n, k * n)  # f_k - f0_k = Σ_aj D_kj z_ka N_aj
    write = np.einsum("ja,jl->ajl", z, np.eye(n)).reshape(k * n, n)  # N_aj ← z_ja e_j
    hold = beta / variance * np.kron(z.T @ z, np.eye(n))
    transition = np.eye(k * n) - step * (write @ read + hold)
    if np.abs(np.linalg.eigvals(transition)).max() >= 1:
        raise ValueError(f"steps of {step:.3g} are too long: the distance does not settle")
    kick = step**2 * noise_variance(activation, noise) * write @ write.T
    return float(0.5 * outputs * np.trace(read @ solve_discrete_lyapunov(transition, kick) @ read.T))
