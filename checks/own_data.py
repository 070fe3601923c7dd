"""A user's own data, in place of the cases drawn."""

from __future__ import annotations

import itertools

from jaxtyping import Float
from numpy import ndarray

from checks.case import CaseBook, VaeCase
from claimtest.profile import PROFILES
from theorems.setting import Problem

__all__ = ["OWN", "case_from_data"]

OWN = "yours"
"""Where a user's own case comes from."""


def case_from_data(
    inputs: Float[ndarray, "n p"], targets: Float[ndarray, "n d"] | None, widths: tuple[int, int] | None
) -> CaseBook:
    """A book with the user's own data as its only case; without targets they form an autoencoder.

    ``widths`` = (narrowest, widest) gives the ladder narrowest·2^k up to the widest.
    Raises ValueError if rows are off the sphere, targets do not match, or the widths give no ladder.
    """
    problem = Problem(inputs, inputs if targets is None else targets)
    ladder = _doubling(*widths) if widths else ()
    return CaseBook((VaeCase(problem, origin=OWN, ladder=ladder, stands_for=PROFILES["quick"].cases),))


def _doubling(narrowest: int, widest: int) -> tuple[int, ...]:
    if not 1 <= narrowest <= widest:
        raise ValueError(f"widths {narrowest}:{widest}: the narrowest must be at least 1 and at most the widest")
    return tuple(itertools.takewhile(lambda m: m <= widest, (narrowest * 2**k for k in itertools.count())))
