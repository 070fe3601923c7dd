"""The sweeps of Theorem 2: which training runs on which cases, at which widths, with how many replicates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.case import CaseBook
from checks.experiments.endpoint import (
    ANTISYMMETRIC,
    DECODER,
    DECODER_PATH,
    LATENT,
    LEARNED,
    LEARNED_STANDARD,
    STANDARD,
    WEIGHT,
)
from checks.experiments.regularisation import GROWTH, PATH, SAMPLED
from checks.planning import ladder, quick_rungs, rungs, sweep
from checks.regularised_cases import (
    RegularisedCase,
    centred_cases,
    decoder_cases,
    fixed_noise,
    independent_learned,
    learned_noise,
    path_cases,
)
from claimtest.profile import Profile

__all__ = [
    "ANTISYMMETRIC_SWEEP",
    "DECODER_PATH_SWEEP",
    "DECODER_SWEEP",
    "GROWTH_SWEEP",
    "LATENT_SWEEP",
    "LEARNED_STANDARD_SWEEP",
    "LEARNED_SWEEP",
    "PATH_SWEEP",
    "SAMPLED_SWEEP",
    "STANDARD_SWEEP",
    "WEIGHT_SWEEP",
]

Cases = Callable[[CaseBook, Profile], Sequence[RegularisedCase]]


def half(cases: Cases) -> Cases:
    """The first half of the cases: dependent and independent inputs, both noise scales."""
    return lambda book, profile: cases(book, profile)[: -(-len(cases(book, profile)) // 2)]


def at_one_rung(case: RegularisedCase, profile: Profile) -> Sequence[int]:
    """A wide network: the margins of a constant ask for more width in larger profiles."""
    rung = 4 if profile.name == "quick" else 6
    return rungs(rung, rung)(case, profile)


WEIGHT_SWEEP = sweep(WEIGHT, fixed_noise, ladder, {"quick": 24, "standard": 24, "thorough": 48}, 12)
LATENT_SWEEP = sweep(LATENT, fixed_noise, ladder, {"quick": 24, "standard": 24, "thorough": 48}, 12)
ANTISYMMETRIC_SWEEP = sweep(ANTISYMMETRIC, half(fixed_noise), ladder, {"quick": 32, "standard": 32, "thorough": 48}, 16)
DECODER_SWEEP = sweep(DECODER, decoder_cases, ladder, {"quick": 24, "standard": 24, "thorough": 36}, 16)
DECODER_PATH_SWEEP = sweep(
    DECODER_PATH, decoder_cases, rungs(0, 0), {"quick": 32, "standard": 32, "thorough": 32}, 4
)  # narrow networks, whose features move most
STANDARD_SWEEP = sweep(STANDARD, fixed_noise, ladder, {"quick": 48, "standard": 48, "thorough": 72}, 24)
LEARNED_SWEEP = sweep(
    LEARNED, learned_noise, quick_rungs(1, 5, 7), {"quick": 32, "standard": 20, "thorough": 40}, 20
)  # narrower ones hold units with almost no noise, in which training takes long
LEARNED_STANDARD_SWEEP = sweep(
    LEARNED_STANDARD, independent_learned, ladder, {"quick": 32, "standard": 48, "thorough": 64}, 16
)
GROWTH_SWEEP = sweep(GROWTH, half(centred_cases), rungs(1, 1), {"quick": 32, "standard": 32, "thorough": 64}, 16)
PATH_SWEEP = sweep(PATH, path_cases, at_one_rung, {"quick": 24, "standard": 20, "thorough": 32}, 20)
SAMPLED_SWEEP = sweep(SAMPLED, half(fixed_noise), rungs(2, 2), {"quick": 48, "standard": 48, "thorough": 96}, 24)
