"""Figure 3 on trial: four scores of disentanglement against the latent dimension of deep autoencoders."""

from __future__ import annotations

from functools import partial

from checks.latent_pictures import disentanglement_exhibits
from checks.measures.pictures import Scores, advantage, score, shuffled, untrained
from checks.picture_sweeps import CAR_SWEEP, GRID_SWEEP, SPRITE_SWEEP, WIDEST_RATIO
from claimtest.check import Check, Control, Criterion, ReadingCheck
from claimtest.criteria import AtLeast, Trend
from theorems.figure3 import FIGURE3, METRIC_NAMES

__all__ = ["ADVANTAGE", "CHECK"]

DATA = {"sprites": SPRITE_SWEEP, "cars": CAR_SWEEP}
"""The data sets, procedural or the user's own."""

ADVANTAGE = 0.05
"""Relative advantage that a score must give a trained encoder."""

IMPOSSIBLE = 1.0
"""A gain that no score between 0 and 1 can have on average, unless it starts from nothing and ends at all."""

LATENT = "latent dimension D"


def _trend(metric: str, data: str) -> Criterion:
    asks = f"on {data} the {METRIC_NAMES[metric]} does not fall from 10 to 200 latent dimensions"
    law = Trend(0.0, WIDEST_RATIO, IMPOSSIBLE)
    measure = partial(score, metric=metric)
    return Criterion(f"trend-{data}", asks, law, DATA[data], measure, abscissa=LATENT, ordinate=METRIC_NAMES[metric])


def _by_metric(metric: str) -> ReadingCheck:
    """Trends on both data sets, with what must not pass for one."""
    reverse = [
        Control(f"{data}-in-reverse", f"on {data} the score falls as it rises", f"trend-{data}", {"sign": -1.0})
        for data in DATA
    ]
    impossible = [
        Control(f"{data}-from-nothing-to-all", f"on {data} the score gains 1", f"trend-{data}", margins=1.0)
        for data in DATA
    ]
    return ReadingCheck(metric, tuple(_trend(metric, data) for data in DATA), (*reverse, *impossible))


def _sees(metric: str, baseline: str, over: Scores) -> Criterion:
    asks = f"the {METRIC_NAMES[metric]} of a trained encoder exceeds that {baseline}"
    measure, law = partial(advantage, metric=metric, over=over), AtLeast(ADVANTAGE)
    name = f"{metric}-over-{over.__name__}"
    return Criterion(name, asks, law, GRID_SWEEP, measure, abscissa=LATENT, ordinate="relative advantage")


def _instruments() -> ReadingCheck:
    """Whether each score tells a trained encoder from both of its baselines, which the controls put in its place."""
    criteria = [
        _sees(metric, baseline, over)
        for metric in METRIC_NAMES
        for baseline, over in (("of the encoder it started from", untrained), ("with shuffled factors", shuffled))
    ]
    controls = [
        Control(f"{metric}-{what}", f"the {METRIC_NAMES[metric]} is that {words}", f"{metric}-over-{what}", {"of": of})
        for metric in METRIC_NAMES
        for what, words, of in (
            ("untrained", "of the untrained encoder", untrained),
            ("shuffled", "with factors dealt out anew among the images", shuffled),
        )
    ]
    return ReadingCheck("instruments", tuple(criteria), tuple(controls))


CHECK = Check(FIGURE3, (*map(_by_metric, METRIC_NAMES), _instruments()), exhibits=disentanglement_exhibits)
