r"""Lemma 1: the kernel at initialisation tends to a deterministic kernel.

Source: the paper in words; the limit is derived in ``theorems.limiting_kernel`` from Price's theorem and Stein's lemma.
Sharper than the paper: Θ(0) is an average of m independent units, and the mean of each unit is the limit itself, so
E Θ(0) = Θ∞ ⊗ I_d exactly at every width, and its standard deviation is exactly proportional to m^(-1/2).
"""

from __future__ import annotations

from claimtest.claim import Claim, Provenance, Reading

__all__ = ["LEMMA1"]

LEMMA1 = Claim(
    id="lemma1",
    title="Lemma 1: the kernel at initialisation tends to a deterministic kernel",
    statement=(
        r"For unit inputs the stochastic neural tangent kernel at initialisation tends, as the width $m$ grows, to a "
        r"deterministic kernel $\Theta_\infty$ that depends on the inputs through $\rho = \langle x, x' \rangle$ alone."
    ),
    formula=(
        r"\Theta^d_\infty = \mathbb{E}_s K, \quad \Theta^\mu_\infty = \rho\,\mathbb{E}_s\,\partial_\rho K, \quad "
        r"\Theta^\sigma_\infty = \rho\,\mathbb{E}_s[s s'\,\partial^2_\rho K]"
    ),
    premises=(
        r"$\|x_i\| = 1$",
        r"all initial entries independent: $W^\mu, W^d \sim \mathcal{N}(0, 1)$, $W^\sigma \sim \mathcal{N}(0, \tau^2)$",
    ),
    provenance=(Provenance.PAPER, Provenance.DERIVED),
    provenance_note="The paper states convergence in words; the formulas of the limit are derived from the setting.",
    readings=(
        Reading(
            "convergence",
            "Convergence at the rate of an average",
            r"$\mathbb{E}\,\Theta(0) = \Theta_\infty \otimes I_d$ exactly at every width, block by block, and "
            r"$\|\Theta(0) - \Theta_\infty \otimes I_d\|_F$ is of exact order $m^{-1/2}$.",
            Provenance.DERIVED,
        ),
        Reading(
            "deterministic-limit",
            "Without noise it is the kernel everybody knows",
            r"As the scale of the noise tends to $0$, $\Theta_\infty$ tends to the neural tangent kernel of the "
            r"deterministic two-layer network, computed independently by the library neural-tangents.",
            Provenance.DERIVED,
        ),
        Reading(
            "digits",
            "On handwritten digits",
            r"The same on real inputs: four $8 \times 8$ digits on the unit sphere, as an autoencoder ($p = d = 64$).",
            Provenance.DERIVED,
        ),
    ),
    depends_on=("definition1",),
)
