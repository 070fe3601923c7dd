"""The cases with a KL term, and what is measured at end points, read like their definitions."""

import pickle
import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from checks.case import CaseBook
from checks.endpoint_readings import tangent_ridge
from checks.experiments.endpoint import DECODER, LATENT, LEARNED, STANDARD, WEIGHT, collapsed
from checks.experiments.regularisation import FACTORS, PATH, SAMPLED
from checks.measures.endpoint import (
    gap_on_training,
    gap_on_unseen,
    misfit,
    residual_length,
    residual_precision,
    residual_shares,
    stays_away,
)
from checks.measures.regularisation import floor_ratios, interpolation, path_gap, residual_ratio, standstill
from checks.own_data import case_from_data
from checks.regularised_cases import (
    DISTINCT,
    WORST_CONDITION,
    decoder_cases,
    fixed_noise,
    independent_learned,
    indistinct,
    learned_noise,
    path_cases,
    regularised,
)
from claimtest.cells import Cell, CellData
from claimtest.profile import PROFILES
from models.snn import StochasticNetwork
from theorems.learned_ridge import learned_noise_ridge
from theorems.regressions import decoder_ridgeless, preconditioned_ridge
from theorems.setting import ACTIVATIONS, FixedNoise, LearnedNoise

QUICK = PROFILES["quick"]
BOOK = CaseBook((), root=0)


def fixed(k):
    """Fixed noise, the k-th case. Drawn in the tests, not while pytest collects."""
    return fixed_noise(BOOK, QUICK)[k]


def learnt(k):
    return learned_noise(BOOK, QUICK)[k]


def free():
    """Any s_r(x_i) can be reached here."""
    return next(case for case in learned_noise(BOOK, QUICK) if case.independent)


@pytest.mark.parametrize("root", range(5))
def test_cases_are_distinct_balanced_and_can_tell_the_readings_apart(root):
    book, thorough = CaseBook((), root=root), PROFILES["thorough"]
    for cases in (fixed_noise(book, thorough), learned_noise(book, thorough)):
        assert len({case.digest for case in cases}) == len(cases) == thorough.cases
        quick = cases[: QUICK.cases]
        assert {case.problem.activation.name for case in quick} == set(ACTIVATIONS)
        assert {case.independent for case in quick} == {True, False}
    for case in regularised(book):
        singular = np.linalg.svd(case.problem.inputs, compute_uv=False) ** 2
        assert singular[0] >= 3 * singular[-1] >= 0.45
        assert case.distinction >= DISTINCT
        assert not indistinct(case)
        np.testing.assert_allclose(np.linalg.norm(case.unseen, axis=1), 1)
    few = decoder_cases(book, QUICK)
    assert len(few) == QUICK.cases
    assert {case.independent for case in few} == {True, False}
    assert all(np.linalg.cond(case.regression(decoder_ridgeless).gram) <= WORST_CONDITION for case in few)
    assert len(path_cases(book, QUICK)) == QUICK.cases // 2
    assert all(case.independent for case in independent_learned(book, QUICK))


def test_the_strength_is_of_the_order_of_the_kernel():
    for case in fixed_noise(BOOK, QUICK):
        if case.independent:
            gram = case.regression(preconditioned_ridge).gram
            assert case.beta / gram[0, 0] * (1 + 1e-12) >= 0.4
            assert case.beta / gram[0, 0] <= 1 + 1e-12


def test_every_process_draws_the_same_cases():
    code = (
        "from checks.case import CaseBook; from checks.regularised_cases import regularised; "
        "print(' '.join(case.digest for case in regularised(CaseBook((), root=0))))"
    )
    bare = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert bare.stdout.split() == [case.digest for case in regularised(BOOK)]


def test_a_case_survives_the_way_to_another_process():
    there = pickle.loads(pickle.dumps(fixed(0)))
    assert there.digest == fixed(0).digest
    assert there.digest != fixed(1).digest


