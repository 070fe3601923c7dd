"""What criteria compare when no control says otherwise: numbers that measures take unasked, and events at a bound."""

import inspect
from functools import partial

import numpy as np
import pytest

from checks import PACK
from checks.cases import case_book
from checks.measures import ball, drift, widths
from checks.measures.trajectory import descent_used, obeys_descent, obeys_rate, rate_used
from claimtest.cells import CellData
from claimtest.criteria import Probability

CASE = case_book(0).drawn[0]

STATED = {
    "ball.keeps": {"factor": 1.0},
    "drift.keeps_eigenvalue": {"share": 0.5},
    "endpoint.change_length": {"strength": 1.0},
    "endpoint.gap_on_training": {"strength": 1.0},
    "endpoint.gap_on_unseen": {"strength": 1.0},
    "endpoint.residual_length": {"strength": 1.0},
    "endpoint.residual_shares": {"strength": 1.0},
    "endpoint.shrunk_apart": {"strength": 1.0},
    "movement.decay_share": {"rate": 1.0},
    "movement.decoder_rows_share": {"order": -0.5},
    "movement.encoder_rows_share": {"order": -0.5},
    "pictures.score": {"sign": 1.0},
    "regularisation.average_gap": {"strength": 1.0},
    "regularisation.decoder_growth_ratio": {"exaggeration": 1.0},
    "regularisation.floor_power": {"power": 1.0},
    "regularisation.floor_ratios": {"exaggeration": 1.0},
    "regularisation.interpolation": {"factor": 0},
    "regularisation.path_gap": {"strength": 1.0},
    "regularisation.residual_ratio": {"strength": 1.0},
    "regularisation.standstill": {"factor": -1},
    "trajectory.descends_as_predicted": {"pace": 1.0},
    "trajectory.obeys_descent": {"rate": 1.0},
    "trajectory.obeys_rate": {"rate": 1.0},
    "variance.sampled_obeys_rate": {"variance": 1.0},
    "variance.stationary_ratio": {"exaggeration": 1.0},
    "widths.close": {"factor": 1.0},
    "widths.positive_within_reach": {"factor": 1.0},
}
"""Factors of predictions and bounds, exponents and places on a path, by measure (each as the criterion calls it)."""


def numbers_of(measure):
    """The measure's name and the numbers that it takes for keywords nobody gives."""
    parameters = inspect.signature(measure).parameters.values()
    while isinstance(measure, partial):
        measure = measure.func
    name = f"{measure.__module__.removeprefix('checks.measures.')}.{measure.__qualname__}"
    defaults = {p.name: p.default for p in parameters}
    return name, {k: v for k, v in defaults.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def test_no_criterion_takes_other_numbers_than_the_stated_ones():
    """A control passes its own; what the criterion itself takes would go unseen if it were ten times as generous."""
    criteria = [c for check in PACK.checks for part in check.readings for c in part.criteria]
    found = [numbers_of(criterion.measure) for criterion in criteria]
    assert {name: numbers for name, numbers in found if numbers} == STATED
    assert all(numbers == STATED.get(name, {}) for name, numbers in found)


@pytest.mark.parametrize(("rate", "obeys"), [(0.99, 0.0), (1.01, 1.0)])
def test_a_loss_obeys_the_rate_if_it_falls_by_it_at_every_time(rate, obeys):
    time = np.array([0.0, 0.5, 2.0]) / CASE.smallest_eigenvalue
    n, d = CASE.problem.targets.shape
    fall = np.exp(-np.array([1.0, 1.5, 1.5]) * CASE.smallest_eigenvalue * time / 2)  # L = r²/2, and faster but once
    fall[1] = np.exp(-rate * CASE.smallest_eigenvalue * time[1] / 2)
    cell = CellData(CASE, 64, {"residual": np.multiply.outer(fall, np.ones((n, d)))[None], "time": time[None]})
    assert obeys_rate(cell) == pytest.approx(obeys)
    assert rate_used(cell) == pytest.approx(1 / min(rate, 1.5))


@pytest.mark.parametrize(("rate", "obeys"), [(0.99, 0.0), (1.01, 1.0)])
def test_descent_obeys_half_the_rate(rate, obeys):
    step = 0.5 / CASE.eigenvalues[-1]
    loss = (1 - rate * step * CASE.smallest_eigenvalue / 2) ** np.arange(6)
    cell = CellData(CASE, 64, {"loss": loss[None], "step": np.array([step])})
    assert obeys_descent(cell) == pytest.approx(obeys)
    assert descent_used(cell) == pytest.approx(1 / rate, rel=0.01)


def test_training_that_diverged_used_more_than_any_bound():
    for loss in ([1.0, 2.0, np.inf], [1.0, np.nan, np.nan], [1.0, 1.0, 1.0]):
        cell = CellData(CASE, 64, {"loss": np.array([loss]), "step": np.array([0.1])})
        assert np.isinf(descent_used(cell)).all()
    time = np.array([[0.0, 1.0]])
    residual = np.ones((1, 2, *CASE.problem.targets.shape))
    assert np.isinf(rate_used(CellData(CASE, 64, {"residual": residual, "time": time}))).all()


@pytest.mark.parametrize(("share", "kept", "near"), [(0.99, 0.0, 1.0), (1.01, 1.0, 0.0)])
@pytest.mark.parametrize("block", ["total", "decoder", "mean"])
def test_an_eigenvalue_is_kept_from_three_quarters_on_and_a_kernel_close_up_to_a_quarter(
    share, kept, near, block, monkeypatch
):
    for reach in ("derived_width", "derived_eigenvalue_width"):
        monkeypatch.setattr(widths, reach, lambda case, block: 1.0)
    smallest = share * widths.block_smallest(CASE.kernel, block)
    measured = {f"{block}_smallest": np.array([0.75 * smallest]), f"{block}_distance": np.array([0.25 * smallest])}
    cell = CellData(CASE, 64, measured)
    assert widths.positive_within_reach(cell, block) == pytest.approx(kept)
    assert widths.close(cell, block) == pytest.approx(near)
    assert widths.eigenvalue_used(cell, block) == pytest.approx(1 / share)
    assert widths.distance_used(cell, block) == pytest.approx(share)


def test_half_the_eigenvalue_is_the_bound_in_the_ball_and_in_training():
    half = CASE.smallest_eigenvalue / 2
    cell = CellData(CASE, 64, {"promised": np.array([half / 0.9, 0.0]), "smallest": np.array([[3.0], [1.0]]) * half})
    assert ball.half_used(cell) == pytest.approx([0.9, np.inf])
    assert drift.eigenvalue_used(cell) == pytest.approx([1 / 3, 1.0])


def test_every_bound_that_a_probability_counts_says_how_much_of_it_was_used():
    """But those that are no bounds of the claim: rivals, first steps, luck, the loss that is not to obey."""
    counted = {
        f"{check.claim.id}/{part.reading}/{c.id}": c.used is not None
        for check in PACK.checks
        for part in check.readings
        for c in part.criteria
        if isinstance(c.law, Probability) and not c.accuracy
    }
    silent = {name for name, used in counted.items() if not used}
    assert {name for name in silent if not name.endswith("/rival")} == {
        "theorem1/mean-output-descent/first-steps", "theorem1/sampled-loss-literal/bound",
        "figure4/more-attributes/luck",
    }  # fmt: skip
