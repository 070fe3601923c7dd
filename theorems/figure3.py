"""Figure 3: disentanglement against the number of latent dimensions, on real variational autoencoders.

An empirical claim about networks that the theory does not describe: deep encoders, sampled ε, the KL to N(0, I). There
is nothing to predict from but the direction that the paper states.
"""

from __future__ import annotations

from claimtest.claim import Claim, Provenance, Reading

__all__ = ["FIGURE3", "METRIC_NAMES"]

METRIC_NAMES = {"factorvae": "FactorVAE score", "mig": "MIG", "dci": "DCI disentanglement", "sap": "SAP"}
"""The scores with their names, in the order of the readings."""

_DATA = (
    "Sprites and cars, procedural unless files of dSprites and Cars3D are given; the cases say which. Everything is "
    "trained for each latent dimension anew, from several seeds."
)
_OPEN = (
    "the theory says nothing of deep encoders or of these scores: the paper's figure is an observation, and its "
    "settings are not at hand."
)


def _reading(metric: str, note: str) -> Reading:
    name = METRIC_NAMES[metric]
    return Reading(
        metric,
        f"{name}: larger is better",
        f"{_DATA} The {name}, regressed on the logarithm of the latent dimension $D$, does not fall from $D = 10$ to "
        f"$D = 200$, on either data set. {note}",
        Provenance.RECONSTRUCTED,
        None,
        _OPEN,
    )


FIGURE3 = Claim(
    id="figure3",
    title="Figure 3: disentanglement in large latent spaces",
    statement=(
        r"The larger the latent space of a variational autoencoder ($D = 10, 20, 50, 100, 200$), the better its "
        r"disentanglement scores on dSprites and Cars3D."
    ),
    formula=(
        r"\text{score}(D) = a + b\,\frac{\ln D}{\ln 20} + \text{noise}, \qquad b \ge 0, \qquad "
        r"-\mathcal L = \mathbb E_{q(z|x)} \log p(x|z) - \beta\,\mathrm{KL}\bigl(q(z|x)\,\|\,N(0, I)\bigr)"
    ),
    premises=(
        r"deep encoders and decoders, $\beta = 1$, sampled $\varepsilon$, Adam; not the networks of the theorems",
        r"posterior means are scored; the four scores as published, with the constants that theory.md lists",
    ),
    provenance=(Provenance.PAPER, Provenance.RECONSTRUCTED),
    provenance_note=(
        "Direction, latent dimensions and names of the data sets are the paper's; its networks, its training and which "
        "scores it shows are not at hand. The four scores here are those that are used most."
    ),
    readings=(
        _reading("factorvae", "Chance is one over the number of factors."),
        _reading("mig", "A score that asks for one dimension per factor: two that share one bring it to 0."),
        _reading(
            "dci",
            "A score whose baseline grows with $D$: of many random projections some lie near each factor, and forests "
            "find them. See the reading on instruments.",
        ),
        _reading("sap", "As MIG does, it asks for a gap between the two best dimensions."),
        Reading(
            "instruments",
            "Do the scores see disentanglement at all?",
            r"Over all latent dimensions and both data sets, each score of a trained encoder exceeds that of the very "
            r"same encoder before training, and that of its own codes with the factors dealt out anew among the "
            r"images: $(s - s_0)/(s + s_0) \ge 0.05$ on average.",
            Provenance.DERIVED,
            None,
            "a score that a random encoder reaches as well measures something else; whether these do is what is asked.",
        ),
    ),
    depends_on=("figure1",),
)
