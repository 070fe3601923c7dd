r"""Theorem 1: gradient descent on the over-parameterised network converges linearly.

Source: premises and the first term of the width are the paper's; the rest is reconstructed. The supremum of
L(t)/(e^{-λ0 t} L(0)) is 1 at t = 0 and says nothing, so the claim is posed as a rate:
a = inf_{0 < t <= T} -log(L(t)/L(0)) / (λ0 t) >= 1. Its limit, mode by mode and nothing fitted, is
f(t) - y = e^{-Θ∞ t} (f(0) - y).
"""

from __future__ import annotations

import math

from claimtest.claim import Claim, Provenance, Reading, Verdict
from theorems.checked import above_zero, checked, count

__all__ = ["DELTA", "HORIZON", "THEOREM1", "stated_width"]

DELTA = 0.1
"""Probability of failure at which the theorem is judged."""

HORIZON = 3.0
"""λ0 T, the length of a training run in units of the slowest mode."""

THEOREM1 = Claim(
    id="theorem1",
    title="Theorem 1: linear convergence of training",
    statement=(
        r"If the network is wide enough then, with probability at least $1 - \delta$ over the initialisation, gradient "
        r"flow on the loss $L = \frac12 \sum_i \|f(x_i) - y_i\|^2$ converges linearly at the rate $\lambda_0 = "
        r"\lambda_{\min}(\Theta_\infty)$."
    ),
    formula=(
        r"m = \Omega\left(\max\left\{\frac{n^5 d^3}{\lambda_0^4 \delta^2}, \frac{n^2 d^2}{\lambda_0^2}"
        r"\log\frac{nd}{\delta}\right\}\right) \;\Rightarrow\; L(t) \le e^{-\lambda_0 t} L(0) \quad \forall t \ge 0"
    ),
    premises=(r"$\|x_i\| = 1$", r"$\lambda_0 > 0$: no two inputs are parallel"),
    provenance=(Provenance.PAPER, Provenance.RECONSTRUCTED),
    provenance_note=(
        "Premises, the first term of the width and the head of the second are the paper's; the conclusion is the "
        "standard one. If the loss is divided by n or loses its factor 1/2, the rate rescales alike: λ0/n, 2 λ0. The "
        "stated width is astronomical and no premise of the check; conclusions hold far earlier."
    ),
    readings=(
        Reading(
            "mean-output-flow",
            "Mean output, gradient flow",
            r"$L(t) \le e^{-\lambda_0 t} L(0)$ in at least $90\,\%$ of the replicates; sharper, every eigenmode of "
            r"$\Theta_\infty$ decays at its own rate $\lambda_k$, and the trajectory departs from "
            r"$e^{-\Theta_\infty t} r(0)$ by exactly $O(m^{-1/2})$, from $e^{-\Theta(0) t} r(0)$ by $O(1/m)$.",
            Provenance.RECONSTRUCTED,
        ),
        Reading(
            "mean-output-descent",
            "Mean output, gradient descent",
            r"With $\eta \le 1/\lambda_{\max}(\Theta(0))$: $L_k \le (1 - \eta\lambda_0/2)^k L_0$ for every step $k$, "
            r"in at least $90\,\%$ of the replicates.",
            Provenance.RECONSTRUCTED,
        ),
        Reading(
            "sampled-loss-literal",
            "The sampled loss, taken literally",
            r"$L + V$ with $V = \mathbb{E}_\varepsilon \frac12 \sum_i \|\hat f - f\|^2$ obeys "
            r"$(L + V)(t) \le e^{-\lambda_0 t}(L + V)(0)$.",
            Provenance.RECONSTRUCTED,
            Verdict.VIOLATED,
            because=(
                r"$V$ stays at its initial value $V_\infty = \frac{nd}{2}(\mathbb{E}_s K(q; q, q) - "
                r"\Theta^d_\infty(1)) > 0$ while the bound tends to $0$"
            ),
        ),
        Reading(
            "sampled-loss-excess",
            "The sampled loss above its noise floor",
            r"Trained on $L$, the variance stays at $V_\infty$, a constant that is predicted, with $|V(T) - V(0)| = "
            r"O(1/m)$; the excess of the sampled loss over $V(t)$ obeys $e^{-\lambda_0 t}$.",
            Provenance.DERIVED,
        ),
        Reading(
            "stochastic-gradients",
            "Stochastic gradients, fresh noise at every step",
            r"The excess over $V(t)$ falls at the rate of the flow and ends at a floor set by the step $\eta$: "
            r"$\frac{d}{2} \sum_k \eta\lambda_k v/(2 - \eta\lambda_k)$ with $v = 2V/(nd)$. Training now lowers "
            r"$V$ too, on the time scale $m$.",
            Provenance.DERIVED,
        ),
        Reading(
            "digits",
            "On handwritten digits",
            r"$L_k \le (1 - \eta\lambda_0/2)^k L_0$ under gradient descent, for four $8 \times 8$ digits on the unit "
            r"sphere as an autoencoder ($p = d = 64$).",
            Provenance.RECONSTRUCTED,
        ),
    ),
    depends_on=("lemma2", "lemma5"),
)


@checked(n=count, d=count, smallest=above_zero, delta=above_zero, constant=above_zero)
def stated_width(n: int, d: int, smallest: float, delta: float = DELTA, constant: float = 1.0) -> float:
    """C max{ n⁵d³/(λ0⁴δ²), n²d²/λ0² · log(nd/δ) }, the width that the theorem asks for."""
    first = n**5 * d**3 / (smallest**4 * delta**2)
    return constant * max(first, n**2 * d**2 / smallest**2 * math.log(n * d / delta))
