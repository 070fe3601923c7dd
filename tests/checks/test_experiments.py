"""Experiments: replicates do not feel each other, controls change what they say, measures read like their formula."""

import numpy as np
import pytest

from checks.cases import case_book
from checks.experiments.descent import DESCENT, STOCHASTIC
from checks.experiments.eigenvalues import EIGENVALUES
from checks.experiments.flow import FLOW, recorded_times
from checks.experiments.initialisation import BLOCKS, INITIALISATION, distance_to
from checks.experiments.networks import initial_networks, loud, mean_field, noise_ignored
from checks.experiments.sampled import IDENTITIES, SAMPLED
from checks.measures.trajectory import decay_rate, descends_as_predicted, limit_of, loss, mode_precision, mode_rates
from checks.measures.widths import smallest_width
from checks.planning import variant
from checks.sweeps import FLOW_SWEEP
from claimtest.cells import Cell, CellData, replicate_seeds
from models.tangent import tangent_kernel

BOOK = case_book(0)
CASE = BOOK.drawn[3]


@pytest.mark.parametrize(
    "experiment", [DESCENT, STOCHASTIC, EIGENVALUES, FLOW, INITIALISATION, SAMPLED, IDENTITIES], ids=lambda e: e.id
)
def test_the_same_cell_gives_the_same_bits_and_other_replicates_other_numbers(experiment):
    first, again, other = (Cell(experiment, CASE, 24, start, 2).run(0) for start in (0, 0, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


def test_distance_needs_only_the_trace_and_the_square():
    seeds = replicate_seeds(0, "here", CASE.digest, 16, 0, 3)
    measured = INITIALISATION.run(CASE, 16, seeds, "cpu")
    kernel = tangent_kernel(initial_networks(CASE, 16, seeds, "cpu"), CASE.problem.inputs)
    d = CASE.problem.targets.shape[1]
    for name in BLOCKS:
        limit = getattr(CASE.kernel, name)
        slow = kernel.block(name).numpy() - np.kron(limit, np.eye(d))
        quick = distance_to(limit, measured[name], measured[f"{name}_square"], d)
        np.testing.assert_allclose(quick, np.linalg.norm(slow, axis=(1, 2)), rtol=1e-9)


def test_a_wrong_network_is_wrong_in_the_way_its_name_says():
    seeds = replicate_seeds(0, "here", CASE.digest, 16, 0, 2)
    network, x = initial_networks(CASE, 16, seeds, "cpu"), CASE.problem.inputs
    right = tangent_kernel(network, x)
    louder, narrow = tangent_kernel(loud("decoder")(network), x), tangent_kernel(mean_field(network), x)
    np.testing.assert_allclose(louder.mean, 1.44 * right.mean)
    np.testing.assert_allclose(louder.decoder, right.decoder)
    np.testing.assert_allclose(narrow.total, right.total / 16)
    assert float(tangent_kernel(noise_ignored(network), x).scale.abs().max()) < 1e-12


@pytest.mark.parametrize("case", BOOK.drawn[:8], ids=lambda case: case.id)
def test_records_hold_the_start_the_end_and_a_time_near_that_of_every_mode(case):
    times = recorded_times(case)
    assert times[0] == 0
    assert times[-1] == pytest.approx(3 / case.smallest_eigenvalue)
    assert len(times) > (8 if case.kinked else 6)
    for value in case.eigenvalues:
        assert np.abs(times - 1 / value).min() < 0.7 / value


def linear_cell(factor: float = 1.0) -> CellData:
    """A cell that trains exactly as predicted, all rates multiplied by ``factor``."""
    case = BOOK.drawn[0]
    n, d = case.problem.targets.shape
    start, times = np.random.default_rng(0).standard_normal((5, n, d)), recorded_times(case)
    residual = limit_of(case).residual(start, factor * times)
    return CellData(case, 100, {"time": np.tile(times, (5, 1)), "residual": residual})


def test_measures_of_an_exactly_linear_run_are_exact():
    cell = linear_cell(factor=1.3)
    rates, weights = mode_rates(cell), mode_precision(cell)
    assert rates[weights > 0] == pytest.approx(1.3, rel=1e-9)
    a = decay_rate(loss(cell["residual"]), cell["time"], cell.case.smallest_eigenvalue)
    by_hand = [
        min(-np.log(loss(r)[t] / loss(r)[0]) / (cell.case.smallest_eigenvalue * cell["time"][0, t])
            for t in range(1, len(cell["time"][0])))
        for r in cell["residual"]
    ]  # fmt: skip
    np.testing.assert_allclose(a, by_hand)
    assert (a >= 2 * 1.3 - 1e-9).all()


@pytest.mark.parametrize(("off", "near"), [(0.0, True), (0.019, True), (-0.019, True), (0.021, False), (-0.021, False)])
def test_a_descent_is_as_predicted_within_two_per_cent(off, near):
    expected = np.exp(-0.4 * np.arange(6.0))  # below 1/e from the third step on
    measured = np.exp(-0.4 * (1 + off) * np.arange(6.0))
    cell = CellData(CASE, 100, {"linearised": expected[None], "loss": measured[None]})
    assert descends_as_predicted(cell).tolist() == [near]
    assert descends_as_predicted(cell, pace=1.05).tolist() == [False]
    diverged = CellData(CASE, 100, {"linearised": expected[None], "loss": np.full((1, 6), np.nan)})
    assert descends_as_predicted(diverged).tolist() == [False]


def test_a_mode_that_has_changed_sign_has_a_rate_far_from_the_predicted_one():
    cell = linear_cell()
    cell.quantities["residual"][2, 1:] *= -1
    rates, weights = mode_rates(cell), mode_precision(cell)
    assert (rates[2][weights[2] > 0] > 3).all()
    assert np.delete(rates, 2, axis=0) == pytest.approx(1, rel=1e-9)


def test_the_smallest_width_ends_at_the_first_failure_from_above():
    def cell(width: int, share: float) -> CellData:
        return CellData(CASE, width, {"happened": (np.arange(400) < share * 400).astype(float)})

    cells = [cell(1, 1.0), cell(2, 0.5), cell(4, 0.99), cell(8, 1.0)]
    assert smallest_width(cells, lambda c: c["happened"]) == 4
    assert smallest_width([*cells, cell(16, 0.9)], lambda c: c["happened"]) == np.inf


def test_a_variant_runs_elsewhere_under_a_name_of_its_own():
    wrong = variant(FLOW_SWEEP, "test-only", prepare=mean_field)
    assert wrong.experiment.id == "gradient-flow/test-only"
    right = FLOW_SWEEP.experiment.run(CASE, 8, replicate_seeds(0, "x", "y", 8, 0, 2), "cpu")
    other = wrong.experiment.run(CASE, 8, replicate_seeds(0, "x", "y", 8, 0, 2), "cpu")
    assert not np.allclose(right["residual"], other["residual"])
