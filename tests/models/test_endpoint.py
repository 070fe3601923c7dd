"""End points against the flow that defines them, and what the bound on the remaining distance promises."""

import pytest
import torch

from models.divergence import DIVERGENCES, divergence_from
from models.endpoint import train_to_end
from models.snn import BLOCKS
from tests.models.flows import flow, gradient, moderate_units
from tests.models.problems import data, network
from theorems.setting import FixedNoise, LearnedNoise

FIXED, LEARNED = FixedNoise(0.8), LearnedNoise(1.0)
ENCODER = ("mean", "scale")
INDEPENDENT, DEPENDENT = (3, 4), (5, 3)
"""(n, p): fewer inputs than dimensions, or more."""


def both(net, x, y, time, **options):
    """Distance on training and unseen inputs between the scheme's end and the flow's, and the way there."""
    unseen, _ = data(6, x.shape[1], 1, seed=77)
    end = train_to_end(net, x, y, tolerance=1e-8, **options)
    reference, slope = flow(net, x, y, time, **options)
    assert slope < 1e-6, "the reference is not at its end"
    return [
        (float((end.network.mean_output(at) - reference.mean_output(at)).norm()),
         float((net.mean_output(at) - reference.mean_output(at)).norm()))
        for at in (x, unseen)
    ]  # fmt: skip


@pytest.mark.parametrize("psi", ["erf", "relu"])
@pytest.mark.parametrize(("n", "p"), [INDEPENDENT, DEPENDENT])
@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_with_fixed_noise_the_end_is_that_of_the_flow(divergence, n, p, psi):
    x, y = data(n, p, 2)
    net = network(12, p, 2, noise=FIXED, activation=psi)
    for distance, way in both(net, x, y, 400.0, beta=0.4, divergence=divergence, trainable=("mean",)):
        assert distance < 1e-6 < 1e-2 < way


@pytest.mark.parametrize("trainable", [("mean",), ("scale",), ENCODER])
@pytest.mark.parametrize(("n", "p"), [INDEPENDENT, DEPENDENT])
@pytest.mark.parametrize("divergence", DIVERGENCES[1:])
def test_with_learned_noise_the_end_is_that_of_the_flow(divergence, n, p, trainable):
    x, y = data(n, p, 2)
    net = moderate_units(network(400, p, 2, noise=LEARNED), x, 8)
    for distance, way in both(net, x, y, 400.0, beta=0.4, divergence=divergence, trainable=trainable):
        assert distance < 1e-6 < 1e-2 < way


@pytest.mark.parametrize("psi", ["erf", "relu"])
def test_with_the_decoder_the_path_decides_and_is_followed(psi):
    """The minimisers of reading C are many. On unseen inputs the end depends on the way there, by O(1/m)."""
    x, y = data(*INDEPENDENT, 2)
    net, options = network(24, 4, 2, noise=FIXED, activation=psi), {"beta": 0.4, "divergence": "initial-posterior"}
    hidden = net.features(x).decoder
    shortest = net.multiplier**-1 * torch.linalg.pinv(hidden) @ (y - net.mean_output(x))
    unseen, _ = data(6, 4, 1, seed=77)
    reference, slope = flow(net, x, y, 1500.0, trainable=("mean", "decoder"), **options)
    assert slope < 1e-6
    end = train_to_end(net, x, y, trainable=("mean", "decoder"), **options)
    torch.testing.assert_close(end.network.mean_output(x), y, rtol=0, atol=1e-6)
    torch.testing.assert_close(end.network.mean, net.mean, rtol=0, atol=1e-6)
    goal = reference.mean_output(unseen)
    error = float((end.network.mean_output(unseen) - goal).norm())
    ignoring_the_path = net.replace_parameters({"decoder": net.decoder + shortest}).mean_output(unseen)
    assert error < 2e-3
    assert error < 0.3 * float((ignoring_the_path - goal).norm())


def test_the_path_is_the_better_the_smaller_its_tolerance():
    x, y = data(*INDEPENDENT, 2)
    net, (unseen, _) = network(64, 4, 2, [1, 2, 3, 4], noise=FIXED), data(6, 4, 1, seed=77)

    def end(tolerance):
        options = {"divergence": "initial-posterior", "trainable": ("mean", "decoder"), "most_steps": 3000}
        return train_to_end(net, x, y, beta=0.4, path_tolerance=tolerance, **options).network.mean_output(unseen)

    exact = end(1e-4)
    errors = [float((end(tolerance) - exact).norm()) for tolerance in (1e-1, 1e-2, 1e-3)]
    assert errors[0] > 4 * errors[1] > 16 * errors[2]


