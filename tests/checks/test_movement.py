"""What training is watched for, against loops and automatic differentiation; the measures against their formulas."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad_vec
from scipy.linalg import expm
from scipy.stats import norm

from checks.case import VaeCase
from checks.cases import case_book
from checks.experiments.drift import DRIFT, drift, in_proportion
from checks.experiments.flow import flow
from checks.experiments.movement import Watch, checkpoints, linear_movement
from checks.experiments.networks import initial_networks, mean_field, skewed_decoder
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
from claimtest.cells import Cell, CellData, replicate_seeds
from models.snn import BLOCKS, StochasticNetwork
from models.tangent import jacobian_tangent_kernel, tangent_kernel
from theorems.limiting_kernel import KernelBlocks
from theorems.setting import RELU, SIN, FixedNoise, LearnedNoise, Noise, Problem

BOOK = case_book(0)


def small_case(noise: Noise = LearnedNoise(0.7), activation=SIN) -> VaeCase:  # noqa: B008, a frozen dataclass
    rng = np.random.default_rng(7)
    x = rng.standard_normal((3, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return VaeCase(Problem(x, rng.standard_normal((3, 2)), activation, noise))


def seeds(count, name="here"):
    return replicate_seeds(0, name, "case", 16, 0, count)


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


def test_a_skewed_decoder_has_mean_0_variance_1_and_third_moment_2():
    case = small_case()
    v = skewed_decoder(initial_networks(case, 200_000, seeds(1), "cpu")).decoder.numpy().ravel()
    n = len(v)
    # moments of a centred exponential: E v² = 1, E v³ = 2, E v⁴ = 9, E v⁶ = 265; five standard errors
    assert abs(v.mean()) < 5 / math.sqrt(n)
    assert abs((v**2).mean() - 1) < 5 * math.sqrt(8 / n)
    assert abs((v**3).mean() - 2) < 5 * math.sqrt(261 / n)
    assert v.min() >= -1


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


def test_the_first_order_change_of_the_kernel_is_odd_in_the_decoder():
    """So its mean is 0 for symmetric v_r: the derivation behind the order 1/m, checked by automatic differentiation."""
    case = small_case()
    x, c = case.problem.inputs, torch.from_numpy(np.random.default_rng(2).standard_normal((3, 2)))

    def change(network: StochasticNetwork) -> torch.Tensor:
        def against(w):
            return (network.replace_parameters(w).mean_output(x) * c).sum()

        step = {b: -g for b, g in torch.func.grad(against)(network.parameters()).items()}
        at, by = 1e-4, network.parameters()
        forth, back = ({b: by[b] + sign * at * step[b] for b in by} for sign in (1, -1))
        kernels = [tangent_kernel(network.replace_parameters(w), x).block() for w in (forth, back)]
        return (kernels[0] - kernels[1]) / (2 * at)

    network = initial_networks(case, 9, seeds(1), "cpu")[0]
    there, mirrored = change(network), change(dataclasses.replace(network, decoder=-network.decoder))
    assert float(there.abs().max()) > 0.01
    torch.testing.assert_close(mirrored, -there, rtol=1e-6, atol=1e-7)


def test_a_skewed_decoder_brings_back_the_first_order():
    """√m ΔΘ^μ under the moves -m^(-1/2) <v_r, c_q> h_u(x_q) x_q, against the third moment of v times E h_u h_u h_uu."""
    case = small_case(FixedNoise(0.6), RELU)
    x, d = torch.from_numpy(case.problem.inputs), 2
    network = skewed_decoder(initial_networks(case, 1_200_000, seeds(1), "cpu"))[0]
    c = np.random.default_rng(2).standard_normal((3, d))
    slope = network.features(x).mean
    by = 1e-5 * torch.einsum("rk,qk,qr,qp->rp", network.decoder, torch.from_numpy(c), slope, x)
    kernels = [tangent_kernel(dataclasses.replace(network, mean=network.mean - s * by), x).mean for s in (1, -1)]
    change = ((kernels[0] - kernels[1]) / 2e-5).numpy()

    nodes, gram = np.random.default_rng(3).standard_normal((400_000, 3)), case.problem.inputs @ case.problem.inputs.T
    u = nodes @ case.problem.inputs.T
    h_u, h_uu = norm.cdf(u / 0.6), norm.pdf(u / 0.6) / 0.6
    tilt = np.einsum("iq,mi,mj,mq->ijq", gram, h_uu, h_u, h_u) / len(u)
    expected = -2 * np.einsum("ij,qk,ijq,kl->ikjl", gram, c, tilt + tilt.transpose(1, 0, 2), np.eye(d))
    assert np.abs(expected).max() > 0.5
    # entries average products of up to v³ over m units: a few standard errors at this width
    np.testing.assert_allclose(change, expected, atol=0.05)
