"""A criterion: what is asked of which part of the evidence, and the samples that a law is then asked of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from claimtest.cells import CellData, Sweep
from claimtest.criteria import Law, Outcome, Samples
from claimtest.fields import named, real_numbers, require
from claimtest.profile import Profile

__all__ = ["Criterion", "at_every_width", "at_three_widest", "at_widest"]


def at_every_width(data: Sequence[CellData]) -> Sequence[CellData]:
    """All of the ladder."""
    return data


def at_three_widest(data: Sequence[CellData]) -> Sequence[CellData]:
    """The three widest networks of each case."""
    last = {
        name: sorted({cell.width for cell in data if cell.case.id == name})[-3:] for name in {c.case.id for c in data}
    }
    return [cell for cell in data if cell.width in last[cell.case.id]]


def at_widest(data: Sequence[CellData]) -> Sequence[CellData]:
    """The widest network of each case."""
    widest = {cell.case.id: cell.width for cell in data}  # the ladder runs from narrow to wide
    return [cell for cell in data if cell.width == widest[cell.case.id]]


@dataclass(frozen=True)
class Criterion:
    """A law, asked of what ``measure`` makes of the evidence of ``sweep``.

    With ``over="cell"``, ``measure(cell, **ingredients)`` returns values (replicates,) or (replicates, k), or a pair
    (values, abscissa) of such arrays where the abscissa is not the width. With ``over="sweep"``,
    ``measure(cells, **ingredients)`` returns Samples. Ingredients are predictions: a control substitutes them.
    ``precision(cell)`` gives relative weights known beforehand, one number or one per value; weight 0 leaves a
    value out. ``accuracy`` marks a question about the computation itself (how far a path was followed, whether training
    has ended), which is no bound that the claim states. Where the law counts how often a bound is kept, ``used(cell)``
    says how much of it each replicate used, 1 where it was just kept; the report shows it. Raises TypeError for a field
    of another kind.
    """

    id: str
    asks: str
    law: Law
    sweep: Sweep
    measure: Callable[..., Any]
    at: Callable[[Sequence[CellData]], Sequence[CellData]] = at_every_width
    over: Literal["cell", "sweep"] = "cell"
    precision: Callable[..., Any] | None = None
    abscissa: str = "width m"
    ordinate: str = ""
    accuracy: bool = False
    used: Callable[[CellData], ndarray] | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be judged or shown."""
        named(self)
        require(self, asks=str, law=Law, sweep=Sweep, measure=Callable, at=Callable, abscissa=str, ordinate=str)
        require(self, precision=(Callable, NoneType), accuracy=bool, used=(Callable, NoneType))
        if self.over not in ("cell", "sweep"):
            raise ValueError(f"criterion {self.id!r}: over has to be 'cell' or 'sweep', not {self.over!r}")

    def samples(self, data: Sequence[CellData], **ingredients: Any) -> Samples:
        """Values, cases and abscissae of the chosen part of the ladder."""
        chosen = self.at(data)
        if self.over == "sweep":
            samples = self.measure(chosen, **ingredients)
            if not isinstance(samples, Samples):
                raise TypeError(f"measure has to return Samples over a sweep, not {type(samples).__name__}")
            return samples
        names = tuple(dict.fromkeys(cell.case.id for cell in chosen))
        parts = [_cell_samples(self, cell, names.index(cell.case.id), ingredients) for cell in chosen]
        columns = [np.concatenate(column) if parts else np.empty(0) for column in zip(*parts, strict=True)]
        values, strata, abscissa, weights = columns or [np.empty(0)] * 4
        return Samples(values, strata.astype(int), abscissa, weights if self.precision else None, names)

    def judge(self, data: Sequence[CellData], profile: Profile, **ingredients: Any) -> tuple[Outcome, Samples]:
        """The law's outcome on the evidence, with the samples it rests on."""
        samples = self.samples(data, **ingredients)
        return self.law.judge(samples, profile), samples

    def share_used(self, data: Sequence[CellData]) -> tuple[float, float] | None:
        """How much of the bound the median replicate used, and the one that used most; None where nobody asks."""
        if self.used is None:
            return None
        shares = np.concatenate([real_numbers(self.used(cell), "what used returns") for cell in self.at(data)])
        return (float(np.median(shares)), float(shares.max())) if len(shares) else None


def _cell_samples(
    criterion: Criterion, cell: CellData, stratum: int, ingredients: Mapping[str, Any]
) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    measured = criterion.measure(cell, **ingredients)
    if isinstance(measured, tuple) and len(measured) != 2:
        raise ValueError(f"measure has to return values or a pair (values, abscissa), not {len(measured)} things")
    values, abscissa = measured if isinstance(measured, tuple) else (measured, cell.width)
    values = real_numbers(values, "what measure returns")
    if not values.ndim:
        raise ValueError("measure has to return a value for each replicate, not one number for all of them")
    abscissa = real_numbers(abscissa, "the abscissa that measure returns")
    if criterion.precision is None and not abscissa.ndim:  # most by far: nothing to weigh, nothing to leave out
        values, size = values.reshape(-1), values.size
        return values, np.full(size, stratum), np.full(size, float(abscissa)), np.ones(size)
    weights = real_numbers(criterion.precision(cell) if criterion.precision else 1.0, "what precision returns")
    if not (weights >= 0).all() or np.isinf(weights).any():
        raise ValueError("precision has to return finite weights that are not negative")
    weights = np.broadcast_to(weights, values.shape)
    abscissa = np.broadcast_to(abscissa, values.shape)
    kept = weights > 0
    return values[kept], np.full(int(kept.sum()), stratum), abscissa[kept], weights[kept]
