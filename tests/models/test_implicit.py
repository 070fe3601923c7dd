"""Solves in function space against the dense matrices they stand for."""

import pytest
import torch

from models.implicit import GaussNewton, combined, dot
from models.span import DiagonalMetric, FullMetric, Span, UniformMetric
from tests.models.problems import data


def random(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def problem(kind, n, p, decoder, d=2, m=5, replicates=2):
    """A GaussNewton of random features, and D of its encoder as dense k×k matrices (R, m, k, k)."""
    x, _ = data(n, p, 1)
    span = Span.dual(x) if kind == "diagonal" else Span.principal(x)
    k, t = span.z.shape[1], random(replicates, n, m, seed=1).exp()
    shift = torch.tensor([0.3, 0.7], dtype=torch.float64)
    if kind == "uniform":
        diagonal = random(replicates, k, seed=2).exp()
        metric, dense = UniformMetric(span, diagonal), torch.diag_embed(diagonal)[:, None].expand(-1, m, -1, -1)
    elif kind == "diagonal":
        metric, dense = DiagonalMetric(t), torch.diag_embed(t.mT)
    else:
        metric = FullMetric(span, t, shift)
        dense = torch.einsum("il,rim,ik->rmlk", span.z, t, span.z)
        dense = dense + shift[:, None, None, None] * (span.basis.mT @ span.basis)
    slopes = {"mean": random(replicates, n, m, seed=3), "scale": random(replicates, n, m, seed=4)}
    hidden = random(replicates, n, m, seed=5) if decoder else None
    v = random(replicates, d, m, seed=6)
    return GaussNewton(span, 0.4, v, slopes, {"mean": metric, "scale": metric}, hidden, shift), dense


def dense_system(newton, dense, replicate):
    """J and D of one replicate with every coordinate of every block strung together (unit by unit within a block)."""
    z, v, m = newton.span.z, newton.decoder[replicate], newton.decoder.shape[-1]
    blocks = [
        torch.einsum("cr,ir,ik->icrk", v, a[replicate], z).flatten(2).flatten(0, 1) * newton.multiplier
        for a in newton.slopes.values()
    ]
    metrics = [torch.block_diag(*dense[replicate])] * len(blocks)
    if newton.hidden is not None:
        d = len(v)
        eye = torch.eye(d, dtype=v.dtype)
        columns = torch.einsum("ir,ce->icre", newton.hidden[replicate], eye).flatten(2).flatten(0, 1)
        blocks.append(columns * newton.multiplier)
        metrics.append(newton.shift[replicate] * torch.eye(d * m, dtype=v.dtype))
    return torch.cat(blocks, 1), torch.block_diag(*metrics)


def flat(move, replicate):
    return torch.cat([part[replicate].mT.flatten() for part in move.values()])


CASES = [("uniform", 3, 4), ("uniform", 5, 3), ("diagonal", 3, 4), ("full", 3, 4), ("full", 5, 3)]


@pytest.mark.parametrize("decoder", [False, True])
@pytest.mark.parametrize(("kind", "n", "p"), CASES)
def test_everything_is_as_with_dense_matrices(kind, n, p, decoder):
    newton, dense = problem(kind, n, p, decoder)
    k, m, d = newton.span.z.shape[1], newton.decoder.shape[-1], newton.decoder.shape[1]
    force = {"mean": random(2, k, m, seed=7), "scale": random(2, k, m, seed=8)}
    if decoder:
        force["decoder"] = random(2, d, m, seed=9)
    residual = random(2, n, d, seed=10)
    step, pushed, pulled = newton.solve(force, residual), newton.push(force), newton.pull(residual)
    for r in range(2):
        jacobian, metric = dense_system(newton, dense, r)
        b = flat(force, r)
        torch.testing.assert_close(pushed[r].flatten(), jacobian @ b)
        torch.testing.assert_close(flat(pulled, r), jacobian.T @ residual[r].flatten())
        torch.testing.assert_close(newton.kernel()[r], jacobian @ torch.linalg.solve(metric, jacobian.T))
        right = b - jacobian.T @ residual[r].flatten()
        torch.testing.assert_close(flat(step, r), torch.linalg.solve(metric + jacobian.T @ jacobian, right))


@pytest.mark.parametrize(("n", "p", "rank"), [(3, 5, 3), (5, 3, 3), (4, 4, 4)])
def test_coordinates_span_what_the_inputs_span(n, p, rank):
    x, _ = data(n, p, 1)
    doubled = torch.cat([x, -x])
    for inputs in (x, doubled):
        span = Span.principal(inputs)
        assert span.z.shape == (len(inputs), rank)
        torch.testing.assert_close(span.z @ span.basis.T, inputs)
        torch.testing.assert_close(span.basis.T @ span.basis, torch.eye(rank, dtype=x.dtype))
        gram = span.z.T @ span.z
        torch.testing.assert_close(gram, torch.diag(gram.diagonal()))
    assert Span.dual(data(3, 5, 1)[0]).free
    assert not Span.principal(x).free


def test_a_stiff_direction_keeps_its_digits():
    """t spans 20 orders: z_iᵀ D⁻¹ z_i of the stiff input is 1/t_i nearly, far below the entries of D⁻¹."""
    x, _ = data(4, 3, 1)
    t = torch.tensor([1e20, 1.0, 2.0, 3.0], dtype=torch.float64)[None, :, None]
    metric = FullMetric(Span.principal(x), t, torch.zeros(1, dtype=torch.float64))
    z = metric.span.z[0]
    value = z @ metric.solve(z[None, :, None])[0, :, 0]
    assert float(value) == pytest.approx(1e-20, rel=1e-6)


def test_moves_are_added_and_multiplied_replicate_by_replicate():
    a, b = ({"mean": random(2, 3, 4, seed=s), "decoder": random(2, 1, 4, seed=s + 9)} for s in (1, 2))
    weight = torch.tensor([2.0, -1.0], dtype=torch.float64)
    for r in range(2):
        torch.testing.assert_close(dot(a, b)[r], flat(a, r) @ flat(b, r))
        torch.testing.assert_close(flat(combined(a, b, weight), r), flat(a, r) + weight[r] * flat(b, r))
        torch.testing.assert_close(flat(combined(a, b, -1.0), r), flat(a, r) - flat(b, r))
