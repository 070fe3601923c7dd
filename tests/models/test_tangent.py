"""Definition 1: the closed form against automatic differentiation, sampled gradients, and streaming."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from models.contraction import MOST_NUMBERS, by_gram
from models.tangent import jacobian_tangent_kernel, sampled_tangent_kernel, tangent_kernel, total_tangent_kernel
from tests.models.problems import activations, data, largest_difference, network, noises, seeds, sizes, widths
from theorems.setting import FixedNoise, LearnedNoise

BLOCKS = ("decoder", "mean", "scale", "total")


def blocks(kernel):
    return [getattr(kernel, name) for name in BLOCKS]


@settings(max_examples=60)
@given(widths, sizes, sizes, sizes, activations, noises, seeds)
def test_the_closed_form_is_the_contraction_of_jacobians(m, n, p, d, psi, noise, seed):
    x, _ = data(n, p, d, seed)
    net = network(m, p, d, seed, activation=psi, noise=noise)
    kernel, reference = tangent_kernel(net, x), jacobian_tangent_kernel(net, x)
    smallest = 1e-14 * float(reference.total.abs().max())
    for a, b in zip(blocks(kernel), blocks(reference), strict=True):
        assert float((a - b).abs().max()) <= max(1e-10 * float(b.abs().max()), smallest)


@given(widths, sizes, sizes, sizes, sizes, activations, noises)
def test_rectangular_kernels_too(m, n, n2, p, d, psi, noise):
    (x, _), (x2, _) = data(n, p, d), data(n2, p, d, 1)
    net = network(m, p, d, activation=psi, noise=noise)
    kernel, reference = tangent_kernel(net, x, x2), jacobian_tangent_kernel(net, x, x2)
    assert kernel.total.shape == (n, d, n2, d)
    assert largest_difference(blocks(kernel), blocks(reference)) < 1e-10


@pytest.mark.parametrize("d", [1, 4])
@pytest.mark.parametrize("noise", [LearnedNoise(0.7), FixedNoise(0.6)], ids=str)
@pytest.mark.parametrize("other", [None, 26, 3])
def test_many_inputs_with_few_outputs_go_another_way_to_the_same(d, noise, other):
    assert by_gram(25, d)
    assert not by_gram(3, d)
    (x, _), x2 = data(25, 3, d), None if other is None else data(other, 3, d, 1)[0]
    net = network(7, 3, d, [1, 2], noise=noise)
    found, total = tangent_kernel(net, x, x2, block=3), total_tangent_kernel(net, x, x2, block=3)
    for replicate in range(2):
        reference = jacobian_tangent_kernel(net[replicate], x, x2)
        one = [kernel[replicate] for kernel in blocks(found)]
        assert largest_difference(one, blocks(reference)) < 1e-10
        torch.testing.assert_close(total[replicate], reference.total, rtol=1e-10, atol=1e-12)


def test_many_inputs_take_little_more_memory_than_their_kernel():
    for n, d in ((400, 1), (400, 5)):
        x, _ = data(n, 3, d)
        with LargestTensor() as watch:
            total_tangent_kernel(network(600, 3, d), x)
        assert watch.largest <= max(8 * (n * d) ** 2, 8 * MOST_NUMBERS)


@given(widths, sizes, sizes, sizes, activations, noises)
def test_symmetric_positive_semidefinite_and_the_sum_of_its_blocks(m, n, p, d, psi, noise):
    x, _ = data(n, p, d)
    kernel = tangent_kernel(network(m, p, d, activation=psi, noise=noise), x)
    for name in BLOCKS:
        matrix = kernel.block(name)
        torch.testing.assert_close(matrix, matrix.mT, rtol=1e-13, atol=1e-14)
        assert float(torch.linalg.eigvalsh(matrix)[0]) >= -1e-13 * (1 + float(matrix.trace()))
    torch.testing.assert_close(kernel.total, kernel.decoder + kernel.mean + kernel.scale)


@given(widths, st.integers(1, 45), st.booleans())
def test_streaming_in_blocks_of_any_size_gives_the_same(m, block, rectangular):
    x, _ = data(4, 3, 2)
    net = network(m, 3, 2, [1, 2, 3])
    other = x[:2] if rectangular else None
    whole, parts = tangent_kernel(net, x, other, block=m), tangent_kernel(net, x, other, block=block)
    assert largest_difference(blocks(parts), blocks(whole)) < 1e-13


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_replicates_are_contracted_one_by_one(shape):
    x, _ = data(4, 3, 2)
    net = network(11, 3, 2, list(range(6)))[:6]
    wanted = torch.stack([tangent_kernel(net[r], x).total for r in range(6)])
    many = net.replace_parameters({k: w.reshape(-1, *shape[1:], *w.shape[1:]) for k, w in net.parameters().items()})
    kernel = tangent_kernel(many, x).total
    torch.testing.assert_close(kernel.reshape(wanted.shape), wanted, rtol=1e-13, atol=1e-14)


def test_many_wide_replicates_are_split_into_groups():
    x, _ = data(3, 3, 2)
    net = network(6000, 3, 2, list(range(5)))
    wanted = torch.stack([tangent_kernel(net[r], x).total for r in range(5)])
    torch.testing.assert_close(tangent_kernel(net, x).total, wanted, rtol=1e-12, atol=1e-13)


def test_the_multiplier_enters_squared():
    x, _ = data(3, 3, 2)
    net = network(9, 3, 2)
    doubled = dataclasses.replace(net, multiplier=2 * net.multiplier)
    for a, b in zip(blocks(tangent_kernel(doubled, x)), blocks(tangent_kernel(net, x)), strict=True):
        torch.testing.assert_close(a, 4 * b)


def sampled_jacobians(net, x, eps):
    """∂f̂(x_i; ε_i)/∂W^b by automatic differentiation, as {block: (n, d, m, ·)}."""

    def output(parameters):
        return net.replace_parameters(parameters).sample_output(x, noise=eps)

    return torch.func.jacrev(output)(net.parameters())


@given(widths, sizes, activations, st.sampled_from([LearnedNoise(1.0), FixedNoise(0.8)]), seeds)
def test_sampled_kernels_contract_gradients_of_sampled_outputs(m, d, psi, noise, seed):
    x, _ = data(4, 3, d, seed)
    net = network(m, 3, d, seed, activation=psi, noise=noise)
    generator = torch.Generator().manual_seed(seed)
    eps, eps2 = torch.randn(2, 4, m, dtype=torch.float64, generator=generator)
    shared = eps[:1].expand(4, m)
    for kernel, left, right in [
        (sampled_tangent_kernel(net, x, eps, eps2), eps, eps2),
        (sampled_tangent_kernel(net, x, eps), eps, eps),
        (sampled_tangent_kernel(net, x, eps[:1]), shared, shared),
        (sampled_tangent_kernel(net, x, eps[:, :], eps2[:2], x[:2]), eps, eps2),
    ]:
        n2 = kernel.total.shape[2]
        a, b = sampled_jacobians(net, x, left), sampled_jacobians(net, x[:n2], right[:n2])
        for name, block in a.items():
            expected = torch.einsum("ikab,jlab->ikjl", block, b[name])
            torch.testing.assert_close(getattr(kernel, name), expected, rtol=1e-11, atol=1e-12)


def test_samples_are_a_leading_axis_of_the_noise():
    x, _ = data(3, 3, 2)
    net = network(5, 3, 2, [1, 2])
    eps = torch.randn(4, 2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kernel = sampled_tangent_kernel(net, x, eps)
    assert kernel.total.shape == (4, 2, 3, 2, 3, 2)
    torch.testing.assert_close(kernel.total[3, 1], sampled_tangent_kernel(net[1], x, eps[3, 1]).total)


@pytest.mark.parametrize("noise", [LearnedNoise(1.0), FixedNoise(0.8)])
def test_independent_noise_has_the_kernel_as_its_mean_and_one_draw_only_off_the_diagonal(noise):
    """Six standard errors of 2000 samples; one draw per input exceeds Θ on the diagonal by more than they are."""
    x, _ = data(3, 3, 1)
    net = network(8, 3, 1, noise=noise)
    generator = torch.Generator().manual_seed(5)
    eps, eps2 = torch.randn(2, 2000, 3, 8, dtype=torch.float64, generator=generator)
    exact = tangent_kernel(net, x).block("total")

    def deviation(samples):
        kernels = samples.block("total")
        return (kernels.mean(0) - exact) / (kernels.std(0) / 2000**0.5)

    assert deviation(sampled_tangent_kernel(net, x, eps, eps2)).abs().max() < 6
    one_draw = deviation(sampled_tangent_kernel(net, x, eps))
    assert one_draw.fill_diagonal_(0).abs().max() < 6
    assert deviation(sampled_tangent_kernel(net, x, eps)).diagonal().min() > 6


class LargestTensor(TorchDispatchMode):
    """Remembers the largest tensor that any operation returned, views of older memory aside."""

    def __init__(self):
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for t in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(t, torch.Tensor) and t._base is None:
                self.largest = max(self.largest, t.untyped_storage().nbytes() if not func.is_view else 0)
        return out


def test_no_temporary_grows_with_the_width():
    x, _ = data(6, 4, 3)
    largest = []
    for width in (2**17, 2**19):
        net = network(width, 4, 3)
        with LargestTensor() as watch:
            tangent_kernel(net, x)
        largest.append(watch.largest)
    assert largest[0] == largest[1]
    assert largest[1] < 2**19 * 4 * 8


def test_the_kernel_can_be_differentiated():
    x, _ = data(3, 3, 2)
    net = network(7, 3, 2)
    mean = net.mean.clone().requires_grad_()
    value = tangent_kernel(net.replace_parameters({"mean": mean}), x).total.square().sum()
    (gradient,) = torch.autograd.grad(value, mean)
    shift = torch.zeros_like(net.mean)
    shift[2, 1] = 1e-5
    up, down = (
        tangent_kernel(net.replace_parameters({"mean": net.mean + sign * shift}), x).total.square().sum()
        for sign in (1, -1)
    )
    assert float(gradient[2, 1]) == pytest.approx(float(up - down) / 2e-5, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net, x: tangent_kernel(net, x[:, :2]), r"inputs of shape \(n, 3\)"),
        (lambda net, x: sampled_tangent_kernel(net, x, torch.ones(4, 6)), "noise of shape"),
        (lambda net, x: sampled_tangent_kernel(net, x, torch.ones(4, 5), None, x), "two sets of noise"),
        (lambda net, x: jacobian_tangent_kernel(network(5, 3, 2, [1, 2]), x), r"one network at a time.*\(2,\)"),
    ],
)
def test_shapes_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call(network(5, 3, 2), data(4, 3, 2)[0])
