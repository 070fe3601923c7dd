"""Where designs come from: the criteria of a run, the hardest of every kind, and default ones that need no run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.typing import ArrayLike

from claimtest.calibration.design import (
    Design,
    EventDesign,
    ExactDesign,
    Noise,
    Resampled,
    SquaredNormal,
    StudentDesign,
    StudentNoise,
    sorted_by_cell,
)
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
)
from claimtest.criteria.order import fit_slope
from claimtest.criteria.student import Groups, StudentLaw, cases, cells
from claimtest.results import CriterionResult

__all__ = ["MOST_VALUES", "default_designs", "design_from", "hardest"]

MOST_VALUES = 4000
"""Criteria with more values than this are never the hardest and would take longest."""

_FEW = 8
"""A group of fewer values than this does not tell its own variance."""


def design_from(name: str, result: CriterionResult) -> Design | None:
    """Synthetic evidence laid out like a criterion's and as noisy; None where there is no noise to copy."""
    law = result.criterion.law
    if result.outcome is None or result.samples is None or not 2 <= len(result.samples) <= MOST_VALUES:
        return None
    samples, _ = sorted_by_cell(result.samples)
    if isinstance(law, Probability):
        return EventDesign(name, law, samples, ())
    if not isinstance(law, StudentLaw) or not np.isfinite(result.outcome.interval).all():
        return None
    scale, pool = residuals(samples, _without_trend(law, samples))
    if len(pool) < _FEW:
        return None
    return StudentDesign(name, law, samples, (), scale, Resampled(pool))


def _without_trend(law: StudentLaw, samples: Samples) -> Float[ndarray, " N"]:
    """The values or, for an exponent, log value less the fitted exponent times log abscissa."""
    if not isinstance(law, ExactOrder | OrderBound):
        return samples.values
    return np.log(samples.values) - fit_slope(samples).estimate * np.log(samples.abscissa)


def residuals(samples: Samples, y: Float[ndarray, " N"]) -> tuple[Float[ndarray, " N"], Float[ndarray, " K"]]:
    """The standard deviation at each value, from its cell, and the pooled residuals, each over that of the *others*.

    Where a cell has too few values those of its case do, about their own mean, else all. A residual over the deviation
    of a group that it belongs to is bounded by (n - 1)/√n, which would cut the tails off; leaving it out,
    ρ² = z² (n - 2)/(n - 1 - z²) with z² = r² n/((n - 1) s²), has tails that are rather too heavy. The pool is centred
    and has variance 1.
    """
    cell, case = cells(samples), cases(samples)
    everything = Groups(np.zeros(len(y), int))
    scale, left_out = np.zeros(len(y)), np.zeros(len(y))
    done = np.zeros(len(y), dtype=bool)
    for groups in (cell, case, everything):
        n = groups.counts[groups.code]
        centred = y - groups.means(y)
        deviation = np.sqrt(groups.means(centred**2) * n / np.maximum(n - 1, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            z = centred / deviation * np.sqrt(n / (n - 1))
            over_others = z * np.sqrt((n - 2) / np.maximum(n - 1 - z**2, 1e-6))
        new = ~done & (n >= _FEW) & (deviation > 0)
        scale[new], left_out[new] = deviation[new], over_others[new]
        done |= new
    if not done.any():
        return scale, np.empty(0)
    scale[~done] = scale[done].min()
    pool = left_out[done] - left_out[done].mean()
    return scale, pool / pool.std()


@dataclass(frozen=True)
class Hardness:
    """A way of being hard for a law, larger for harder designs."""

    why: str
    of: Callable[[StudentDesign], float]


def _kurtosis(design: StudentDesign) -> float:
    return float((design.noise.pool**4).mean()) if isinstance(design.noise, Resampled) else 0.0


def _skewness(design: StudentDesign) -> float:
    return abs(float((design.noise.pool**3).mean())) if isinstance(design.noise, Resampled) else 0.0


def _inverse_freedom(design: StudentDesign) -> float:
    assert isinstance(design.law, StudentLaw)
    return 1 / float(design.law.fit(design.samples.values, design.samples).freedom)


HARD = (
    Hardness("fewest degrees of freedom", _inverse_freedom),
    Hardness("heaviest tails", _kurtosis),
    Hardness("most skewed", _skewness),
    Hardness("most unequal variances", lambda d: float(d.scale.max() / d.scale.min())),
    Hardness("fewest values", lambda d: -len(d.samples)),
)


def hardest(designs: Iterable[Design]) -> list[Design]:
    """The hardest design of every kind of law in each way of being hard, every one once."""
    found: dict[int, list[str]] = {}
    everyone = list(designs)
    for kind in dict.fromkeys(_kind(d) for d in everyone):
        alike = [k for k, design in enumerate(everyone) if _kind(design) == kind]
        for why, of in _ways(everyone[alike[0]]):
            found.setdefault(max(alike, key=lambda k, of=of: of(everyone[k])), []).append(why)
    return [replace(everyone[k], why=tuple(whys)) for k, whys in sorted(found.items())]


def _ways(example: Design) -> Sequence[tuple[str, Callable]]:
    ways = HARD if isinstance(example, StudentDesign) else HARD[-1:]
    return [(way.why, way.of) for way in ways]


def _kind(design: Design) -> tuple[str, bool]:
    """Means by known precisions are another matter than those of cases alike."""
    return design.law.kind, design.samples.weights is None


def _layout(cases: int, widths: ArrayLike, replicates: int) -> Samples:
    strata = np.repeat(np.arange(cases), np.size(widths) * replicates)
    abscissa = np.tile(np.repeat(np.asarray(widths, dtype=float), replicates), cases)
    return Samples(np.ones(len(strata)), strata, abscissa)


def default_designs() -> list[Design]:
    """A short ladder or few replicates for every kind of law, with heavy tails, variances 1 : 100, or much skewness."""
    heavy, skewed = StudentNoise(5), SquaredNormal()
    ladder = _layout(4, 2.0 ** np.arange(6, 12), 8)
    few = _layout(4, [64.0], 16)
    many = _layout(8, [64.0], 16)
    along = 0.3 * np.geomspace(1, 0.1, 6)[np.searchsorted(np.unique(ladder.abscissa), ladder.abscissa)]
    across = 0.1 * np.geomspace(1, 0.1, 4)[few.strata]
    precise = replace(ladder, weights=1 / along**2)
    return [
        _student("falling variances", ExactOrder(-0.5), ladder, along, heavy),
        _student("falling variances", OrderBound(-0.5), ladder, along, heavy),
        _student("unequal cases", Constant(1.0), few, across, heavy),
        _student("skewed", Constant(1.0), many, np.full(len(many), 0.1), skewed),
        _student("known precisions", Constant(1.0), precise, along, heavy),
        _student("unequal cases", AtLeast(0.5, 0.1), few, across, heavy),
        _student("unequal cases", AtMost(0.5, 0.1), few, across, heavy),
        EventDesign("default: 400 replicates", Probability(0.9), _layout(1, [64.0], 400), ("the usual number",)),
        ExactDesign("default: defects", Identity(1e-10), few, ("exact",)),
        ExactDesign("default: ratios", Ceiling(1.0), few, ("exact",)),
    ]


def _student(what: str, law: StudentLaw, samples: Samples, scale: Float[ndarray, " N"], noise: Noise) -> StudentDesign:
    return StudentDesign(f"default: {what}", law, samples, ("needs no run",), scale, noise)
