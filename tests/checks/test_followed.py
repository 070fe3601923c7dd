"""Whether training was followed closely enough, and far enough: what the criteria about the suite's own steps count."""

import dataclasses

import numpy as np
import pytest
from numpy.random import SeedSequence

from checks.cases import case_book
from checks.endpoint_sweeps import DECODER_PATH_SWEEP
from checks.experiments.flow import STEPPING
from checks.experiments.images import MOVEMENT, PATIENCE, movement
from checks.measures.endpoint import gap_on_unseen, stays_on_path
from checks.measures.images import steps_used
from checks.measures.trajectory import finely_stepped
from claimtest.cells import CellData
from claimtest.profile import PROFILES
from theorems.regressions import decoder_ridgeless
from theorems.setting import ERF, RELU

QUICK, BOOK = PROFILES["quick"], case_book(0)


def test_a_network_may_change_by_a_twentieth_of_the_mean_gap():
    """Of the mean: the third has a gap of its own of which its change is a tenth, the last one of which it is 2 %."""
    gap = np.array([1.0, 1.0, 0.4, 3.6])
    cell = CellData(BOOK.drawn[0], 64, {"change": np.array([0.074, 0.076, 0.04, 0.076]), "gap": gap})
    assert finely_stepped(cell).tolist() == [True, False, True, False]


@pytest.mark.parametrize("activation", [ERF, RELU])
def test_gradient_flow_takes_such_steps(activation):
    case = next(c for c in BOOK.drawn if c.problem.activation is activation)
    cell = CellData(case, 64, STEPPING.run(case, 64, [SeedSequence(k) for k in range(6)], "cpu"))
    assert finely_stepped(cell).mean() >= 0.5


def test_a_path_may_end_a_hundredth_of_the_distance_away():
    case = DECODER_PATH_SWEEP.cases(BOOK, QUICK)[0]
    measured = DECODER_PATH_SWEEP.experiment.run(case, 64, [SeedSequence(k) for k in range(3)], "cpu")
    cell = CellData(case, 64, measured)
    assert stays_on_path(cell, decoder_ridgeless).all()
    n, k = len(case.problem.inputs), len(case.unseen)
    misfit = np.linalg.norm(cell["start"] - case.problem.targets, axis=(1, 2))
    unit = np.sqrt(k / n) * misfit * gap_on_unseen(cell, decoder_ridgeless)
    shares = np.array([0.009, 0.011, 0.5])
    off = CellData(case, 64, measured | {"off_path": shares * unit})
    assert stays_on_path(off, decoder_ridgeless).tolist() == [True, False, False]


def small_images():
    """Eight images' worth of inputs that are their own targets."""
    case = next(c for c in BOOK.drawn if c.problem.activation is ERF)
    x = case.problem.inputs
    return dataclasses.replace(case, problem=dataclasses.replace(case.problem, targets=x))


def test_steps_count_where_the_loss_was_reached_and_are_infinite_where_it_was_not():
    case = small_images()
    seeds = [SeedSequence(k) for k in range(4)]
    cell = CellData(case, 256, MOVEMENT.run(case, 256, seeds, "cpu"))
    np.testing.assert_array_equal(steps_used(cell), cell["steps"] / PATIENCE)
    assert (steps_used(cell) < 1).all()
    least = int(cell["steps"].min())
    given_up = CellData(case, 256, movement(case, 256, seeds, "cpu", patience=least))
    reached = cell["steps"] == least
    assert reached.any()
    assert np.isfinite(steps_used(given_up)).tolist() == reached.tolist()
    assert (given_up["steps"] == least).all()


def test_a_loss_a_little_above_the_stated_one_is_not_reached():
    quantities = {"share": np.array([0.0099, 0.0101, np.nan]), "steps": np.full(3, 2000.0)}
    assert steps_used(CellData(small_images(), 64, quantities)).tolist() == [0.5, np.inf, np.inf]
