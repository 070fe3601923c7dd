"""What training is watched for, against loops and automatic differentiation; the measures against their formulas."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad_vec
from scipy.linalg import expm

from checks.cases import case_book
from checks.experiments.drift import DRIFT, drift, in_proportion
from checks.experiments.flow import flow
from checks.experiments.movement import Watch, checkpoints, linear_movement
from checks.experiments.networks import initial_networks, mean_field
from checks.measures.drift import distance_at_end, drift_per_residual, keeps_eigenvalue, kernel_drift, smallest_share
from checks.measures.movement import (
    decay_share,
    decoder_rows_share,
    encoder_rows_share,
    held,
    movement_ratio,
    row_movement,
    still_held,
)
from claimtest.cells import Cell, CellData
from models.snn import BLOCKS, StochasticNetwork
from models.tangent import jacobian_tangent_kernel, tangent_kernel
from tests.checks.small import seeds, small_case
from theorems.limiting_kernel import KernelBlocks
from theorems.setting import RELU, FixedNoise, LearnedNoise

BOOK = case_book(0)


def moved(network: StochasticNetwork) -> StochasticNetwork:
    generator = np.random.default_rng(1)
    return network.replace_parameters(
        {b: w + torch.from_numpy(0.1 * generator.standard_normal(w.shape)) for b, w in network.parameters().items()}
    )


@pytest.mark.parametrize("noise", [LearnedNoise(0.7), FixedNoise(0.6)])
def test_a_watch_notes_what_loops_over_rows_and_autodiff_say(noise):
    case = small_case(noise)
    x = case.problem.inputs
    start = initial_networks(case, 11, seeds(2), "cpu")
    end = moved(start)
    watch = Watch(start, tangent_kernel(start, x), x)
    for network in (start, end):
        watch.record(network)
    seen = watch.quantities()
    for r in range(2):
        before, after = start[r], end[r]
        for b in BLOCKS:
            w0, w1 = before.parameters().get(b), after.parameters().get(b)
            steps = [] if w0 is None or w1 is None else [float((v - u).norm()) for u, v in zip(w0, w1, strict=True)]
            assert seen[f"moved_{b}"][r] == pytest.approx([0, math.sqrt(sum(s**2 for s in steps))])
            assert seen[f"largest_row_{b}"][r] == pytest.approx([0, max(steps, default=0)])
        assert seen["decoder_row"][r, 1] == pytest.approx(max(float(v.norm()) for v in after.decoder))
        assert seen["activation"][r, 1] == pytest.approx(float(after.features(x).decoder.abs().max()))
        theta0, theta1 = (jacobian_tangent_kernel(net, x).block().numpy() for net in (before, after))
        np.testing.assert_allclose(seen["final_kernel"][r], theta1, atol=1e-10)
        assert seen["drift"][r] == pytest.approx([0, np.linalg.norm(theta1 - theta0, 2)], abs=1e-10)
        assert seen["smallest"][r] == pytest.approx([np.linalg.eigvalsh(t)[0] for t in (theta0, theta1)], abs=1e-10)
        assert seen["initial_norm"][r] == pytest.approx(np.linalg.norm(theta0, 2))


def test_a_diverged_replicate_shows_as_nan_and_leaves_the_others_alone():
    case = small_case()
    start = initial_networks(case, 8, seeds(2), "cpu")
    decoder = start.decoder.clone()
    decoder[0] = torch.inf
    watch = Watch(start, tangent_kernel(start, case.problem.inputs), case.problem.inputs)
    watch.record(dataclasses.replace(start, decoder=decoder))
    seen = watch.quantities()
    assert np.isnan(seen["drift"][0]).all()
    assert seen["drift"][1] == pytest.approx([0])


def test_linear_movement_is_the_gradient_of_the_integrated_residual():
    """‖J_bᵀ c‖_F with Jacobians by automatic differentiation and c = ∫ e^{-Θ(0)s} r0 ds by quadrature."""
    case, t = small_case(), 0.9
    x = case.problem.inputs
    network = initial_networks(case, 6, seeds(1), "cpu")
    r0 = np.random.default_rng(0).standard_normal((1, 3, 2))
    predicted = linear_movement(tangent_kernel(network, x), r0, np.array([0.0, t]))
    one = network[0]
    theta = jacobian_tangent_kernel(one, x).block().numpy()
    c, _ = quad_vec(lambda s: expm(-theta * s) @ r0.ravel(), 0, t, epsabs=1e-12)
    weights = torch.from_numpy(c.reshape(3, 2))
    gradient = torch.func.grad(lambda w: (one.replace_parameters(w).mean_output(x) * weights).sum())(one.parameters())
    for b in BLOCKS:
        assert predicted[f"linear_{b}"][0] == pytest.approx([0, float(gradient[b].norm())], rel=1e-8)


def test_checkpoints_hold_the_start_and_the_end():
    assert checkpoints(9).tolist() == [0, 3, 6, 8]
    assert checkpoints(1).tolist() == [0]


def hand_made() -> CellData:
    """Two replicates of a case with λ0 = l; in the second the premise fails from the third record on."""
    case = small_case()
    l0 = case.smallest_eigenvalue
    time = np.array([0.0, 0.5, 1.0, 2.0]) / l0
    losses = np.array([np.exp(-2.5 * l0 * time), [1.0, 0.5, 0.9, 0.9]])
    residual = np.sqrt(losses / 3)[:, :, None, None] * np.ones((2, 4, 3, 2))
    quantities = {
        "time": np.tile(time, (2, 1)),
        "residual": residual,
        "checked": np.tile(time[[0, 1, 3]], (2, 1)),
        "smallest": l0 * np.array([[0.9, 0.8, 0.7], [0.9, 0.8, 0.4]]),
        "largest_row_mean": np.array([[0, 0.1, 0.2], [0, 0.1, 0.5]]),
        "largest_row_scale": np.array([[0, 0.3, 0.1], [0, 0.0, 0.5]]),
        "largest_row_decoder": np.array([[0, 0.1, 0.4], [0, 0.2, 0.9]]),
        "decoder_row": np.array([[2.0, 1.0, 4.0], [2.0, 2.0, 2.0]]),
        "activation": np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
        "drift": np.array([[0, 0.3, 0.2], [0, 0.1, 0.4]]),
        "initial_norm": np.array([2.0, 4.0]),
        "moved_mean": np.array([[0, 1.0, 2.0], [0, 1.0, 3.0]]),
        "moved_scale": np.zeros((2, 3)),
    }
    return CellData(case, 25, quantities)


def test_inequalities_are_judged_while_the_premise_holds_and_no_longer():
    cell = hand_made()
    assert held(cell).tolist() == [[True, True, True], [True, True, False]]
    assert still_held(cell).tolist() == [1, 1]
    assert decay_share(cell) == pytest.approx([1 / 2.5, 0.5 / math.log(2)])
    assert decay_share(cell, rate=3.0) == pytest.approx([3 / 2.5, 1.5 / math.log(2)])
    unit = 2 * math.sqrt(3) * math.sqrt(2) / (cell.case.smallest_eigenvalue * math.sqrt(25))
    assert encoder_rows_share(cell) == pytest.approx([0.3 / (2 * unit), 0.1 / (2 * unit)])
    assert decoder_rows_share(cell) == pytest.approx([0.4 / unit, 0.2 / unit])
    assert decoder_rows_share(cell, order=-1.0) == pytest.approx(decoder_rows_share(cell) * 5)


def test_a_loss_that_does_not_fall_passes_every_ceiling():
    cell = hand_made()
    flat = CellData(cell.case, 25, {**cell.quantities, "residual": np.ones((2, 4, 3, 2))})
    assert np.isinf(decay_share(flat)).all()


def test_movement_and_drift_read_like_their_formulas():
    cell = hand_made()
    assert row_movement(cell, "mean") == pytest.approx([2 / 5 / math.sqrt(2), 3 / 5 / math.sqrt(2)])
    assert kernel_drift(cell) == pytest.approx([0.15, 0.1])
    assert drift_per_residual(cell) == pytest.approx([math.sqrt((0.15**2 + 0.1**2) / 2) / math.sqrt(2)])
    eights = CellData(cell.case, cell.width, {name: np.tile(values, (8, *[1] * (values.ndim - 1)))
                                              for name, values in cell.quantities.items()})  # fmt: skip
    assert drift_per_residual(eights) == pytest.approx([math.sqrt((0.15**2 + 0.1**2) / 2) / math.sqrt(2)] * 2)
    assert smallest_share(cell) == pytest.approx([0.7, 0.4])
    assert keeps_eigenvalue(cell).tolist() == [1, 0]
    n = len(cell.case.problem.inputs)
    plain = KernelBlocks(np.zeros((n, n)), np.eye(n), np.zeros((n, n)))
    c = (1 - np.exp(-cell["checked"][0, -1])) * math.sqrt(2)  # Θ = I: every component decays alike
    assert movement_ratio(cell, "mean", limit=lambda case: plain) == pytest.approx([2 / c, 3 / c])
    assert movement_ratio(cell, "scale", limit=lambda case: plain).size == 0


def test_the_distance_at_the_end_is_relative_to_the_limit():
    case = small_case()
    d = case.problem.targets.shape[1]
    kernel = np.kron(case.kernel.total, np.eye(d))
    cell = CellData(case, 8, {"final_kernel": np.stack([kernel, 1.1 * kernel])})
    assert distance_at_end(cell) == pytest.approx([0, 0.1], abs=1e-12)


@pytest.mark.parametrize("case", [small_case(), small_case(FixedNoise(0.6), RELU)], ids=lambda case: case.id)
def test_the_short_experiment_agrees_with_the_flow_at_the_end(case):
    full = flow(case, 64, seeds(2), "cpu")
    start = [seed.spawn(2)[0] for seed in seeds(2)]  # as flow does: the other half is for noise
    short = drift(case, 64, start, "cpu")
    for name in ("moved_mean", "moved_decoder", "drift", "smallest"):
        np.testing.assert_allclose(short[name][:, -1], full[name][:, -1], rtol=1e-3)
    np.testing.assert_allclose(short["residual"][:, 0], full["residual"][:, 0], rtol=1e-12)


def test_the_short_experiment_is_pure_and_its_clock_runs_with_the_width():
    first, again, other = (Cell(DRIFT, BOOK.drawn[2], 16, start, 2).run(0) for start in (0, 0, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["drift"], other["drift"])
    slow = drift(BOOK.drawn[2], 16, seeds(2), "cpu", prepare=mean_field, clock=in_proportion)
    np.testing.assert_allclose(slow["checked"], 16 * first["checked"])
