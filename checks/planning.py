"""Words to plan with: which cases, which widths, how many replicates; each depends on the profile alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from checks.case import CaseBook, VaeCase
from claimtest.cells import Experiment, Sweep
from claimtest.profile import Profile
from theorems import lemma2

__all__ = [
    "BLOCKS",
    "EIGENVALUE_REACH",
    "FEW",
    "LONGEST_LADDER",
    "NARROWEST",
    "REACH",
    "WIDEST",
    "by_profile",
    "derived_eigenvalue_width",
    "derived_width",
    "drawn",
    "growth",
    "ladder",
    "only",
    "powers_of_two",
    "quick_rungs",
    "reachable",
    "real",
    "reference",
    "rungs",
    "sweep",
    "swift",
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
    """Up to six drawn cases whose slowest mode is gone before the floor of stochastic gradients is measured.

    Where a book has three of them or fewer, they stand for six.
    """
    found = [case for case in book.drawn if case.condition < 5][:6]
    share = 6 // len(found) if found else 1
    return [_standing_for(case, max(share, case.stands_for)) for case in found]


def growth(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
    """The drawn cases, at standard and thorough all: how widths grow needs a spread of n, d and λ0."""
    return drawn(book, profile) if profile.name == "quick" else book.drawn


def reachable(*blocks: str) -> Callable[[CaseBook, Profile], Sequence[VaeCase]]:
    """The cases in which closeness of one of these blocks lies, by its derived width, well inside the ladder.

    At quick they are the first of each block, wherever they stand in the book: small kernels alone are in reach, and
    there need not be one among the few cases that quick draws.
    """

    def cases(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
        within = [[i for i, case in enumerate(book.drawn) if derived_width(case, b) <= REACH] for b in blocks]
        taken = set().union(*(found[:1] if profile.name == "quick" else found for found in within))
        return [book.drawn[i] for i in sorted(taken)]

    return cases


BLOCKS = ("total", "decoder", "mean", "scale")
"""Θ and its blocks, as the kernels name them."""

REACH = 20.0
"""Largest derived width (with C = 1) at which closeness in norm is judged: those found are 30 to 240 times as large."""

EIGENVALUE_REACH = 80.0
"""Largest derived width of the smallest eigenvalue at which that is judged.

At 2048 units, the widest of the shortest ladder, all of 101 blocks that lie beyond 40 (of 840, root seeds 0 to 39) but
two kept (b) in every network of a hundred; those two, at 355 and 826, fell short in 21 and 59 of them.
"""

LONGEST_LADDER = {"quick": 13, "standard": 14, "thorough": 15}
"""Largest power of two tried for closeness in Lemma 2, by profile."""


def derived_width(case: VaeCase, block: str = "total") -> float:
    """The derived width of Lemma 2 for one block of the case's limiting kernel."""
    problem = case.problem
    return lemma2.derived_width(problem.inputs, problem.targets.shape[1], case.kernel, block)


def derived_eigenvalue_width(case: VaeCase, block: str = "total") -> float:
    """The same for its smallest eigenvalue alone."""
    problem = case.problem
    return lemma2.derived_eigenvalue_width(problem.inputs, problem.targets.shape[1], case.kernel, block)


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


FEW = 2
"""Cases that a variant runs on."""

NARROWEST, WIDEST = slice(4), slice(-1, None)
"""Parts of a ladder that a variant runs on."""


def variant(of: Sweep, name: str, rungs: slice = NARROWEST, **ingredients: Any) -> Sweep:
    """The sweep with wrong ingredients in its experiment: the model's wing of the controls.

    It runs on the two cheapest cases and some ``rungs`` of the ladder, the four narrowest unless said otherwise: what
    is really false shows there already. Where the claim itself is false on narrow networks, the widest have to do.
    """
    wrong = dataclasses.replace(
        of.experiment, id=f"{of.experiment.id}/{name}", run=partial(of.experiment.run, **ingredients)
    )

    def cheapest(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
        cases = of.cases(book, profile)  # a user's only one need not be in scope, and may have no cost
        if len(cases) > FEW:
            return sorted(cases, key=lambda case: wrong.cost(case, 64))[:FEW]
        return [_standing_for(case, FEW) if getattr(case, "stands_for", 1) > FEW else case for case in cases]

    def chosen(case: VaeCase, profile: Profile) -> Sequence[int]:
        return of.widths(case, profile)[rungs]

    return dataclasses.replace(of, experiment=wrong, cases=cheapest, widths=chosen)


@lru_cache(maxsize=64)
def _standing_for(case: VaeCase, number: int) -> VaeCase:
    return case if number == case.stands_for else dataclasses.replace(case, stands_for=number)


def sweep(experiment: Experiment, cases: Any, widths: Any, sizes: Mapping[str, int], block: int) -> Sweep:
    """The experiment on these cases and widths, with so many replicates by profile, ``block`` of them in a cell."""
    return Sweep(experiment, cases, widths, by_profile(sizes), block)
