r"""Theorem 2: with the KL term, training ends at a kernel regression. Which one depends on what the KL acts on.

Source: the paper's abstract says it in words; the objective, with the latent distribution at initialisation as the
reference of the KL, is reported; every end point below is derived here. The predictions live in ``regressions``,
``collapsed``, ``learned_ridge`` and ``sampled_endpoint``.
"""

from __future__ import annotations

from claimtest.claim import Claim, Provenance, Reading, Verdict

__all__ = ["THEOREM2"]

THEOREM2 = Claim(
    id="theorem2",
    title="Theorem 2: with the KL term, training ends at a kernel regression",
    statement=(
        r"Trained on $L + \beta\,\mathrm{KL}$, the wide network ends at a kernel ridge regression, $\|f_m(\infty) - "
        r"f_\infty\| = O(m^{-1/2})$, on training inputs and on unseen ones. What the source leaves open decides which: "
        r"the space in which the KL acts, its reference, and the blocks that train. What follows for a user: if you "
        r"regularise towards the initial posterior and train the decoder too, the ridge disappears; if you regularise "
        r"towards $N(0, I)$, the initial kernel does not describe the result at all."
    ),
    formula=(
        r"\frac1n \sum_i \Big[\tfrac12\|f(x_i) - y_i\|^2 + \beta\,\mathrm{KL}\big(q_t(z|x_i)\,\|\,q_0(z|x_i)\big)\Big]"
        r"\;\Rightarrow\; f_\infty(x) = f_0(x) + K(x, X)\big(K(X, X) + \beta I\big)^{-1}(y - f_0(X))"
    ),
    premises=(r"$\|x_i\| = 1$", r"$\beta > 0$", r"the noise scale $\sigma_0$ is not zero"),
    provenance=(Provenance.PAPER, Provenance.REPORTED, Provenance.DERIVED),
    provenance_note=(
        "The paper states the theorem in words; that the KL refers to the latent distribution at initialisation is "
        "reported. Kernels, ridges and the collapse are derived here. The factor 1/n in front changes no minimiser; "
        "with a squared error that lacks its factor 1/2, β counts half."
    ),
    readings=(
        Reading(
            "latent",
            "KL in latent space to the initial posterior, encoder trained",
            r"The reported objective. Ridge regression with the preconditioned kernel $K_H(x, x_j) = \sigma_0^2 "
            r"\partial_\rho K \cdot x^\top (X^\top X)^+ x_j$ and the ridge $\beta$; the distance is of exact order "
            r"$m^{-1/2}$.",
            (Provenance.REPORTED, Provenance.DERIVED),
        ),
        Reading(
            "latent-plain-ridge",
            "The same training ends at plain kernel ridge regression",
            r"With the tangent kernel itself, $K = \Theta^\mu_\infty$ and the ridge $\beta/\sigma_0^2$.",
            Provenance.RECONSTRUCTED,
            Verdict.VIOLATED,
            because=(
                r"the Hessian $X^\top X/\sigma_0^2$ of the latent KL preconditions every unit; the two regressions "
                r"coincide only for orthonormal inputs, a single one, or a tight frame with another $\beta$"
            ),
        ),
        Reading(
            "weight-space",
            "KL in weight space, encoder trained",
            r"$L + \beta\|\Delta W^\mu\|^2/(2\sigma_0^2)$ ends at plain ridge regression with $\Theta^\mu_\infty$ and "
            r"the ridge $\beta/\sigma_0^2$.",
            Provenance.DERIVED,
        ),
        Reading(
            "decoder-trained",
            "KL in latent space, decoder trained too: no ridge",
            r"The decoder is not penalised. It takes the fit over, the encoder is pulled back to where it started, and "
            r"$f_\infty = f_0 + \Theta^d(\cdot, X)\Theta^d(X, X)^{-1}(y - f_0(X))$ interpolates whatever $\beta > 0$.",
            Provenance.DERIVED,
        ),
        Reading(
            "standard-normal-initial-kernel",
            "KL to N(0, I): ends at a regression with the initial kernel",
            r"As for the initial posterior: $f_\infty = f_0 + K_H(\cdot, X)(K_H(X, X) + \beta I)^{-1}(y - f_0(X))$.",
            Provenance.RECONSTRUCTED,
            Verdict.VIOLATED,
            because=r"the KL pulls every $u_r(x_i)$ to $0$, so the encoder leaves its initialisation at order one",
        ),
        Reading(
            "standard-normal-movement",
            "KL to N(0, I): leaves the lazy regime at every width",
            r"$\|\Delta W^\mu\|_F/\|W^\mu(0)\|_F \to \sqrt{\operatorname{rank} X/p}$, however wide the network.",
            Provenance.DERIVED,
        ),
        Reading(
            "standard-normal-collapsed",
            "KL to N(0, I): ends at a regression about the collapsed encoder",
            r"$f_\infty = f_c + K_c(\cdot, X)(K_c(X, X) + \beta I)^{-1}(y - f_c(X))$ about $f_c(x) = m^{-1/2} "
            r"\sum_r v_r h(\langle w_r(0), x_\perp\rangle, \sigma_0)$, $x_\perp$ the part of $x$ across the inputs; "
            r"with learned noise and independent inputs, $K_c(X, X) = \kappa I$ with $\kappa = h_u(0, 1)^2 + \frac12 "
            r"h_s(0, 1)^2$.",
            Provenance.DERIVED,
        ),
        Reading(
            "standard-normal-decoder",
            "KL to N(0, I), decoder trained too: no end, the decoder grows",
            r"A larger decoder and a smaller encoder fit as well at a smaller KL, so there is no end point. On the "
            r"time scale $m$, $A = W^{d\top} W^d/m$ grows by $\frac{dA}{d(t/m)} = \frac{\kappa}{\beta}(E^\top P E A + "
            r"A E^\top P E)$ with $E + \frac{\kappa}{\beta} P E A = -y$ and $\kappa = h_u(0, \sigma_0)^2$, for "
            r"activations with $h(0, \sigma_0) = 0$.",
            Provenance.DERIVED,
        ),
        Reading(
            "learned-noise",
            "KL in latent space to the initial posterior, noise scale learned",
            r"Ridge regression with $K_H(x, x_j) = \mathbb{E}[x^\top H^+ x_j (\partial_\rho K + \frac12 s s' "
            r"\partial^2_\rho K)]$, $H = \sum_i x_i x_i^\top/s(x_i)^2$ averaged over the scales of the units; in "
            r"closed form for independent inputs.",
            Provenance.DERIVED,
        ),
        Reading(
            "path",
            "The path in β, and uniform shrinkage",
            r"From interpolation ($\beta \to 0$) to the initial function ($\beta \to \infty$), residuals follow the "
            r"prediction at every $\beta$; for independent inputs every residual shrinks by the same factor "
            r"$\beta/(\beta + \sigma_0^2 \partial_\rho K(1))$.",
            Provenance.DERIVED,
        ),
        Reading(
            "sampled",
            "As users train: sampled outputs, fresh noise at every step",
            r"Stochastic gradients of the sampled loss plus the exact KL stay within a floor of that network's end "
            r"point, $\mathbb{E}\,\frac12\|f_k(X) - f_\infty(X)\|^2$ as predicted and proportional to the step; "
            r"averaged over steps they sit at the preconditioned regression.",
            Provenance.DERIVED,
        ),
    ),
    depends_on=("lemma1",),
)