def test_the_decoder_alone_ends_at_least_squares_with_the_shortest_move():
    x, y = data(3, 4, 2)
    net = network(40, 4, 2, [1, 2], noise=LEARNED)
    end = train_to_end(net, x, y, beta=0.7, divergence="initial-posterior", trainable=("decoder",))
    hidden = net.features(x).decoder
    move = torch.linalg.pinv(hidden) @ (y - net.mean_output(x)) / net.multiplier
    torch.testing.assert_close(end.network.decoder, net.decoder + move, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("n", "p"), [INDEPENDENT, DEPENDENT])
@pytest.mark.parametrize(("divergence", "noise"), [("weights", FIXED), ("standard-normal", LEARNED)])
def test_weights_stay_in_the_span_and_what_is_not_trained_stays(divergence, noise, n, p):
    x, y = data(2, p, 2) if n < p else data(n, p, 2)
    net = network(30, p, 2, [1, 2], noise=noise)
    trainable = ENCODER if noise is LEARNED else ("mean",)
    end = train_to_end(net, x, y, beta=0.5, divergence=divergence, trainable=trainable).network
    across = torch.eye(p, dtype=x.dtype) - torch.linalg.pinv(x) @ x
    for block in end.parameters().keys() - {"decoder"}:
        change = end.parameters()[block] - net.parameters()[block]
        assert change.norm() > 1e-2
        assert (change @ across).norm() < 1e-10
    assert torch.equal(end.decoder, net.decoder)


@pytest.mark.parametrize(
    ("divergence", "noise", "beta"),
    [("weights", FIXED, 0.05), ("initial-posterior", FIXED, 0.05), ("initial-posterior", LEARNED, 0.4),
     ("standard-normal", FIXED, 0.1), ("standard-normal", LEARNED, 0.4)],
)  # fmt: skip
@pytest.mark.parametrize(("n", "p"), [INDEPENDENT, DEPENDENT])
def test_the_remaining_distance_is_bounded(divergence, noise, beta, n, p):
    x, y = data(n, p, 2)
    net = network(64, p, 2, list(range(6)), noise=noise)
    trainable = ENCODER if noise is LEARNED else ("mean",)
    options = {"beta": beta, "divergence": divergence, "trainable": trainable}
    exact = train_to_end(net, x, y, tolerance=1e-9, **options).network.mean_output(x)
    for tolerance in (1e-1, 1e-3, 1e-5):
        end = train_to_end(net, x, y, tolerance=tolerance, **options)
        distance = (end.network.mean_output(x) - exact).norm(dim=(1, 2))
        assert (distance <= end.remaining + 1e-9).all()
        assert (end.remaining <= tolerance).all()


@pytest.mark.parametrize(("n", "p"), [INDEPENDENT, DEPENDENT])
@pytest.mark.parametrize("divergence", DIVERGENCES[1:])
def test_the_gradient_vanishes_and_no_scale_changes_its_sign(divergence, n, p):
    """At a size the flow cannot do: s near 0 in some units makes it stiff."""
    x, y = data(n, p, 2)
    net = network(512, p, 2, 5, noise=LEARNED)
    end = train_to_end(net, x, y, beta=0.4, divergence=divergence, trainable=ENCODER, tolerance=1e-9).network
    slope = gradient(end, x, y, 0.4, divergence_from(divergence, net, x), ENCODER)
    # Preconditioned by the KL's own curvature: where s is tiny, so are all distances.
    smallest = net.latent(x)[1].abs().amin(0) if divergence == "initial-posterior" else torch.ones(512)
    for block in slope.values():
        assert float((block * smallest.clamp_max(1.0)[:, None]).norm()) < 1e-7
    assert torch.equal(torch.sign(end.latent(x)[1]), torch.sign(net.latent(x)[1]))


