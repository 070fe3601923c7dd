"""The first order of the kernel's change: odd in the decoder, and back with the third moment of a skewed one."""

import dataclasses
import math

import numpy as np
import torch
from scipy.stats import norm

from checks.experiments.networks import initial_networks, skewed_decoder
from models.snn import StochasticNetwork
from models.tangent import tangent_kernel
from tests.checks.small import seeds, small_case
from theorems.setting import RELU, FixedNoise


def test_a_skewed_decoder_has_mean_0_variance_1_and_third_moment_2():
    case = small_case()
    v = skewed_decoder(initial_networks(case, 200_000, seeds(1), "cpu")).decoder.numpy().ravel()
    n = len(v)
    # moments of a centred exponential: E v² = 1, E v³ = 2, E v⁴ = 9, E v⁶ = 265; five standard errors
    assert abs(v.mean()) < 5 / math.sqrt(n)
    assert abs((v**2).mean() - 1) < 5 * math.sqrt(8 / n)
    assert abs((v**3).mean() - 2) < 5 * math.sqrt(261 / n)
    assert v.min() >= -1


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
