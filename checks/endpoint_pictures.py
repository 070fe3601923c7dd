"""Pictures and tables of where training with a KL term ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy import ndarray

from checks.endpoint_sweeps import (
    DECODER_SWEEP,
    LATENT_SWEEP,
    LEARNED_STANDARD_SWEEP,
    LEARNED_SWEEP,
    PATH_SWEEP,
    STANDARD_SWEEP,
    WEIGHT_SWEEP,
)
from checks.experiments.regularisation import FACTORS
from checks.measures.endpoint import gap_on_training, gap_on_unseen
from checks.measures.regularisation import path_residuals, predicted_path
from checks.rivals import tangent_ridge
from claimtest.cells import CellData, Sweep
from claimtest.check import Estimate, Exhibit, View, at_widest
from claimtest.criteria import Samples
from claimtest.criteria.mean import fit_mean
from claimtest.profile import ALPHA, Profile
from theorems.collapsed import collapsed_ridge, learned_noise_collapse
from theorems.learned_ridge import learned_noise_ridge
from theorems.regressions import Prediction, decoder_ridgeless, plain_ridge, preconditioned_ridge
from theorems.setting import LearnedNoise

__all__ = ["theorem2_exhibits"]

TRAININGS: tuple[tuple[str, Sweep], ...] = (
    ("weight-space KL, encoder", WEIGHT_SWEEP),
    ("latent KL to the initial posterior, encoder", LATENT_SWEEP),
    ("latent KL to the initial posterior, decoder too", DECODER_SWEEP),
    ("latent KL to the initial posterior, learned noise", LEARNED_SWEEP),
    ("latent KL to N(0, I), encoder", STANDARD_SWEEP),
    ("latent KL to N(0, I), learned noise", LEARNED_STANDARD_SWEEP),
)

PREDICTIONS: tuple[tuple[str, str, Prediction, Prediction], ...] = (
    ("plain ridge", "start", plain_ridge, tangent_ridge),
    ("preconditioned ridge", "start", preconditioned_ridge, learned_noise_ridge),
    ("decoder, no ridge", "start", decoder_ridgeless, decoder_ridgeless),
    ("collapsed encoder", "centre", collapsed_ridge, learned_noise_collapse),
)
"""Column, the function it is about, and the prediction under fixed and under learned noise."""

FAR_CLOSER = 0.5
"""A distance is marked if it is below this share of every other one in its row."""


def theorem2_exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """Which theory describes which training, and the path in β."""
    if any(view(sweep) for _, sweep in TRAININGS):
        yield matrix(view)
    if cells := view(PATH_SWEEP):
        yield path_curve(cells)


def matrix(view: View) -> Exhibit:
    """Trainings (rows) against predictions (columns): distances at the widest networks, with intervals."""
    rows: list[tuple[Any, ...]] = []
    for name, sweep in TRAININGS:
        cells = at_widest(view(sweep))
        for inputs, gap in (("training", gap_on_training), ("unseen", gap_on_unseen)):
            if cells:
                rows.append((name, inputs, *_closest_marked([_distance(cells, gap, column) for column in PREDICTIONS])))
    columns = ("trained on", "inputs", *(name for name, *_ in PREDICTIONS))
    alt = (
        "Mean distance between where each training ended and what each theory predicts, with its interval, relative to "
        "the initial misfit, at the widest networks. ◂ marks the smallest distance of a row where it is less than half "
        "of every other; – where a theory predicts nothing."
    )
    data = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return Exhibit("matrix", "Which theory describes which training: relative distances", alt, data, leads=True)


def _distance(
    cells: Sequence[CellData], gap: Callable[..., ndarray], column: tuple[str, str, Prediction, Prediction]
) -> Estimate | None:
    """The mean of the distances, or None where the theory predicts nothing: the collapse of learned noise in part."""
    _, about, fixed, learned = column
    prediction = learned if isinstance(cells[0].case.problem.noise, LearnedNoise) else fixed
    known = gap is gap_on_training and all(cell.case.independent for cell in cells)
    if prediction is learned_noise_collapse and not known:
        return None
    values = [gap(cell, prediction, about) for cell in cells]
    strata = np.repeat(np.arange(len(values)), [len(v) for v in values])
    samples = Samples(np.concatenate(values), strata, np.ones(len(strata)))
    fit = fit_mean(samples.values, samples)
    low, high = fit.interval(ALPHA)
    return Estimate(float(fit.estimate), float(low), float(high))


def _closest_marked(distances: Sequence[Estimate | None]) -> list[Estimate | str]:
    """The cells of a row, with the smallest distance marked if it is far below the others."""
    first, second, *_ = sorted(d.value for d in distances if d is not None)
    closest = first if first < FAR_CLOSER * second else None
    return ["–" if d is None else replace(d, marked=d.value == closest) for d in distances]


def path_curve(cells: Sequence[CellData]) -> Exhibit:
    """The share of the residual that is left at every β, measured and predicted, one curve a case."""
    rows: list[tuple[Any, ...]] = []
    for cell in cells:
        measured, expected = (_shares(e, cell) for e in path_residuals(cell))
        for k, factor in enumerate(FACTORS):
            values = measured[k]
            rows.append(
                (cell.case.id, factor * cell.case.beta, values.mean(), values.min(), values.max(), expected[k].mean())
            )
    columns = ("case", "beta", "measured (mean)", "smallest", "largest", "predicted (mean)")
    data = dict(zip(columns, zip(*rows, strict=True), strict=True))

    def draw(axes: Any) -> None:
        for index, cell in enumerate(cells):
            measured, fine = _shares(path_residuals(cell)[0], cell).mean(1), np.geomspace(FACTORS[0], FACTORS[-1], 81)
            left = cell.case.problem.targets - predicted_path(cell, preconditioned_ridge, factors=fine.tolist())
            beta = cell.case.beta
            axes.plot(np.array(FACTORS) * beta, measured, "o", ms=4, color=f"C{index}", label=cell.case.id)
            axes.plot(fine * beta, _shares(left, cell).mean(1), ":", color=f"C{index}")
        axes.set_xscale("log")
        axes.set_xlabel("β")
        axes.set_ylabel("share of the residual that is left")
        axes.legend(fontsize="small")

    alt = (
        "The share of the initial residual that is left at the end of training against β, on a logarithmic axis: the "
        "measured points lie on the predicted curves, from 0 (interpolation) to 1 (the initial function)."
    )
    return Exhibit("path", "The path in β: points measured, dotted lines predicted", alt, data, draw)


def _shares(residuals: ndarray, cell: CellData) -> ndarray:
    """‖e‖/‖r0‖ at every β, (F, R)."""
    initial = cell["start"] - cell.case.problem.targets
    return np.sqrt((residuals**2).sum((-2, -1)) / (initial**2).sum((-2, -1)))
