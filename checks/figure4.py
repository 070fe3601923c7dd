"""Figure 4 on trial: which attributes of faces single dimensions of a large and of a small latent space discover."""

from __future__ import annotations

from checks.attribute_pictures import attribute_exhibits
from checks.measures.pictures import count, found_untrained, gain_by_training, of_permuted, within_luck
from checks.picture_sweeps import AREAS_SWEEP, LARGE, PHOTOGRAPH_SWEEP, SMALL, TRAVERSAL_SWEEP
from claimtest.check import Check, Control, Criterion, ReadingCheck
from claimtest.criteria import Probability, Trend
from theorems.figure4 import FIGURE4

__all__ = ["CHECK"]

ONE_MORE = Trend(1.0, LARGE / SMALL, 20.0)
"""Between the two spaces the mean count grows by at least one attribute; a control claims twenty more."""

WITHIN = 0.97
"""At least this share of permuted labels must stay within the quantile of luck, nominally 0.99: calibrated on 400
permutations, the quantile itself is uncertain."""

LATENT = "latent dimension D"

GAIN = Criterion(
    "gain",
    f"{LARGE} dimensions discover at least one attribute more than {SMALL} do",
    ONE_MORE,
    AREAS_SWEEP,
    count,
    abscissa=LATENT,
    ordinate="attributes discovered",
)
LUCK = Criterion(
    "luck",
    "labels that were permuted afresh stay within what luck was said to reach",
    Probability(WITHIN),
    AREAS_SWEEP,
    within_luck,
    abscissa=LATENT,
)
BEYOND = Criterion(
    "gain-by-training",
    "of what training adds to the encoder it started from, the larger space gets at least one attribute more",
    ONE_MORE,
    AREAS_SWEEP,
    gain_by_training,
    abscissa=LATENT,
    ordinate="attributes discovered by training",
)

CHECK = Check(
    FIGURE4,
    (
        ReadingCheck(
            "more-attributes",
            (GAIN, LUCK),
            (
                Control("permuted-attributes", "labels are permuted among the faces", "gain", {"of": of_permuted}),
                Control("twenty-more", "the larger space discovers twenty attributes more", "gain", margins=1.0),
                Control("one-dimension-tried", "luck is that of a single dimension, however many were tried", "luck",
                        {"quantile": "luck_one"}),
            ),
        ),
        ReadingCheck(
            "by-training",
            (BEYOND,),
            (
                Control("untrained", "the encoder is not trained", "gain-by-training", {"of": found_untrained}),
                Control("permuted-attributes", "labels are permuted among the faces", "gain-by-training",
                        {"of": of_permuted}),
            ),
        ),
    ),
    exhibits=attribute_exhibits,
    shown=(TRAVERSAL_SWEEP, PHOTOGRAPH_SWEEP),
)  # fmt: skip
