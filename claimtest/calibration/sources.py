"""Where designs come from: the criteria of a run, the hardest of every kind, and default ones that need no run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.typing import ArrayLike

from claimtest.calibration.design import Design, EventDesign, ExactDesign, StudentDesign, sorted_by_cell
from claimtest.calibration.noise import LaplaceNoise, Noise, NormalNoise, Resampled, SkewedNoise, StudentNoise
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
    Trend,
)
from claimtest.criteria.order import fit_slope
from claimtest.criteria.student import Groups, StudentLaw, cases, cells
from claimtest.judged import CriterionResult
from claimtest.profile import PROFILES

__all__ = ["FEW", "MOST_VALUES", "default_designs", "design_from", "hardest"]

MOST_VALUES = 4000
"""Criteria with more values than this are never the hardest and would take longest."""

FEW = 8
"""A group of fewer values than this does not tell its own variance."""


def design_from(name: str, result: CriterionResult, most: float = MOST_VALUES) -> Design | None:
    """Synthetic evidence laid out like a criterion's and as noisy.

    None where there is no noise to copy, or where it has more than ``most`` values.
    """
    law = result.criterion.law
    if result.outcome is None or result.samples is None or not 2 <= len(result.samples) <= most:
        return None
    samples, _ = sorted_by_cell(result.samples)
    if isinstance(law, Probability):
        design = EventDesign(name, law, samples, ())
        quick = PROFILES["quick"]  # a probability has the same region in every profile
        return replace(design, power=bool(np.isfinite(design.far(quick))) and design.centre(quick) < 1)
    if not isinstance(law, StudentLaw) or not np.isfinite(result.outcome.interval).all():
        return None
    scale, pool = residuals(samples, _without_trend(law, samples))
    if len(pool) < FEW:
        return None
    return StudentDesign(name, law, samples, (), scale=scale, noise=Resampled(pool))


def _without_trend(law: StudentLaw, samples: Samples) -> Float[ndarray, " N"]:
    """The values less what the fitted exponent or trend makes of the abscissa; for an exponent, logarithms of both."""
    if isinstance(law, Trend):
        return samples.values - float(law.fit(samples.values, samples).estimate) * law.along(samples.abscissa)
    if not isinstance(law, ExactOrder | OrderBound):
        return samples.values
    return np.log(samples.values) - fit_slope(samples).estimate * np.log(samples.abscissa)


def residuals(samples: Samples, y: Float[ndarray, " N"]) -> tuple[Float[ndarray, " N"], Float[ndarray, " K"]]:
    """The standard deviation at each value and the pooled residuals, each over the deviation of the *others*.

    Deviations are a factor for the case times one for the rung of its ladder, σ_{c,k} = a_c b_k, which many values
    tell; where precisions are known, σ_i = a/√w_i. A residual over a deviation that it contributes to itself is bounded
    by (n - 1)/√n, which would cut the tails off; leaving it out, ρ² = z² (n - 2)/(n - 1 - z²) with z² = r² n/((n - 1)
    a_c²) and n values in the case. A single value that makes up nearly all the variance of its case is left there in
    part, ρ² <= 4 z²: how rare it is cannot be told. The pool is centred and has variance 1; it is empty where nothing
    varies.
    """
    case, level, along = _levels(samples, y) if samples.weights is None else _weighted_levels(samples, y)
    n = case.counts[case.code]
    squares = case.means(level**2)
    scale = along * np.sqrt(squares)
    if not (scale > 0).all():
        return scale, np.empty(0)
    z = level**2 / squares
    pool = np.sign(level) * np.sqrt(z * (n - 1) / np.maximum(n - z, n / 4))
    pool -= pool.mean()
    return scale, pool / pool.std()


_Levels = tuple[Groups, Float[ndarray, " N"], Float[ndarray, " N"]]
"""Values of one a_c, the residuals over b_k (or √(1/w)), and those b_k."""


def _levels(samples: Samples, y: Float[ndarray, " N"]) -> _Levels:
    cell, case = cells(samples), cases(samples)
    if case.counts.min() < FEW:
        case = Groups(np.zeros(len(y), int))
    centred = (y - cell.means(y)) / np.sqrt(np.maximum(1 - 1 / cell.counts[cell.code], 1e-9))
    if (cell.counts == 1).any():
        centred = y - case.means(y)
    along = _rungs(samples, cell, centred)
    return case, centred / along, along


def _weighted_levels(samples: Samples, y: Float[ndarray, " N"]) -> _Levels:
    weights = np.asarray(samples.weights, dtype=float)
    root = np.sqrt(np.maximum(weights, 1e-30 * weights.max()))
    return Groups(np.zeros(len(y), int)), (y - np.average(y, weights=weights)) * root, 1 / root


def _rungs(samples: Samples, cell: Groups, centred: Float[ndarray, " N"]) -> Float[ndarray, " N"]:
    """b_k at each value: b_k² is the mean, over cases, of the variance on the k-th rung over that of the whole case.

    So every case counts alike, one that hardly varies and has no such order included.
    """
    rung = np.concatenate([np.unique(samples.abscissa[samples.strata == c], return_inverse=True)[1]
                           for c in np.unique(samples.strata)])  # fmt: skip
    whole = np.maximum(cases(samples).means(centred**2), 1e-300)
    return np.sqrt(np.maximum(Groups(rung).means(cell.means(centred**2) / whole), 1e-12))


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
    """A short ladder or few replicates for every kind of law: variances 1 : 100 and heavy tails, or skewed noise.

    Where tails are heavier than a law promises to see through, coverage alone is asked for.
    """
    ladder, few, many = _layout(4, 2.0 ** np.arange(6, 12), 8), _layout(4, [64.0], 16), _layout(8, [64.0], 16)
    along = 0.1 * np.geomspace(1, 0.1, 6)[np.searchsorted(np.unique(ladder.abscissa), ladder.abscissa)]
    across = 0.1 * np.geomspace(1, 0.1, 4)[few.strata]
    precise = replace(ladder, weights=1 / along**2)
    unequal: list[tuple[str, StudentLaw, Samples, ndarray]] = [
        ("falling variances", ExactOrder(-0.5), ladder, along),
        ("falling variances", OrderBound(-0.5), ladder, along),
        ("falling variances", Trend(0.0, 16.0, 0.1), ladder, along),
        ("unequal cases", Constant(1.0), few, across),
        ("known precisions", Constant(1.0), precise, along),
        ("unequal cases", AtLeast(0.5, 0.1), few, across),
        ("unequal cases", AtMost(0.5, 0.1), few, across),
    ]
    return [
        *(_student(what, law, at, scale, NormalNoise()) for what, law, at, scale in unequal),
        *(_student(f"{what}, heavy tails", law, at, scale, LaplaceNoise()) for what, law, at, scale in unequal),
        *(
            _student(f"{what}, heaviest tails", law, at, scale, StudentNoise(5), False)
            for what, law, at, scale in unequal
        ),
        _student("skewed", Constant(1.0), many, np.full(len(many), 0.1), SkewedNoise(4)),
        EventDesign("default: one case", Probability(0.9), _layout(1, [64.0], 400), ("needs no run",)),
        EventDesign("default: many cases", Probability(0.9), _layout(8, [64.0], 96), ("needs no run",)),
        EventDesign("default: in every case", Probability(0.9, True), _layout(4, [64.0], 400), ("needs no run",)),
        ExactDesign("default: defects", Identity(1e-10), few, ("needs no run",)),
        ExactDesign("default: ratios", Ceiling(1.0), few, ("needs no run",)),
    ]


def _student(
    what: str, law: StudentLaw, samples: Samples, scale: Float[ndarray, " N"], noise: Noise, power: bool = True
) -> StudentDesign:
    return StudentDesign(f"default: {what}", law, samples, ("needs no run",), power, scale=scale, noise=noise)
