r"""Definition 1: the stochastic neural tangent kernel.

Source: the paper names the kernel; the formula is the standard contraction of gradients, reconstructed. With
h(u, s) = E ψ(u + s ε) the mean activation and h_u, h_s its derivatives, the blocks are averages over units:

    Θ^d = (1/m) Σ_r h_r h'_r · I_d
    Θ^μ = <x,x'> (1/m) Σ_r v_r v_rᵀ h_u,r h'_u,r
    Θ^σ = <x,x'> (1/m) Σ_r v_r v_rᵀ h_s,r h'_s,r
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.claim import Claim, Provenance, Reading, Verdict
from theorems.limiting_kernel import limiting_kernel, shared_noise_profile
from theorems.setting import Problem

__all__ = ["DEFINITION1", "mean_kernel", "one_draw_kernel", "shared_noise_kernel"]

DEFINITION1 = Claim(
    id="definition1",
    title="Definition 1: the stochastic neural tangent kernel",
    statement=(
        r"The kernel of a stochastic network is the contraction, block by block, of the gradients of its mean output "
        r"$f(x) = \mathbb{E}_\varepsilon \hat f(x; \varepsilon)$ over the encoder mean $W^\mu$, the encoder scale "
        r"$W^\sigma$ and the decoder $W^d$."
    ),
    formula=(
        r"\Theta(x, x') = \sum_{b \in \{\mu, \sigma, d\}} \frac{\partial f(x)}{\partial W^b} \cdot "
        r"\frac{\partial f(x')}{\partial W^b}^{\top}"
    ),
    premises=(r"$\|x\| = \|x'\| = 1$", r"$\varepsilon \sim \mathcal{N}(0, I_m)$"),
    provenance=(Provenance.PAPER, Provenance.RECONSTRUCTED),
    provenance_note="The name is the paper's; the formula is the standard one that its proofs need at this place.",
    readings=(
        Reading(
            "mean-output",
            "Kernel of the mean output",
            r"$\Theta$ is symmetric, positive semidefinite, the sum of its blocks and equal to the contraction of "
            r"exact Jacobians; gradients of sampled outputs with independent noise at $x$ and $x'$ give it in the "
            r"mean, with an error of exact order $S^{-1/2}$ in the number $S$ of samples.",
            Provenance.RECONSTRUCTED,
        ),
        Reading(
            "one-draw-per-input",
            "One draw of the noise per input",
            r"What a VAE computes in a batch: one $\varepsilon_i$ per input. In the mean it equals $\Theta$ for "
            r"$x \neq x'$; where $x = x'$ the covariance of the per-unit gradients comes on top, and the blocks are "
            r"those of the shared-noise kernel at $\rho = 1$.",
            Provenance.DERIVED,
        ),
        Reading(
            "shared-noise-is-theta",
            "The same noise for all inputs gives the same kernel",
            r"Gradients of sampled outputs that share one $\varepsilon$ give $\Theta$ in the mean.",
            Provenance.RECONSTRUCTED,
            Verdict.VIOLATED,
            because=(
                r"the noises at $x$ and $x'$ are then correlated: $\mathbb{E}_\varepsilon[\psi'(z)\psi'(z')] \neq "
                r"h_u h'_u$, and $\mathbb{E}\varepsilon^2 = 1$ keeps the scale block alive even for small noise"
            ),
        ),
        Reading(
            "shared-noise-limit",
            "The same noise for all inputs has a limit of its own",
            r"With $g = 1 + \tau^2\varepsilon^2$ and $K = K(g\rho; g, g)$ the mean is $\Theta^d = \mathbb{E} K$, "
            r"$\Theta^\mu = \rho\,\mathbb{E}\,\partial_\rho K$, $\Theta^\sigma = \rho\,\mathbb{E}\,\varepsilon^2 "
            r"\partial_\rho K$; for fixed noise $\Theta^d = K(\rho + \sigma_0^2; q, q)$, "
            r"$\Theta^\mu = \rho\,\partial_\rho K$ there.",
            Provenance.DERIVED,
        ),
    ),
)


def mean_kernel(problem: Problem) -> Float[ndarray, "n n"]:
    """Mean over initialisations of the trace (over outputs, divided by d) of Θ: the limiting kernel of Lemma 1."""
    return limiting_kernel(problem.inputs, activation=problem.activation, noise=problem.noise).total


def one_draw_kernel(problem: Problem) -> Float[ndarray, "n n"]:
    """The same with one draw of the noise per input: shared noise on the diagonal, Θ off it."""
    return np.where(np.eye(len(problem.inputs), dtype=bool), shared_noise_kernel(problem), mean_kernel(problem))


def shared_noise_kernel(problem: Problem) -> Float[ndarray, "n n"]:
    """The same with one draw of the noise for all inputs."""
    rho = np.clip(problem.inputs @ problem.inputs.T, -1, 1)
    return shared_noise_profile(rho, activation=problem.activation, noise=problem.noise).total
