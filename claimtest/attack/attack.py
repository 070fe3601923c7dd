"""What can be attacked of a claim: examples that Hypothesis draws, and how much of a bound each of them uses up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Attack", "Example", "Found", "Ratios"]

Example = Mapping[str, Any]
"""What an example is made of: words, whole numbers, finite floats, lists and mappings of them, as JSON holds them.

JSON writes a float with as many digits as tell it from its neighbours, so that a file holds the very same example.
"""

Ratios = Mapping[str, float]
"""Measured over bound, by the name of the bound: above 1 the bound is broken."""


@dataclass(frozen=True)
class Attack:
    """Bounds that hold without exception, so that one example is enough to refute them.

    ``bounds`` says in words (with TeX) what each named bound is; ``examples`` is a Hypothesis strategy of what JSON can
    hold; ``ratios(example)`` measures every bound that applies and must depend on nothing else, random or global. It
    raises ValueError for what is no example.
    """

    bounds: Mapping[str, str]
    examples: Any
    ratios: Callable[[Any], Ratios]

    def measure(self, example: Example) -> Found:
        """The ratios of an example; infinite where the arithmetic breaks down. Raises ValueError for what is none."""
        try:
            ratios = {name: float(value) for name, value in self.ratios(example).items()}
        except ArithmeticError:  # division by zero, overflow: nothing was measured, which shows nothing
            ratios = dict.fromkeys(self.bounds, math.inf)
        return Found(example, {name: math.inf if math.isnan(r) else r for name, r in ratios.items()})


@dataclass(frozen=True)
class Found:
    """An example with its ratios. A ratio that is not a number counts as infinite: nothing was measured there."""

    example: Example
    ratios: Ratios

    @property
    def bound(self) -> str:
        """The bound that it comes nearest to, or breaks most."""
        return max(self.ratios, key=lambda name: self.ratios[name])

    @property
    def ratio(self) -> float:
        """The largest ratio."""
        return self.ratios[self.bound]

    @property
    def broken(self) -> list[str]:
        """The bounds that it breaks."""
        return [name for name, ratio in self.ratios.items() if ratio > 1]
