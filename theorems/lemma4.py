r"""Lemma 4: while the eigenvalue holds, the loss decays exponentially and the weights hardly move.

Source: reconstructed, it is what the proof of Theorem 1 needs at this place; the sharp movement is derived. Gradient
flow is dW^b/dt = -J_bᵀ r with r = f - y, so W^b(T) - W^b(0) = -∫_0^T J_b(t)ᵀ r(t) dt. In the limit J_b stays put and
J_b J_bᵀ = Θ^b∞, so ‖W^b(T) - W^b(0)‖_F² → c(T)ᵀ Θ^b∞ c(T) with c(T) = ∫_0^T r = Θ∞^{-1}(I - e^{-Θ∞ T}) r(0).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Real
from numpy import ndarray

from claimtest.claim import Claim, Provenance, Reading
from theorems.blocks import Numbers
from theorems.checked import above_zero, checked, count, numbers
from theorems.linearised import ConstantKernel

__all__ = ["LEMMA4", "movement", "row_bound"]

LEMMA4 = Claim(
    id="lemma4",
    title="Lemma 4: exponential decay and small movement while the eigenvalue holds",
    statement=(
        r"As long as the smallest eigenvalue of $\Theta(s)$ keeps half of $\lambda_0$, gradient flow lowers the loss "
        r"at the rate $\lambda_0$, and no row of weights moves further than a bound of order $m^{-1/2}$."
    ),
    formula=(
        r"\lambda_{\min}(\Theta(s)) \ge \frac{\lambda_0}{2} \;\; \forall s \le t \;\Rightarrow\; L(t) \le "
        r"e^{-\lambda_0 t} L(0), \quad \|w_r^b(t) - w_r^b(0)\| \le "
        r"\frac{2\sqrt{n}\,\|f(0) - y\|}{\lambda_0\sqrt{m}} \max_r \|v_r\|"
    ),
    premises=(
        r"$\|x_i\| = 1$",
        r"$\lambda_0 > 0$: no two inputs are parallel",
        r"$\lambda_{\min}(\Theta(s)) \ge \lambda_0/2$ for all $s \le t$, looked at replicate by replicate",
    ),
    provenance=(Provenance.RECONSTRUCTED, Provenance.DERIVED),
    provenance_note=(
        "Decay and row bound are the standard lemma of such proofs, worded here; max|h_r| takes the place of max‖v_r‖ "
        "for rows of the decoder. The constants of the movement are derived and hold with nothing fitted."
    ),
    readings=(
        Reading(
            "decay-and-rows",
            "Decay of the loss and the largest row movement",
            r"In every replicate, up to the last time at which $\lambda_{\min}(\Theta) \ge \lambda_0/2$ was seen: "
            r"$L(t) \le e^{-\lambda_0 t} L(0)$, and every row moves by at most $2\sqrt{n}\,\|f(0) - y\| \max\|v_r\| / "
            r"(\lambda_0 \sqrt{m})$, rows of the decoder with $\max|h_r|$ in place of $\max\|v_r\|$.",
            Provenance.RECONSTRUCTED,
        ),
        Reading(
            "movement",
            "How far the weights move, with its constant",
            r"$\|W^b(T) - W^b(0)\|_F \to \sqrt{c^\top \Theta^b_\infty c}$ with $c = \Theta_\infty^{-1}(I - "
            r"e^{-\Theta_\infty T})\,r(0)$, for every block $b$, independent of the width and with nothing fitted; so "
            r"a row moves, in root mean square, by exactly the order $m^{-1/2}$.",
            Provenance.DERIVED,
        ),
    ),
    depends_on=("lemma3",),
)


@checked(residual=numbers, factor=numbers, n=count, smallest=above_zero, width=count)
def row_bound(residual: Numbers, factor: Numbers, *, n: int, smallest: float, width: int) -> Float[ndarray, "*out"]:
    """2√n ‖f(0) - y‖ factor / (λ0 √m), with ``residual`` = ‖f(0) - y‖.

    ``factor`` is max_r ‖v_r‖ for rows of the encoder and max_{r,i} |h_r(x_i)| for rows of the decoder.
    """
    return np.asarray(2 * np.sqrt(n) * np.asarray(residual) * np.asarray(factor) / (smallest * np.sqrt(width)))


@checked(kernel=numbers, block=numbers, r0=numbers, t=numbers)
def movement(
    kernel: Float[ndarray, "n n"], block: Float[ndarray, "n n"], r0: Float[ndarray, "*b n d"], t: Real[ndarray, " T"]
) -> Float[ndarray, "*b T"]:
    """√(Σ_k c_k(t)ᵀ Θ^b c_k(t)), the sum over outputs k, c(t) = Θ^{-1}(I - e^{-Θt}) r0: ‖W^b(t) - W^b(0)‖_F as m → ∞.

    ``kernel`` is Θ∞ and ``block`` its block Θ^b∞. Raises ValueError if shapes do not fit or the kernel is not
    symmetric.
    """
    c = ConstantKernel(kernel).integrated_residual(r0, t)
    if np.shape(block) != np.shape(kernel):
        raise ValueError(f"block of shape {np.shape(block)} does not fit a kernel of shape {np.shape(kernel)}")
    return np.sqrt(np.einsum("...ik,ij,...jk->...", c, block, c))
