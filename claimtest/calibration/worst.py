"""What a run with other seeds would have in place of the defects of one, and of values that do not vary.

Identities and ceilings are judged by the largest defect and have no interval: all that is known of their noise is how
defects scatter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from claimtest.calibration.design import ExactDesign, sorted_by_cell
from claimtest.calibration.noise import bandwidth
from claimtest.calibration.sources import FEW
from claimtest.criteria import Identity, Law, Samples
from claimtest.criteria.student import Groups, cases, cells

__all__ = ["SteadyDesign", "WorstDesign", "worst_of"]

ROUND_OFF = float(np.finfo(float).eps)
"""A defect that happened to be smaller, or 0, counts as one of this size: the next one may be rounded otherwise."""

WILD = 3
"""A group of fewer values does not even tell that it scatters more than others: two may be far apart by chance."""


@dataclass(frozen=True)
class WorstDesign(ExactDesign):
    """Defects whose logarithm is ``middle`` (N,) + one of the residuals (N,) of the same group, moved a little.

    A smoothed bootstrap without shrinkage: what it draws scatters more than what the run had. Defects of a group that
    do not differ, nor will. Where there are several ways to group, runs take them in turn. Errors of both signs pass
    through zero, where logarithms have no end: ``signed`` ones scatter themselves.
    """

    middle: Float[ndarray, " N"] = field(kw_only=True)
    residuals: Float[ndarray, " N"] = field(kw_only=True)
    groups: tuple[Groups, ...] = field(kw_only=True)
    signed: bool = field(kw_only=True)

    def again(self, rng: Generator, count: int, truth: float) -> Float[ndarray, "S N"]:
        """Defects of ``count`` runs, whatever the largest was."""
        drawn = np.empty((count, len(self.middle)))
        for turn, group in enumerate(self.groups):
            taken = drawn[turn :: len(self.groups)]
            taken[:] = self._scattered(rng, len(taken), group)
        return self.middle + drawn if self.signed else np.exp(self.middle + drawn)

    def _scattered(self, rng: Generator, count: int, group: Groups) -> Float[ndarray, "S N"]:
        """Residuals of the group, each moved a little."""
        n = group.counts[group.code]
        first = (np.cumsum(group.counts) - group.counts)[group.code]
        sorted_ = self.residuals[np.argsort(group.code, kind="stable")]
        shape = (count, len(n))
        nearby = bandwidth(n) * np.sqrt(group.means(self.residuals**2))
        return sorted_[first + (rng.random(shape) * n).astype(int)] + nearby * rng.standard_normal(shape)


@dataclass(frozen=True)
class SteadyDesign(ExactDesign):
    """Values that are the same in every replicate of a case, and will be in every run."""

    @classmethod
    def of(cls, name: str, law: Law, samples: Samples) -> Self | None:
        """None if they vary, or if a case has one value, which does not tell."""
        case = cases(samples)
        steady = case.counts.min() > 1 and (samples.values == case.means(samples.values)).all()
        return cls(name, law, samples, ("certainty",)) if steady else None

    def again(self, rng: Generator, count: int, truth: float) -> Float[ndarray, "S N"]:
        """The same."""
        return np.tile(self.samples.values, (count, 1))


def worst_of(name: str, law: Identity, samples: Samples) -> WorstDesign:
    """The ``samples`` of a run with their spread: about the mean of their cell, where each has two values or more.

    Else about that of their case, or of all. Cells, or else cases, of at least eight values have residuals of their
    own. So few as smaller ones have do not tell their tails, and all together dilute one that is wild: every other run
    has the residuals of all, the rest those of cells, or else cases, of at least three. What is infinite, or exactly 0
    where nothing else is tolerated, stays as it is.
    """
    samples, _ = sorted_by_cell(samples)
    signed = bool((samples.values < 0).any())
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(np.abs(samples.values), ROUND_OFF if law.tolerance else 0.0))
    defects = samples.values if signed else logs
    middle, residuals = defects.copy(), np.zeros(len(defects))
    if np.isfinite(defects).all():
        alike = _finest(samples, 2)
        middle = alike.means(defects)
        share = 1 - 1 / alike.counts[alike.code]  # of the variance that is left about a mean of so many
        residuals = (defects - middle) / np.sqrt(np.where(share > 0, share, 1.0))
    shared, own = _finest(samples, FEW), _finest(samples, WILD)
    groups = (shared,) if len(shared.counts) == len(own.counts) else (shared, own)
    return WorstDesign(name, law, samples, ("certainty",), middle=middle, residuals=residuals, groups=groups,
                       signed=signed)  # fmt: skip


def _finest(samples: Samples, least: int) -> Groups:
    """Cells, or cases, or everything: the first of which each has so many values."""
    everything = Groups(np.zeros(len(samples), int))
    return next((g for g in (cells(samples), cases(samples)) if g.counts.min() >= least), everything)
