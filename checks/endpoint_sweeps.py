"""The sweeps of Theorem 2: which training runs on which cases, at which widths, with how many replicates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.experiments.endpoint import (
    ANTISYMMETRIC,
    DECODER,
    LATENT,
    LEARNED,
    LEARNED_STANDARD,
    STANDARD,
    WEIGHT,
)
from checks.experiments.regularisation import PATH, SAMPLED
from checks.planning import ladder, rungs, sweep
from checks.regularised_cases import (
    RegularisedBook,
    RegularisedCase,
    decoder_cases,
    fixed_noise,
    independent_learned,
    learned_noise,
    path_cases,
)
from claimtest.profile import Profile

__all__ = [
    "ANTISYMMETRIC_SWEEP",
    "DECODER_SWEEP",
    "LATENT_SWEEP",
    "LEARNED_STANDARD_SWEEP",
    "LEARNED_SWEEP",
    "PATH_SWEEP",
    "SAMPLED_SWEEP",
    "STANDARD_SWEEP",
    "WEIGHT_SWEEP",
]

Cases = Callable[[RegularisedBook, Profile], Sequence[RegularisedCase]]


def half(cases: Cases) -> Cases:
    """The first half of the cases: every activation, dependent and independent inputs."""
    return lambda book, profile: cases(book, profile)[: -(-len(cases(book, profile)) // 2)]


WEIGHT_SWEEP = sweep(WEIGHT, fixed_noise, ladder, {"quick": 12, "standard": 16, "thorough": 32}, 4)
LATENT_SWEEP = sweep(LATENT, fixed_noise, ladder, {"quick": 12, "standard": 16, "thorough": 32}, 4)
ANTISYMMETRIC_SWEEP = sweep(ANTISYMMETRIC, half(fixed_noise), ladder, {"quick": 20, "standard": 32, "thorough": 64}, 4)
DECODER_SWEEP = sweep(DECODER, decoder_cases, ladder, {"quick": 12, "standard": 20, "thorough": 40}, 4)
STANDARD_SWEEP = sweep(STANDARD, fixed_noise, ladder, {"quick": 24, "standard": 32, "thorough": 64}, 8)
LEARNED_SWEEP = sweep(LEARNED, learned_noise, ladder, {"quick": 12, "standard": 16, "thorough": 32}, 4)
LEARNED_STANDARD_SWEEP = sweep(
    LEARNED_STANDARD, independent_learned, ladder, {"quick": 12, "standard": 24, "thorough": 48}, 4
)
PATH_SWEEP = sweep(
    PATH,
    path_cases,
    lambda case, profile: rungs(*((4, 4) if profile.name == "quick" else (6, 6)))(case, profile),
    {"quick": 12, "standard": 24, "thorough": 48},
    4,
)
SAMPLED_SWEEP = sweep(SAMPLED, half(fixed_noise), rungs(3, 3), {"quick": 16, "standard": 48, "thorough": 96}, 16)
