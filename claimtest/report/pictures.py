"""Every picture of a report, with its data and alternative text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from claimtest.check import Exhibit
from claimtest.criteria import Outcome, Samples, Trend
from claimtest.criteria.order import Slope, fit_slope
from claimtest.report.calibration import CalibrationView
from claimtest.report.figure import safe_label
from claimtest.report.mathematics import plain
from claimtest.report.picture import Picture
from claimtest.report.plots import draw_cases, draw_ladder, draw_order, draw_trend, named_cases, proportions
from claimtest.report.points import Points, gather
from claimtest.report.sketch import Sketch, draw_all
from claimtest.report.wording import anchor, estimate, interval, region
from claimtest.results import CriterionResult, RunResult

__all__ = ["Picture", "Pictures", "pictures_of"]

_ORDERS = ("exact order", "order bound")

Labels = tuple[str, str]
"""Of abscissa and ordinate."""


@dataclass(frozen=True)
class Pictures:
    """The pictures of criteria, by (claim, reading, criterion), and those of exhibits, by claim."""

    criteria: Mapping[tuple[str, str, str], Picture]
    exhibits: Mapping[str, Sequence[Picture]]
    calibration: CalibrationView | None = None

    @property
    def every(self) -> Iterator[Picture]:
        """All of them."""
        yield from self.criteria.values()
        for pictures in self.exhibits.values():
            yield from pictures
        if self.calibration:
            yield self.calibration.picture


def pictures_of(run: RunResult, jobs: int = 1) -> Pictures:
    """Draw what the run has to show, by ``jobs`` processes."""
    planned = [
        (ids, *found)
        for claim, reading in run.readings
        for result in reading.criteria
        for ids in [(claim.claim.id, reading.reading.id, result.criterion.id)]
        if (found := _criterion_picture(anchor(*ids), result))
    ]
    shown = [
        (claim.claim.id, *_exhibit_picture(anchor(claim.claim.id, "exhibit", exhibit.id), exhibit))
        for claim in run.claims
        for exhibit in claim.exhibits
    ]
    sketches = [sketch for *_, sketch in (*shown, *planned) if sketch]
    drawn = {sketch.name: made for sketch, made in zip(sketches, draw_all(sketches, jobs), strict=True)}
    criteria = {ids: _with_drawing(picture, drawn) for ids, picture, _ in planned}
    exhibits = {
        claim.claim.id: [_with_drawing(picture, drawn) for name, picture, _ in shown if name == claim.claim.id]
        for claim in run.claims
    }
    return Pictures(criteria, exhibits)


def _with_drawing(picture: Picture, drawn: Mapping[str, tuple[str, str]]) -> Picture:
    svg, failed = drawn.get(picture.name, ("", ""))
    return replace(picture, svg=svg, failed=failed)


def _exhibit_picture(name: str, exhibit: Exhibit) -> tuple[Picture, Sketch | None]:
    across = 10.0 if exhibit.whole else 5.8
    sketch = Sketch(name, exhibit.draw, (across, across * exhibit.aspect)) if exhibit.draw else None
    picture = Picture(name, exhibit.title, exhibit.alt, "", exhibit.data, leads=exhibit.leads, whole=exhibit.whole)
    return picture, sketch


def _criterion_picture(name: str, result: CriterionResult) -> tuple[Picture, Sketch] | None:
    """The picture that fits the law, or None where the table already says all: identities, single points."""
    kind, samples = result.criterion.law.kind, result.samples
    if samples is None or result.outcome is None or not len(samples) or kind == "identity":
        return None
    if not all(math.isfinite(v) for v in (result.outcome.estimate, *result.outcome.interval)):
        return None
    if not np.isfinite(samples.values).all():
        return None
    if isinstance(result.criterion.law, Trend):
        return _trend_picture(name, result, samples)
    return _order_picture(name, result, samples) if kind in _ORDERS else _value_picture(name, result, samples)


def _order_picture(name: str, result: CriterionResult, samples: Samples) -> tuple[Picture, Sketch]:
    outcome, criterion = result.outcome, result.criterion
    assert outcome is not None
    points, fit = gather(samples, logarithmic=True), fit_slope(samples)
    stated = float(getattr(criterion.law, "order"))  # noqa: B009  (laws of an order have one)
    ordinate = criterion.ordinate or "value"
    short = len(plain(ordinate)) <= 24  # a longer label would leave the picture; the caption says it too
    labels = criterion.abscissa, f"{ordinate} / constant of the case" if short else ordinate
    draw = partial(_order, points=points, fit=fit, outcome=outcome, stated=stated, labels=labels)
    return Picture(
        name, criterion.asks,
        f"Log-log plot of {plain(ordinate)} against {plain(criterion.abscissa)}: {len(points.stratum)} points fall on "
        f"a line of slope {estimate(outcome)} (interval {interval(outcome)}); accepted slopes: "
        f"{region(outcome.accepted)}.",
        "",
        points.table(plain(criterion.abscissa), "geometric mean"),
        "Dots: geometric mean of each case and abscissa, divided by the constant fitted to that case; "
        f"bars: {points.bar}.",
    ), Sketch(name, draw, (4.3, 2.95), (0.72, 0.52))  # fmt: skip


def _trend_picture(name: str, result: CriterionResult, samples: Samples) -> tuple[Picture, Sketch]:
    outcome, criterion = result.outcome, result.criterion
    assert outcome is not None
    assert isinstance(criterion.law, Trend)
    points, ratio, ordinate = gather(samples, logarithmic=False), criterion.law.ratio, criterion.ordinate or "value"
    draw = partial(_trend, points=points, outcome=outcome, ratio=ratio, labels=(criterion.abscissa, ordinate))
    return Picture(
        name, criterion.asks,
        f"{plain(ordinate)} against {plain(criterion.abscissa)}: while that grows {ratio:g} times, it gains "
        f"{estimate(outcome)} (interval {interval(outcome)}); accepted gains: {region(outcome.accepted)}.",
        "",
        points.table(plain(criterion.abscissa), "mean"),
        f"Dots: means; bars: {points.bar}; line: fitted, with all that its interval allows.",
    ), Sketch(name, draw, (4.3, 2.95), (0.72, 0.52))  # fmt: skip


def _value_picture(name: str, result: CriterionResult, samples: Samples) -> tuple[Picture, Sketch] | None:
    outcome, criterion = result.outcome, result.criterion
    assert outcome is not None
    points = gather(samples, logarithmic=False)
    share = criterion.law.kind == "probability"
    points = proportions(points) if share else points
    if len(points.stratum) < 2:
        return None
    ordinate = criterion.ordinate or ("fraction" if share else "value")
    labels = (criterion.abscissa, ordinate) if points.ladder else (ordinate, "")
    draw = partial(_ladder if points.ladder else _cases, points=points, outcome=outcome, labels=labels)
    height = 2.95 if points.ladder else min(1.1 + 0.2 * len(points.stratum), 4.5)
    left = 0.72 if points.ladder else 0.3 + 0.072 * max(len("all cases"), *map(len, named_cases(points)))
    return Picture(
        name, criterion.asks,
        f"Each case’s {plain(ordinate)} beside the accepted region {region(outcome.accepted)}: over all "
        f"{estimate(outcome)} (interval {interval(outcome)}).",
        "",
        points.table(plain(criterion.abscissa), "fraction" if share else "mean"),
        f"Dots: {'fraction' if share else 'mean'} of each case; bars: {points.bar}; band: accepted.",
    ), Sketch(name, draw, (4.3, height), (left, 0.52))  # fmt: skip


def _order(axes: Axes, points: Points, fit: Slope, outcome: Outcome, stated: float, labels: Labels) -> None:
    draw_order(axes, points, fit, outcome, stated)
    _label(axes, labels)


def _trend(axes: Axes, points: Points, outcome: Outcome, ratio: float, labels: Labels) -> None:
    draw_trend(axes, points, outcome, ratio)
    _label(axes, labels)


def _ladder(axes: Axes, points: Points, outcome: Outcome, labels: Labels) -> None:
    draw_ladder(axes, points, outcome)
    _label(axes, labels)


def _cases(axes: Axes, points: Points, outcome: Outcome, labels: Labels) -> None:
    draw_cases(axes, points, outcome)
    _label(axes, labels)


def _label(axes: Axes, labels: Labels) -> None:
    axes.set_xlabel(safe_label(labels[0]))
    axes.set_ylabel(safe_label(labels[1]))
