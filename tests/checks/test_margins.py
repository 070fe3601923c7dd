"""Accepted regions are as narrow as promised, and a margin ten times as wide would be noticed: for every criterion.

The numbers of the promise are written down here once more, so that widening a region takes a change in two places.
"""

from dataclasses import replace

import numpy as np
import pytest

from checks import PACK
from claimtest.claim import Verdict
from claimtest.criteria import (
    AtLeast,
    AtMost,
    Ceiling,
    Constant,
    ExactOrder,
    Identity,
    OrderBound,
    Probability,
    Samples,
    Trend,
)
from claimtest.profile import PROFILES

PROMISED = {
    "quick": {"order": 0.15, "reciprocal": 0.25, "constant": 0.05},
    "standard": {"order": 0.10, "reciprocal": 0.15, "constant": 0.02},
    "thorough": {"order": 0.05, "reciprocal": 0.15, "constant": 0.01},
}
"""Half-widths of accepted regions: of exponents, of orders of 1/m, of constants (relative)."""

ENDS = ("latent", "weight-space", "decoder-trained", "standard-normal-collapsed", "learned-noise")

OWN = {
    # Constants with a margin of their own, where the prediction leaves out terms that no profile makes small enough.
    "theorem1/stochastic-gradients/floor": 0.05,
    "theorem2/standard-normal-decoder/growth": 0.05,
    "theorem2/sampled/floor": 0.2,
    **{f"theorem2/{reading}/residual": 0.02 for reading in ENDS if reading != "decoder-trained"},
    **{f"theorem2/{reading}/change": 0.02 for reading in ENDS},
    "figure2/principal-components/constant-mean": 0.05,
    "figure2/principal-components/constant-scale": 0.05,
    "figure2/principal-components/constant-decoder": 0.05,
    # Ceilings other than 1, and bounds on a mean.
    "lemma1/convergence/unit-decoder": 0.02,
    "lemma1/convergence/unit-mean": 0.02,
    "lemma1/convergence/unit-scale": 0.02,
    "lemma1/convergence/weights-decoder": 0.02,
    "lemma1/convergence/weights-mean": 0.02,
    "lemma1/convergence/weights-scale": 0.02,
    "theorem1/sampled-loss-excess/unit-floor": 0.02,
    "theorem2/latent/settled": 0.01,
    "theorem2/weight-space/settled": 0.01,
    "theorem2/decoder-trained/settled": 0.01,
    "theorem2/standard-normal-collapsed/settled": 0.01,
    "theorem2/learned-noise/settled": 0.01,
    "theorem2/path/settled": 0.01,
    "theorem2/decoder-trained/interpolation": 1e-6,
    "theorem2/path/interpolates": 0.05,
    "theorem2/path/stands-still": 0.01,
    # Shares of networks: three in four, or the median one.
    "theorem1/mean-output-flow/time-stepping": 0.75,
    "theorem2/decoder-trained/followed": 0.75,
    "theorem1/mean-output-descent/first-steps": 0.5,
    **{
        f"theorem2/{reading}/rival": 0.5
        for reading in ("latent", "weight-space", "decoder-trained", "standard-normal-collapsed", "learned-noise")
    },
    "theorem2/path/gap": 0.08,
    "theorem2/sampled/average": 0.08,
    "theorem2/sampled/proportional": 0.3,
    "figure1/as-drawn/shapes": 0.0,
    "figure1/as-drawn/forward": 1e-12,
    "lemma3/kernel/edge": 1e-9,
    "lemma3/eigenvalue/edge": 1e-9,
    # Figures 3 and 4: an advantage over what has learnt nothing, a gain of one attribute.
    **{
        f"figure3/instruments/{score}-over-{rival}": 0.05
        for score in ("factorvae", "mig", "dci", "sap")
        for rival in ("untrained", "shuffled")
    },
    "figure4/more-attributes/gain": 1.0,
    "figure4/by-training/gain-by-training": 1.0,
}

EFFECTS = {"theorem2/path/gap": 0.03, "theorem2/sampled/average": 0.03}
"""How far beyond a bound on a mean sizes are chosen to see."""

CRITERIA = {
    f"{check.claim.id}/{part.reading}/{criterion.id}": criterion
    for check in PACK.checks
    for part in check.readings
    for criterion in part.criteria
}


