"""Every picture of a report, with its data and alternative text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from claimtest.check import Exhibit
from claimtest.criteria import Samples, Trend
from claimtest.criteria.order import fit_slope
from claimtest.report.calibration import CalibrationView
from claimtest.report.figure import Margins, figure_svg, safe_label
from claimtest.report.mathematics import plain
from claimtest.report.picture import Picture
from claimtest.report.plots import draw_cases, draw_ladder, draw_order, draw_trend, named_cases, proportions
from claimtest.report.points import Points, gather
from claimtest.report.wording import anchor, estimate, interval, region
from claimtest.results import CriterionResult, RunResult

__all__ = ["Picture", "Pictures", "pictures_of"]

_ORDERS = ("exact order", "order bound")


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


def pictures_of(run: RunResult) -> Pictures:
    """Draw what the run has to show."""
    criteria = {}
    for claim, reading in run.readings:
        for result in reading.criteria:
            ids = claim.claim.id, reading.reading.id, result.criterion.id
            picture = _criterion_picture(anchor(*ids), result)
            if picture is not None:
                criteria[ids] = picture
    exhibits = {
        claim.claim.id: [_exhibit_picture(anchor(claim.claim.id, "exhibit", e.id), e) for e in claim.exhibits]
        for claim in run.claims
    }
    return Pictures(criteria, exhibits)


def _exhibit_picture(name: str, exhibit: Exhibit) -> Picture:
    svg, failed = _drawn(name, exhibit.draw, (5.8, 3.5)) if exhibit.draw else ("", "")
    return Picture(name, exhibit.title, exhibit.alt, svg, exhibit.data, failed=failed, leads=exhibit.leads)


def _drawn(
    name: str, draw: Callable[[Axes], None], size: tuple[float, float], margins: Margins | None = None
) -> tuple[str, str]:
    """The SVG, or why there is none: the verdicts must reach the reader even if a picture cannot be drawn."""
    try:
        return figure_svg(name, draw, size, margins=margins), ""
    except Exception as error:
        return "", f"{type(error).__name__}: {error}"


def _criterion_picture(name: str, result: CriterionResult) -> Picture | None:
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


def _order_picture(name: str, result: CriterionResult, samples: Samples) -> Picture:
    outcome, criterion = result.outcome, result.criterion
    assert outcome is not None
    points, fit = gather(samples, logarithmic=True), fit_slope(samples)
    stated = float(getattr(criterion.law, "order"))  # noqa: B009  (laws of an order have one)
    ordinate = criterion.ordinate or "value"

    def draw(axes: Axes) -> None:
        draw_order(axes, points, fit, outcome, stated)
        short = len(plain(ordinate)) <= 24  # a longer label would leave the picture; the caption says it too
        _labels(axes, criterion.abscissa, f"{ordinate} / constant of the case" if short else ordinate)

    svg, failed = _drawn(name, draw, (4.3, 2.95), (0.72, 0.52))
    return Picture(
        name, criterion.asks,
        f"Log-log plot of {plain(ordinate)} against {plain(criterion.abscissa)}: {len(points.stratum)} points fall on "
        f"a line of slope {estimate(outcome)} (interval {interval(outcome)}); accepted slopes: "
        f"{region(outcome.accepted)}.",
        svg,
        points.table(plain(criterion.abscissa), "geometric mean"),
        "Dots: geometric mean of each case and abscissa, divided by the constant fitted to that case; "
        f"bars: {points.bar}.",
        failed,
    )  # fmt: skip


def _trend_picture(name: str, result: CriterionResult, samples: Samples) -> Picture:
    outcome, criterion = result.outcome, result.criterion
    assert outcome is not None
    assert isinstance(criterion.law, Trend)
    points, ratio, ordinate = gather(samples, logarithmic=False), criterion.law.ratio, criterion.ordinate or "value"

    def draw(axes: Axes) -> None:
        draw_trend(axes, points, outcome, ratio)
        _labels(axes, criterion.abscissa, ordinate)

    svg, failed = _drawn(name, draw, (4.3, 2.95), (0.72, 0.52))
    return Picture(
        name, criterion.asks,
        f"{plain(ordinate)} against {plain(criterion.abscissa)}: while that grows {ratio:g} times, it gains "
        f"{estimate(outcome)} (interval {interval(outcome)}); accepted gains: {region(outcome.accepted)}.",
        svg,
        points.table(plain(criterion.abscissa), "mean"),
        f"Dots: means; bars: {points.bar}; line: fitted, with all that its interval allows.",
        failed,
    )  # fmt: skip


def _value_picture(name: str, result: CriterionResult, samples: Samples) -> Picture | None:
    outcome, criterion = result.outcome, result.criterion
    assert outcome is not None
    points = gather(samples, logarithmic=False)
    share = criterion.law.kind == "probability"
    points = proportions(points) if share else points
    if len(points.stratum) < 2:
        return None
    ordinate = criterion.ordinate or ("fraction" if share else "value")
    drawing = _ladder(points, result, ordinate) if points.ladder else _cases(points, result, ordinate)
    height = 2.95 if points.ladder else min(1.1 + 0.2 * len(points.stratum), 4.5)
    left = 0.72 if points.ladder else 0.3 + 0.072 * max(len("all cases"), *map(len, named_cases(points)))
    svg, failed = _drawn(name, drawing, (4.3, height), (left, 0.52))
    return Picture(
        name, criterion.asks,
        f"Each case’s {plain(ordinate)} beside the accepted region {region(outcome.accepted)}: over all "
        f"{estimate(outcome)} (interval {interval(outcome)}).",
        svg,
        points.table(plain(criterion.abscissa), "fraction" if share else "mean"),
        f"Dots: {'fraction' if share else 'mean'} of each case; bars: {points.bar}; band: accepted.",
        failed,
    )  # fmt: skip


def _ladder(points: Points, result: CriterionResult, ordinate: str) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        assert result.outcome is not None
        draw_ladder(axes, points, result.outcome)
        _labels(axes, result.criterion.abscissa, ordinate)

    return draw


def _cases(points: Points, result: CriterionResult, ordinate: str) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        assert result.outcome is not None
        draw_cases(axes, points, result.outcome)
        _labels(axes, ordinate, "")

    return draw


def _labels(axes: Axes, abscissa: str, ordinate: str) -> None:
    axes.set_xlabel(safe_label(abscissa))
    axes.set_ylabel(safe_label(ordinate))
