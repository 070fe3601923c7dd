"""Traced kernels, kernels as operators and networks that are never whole, against the kernel in memory."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.operator import (
    largest_eigenvalue,
    limit_operator,
    smallest_eigenvalue,
    spectral_norm,
    tangent_operator,
)
from models.snn import StochasticNetwork
from models.stream import NetworkStream
from models.tangent import sampled_tangent_kernel, tangent_kernel, tangent_matrix, total_tangent_kernel
from models.traced import mean_sampled_traced_kernel, traced_kernel
from tests.models.problems import activations, data, network, noises, seeds, sizes, widths
from theorems.setting import FixedNoise, LearnedNoise

BLOCKS = ("decoder", "mean", "scale", "total")


@pytest.mark.parametrize("block", [0, -3, 2.5, "a"])
def test_blocks_of_no_units_are_refused(block):
    x, _ = data(3, 3, 2)
    net = network(5, 3, 2)
    for ask in (lambda: traced_kernel(net, x, block=block), lambda: tangent_operator(net, x, block=block)):
        with pytest.raises(ValueError, match="block"):
            ask()


def trace(block):
    """(1/d) Σ_k Θ_{ik,jk}."""
    return block.diagonal(dim1=-3, dim2=-1).mean(-1)


@settings(max_examples=25)
@given(widths, sizes, sizes, sizes, activations, noises, st.booleans())
def test_the_trace_is_that_of_the_whole_kernel(m, n, p, d, psi, noise, rectangular):
    x, _ = data(n, p, d)
    other = data(3, p, d, 1)[0] if rectangular else None
    net = network(m, p, d, [1, 2], activation=psi, noise=noise)
    whole, traced = tangent_kernel(net, x, other), traced_kernel(net, x, other, block=7)
    for name in BLOCKS:
        wanted = trace(getattr(whole, name))
        torch.testing.assert_close(getattr(traced, name), wanted, rtol=1e-11, atol=1e-13)


@settings(max_examples=25)
@given(widths, sizes, sizes, sizes, activations, noises, st.booleans(), st.integers(1, 20))
def test_the_total_alone_is_the_sum_of_the_blocks(m, n, p, d, psi, noise, rectangular, block):
    x, _ = data(n, p, d)
    other = data(3, p, d, 1)[0] if rectangular else None
    net = network(m, p, d, [1, 2, 3], activation=psi, noise=noise)
    wanted = tangent_kernel(net, x, other).total
    torch.testing.assert_close(total_tangent_kernel(net, x, other, block=block), wanted, rtol=1e-11, atol=1e-13)
    matrix = tangent_kernel(net, x, other).block()
    torch.testing.assert_close(tangent_matrix(net, x, other), matrix, rtol=1e-11, atol=1e-13)


@settings(max_examples=25)
@given(widths, sizes, activations, noises, st.sampled_from(["own", "per input", "shared"]))
def test_sampled_kernels_are_averaged_over_the_draws(m, d, psi, noise, kind):
    x, _ = data(4, 3, d)
    net = network(m, 3, d, [1, 2], activation=psi, noise=noise)
    generator = torch.Generator().manual_seed(m)
    eps, eps2 = torch.randn(2, 5, 2, 4, m, dtype=torch.float64, generator=generator)
    eps, eps2 = (eps[:, :, :1], None) if kind == "shared" else (eps, eps2 if kind == "own" else None)
    mean, samples = mean_sampled_traced_kernel(net, x, eps, eps2), sampled_tangent_kernel(net, x, eps, eps2)
    for name in BLOCKS:
        wanted = trace(getattr(samples, name)).mean(0)
        torch.testing.assert_close(getattr(mean, name), wanted, rtol=1e-11, atol=1e-13)


def test_many_draws_are_averaged_in_parts(monkeypatch):
    x, _ = data(3, 3, 2)
    net = network(6, 3, 2, [1, 2])
    eps = torch.randn(11, 2, 3, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    whole = mean_sampled_traced_kernel(net, x, eps).total
    monkeypatch.setattr("models.memory.CPU_ELEMENTS", 6 * 2 * 3 * 6 * 4)
    torch.testing.assert_close(mean_sampled_traced_kernel(net, x, eps).total, whole, rtol=1e-13, atol=1e-15)


@settings(max_examples=25)
@given(widths, sizes, sizes, sizes, noises, seeds, st.integers(1, 12))
def test_the_units_of_a_stream_are_those_of_the_network(m, n, p, d, noise, seed, block):
    stream = NetworkStream.initialise(m, p, d, noise=noise, seed=seed)
    net = StochasticNetwork.initialise(m, p, d, noise=noise, seed=seed)
    for part, wanted in zip(stream.unit_blocks(block), net.unit_blocks(block), strict=True):
        for name, block_of_units in part.parameters().items():
            assert torch.equal(block_of_units, wanted.parameters()[name])
    x, _ = data(n, p, d)
    torch.testing.assert_close(stream.mean_output(x), net.mean_output(x), rtol=1e-12, atol=1e-14)
    kernel = tangent_kernel(net, x)
    torch.testing.assert_close(tangent_kernel(stream, x).total, kernel.total, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(total_tangent_kernel(stream, x), kernel.total, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(traced_kernel(stream, x).total, trace(kernel.total), rtol=1e-12, atol=1e-13)


@settings(max_examples=25)
@given(widths, sizes, sizes, sizes, activations, noises, st.integers(1, 20))
def test_products_with_the_operator_are_those_with_the_matrix(m, n, p, d, psi, noise, block):
    x, _ = data(n, p, d)
    net = network(m, p, d, activation=psi, noise=noise)
    matrix = tangent_kernel(net, x).block().numpy()
    e = np.random.default_rng(0).standard_normal((n * d, 3))
    operator = tangent_operator(net, x, block=block)
    np.testing.assert_allclose(operator @ e, matrix @ e, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(operator.T @ e[:, 0], matrix @ e[:, 0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 2), (12, 5)], ids=["direct", "Lanczos"])
@pytest.mark.parametrize("noise", [LearnedNoise(1.0), FixedNoise(0.8)])
def test_extreme_eigenvalues_and_the_distance_from_a_limit_need_no_matrix(shape, noise):
    n, d = shape
    x, _ = data(n, 4, d)
    stream, net = (kind.initialise(400, 4, d, noise=noise) for kind in (NetworkStream, StochasticNetwork))
    matrix = tangent_kernel(net, x).block().numpy()
    values = np.linalg.eigvalsh(matrix)
    limit = trace(tangent_kernel(net, x).total).numpy()
    operator, distance = tangent_operator(stream, x), np.linalg.norm(matrix - np.kron(limit, np.eye(d)), 2)
    assert largest_eigenvalue(operator) == pytest.approx(values[-1], rel=1e-7)
    assert largest_eigenvalue(operator, 1e-2) == pytest.approx(values[-1], rel=1e-2)
    assert smallest_eigenvalue(operator) == pytest.approx(values[0], abs=1e-7 * values[-1])
    assert spectral_norm(operator - limit_operator(limit, d)) == pytest.approx(distance, rel=1e-7)


def test_bad_shapes_get_one_line():
    batch, x = network(5, 3, 2, [1, 2]), data(4, 3, 2)[0]
    with pytest.raises(ValueError, match="one network at a time"):
        tangent_operator(batch, x)
    with pytest.raises(ValueError, match="noise of shape"):
        mean_sampled_traced_kernel(batch, x, torch.ones(3, 2, 4, 6))
    with pytest.raises(ValueError, match=r"inputs of shape \(n, 3\)"):
        traced_kernel(NetworkStream.initialise(5, 3, 2), x[:, :2])
    with pytest.raises(ValueError, match="width must be at least 1"):
        NetworkStream.initialise(0, 3, 2)
    with pytest.raises(ValueError, match="no axis of replicates"):
        NetworkStream.initialise(5, 3, 2)[0]
