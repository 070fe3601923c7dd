"""The network: its numbers, its outputs and the messages for input that does not fit."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import SeedSequence

from models.activations import mean_activation
from models.snn import StochasticNetwork
from models.stream import NetworkStream
from models.tangent import tangent_kernel
from tests.models.problems import activations, data, network, noises, seeds, sizes, widths
from theorems.setting import FixedNoise, LearnedNoise


@given(widths, sizes, sizes, activations, noises, st.lists(seeds, min_size=1, max_size=4))
def test_replicate_r_is_the_network_of_its_seed_to_the_last_bit(m, p, d, psi, noise, roots):
    many = network(m, p, d, [SeedSequence(r) for r in roots], activation=psi, noise=noise)
    for replicate, root in enumerate(roots):
        alone = network(m, p, d, SeedSequence(root), activation=psi, noise=noise)
        for name, block in alone.parameters().items():
            assert torch.equal(block, many.parameters()[name][replicate])


def test_an_integer_is_the_seed_sequence_of_that_integer():
    assert torch.equal(network(9, 3, 2, 5).mean, network(9, 3, 2, SeedSequence(5)).mean)
    assert not torch.equal(network(9, 3, 2, 5).mean, network(9, 3, 2, 6).mean)


def test_initialisation_has_the_stated_variances():
    net = network(40_000, 2, 2, noise=LearnedNoise(0.3))
    for block, deviation in ((net.mean, 1.0), (net.scale, 0.3), (net.decoder, 1.0)):
        assert float(block.std()) == pytest.approx(deviation, rel=0.02)
        assert abs(float(block.mean())) < 0.02 * deviation
    assert net.multiplier == 40_000**-0.5


def test_fixed_noise_has_two_blocks_and_learned_noise_three():
    assert list(network(3, 2, 1, noise=FixedNoise(0.5)).parameters()) == ["mean", "decoder"]
    assert list(network(3, 2, 1).parameters()) == ["mean", "scale", "decoder"]


@given(widths, sizes, sizes, activations, noises)
def test_the_mean_output_is_the_sum_it_is_written_as(m, p, d, psi, noise):
    x, _ = data(3, p, d)
    net = network(m, p, d, activation=psi, noise=noise)
    u, s = net.latent(x)
    assert u.shape == s.shape == (3, m)
    expected = sum(net.decoder[r] * mean_activation(psi).value(u[:, r], s[:, r])[:, None] for r in range(m)) * m ** (
        -0.5
    )
    torch.testing.assert_close(net.mean_output(x), expected, rtol=1e-12, atol=1e-13)


@given(activations, noises)
def test_sampled_outputs_have_the_mean_output_as_their_mean(psi, noise):
    """Within six standard errors of 2000 samples, at every entry."""
    x, _ = data(2, 3, 2)
    net = network(10, 3, 2, activation=psi, noise=noise)
    eps = torch.randn(2000, 2, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    samples = net.sample_output(x, noise=eps)
    error = samples.std(0) / 2000**0.5
    assert ((samples.mean(0) - net.mean_output(x)).abs() <= 6 * error + 1e-12).all()


def test_a_generator_draws_noise_that_differs_between_inputs():
    net = network(50, 2, 1, [1, 2])
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    out = net.sample_output(x, generator=7)
    assert out.shape == (2, 2, 1)
    assert not torch.allclose(out[:, 0], out[:, 1])
    assert torch.equal(out, net.sample_output(x, generator=np.random.default_rng(7)))


def test_an_antisymmetric_network_starts_at_zero():
    x, _ = data(4, 3, 2)
    assert network(8, 3, 2, antisymmetric=True).mean_output(x).abs().max() < 1e-15


def test_everything_scales_with_the_multiplier():
    x, _ = data(4, 3, 2)
    net = network(16, 3, 2)
    doubled = dataclasses.replace(net, multiplier=2 * net.multiplier)
    torch.testing.assert_close(doubled.mean_output(x), 2 * net.mean_output(x))
    torch.testing.assert_close(doubled.sample_output(x, generator=1), 2 * net.sample_output(x, generator=1))


def test_numpy_inputs_are_welcome_and_parts_sum_to_the_whole():
    x, _ = data(4, 3, 2)
    net = network(17, 3, 2, [1, 2])
    assert torch.equal(net.mean_output(x.numpy()), net.mean_output(x))
    torch.testing.assert_close(sum(part.mean_output(x) for part in net.unit_blocks(5)), net.mean_output(x))
    torch.testing.assert_close(net[1].mean_output(x), net.mean_output(x)[1])


def test_single_precision_is_kept():
    x, _ = data(4, 3, 2)
    assert network(5, 3, 2, dtype=torch.float32).mean_output(x).dtype == torch.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: network(0, 3, 2), "width must be at least 1, got 0"),
        (lambda: network(4, 3, 0), "outputs must be at least 1, got 0"),
        (lambda: network(4, 3, 2, []), "at least one seed"),
        (lambda: network(5, 3, 2, antisymmetric=True), "even width, got 5"),
        (lambda: network(4, 3, 2, activation="eff"), "unknown activation 'eff'; did you mean erf"),
        (lambda: network(4, 3, 2, device="nowhere"), "device 'nowhere' is not there"),
        (lambda: network(4, 3, 2).mean_output(torch.ones(2, 5)), r"\(n, 3\) expected, got \(2, 5\)"),
        (lambda: network(4, 3, 2).sample_output(torch.ones(2, 3)), "either a generator or the noise"),
        (lambda: dataclasses.replace(network(4, 3, 2), scale=None), "goes with a scale block"),
        (lambda: dataclasses.replace(network(4, 3, 2), decoder=torch.ones(3, 2)), "do not match"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="device 'cuda' is not there"):
        StochasticNetwork.initialise(4, 3, 2, device="cuda")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: StochasticNetwork.initialise(2.5, 2, 1), "width must be a whole number, got 2.5"),
        (lambda: StochasticNetwork.initialise("8", 2, 1), "width must be a whole number, got '8'"),
        (lambda: StochasticNetwork.initialise(8, 2, 1, noise=3), "noise is LearnedNoise"),
        (lambda: StochasticNetwork.initialise(8, 2, 1).mean_output([["a", "b"]]), "real numbers"),
        (lambda: StochasticNetwork.initialise(8, 2, 1).mean_output(np.empty((0, 2))), "at least one input"),
    ],
)
def test_what_is_no_width_no_noise_or_no_input_is_one_clear_line(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"dtype": torch.int64}, "floating-point"),
        ({"seed": "a"}, "a seed must be"),
        ({"seed": [0, -1]}, "a seed must be"),
        ({"seed": 1.5}, "a seed must be"),
        ({"seed": ()}, "at least one seed"),
    ],
)
def test_what_no_network_can_be_drawn_from_is_refused_in_one_line(wrong, says):
    with pytest.raises(ValueError, match=says):
        StochasticNetwork.initialise(8, 3, 2, **wrong)
    with pytest.raises(ValueError, match=r"floating-point|a seed must be"):  # a stream has one seed
        NetworkStream.initialise(8, 3, 2, **wrong)


@pytest.mark.parametrize("block", [0, -1, 1.5])
def test_a_block_of_no_units_is_refused(block):
    with pytest.raises(ValueError, match=r"block must be (at least 1|a whole number)"):
        tangent_kernel(StochasticNetwork.initialise(8, 3, 2), np.eye(3), block=block)
