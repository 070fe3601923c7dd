"""Which experiment runs on which cases, at which widths, with how many replicates: the plan of every profile.

Claims share sweeps, and so their evidence. Sizes are chosen so that a true criterion holds, and a control comes out
violated, with probability 0.9999 each (half-width of the region at least the bias plus 8.3 standard errors).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from checks.cases import CaseBook, VaeCase
from checks.experiments.descent import DESCENT, STOCHASTIC
from checks.experiments.eigenvalues import EIGENVALUES
from checks.experiments.flow import FLOW, STEPPING
from checks.experiments.initialisation import INITIALISATION
from checks.experiments.reference import REFERENCE
from checks.experiments.sampled import IDENTITIES, SAMPLED
from claimtest.cells import Experiment, Sweep
from claimtest.profile import Profile
from theorems import lemma2

__all__ = [
    "CLOSENESS_SWEEP",
    "DESCENT_SWEEP",
    "DIGITS_DESCENT_SWEEP",
    "DIGITS_INITIAL_SWEEP",
    "EIGENVALUE_SWEEP",
    "FLOW_SWEEP",
    "IDENTITY_SWEEP",
    "INITIAL_SWEEP",
    "NARROW_SWEEP",
    "REFERENCE_SWEEP",
    "SAMPLED_SWEEP",
    "STEPPING_SWEEP",
    "STOCHASTIC_SWEEP",
    "derived_width",
    "variant",
]


def drawn(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
    """The profile's number of drawn cases, or the user's one."""
    return book.drawn[: profile.cases]


def real(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
    """Real data."""
    return book.real


def reference(book: CaseBook, profile: Profile) -> Sequence[Any]:
    """Kernels that somebody else computed."""
    return book.reference


def swift(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
    """Up to six drawn cases whose slowest mode is gone before the floor of stochastic gradients is measured."""
    return [case for case in book.drawn if case.condition < 5][:6]


def growth(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
    """The drawn cases, at standard and thorough all: how widths grow needs a spread of n, d and λ0."""
    return drawn(book, profile) if profile.name == "quick" else book.drawn


def reachable(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
    """The cases whose derived width for closeness in norm lies well inside the ladder."""
    return [case for case in growth(book, profile) if derived_width(case) <= REACH]


REACH = 60.0
"""Largest derived width (with C = 1) at which closeness in norm is judged: those found are up to 100 times as large."""

LONGEST_LADDER = {"quick": 13, "standard": 14, "thorough": 15}
"""Largest power of two tried for Lemma 2, by profile."""


def derived_width(case: VaeCase, block: str = "total") -> float:
    """The derived width of Lemma 2 for one block of the case's limiting kernel."""
    problem = case.problem
    return lemma2.derived_width(problem.inputs, problem.targets.shape[1], getattr(case.kernel, block))


def ladder(case: VaeCase, profile: Profile) -> Sequence[int]:
    """The profile's ladder of the case."""
    return case.widths(profile)


def rungs(first: int, last: int) -> Callable[[VaeCase, Profile], Sequence[int]]:
    """Some rungs base·2^k, first <= k <= last, the same in every profile; of a user's own ladder all."""
    return lambda case, profile: case.ladder or tuple(case.base * 2**k for k in range(first, last + 1))


def quick_rungs(first: int, last: int, last_beyond: int) -> Callable[[VaeCase, Profile], Sequence[int]]:
    """Rungs first .. last at quick, up to ``last_beyond`` in larger profiles."""
    return lambda case, profile: rungs(first, last if profile.name == "quick" else last_beyond)(case, profile)


def powers_of_two(largest: Callable[[Profile], int]) -> Callable[[VaeCase, Profile], Sequence[int]]:
    """1, 2, 4, … up to 2^largest."""
    return lambda case, profile: tuple(2**k for k in range(largest(profile) + 1))


def by_profile(sizes: Mapping[str, Any]) -> Callable[[Profile], Any]:
    """A size looked up by the profile's name."""
    return lambda profile: sizes[profile.name]


def only(width: Callable[[Profile], int]) -> Callable[[VaeCase, Profile], Sequence[int]]:
    """One width, the same for all cases."""
    return lambda case, profile: (width(profile),)


def variant(sweep: Sweep, name: str, **ingredients: Any) -> Sweep:
    """The sweep with wrong ingredients in its experiment: the model's wing of the controls.

    It runs on the two cheapest cases and the four narrowest widths: what is really false shows there already.
    """
    wrong = dataclasses.replace(
        sweep.experiment, id=f"{sweep.experiment.id}/{name}", run=partial(sweep.experiment.run, **ingredients)
    )

    def cheapest(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
        return sorted(sweep.cases(book, profile), key=lambda case: wrong.cost(case, 64))[:2]

    def narrowest(case: VaeCase, profile: Profile) -> Sequence[int]:
        return sweep.widths(case, profile)[:4]

    return dataclasses.replace(sweep, experiment=wrong, cases=cheapest, widths=narrowest)


def _sweep(experiment: Experiment, cases: Any, widths: Any, sizes: Mapping[str, int], block: int) -> Sweep:
    return Sweep(experiment, cases, widths, by_profile(sizes), block)


IDENTITY_SWEEP = _sweep(IDENTITIES, drawn, only(lambda p: 33), {"quick": 4, "standard": 8, "thorough": 16}, 4)
SAMPLED_SWEEP = _sweep(
    SAMPLED,
    drawn,
    only(by_profile({"quick": 64, "standard": 256, "thorough": 512})),
    {"quick": 64, "standard": 96, "thorough": 128},
    16,
)
INITIAL_SWEEP = _sweep(INITIALISATION, drawn, ladder, {"quick": 64, "standard": 64, "thorough": 128}, 32)
NARROW_SWEEP = _sweep(
    INITIALISATION, drawn, only(lambda p: 16), {"quick": 4096, "standard": 24576, "thorough": 49152}, 1024
)
REFERENCE_SWEEP = _sweep(REFERENCE, reference, only(lambda p: 1), {"quick": 1, "standard": 1, "thorough": 1}, 1)
DIGITS_INITIAL_SWEEP = _sweep(INITIALISATION, real, rungs(1, 6), {"quick": 16, "standard": 32, "thorough": 64}, 8)
EIGENVALUE_SWEEP = _sweep(
    EIGENVALUES, growth, powers_of_two(lambda p: 12), {"quick": 400, "standard": 400, "thorough": 400}, 100
)
CLOSENESS_SWEEP = _sweep(
    EIGENVALUES,
    reachable,
    powers_of_two(by_profile(LONGEST_LADDER)),
    {"quick": 400, "standard": 400, "thorough": 400},
    100,
)
FLOW_SWEEP = Sweep(FLOW, drawn, ladder)
STEPPING_SWEEP = _sweep(STEPPING, drawn, rungs(4, 4), {"quick": 2, "standard": 4, "thorough": 8}, 2)
DIGITS_DESCENT_SWEEP = _sweep(DESCENT, real, rungs(1, 1), {"quick": 128, "standard": 128, "thorough": 256}, 16)
DESCENT_SWEEP = _sweep(DESCENT, drawn, rungs(2, 3), {"quick": 32, "standard": 32, "thorough": 64}, 16)
STOCHASTIC_SWEEP = _sweep(STOCHASTIC, swift, quick_rungs(2, 3, 4), {"quick": 32, "standard": 96, "thorough": 192}, 16)
