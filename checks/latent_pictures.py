"""Pictures and tables of Figure 3: scores against the latent dimension, with what trained them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy import stats

from checks.measures.pictures import shuffled, trained, untrained
from checks.measures.widths import by_case
from checks.picture_sweeps import GRID_SWEEP, WIDEST_RATIO
from claimtest.cells import CellData
from claimtest.check import Estimate, Exhibit, View
from claimtest.criteria import Samples, Trend
from claimtest.profile import Profile
from theorems.figure3 import METRIC_NAMES

__all__ = ["disentanglement_exhibits", "mean_and_reach"]

COLOURS = {"factorvae": "C0", "mig": "C1", "dci": "C2", "sap": "C3"}
PLACES = ((0.0, 0.58), (0.58, 0.58), (0.0, 0.0), (0.58, 0.0))
"""Left lower corners of the four panels, each of its own scale: two of the scores are small."""

LINES = {trained: ("-", "trained"), untrained: ("--", "before training"), shuffled: (":", "factors shuffled")}


def disentanglement_exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """The figure, once for each data set, and what was trained on."""
    cells = view(GRID_SWEEP)
    if cells:
        yield what_was_trained(cells)
        yield gains(by_case(cells))
        for own in by_case(cells):
            yield figure(own)


def what_was_trained(cells: Sequence[CellData]) -> Exhibit:
    """The data, networks and training behind the verdicts."""
    rows = [{"case": own[0].case.id, **own[0].case.summary, "seeds": len(own[0]["active"])} for own in by_case(cells)]
    data = {name: [row[name] for row in rows] for name in rows[0]}
    alt = "For each case the data it rests on, how many images, which network and decoder, and how long it was trained."
    return Exhibit("trained", "What the verdicts rest on", alt, data)


def gains(cases: Sequence[Sequence[CellData]]) -> Exhibit:
    """What each score gains from the smallest latent dimension to the largest, with an interval that one would expect.

    The verdicts rest on intervals at the level that all claims share, which is meant for what must not be wrong once in
    a thousand runs; 95 % is what an observation is usually reported at.
    """
    rows = [
        (name, cells[0].case.source, _gain(cells, metric)) for metric, name in METRIC_NAMES.items() for cells in cases
    ]
    data = dict(zip(("score", "data", "gain"), map(list, zip(*rows, strict=True)), strict=True))
    told = "; ".join(f"{name} on {source} {gain.value:+.3f}" for name, source, gain in rows)
    alt = f"Gain of each score over the whole range of latent dimensions, with 95 % intervals: {told}."
    return Exhibit("gains", "Gains from the smallest latent dimension to the largest, 95 % intervals", alt, data)


def _gain(cells: Sequence[CellData], metric: str) -> Estimate:
    values = [trained(cell, metric) for cell in cells]
    at = np.repeat([float(cell.width) for cell in cells], [len(of) for of in values])
    samples = Samples(np.concatenate(values), np.zeros(len(at), int), at)
    fit = Trend(0.0, WIDEST_RATIO, 1.0).fit(samples.values, samples)
    low, high = fit.interval(0.05)
    return Estimate(float(fit.estimate), float(low), float(high))


def figure(cells: Sequence[CellData]) -> Exhibit:
    """The four scores against the latent dimension: trained, before training, and with factors shuffled."""
    case, dimensions = cells[0].case, [cell.width for cell in cells]
    data: dict[str, list[Any]] = {"latent dimension D": list(dimensions)}
    lines: dict[tuple[str, Any], tuple[ndarray, ndarray]] = {}
    for metric, name in METRIC_NAMES.items():
        for of, (_, words) in LINES.items():
            centre, reach = (np.array(v) for v in zip(*(mean_and_reach(of(c, metric)) for c in cells), strict=True))
            lines[metric, of] = centre, reach
            data[f"{name}, {words}"] = [round(float(v), 3) for v in centre]
            if of is trained:
                data[f"{name} ± (95 %)"] = [round(float(v), 3) for v in reach]
    data["active dimensions"] = [round(float(cell["active"].mean()), 1) for cell in cells]
    data["KL in nats"] = [round(float(cell["divergence"].mean()), 1) for cell in cells]

    def draw(axes: Any) -> None:
        axes.set_axis_off()
        for metric, (left, bottom) in zip(METRIC_NAMES, PLACES, strict=True):
            panel = axes.inset_axes((left, bottom, 0.42, 0.38))
            for of, (style, words) in LINES.items():
                centre, reach = lines[metric, of]
                bars = {"yerr": reach, "marker": "o", "ms": 4, "capsize": 3} if of is trained else {}
                panel.errorbar(dimensions, centre, **bars, color=COLOURS[metric], ls=style, lw=1.6, label=words)
            panel.set_title(METRIC_NAMES[metric], fontsize=10)
            panel.set_xscale("log")
            panel.set_xticks(dimensions, [str(d) for d in dimensions])
            panel.minorticks_off()
            panel.set_ylim(bottom=0)
            if bottom == 0:
                panel.set_xlabel("latent dimension D")
        handles = [axes.plot([], [], color="k", ls=style, lw=1.6, label=words)[0] for style, words in LINES.values()]
        axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, -0.24), ncols=3)

    moved = "; ".join(
        f"{name} from {data[f'{name}, trained'][0]:.2f} to {data[f'{name}, trained'][-1]:.2f} "
        f"({data[f'{name}, before training'][0]:.2f} to {data[f'{name}, before training'][-1]:.2f} before training)"
        for name in METRIC_NAMES.values()
    )
    alt = (
        f"Scores against the latent dimension on {case.source}, from {dimensions[0]} to {dimensions[-1]} dimensions, "
        f"means and 95 % intervals over {len(cells[0]['active'])} seeds: {moved}."
    )
    return Exhibit(f"scores-{case.id}", f"Figure 3 on {case.source}", alt, data, draw, aspect=0.75)


def mean_and_reach(values: Float[ndarray, " R"]) -> tuple[float, float]:
    """Mean over seeds, and how far its 95 % interval reaches."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(values.mean()), float(stats.t.ppf(0.975, max(len(values) - 1, 1)) * error)
