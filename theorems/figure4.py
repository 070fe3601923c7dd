"""Figure 4: attributes that a large latent space discovers and a small one does not, on real variational autoencoders.

As Figure 3, an empirical claim without a prediction but for the direction.
"""

from __future__ import annotations

from jaxtyping import Bool, Float
from numpy import ndarray

from claimtest.claim import Claim, Provenance, Reading

__all__ = ["BEYOND_LUCK", "FIGURE4", "discovered"]

BEYOND_LUCK = 0.2
"""How far an attribute's area under the curve must exceed what luck reaches: fixed before anything was measured. An
area of 0.7, a fifth above that of a coin, is where a single predictor begins to be called acceptable."""

_OPEN = "the theory says nothing of deep encoders or of attributes: the paper's figure is an observation."


def discovered(area: Float[ndarray, "*S"], luck: Float[ndarray, "*S"]) -> Bool[ndarray, "*S"]:
    """Whether an attribute is discovered: its largest area exceeds the quantile of luck by `BEYOND_LUCK`.

    The quantile is that of the largest area over *all* dimensions for permuted labels, so it grows with their number.
    """
    return area - luck >= BEYOND_LUCK


FIGURE4 = Claim(
    id="figure4",
    title="Figure 4: new attributes in a large latent space",
    statement=(
        r"A variational autoencoder with 256 latent dimensions discovers attributes of faces that one with 10 does not."
    ),
    formula=(
        r"\#\left\{a : \max_{j \le D} \mathrm{AUC}_{a,j} - q_D(a) \ge 0.2\right\}: \quad D = 256 \text{ against } "
        r"D = 10, \qquad P\Bigl(\max_{j \le D} \mathrm{AUC}_{\pi(a),j} > q_D(a)\Bigr) = 0.01"
    ),
    premises=(
        r"deep encoders and decoders, $\beta = 1$, sampled $\varepsilon$, Adam; not the networks of the theorems",
        r"areas under the curve of single dimensions, on faces that were not trained on",
    ),
    provenance=(Provenance.PAPER, Provenance.RECONSTRUCTED),
    provenance_note=(
        "The two latent dimensions and CelebA are the paper's, which shows pictures; what counts as discovered is "
        "ours. Faces are procedural unless a folder of CelebA is given; the cases say which."
    ),
    readings=(
        Reading(
            "more-attributes",
            "The larger space discovers more attributes",
            r"An attribute is discovered if the largest area under the curve of any one dimension, on held-out faces, "
            r"exceeds by $0.2$ what permuted labels reach in one case of a hundred ($q_D$, the largest of all $D$ "
            r"dimensions, so that more tries win nothing by luck). On average over seeds, 256 dimensions discover at "
            r"least one attribute more than 10 do. The difference of the counts is how many attributes only the large "
            r"space finds, less those that only the small one finds.",
            Provenance.RECONSTRUCTED,
            None,
            _OPEN,
        ),
        Reading(
            "by-training",
            "And training is the reason",
            r"Of $D$ random projections some lie near any attribute that changes many pixels, and of 256 more than of "
            r"10: an untrained encoder gains attributes too. The gain of the trained encoder exceeds that of the "
            r"encoder it started from by at least one attribute.",
            Provenance.DERIVED,
            None,
            "permuted labels do not tell luck from random projections of the images; the encoder before training does.",
        ),
    ),
    depends_on=("figure1",),
)