def test_users_data_are_taken_under_both_noise_models():
    x = np.random.default_rng(0).standard_normal((4, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    book = case_from_data(x, None, (8, 64))
    assert [type(case.problem.noise) for case in regularised(book)] == [FixedNoise, LearnedNoise]
    assert fixed_noise(book, QUICK)[0].widths(QUICK) == (8, 16, 32, 64)
    (case,) = fixed_noise(case_from_data(np.eye(3), None, None), QUICK)
    assert "differ by" in indistinct(case)  # orthonormal inputs: plain and preconditioned ridge are the same


@pytest.mark.parametrize(
    ("experiment", "case"),
    [(WEIGHT, (fixed, 0)), (LATENT, (fixed, 1)), (DECODER, (fixed, 3)), (STANDARD, (fixed, 3)), (LEARNED, (learnt, 3)),
     (PATH, (fixed, 3)), (SAMPLED, (fixed, 3))],
    ids=lambda value: getattr(value, "id", ""),
)  # fmt: skip
def test_the_same_cell_gives_the_same_bits_and_other_replicates_other_numbers(experiment, case):
    draw, k = case
    case = draw(k)
    first, again, other = (Cell(experiment, case, 256, start, 2).run(0) for start in (0, 0, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize(
    "case", [lambda: fixed(0), lambda: fixed(3), free], ids=["independent", "dependent", "learned"]
)
def test_the_collapsed_encoder_is_the_minimum_of_the_kl_to_the_standard_normal(case):
    p = case().problem
    sizes = (p.inputs.shape[1], p.targets.shape[1])
    net = StochasticNetwork.initialise(20, *sizes, activation=p.activation, noise=p.noise, seed=[1, 2])
    (u, s), (u0, s0) = collapsed(net, p.inputs).latent(p.inputs), net.latent(p.inputs)
    torch.testing.assert_close(u, torch.zeros_like(u), rtol=0, atol=1e-12)
    torch.testing.assert_close(s, s0.sign() if isinstance(p.noise, LearnedNoise) else s0, rtol=0, atol=1e-12)
    across = torch.as_tensor(np.linalg.svd(p.inputs)[2][np.linalg.matrix_rank(p.inputs) :])
    torch.testing.assert_close(collapsed(net, p.inputs).mean @ across.T, net.mean @ across.T)
    assert float(u0.abs().max()) > 1


def exact_cell(case, prediction=preconditioned_ridge):
    """Replicates that end exactly where predicted."""
    rng, y = np.random.default_rng(0), case.problem.targets
    start, unseen = rng.standard_normal((5, *y.shape)), rng.standard_normal((5, len(case.unseen), y.shape[1]))
    made = case.regression(prediction)
    ends = {"end": made.fitted(y, start), "end_unseen": made.unseen(y, start, unseen)}
    return CellData(case, 100, {"start": start, "start_unseen": unseen, **ends})


def test_measures_of_an_exact_end_point_are_exact():
    for case, prediction in ((fixed(0), preconditioned_ridge), (learnt(0), learned_noise_ridge)):
        cell = exact_cell(case, prediction)
        assert np.abs(gap_on_training(cell, prediction)).max() < 1e-12
        assert np.abs(gap_on_unseen(cell, prediction)).max() < 1e-12
        assert (gap_on_training(cell, decoder_ridgeless) > 0.1).all()
        assert (gap_on_training(cell, prediction, strength=2.0) > 0.02).all()
    assert np.abs(misfit(exact_cell(fixed(0), decoder_ridgeless))).max() < 1e-9
    cell = exact_cell(learnt(0), tangent_ridge)
    assert (gap_on_unseen(cell, learned_noise_ridge) > 0.02).all()


def test_a_rival_is_away_beyond_a_twentieth_of_the_misfit_on_training_and_unseen_inputs():
    cell = exact_cell(fixed(0))
    step = np.linalg.norm(cell["start"] - cell.case.problem.targets, axis=(1, 2))[:, None, None]
    step = step / np.sqrt(cell.case.problem.targets.size)  # each entry of the outputs moves by this share of the misfit
    ends = ("end", "end_unseen")

    def moved(training, unseen):
        by = dict(zip(ends, (training, unseen), strict=True))
        return CellData(cell.case, 100, {**cell.quantities, **{end: cell[end] + by[end] * step for end in ends}})

    assert stays_away(moved(0.051, 0.051), preconditioned_ridge).all()
    for near in (moved(0.049, 0.051), moved(0.051, 0.049)):
        assert not stays_away(near, preconditioned_ridge).any()


def test_where_a_wrong_prediction_leaves_no_residual_its_length_is_no_number(monkeypatch):
    cell = exact_cell(fixed(0))
    nothing = SimpleNamespace(fitted=lambda targets, before: np.broadcast_to(targets, before.shape))
    monkeypatch.setattr(type(cell.case), "regression", lambda *_: nothing)
    with warnings.catch_warnings(action="error"):
        assert np.isnan(residual_length(cell, decoder_ridgeless)).all()


def test_the_distance_is_relative_to_the_initial_misfit():
    cell = exact_cell(fixed(3))
    n, k = len(cell.case.problem.inputs), len(cell.case.unseen)
    scale = np.linalg.norm(cell["start"] - cell.case.problem.targets, axis=(1, 2))
    quantities = dict(cell.quantities)
    quantities["end_unseen"] = quantities["end_unseen"] + 0.3
    moved = CellData(cell.case, 100, quantities)
    expected = 0.3 * np.sqrt(k * cell["start"].shape[2]) * np.sqrt(n / k) / scale
    np.testing.assert_allclose(gap_on_unseen(moved, preconditioned_ridge), expected)


def test_residuals_shrink_alike_for_independent_inputs():
    independent = next(case for case in fixed_noise(BOOK, QUICK) if case.independent)
    dependent = next(case for case in fixed_noise(BOOK, QUICK) if not case.independent)
    np.testing.assert_allclose(residual_shares(exact_cell(independent)), 1)
    np.testing.assert_allclose(residual_precision(exact_cell(independent)).sum(1), 100)
    assert (residual_precision(exact_cell(dependent)) == 0).all()


def test_measures_of_an_exact_path_are_exact():
    case = fixed(3)
    start, y = np.random.default_rng(0).standard_normal((5, *case.problem.targets.shape)), case.problem.targets
    ends = [case.regression(preconditioned_ridge, factor * case.beta).fitted(y, start) for factor in FACTORS]
    cell = CellData(case, 100, {"start": start, "end": np.stack(ends, 1)})
    np.testing.assert_allclose(residual_ratio(cell), 1)
    assert np.abs(path_gap(cell)).max() < 1e-12
    assert interpolation(cell).max() < 0.05
    assert standstill(cell).max() < 0.01
    assert (np.diff([interpolation(cell, k) for k in range(len(FACTORS))], axis=0) > 0).all()


def test_the_floor_is_in_proportion_to_the_step_and_to_the_variance():
    cell = CellData(fixed(3), 256, Cell(SAMPLED, fixed(3), 256, 0, 8).run(0))
    np.testing.assert_allclose(cell["step"][:, 0], 2 * cell["step"][:, 1])
    halved = CellData(fixed(3), 256, {**cell.quantities, "variance": cell["variance"] / 2})
    np.testing.assert_allclose(floor_ratios(halved), 2 * floor_ratios(cell))
    np.testing.assert_allclose(floor_ratios(cell, exaggeration=2.0), floor_ratios(cell) / 2)
    assert 0.5 < floor_ratios(cell).mean() < 1.6  # six standard errors of eight replicates


def test_cases_are_there_even_where_two_predictions_are_the_same_by_mistake(monkeypatch):
    """Else nothing would be asked, and nothing violated."""
    module = sys.modules["checks.regularised_cases"]

    def swapped(*inputs, noise, **rest):
        return (preconditioned_ridge if isinstance(noise, FixedNoise) else decoder_ridgeless)(
            *inputs, noise=noise, **rest
        )

    monkeypatch.setattr(module, "decoder_ridgeless", swapped)
    cases = list(module.regularised_cases(77))
    fixed_ones = [case for case in cases if isinstance(case.problem.noise, FixedNoise)]
    assert len(fixed_ones) == module.MOST_CASES
    assert all(case.distinction < DISTINCT and not indistinct(case) for case in fixed_ones)
    monkeypatch.setattr(module, "regularised", lambda book: cases)
    assert len(decoder_cases(BOOK, QUICK)) == QUICK.cases