def promised(name, law, profile):
    """The widest region that the promise allows this criterion."""
    if isinstance(law, OrderBound):
        return -np.inf, law.order + PROMISED[profile.name][law.margin]
    if isinstance(law, ExactOrder):
        return law.order - PROMISED[profile.name][law.margin], law.order + PROMISED[profile.name][law.margin]
    if isinstance(law, Constant):
        margin = OWN.get(name, PROMISED[profile.name]["constant"]) * abs(law.value)
        return law.value - margin, law.value + margin
    if isinstance(law, Ceiling):
        return 0.0, OWN.get(name, 1.0)
    if isinstance(law, Identity):
        return 0.0, OWN.get(name, 1e-10)
    if isinstance(law, Probability):
        return OWN.get(name, 0.9), 1.0
    if isinstance(law, Trend):
        return OWN.get(name, 0.0), np.inf
    return (OWN[name], np.inf) if isinstance(law, AtLeast) else (-np.inf, OWN[name])


def loosened(law, profile):
    """The law and the profile with the margin, or what stands for one, ten times as wide."""
    if isinstance(law, Identity):
        return replace(law, tolerance=10 * law.tolerance), profile
    if isinstance(law, Probability):
        return replace(law, at_least=max(1 - 10 * (1 - law.at_least), 0.01)), profile
    if isinstance(law, AtMost):
        return replace(law, bound=10 * law.bound), profile
    if isinstance(law, AtLeast):
        return replace(law, bound=law.bound / 10), profile
    if isinstance(law, Trend):
        return law.shifted(-10, profile), profile
    if isinstance(law, Constant) and law.margin is not None:
        return replace(law, margin=10 * law.margin), profile
    return law, replace(profile, margins={name: 10 * margin for name, margin in profile.margins.items()})


def too_wide(name, law, profile):
    """Whether the region reaches beyond what is promised."""
    (low, high), (lowest, highest) = law.accepted(profile), promised(name, CRITERIA[name].law, profile)
    return low < lowest - 1e-12 * abs(lowest) or high > highest + 1e-12 * abs(highest)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_no_region_is_wider_than_promised(profile):
    assert [name for name, c in CRITERIA.items() if too_wide(name, c.law, profile)] == []


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_ten_times_the_margin_would_be_noticed(profile):
    """A criterion named here has a bound of its own: add it to OWN."""
    unnoticed = [
        name for name, c in CRITERIA.items() if c.law != Identity(0.0) and not too_wide(name, *loosened(c.law, profile))
    ]
    assert unnoticed == []


def departing(law, profile, times):
    """Samples of four cases and four widths, 1 % of noise, whose truth departs from the law by a promised effect."""
    rng = np.random.default_rng(0)
    strata, widths = np.repeat(np.arange(4), 64), np.tile(np.repeat(2.0 ** np.arange(6, 10), 16), 4)
    noise = np.exp(1e-3 * rng.standard_normal(len(strata)))
    if isinstance(law, Constant):
        margin = PROMISED[profile.name]["constant"] if law.margin is None else law.margin
        return Samples(law.value * (1 + times * 2.5 * margin) * noise, strata, widths)
    exponent = law.order + times * 2 * PROMISED[profile.name][law.margin]
    return Samples(widths**exponent * noise, strata, widths)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_the_effect_that_a_profile_states_is_seen_and_would_not_be_with_wider_margins(profile):
    """Two margins of an exponent and two and a half of a constant, as they are promised, whatever the profile says."""
    for name, criterion in CRITERIA.items():
        law = criterion.law
        if isinstance(law, ExactOrder | OrderBound | Constant):
            there = departing(law, profile, 1)
            assert law.judge(departing(law, profile, 0), profile).verdict is Verdict.HOLDS, name
            assert law.judge(there, profile).verdict is Verdict.VIOLATED, name
            wide, generous = loosened(law, profile)
            assert wide.judge(there, generous).verdict is Verdict.HOLDS, name


def test_the_table_of_bounds_names_criteria_that_are_there():
    assert set(OWN) <= set(CRITERIA)


def test_effects_beyond_bounds_are_those_promised():
    bounds = {name: c.law for name, c in CRITERIA.items() if isinstance(c.law, AtMost | AtLeast)}
    assert {name: law.effect for name, law in bounds.items() if law.effect} == EFFECTS
    for profile in PROFILES.values():
        drops = {c.law.must_detect(profile) for c in CRITERIA.values() if isinstance(c.law, Probability)}
        assert drops == {0.3}
