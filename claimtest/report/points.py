"""Samples thinned to the points that a picture shows: one per case and abscissa."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from claimtest.criteria import Samples

__all__ = ["Points", "gather"]

_MOST = 400
_BINS = 24


@dataclass(frozen=True)
class Points:
    """Per group of samples: code of the case, abscissa, centre, low and high end of its bar, and how many.

    ``bar`` names the bar: what ``low`` and ``high`` mean.
    """

    stratum: ndarray
    abscissa: ndarray
    centre: ndarray
    low: ndarray
    high: ndarray
    count: ndarray
    names: tuple[str, ...]
    bar: str

    @property
    def ladder(self) -> bool:
        """Whether some case was measured at more than one abscissa."""
        return len(self.stratum) > len(np.unique(self.stratum))

    def case(self, code: int) -> str:
        """The id of a case."""
        return self.names[code] if code < len(self.names) else f"case {code + 1}"

    def table(self, abscissa: str, centre: str) -> dict[str, list[object]]:
        """The points as columns, which is what a reader downloads."""
        return {
            "case": [self.case(int(code)) for code in self.stratum],
            abscissa: [float(v) for v in self.abscissa],
            centre: [float(v) for v in self.centre],
            "low": [float(v) for v in self.low],
            "high": [float(v) for v in self.high],
            "values": [int(n) for n in self.count],
        }


def gather(samples: Samples, *, logarithmic: bool) -> Points:
    """Group by case and abscissa; the centre is the geometric mean if ``logarithmic``, else the mean.

    The bar is the middle 90 % of the values or, around a mean, two standard errors either way.
    Abscissae that differ from sample to sample are first rounded to a few bins, so that a picture stays small.
    """
    abscissa = np.asarray(samples.abscissa, dtype=float)
    if len(np.unique(np.stack([samples.strata, abscissa]), axis=1).T) > _MOST:
        abscissa = _binned(abscissa)
    keys, code = np.unique(np.stack([samples.strata, abscissa]), axis=1, return_inverse=True)
    order = np.argsort(code, kind="stable")
    groups = np.split(np.asarray(samples.values, dtype=float)[order], np.cumsum(np.bincount(code))[:-1])
    centre = np.array([np.exp(np.log(g).mean()) if logarithmic else g.mean() for g in groups])
    if logarithmic:
        ends = np.array([np.quantile(g, [0.05, 0.95]) for g in groups])
    else:
        error = np.array([g.std(ddof=1) / np.sqrt(len(g)) if len(g) > 1 else 0.0 for g in groups])
        ends = np.stack([centre - 2 * error, centre + 2 * error], axis=1)
    return Points(
        keys[0].astype(int), keys[1], centre, ends[:, 0], ends[:, 1], np.array([len(g) for g in groups]),
        samples.names, "the middle 90 % of its values" if logarithmic else "two standard errors either way",
    )  # fmt: skip


def _binned(abscissa: ndarray) -> ndarray:
    """Every abscissa replaced by the median of its quantile bin."""
    edges = np.unique(np.quantile(abscissa, np.linspace(0, 1, _BINS + 1)))
    bins = np.clip(np.searchsorted(edges, abscissa, side="right") - 1, 0, max(len(edges) - 2, 0))
    medians = {b: float(np.median(abscissa[bins == b])) for b in np.unique(bins)}
    return np.array([medians[b] for b in bins])
