"""What a check hands to the report besides its verdicts: pictures and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from types import NoneType
from typing import Any

from claimtest.fields import named, require

__all__ = ["Estimate", "Exhibit"]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval as the cell of a table; ``marked`` where the eye should fall on it first.

    Raises TypeError for what is no number.
    """

    value: float
    low: float
    high: float
    marked: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be shown."""
        try:
            numbers = [float(value) for value in (self.value, self.low, self.high) if isinstance(value, Real)]
        except OverflowError:
            numbers = []
        if len(numbers) < 3:
            raise TypeError("an estimate is made of three numbers")

    def __str__(self) -> str:
        """As in a CSV file; the report writes it by hand."""
        return f"{float(self.value):.3g} [{float(self.low):.3g}, {float(self.high):.3g}]"


@dataclass(frozen=True)
class Exhibit:
    """A picture or table with its data and alternative text, handed to the report.

    ``data`` are columns of equal length, an :class:`Estimate` where a cell has an interval. ``draw(axes)`` draws the
    picture on matplotlib axes; without it the data are shown as a table over the width of the page. ``of_bound``: it
    shows how loose a bound is, and the report's section on that links to it. ``leads``: it answers the claim at one
    look, and stands before the readings. ``aspect`` is the height of the picture over its width; ``whole``: it takes
    the width of the page. Raises TypeError for a field of another kind and ValueError for columns that differ in length
    or an aspect outside 0.05 to 5.
    """

    id: str
    title: str
    alt: str
    data: Mapping[Any, Sequence[Any]]
    draw: Callable[[Any], None] | None = None
    of_bound: bool = False
    leads: bool = False
    aspect: float = 0.6
    whole: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be shown."""
        named(self)
        require(
            self, title=str, alt=str, data=Mapping, draw=(Callable, NoneType), of_bound=bool, leads=bool, whole=bool
        )
        require(self, aspect=(float, int))
        if not 0.05 <= self.aspect <= 5:
            raise ValueError(f"exhibit {self.id!r}: an aspect between 0.05 and 5 is needed, not {self.aspect:g}")
        lengths = {str(name): len(column) for name, column in self.data.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"exhibit {self.id!r}: columns of different length: {lengths}")