@pytest.mark.parametrize(("n", "p"), [INDEPENDENT, DEPENDENT])
@pytest.mark.parametrize("divergence", DIVERGENCES[1:])
def test_units_however_stiff_do_no_harm(divergence, n, p):
    """s_r(x_1) = 1e-3 … 1e-11 in five units: rates up to 1e22."""
    x, y = data(n, p, 2)
    net = network(64, p, 2, 5, noise=LEARNED)
    scale = net.scale.clone()
    tiny = 10.0 ** -torch.arange(3, 13, 2, dtype=x.dtype)
    scale[:5] += (tiny - scale[:5] @ x[0])[:, None] * x[0]
    stiff = net.replace_parameters({"scale": scale})
    end = train_to_end(stiff, x, y, beta=0.4, divergence=divergence, trainable=ENCODER, most_steps=100)
    assert float(end.remaining) <= 1e-6
    ratio = end.network.latent(x)[1][0, :5] / stiff.latent(x)[1][0, :5]
    assert (ratio > 0).all()
    if divergence == "initial-posterior":
        torch.testing.assert_close(ratio[1:], torch.ones(4, dtype=x.dtype), rtol=0, atol=1e-3)


def test_a_replicate_of_a_batch_ends_like_the_network_alone():
    x, y = data(4, 3, 2)
    options = {"beta": 0.3, "divergence": "initial-posterior"}
    for noise, trainable in ((FIXED, ("mean",)), (LEARNED, ENCODER), (FIXED, ("mean", "decoder"))):
        net = network(32, 3, 2, [1, 2, 3], noise=noise)
        together = train_to_end(net, x, y, trainable=trainable, **options)
        for r in range(3):
            alone = train_to_end(net[r], x, y, trainable=trainable, **options)
            assert alone.remaining.shape == ()
            for name, block in alone.network.parameters().items():
                torch.testing.assert_close(together.network.parameters()[name][r], block, rtol=1e-8, atol=1e-9)


def test_between_interpolation_and_the_start_beta_decides():
    """β = 0 fits the targets, a huge β leaves f as it is."""
    x, y = data(3, 4, 2)
    net = network(200, 4, 2, 1, noise=FIXED)
    free = train_to_end(net, x, y, beta=0.0, divergence="initial-posterior")
    held = train_to_end(net, x, y, beta=1e8, divergence="initial-posterior")
    torch.testing.assert_close(free.network.mean_output(x), y, rtol=0, atol=1e-5)
    torch.testing.assert_close(held.network.mean_output(x), net.mean_output(x), rtol=0, atol=1e-5)


def test_without_an_end_it_says_so():
    """The decoder trained against N(0, I) grows for ever."""
    x, y = data(3, 4, 2)
    net = network(16, 4, 2, noise=FIXED)
    with pytest.raises(RuntimeError, match="did not reach its end point within 60 steps"):
        train_to_end(net, x, y, beta=0.4, divergence="standard-normal", trainable=("mean", "decoder"), most_steps=60)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"beta": -0.1}, "beta must be a finite number >= 0, got -0.1"),
        ({"divergence": "kl"}, "unknown divergence 'kl'"),
        ({"trainable": ()}, "nothing to train"),
        ({"trainable": ("mean", "scale")}, "the network has no block named scale to train: its noise is fixed"),
        ({"beta": 1e-30}, "beta = 1e-30 is lost beside the kernel"),
        ({"trainable": ("sigma",)}, "trainable blocks are mean, scale, decoder; got 'sigma'"),
        ({"tolerance": 0.0}, "tolerance must be positive, got 0.0"),
        ({"path_tolerance": -1.0}, "path_tolerance must be positive, got -1.0"),
        ({"noise": FixedNoise(0.0)}, "s is zero"),
        ({"y": torch.zeros(2, 2)}, r"targets \(4, 2\) expected, got \(2, 2\)"),
    ],
)
def test_bad_input_is_one_clear_line(changed, message):
    x, y = data(4, 3, 2)
    given = {"noise": FIXED, "y": y, "beta": 0.1, "divergence": "weights", "trainable": ("mean",)} | changed
    with pytest.raises(ValueError, match=message) as raised:
        train_to_end(network(5, 3, 2, noise=given.pop("noise")), x, given.pop("y"), **given)
    assert "\n" not in str(raised.value)


def test_every_block_may_train_at_once():
    x, y = data(3, 4, 2)
    net = network(64, 4, 2, 3, noise=LEARNED)
    end = train_to_end(net, x, y, beta=0.4, divergence="initial-posterior", trainable=BLOCKS).network
    torch.testing.assert_close(end.mean_output(x), y, rtol=0, atol=1e-5)
    torch.testing.assert_close(end.latent(x)[1], net.latent(x)[1], rtol=0, atol=1e-4)
