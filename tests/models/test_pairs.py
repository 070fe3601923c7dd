"""Products of pairs of rows by shifts, against two loops."""

import pytest
import torch

from models.pairs import PairProducts, pair_indices, pair_table, pairs_of
from models.snn import StochasticNetwork
from models.tangent import tangent_kernel

CPU = torch.device("cpu")


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n", range(1, 8))
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_every_pair_once(n: int, batch: tuple[int, ...]) -> None:
    a, b = rows(*batch, n, 5), rows(*batch, n, 5, seed=1)
    found = PairProducts().among([a, b])
    assert found.shape == (*batch, pairs_of(n), 5)
    table = pair_table(n, None, CPU)
    assert sorted(set(table.flatten().tolist())) == list(range(pairs_of(n)))
    for i in range(n):
        for j in range(n):
            expected = a[..., i, :] * a[..., j, :] + b[..., i, :] * b[..., j, :]
            torch.testing.assert_close(found[..., table[i, j], :], expected)


@pytest.mark.parametrize("n", range(1, 8))
def test_indices_and_table_say_the_same(n: int) -> None:
    i, j = pair_indices(n, CPU)
    assert torch.equal(pair_table(n, None, CPU)[i, j], torch.arange(pairs_of(n)))


@pytest.mark.parametrize(("n", "n2"), [(1, 1), (1, 4), (4, 1), (3, 5)])
def test_between_two_sets_of_rows(n: int, n2: int) -> None:
    a, b, c, d = (rows(2, k, 6, seed=s) for s, k in enumerate((n, n2, n, n2)))
    found = PairProducts().between([(a, b), (c, d)])
    table = pair_table(n, n2, CPU)
    for i in range(n):
        for j in range(n2):
            torch.testing.assert_close(found[:, table[i, j]], a[:, i] * b[:, j] + c[:, i] * d[:, j])


def test_memory_is_used_again_and_grows_only_if_it_must() -> None:
    products = PairProducts()
    large = products.among([rows(4, 9)])
    small = products.among([rows(4, 3, seed=1)])
    assert small.data_ptr() == large.data_ptr()
    torch.testing.assert_close(small, PairProducts().among([rows(4, 3, seed=1)]))
    assert products.among([rows(4, 20)]).data_ptr() != small.data_ptr()


@pytest.mark.parametrize("n", [1, 4, 5])
def test_gradients_pass(n: int) -> None:
    a, b = rows(n, 3).requires_grad_(), rows(2, 3, seed=1).requires_grad_()
    products = PairProducts()
    assert torch.autograd.gradcheck(lambda a: products.among([a, 2 * a], fresh=True), (a,))
    assert torch.autograd.gradcheck(lambda a, b: products.between([(a, b)], fresh=True), (a, b))


@pytest.mark.parametrize("frozen", [("decoder",), ("mean", "scale")])
def test_gradients_of_a_kernel_of_many_blocks_find_their_products_untouched(frozen: tuple[str, ...]) -> None:
    network, x = StochasticNetwork.initialise(12, 3, 2), rows(4, 3)
    x /= x.norm(dim=1, keepdim=True)
    weights = {name: w.requires_grad_(name not in frozen) for name, w in network.parameters().items()}
    moving = [w for w in weights.values() if w.requires_grad]

    def gradients(block: int) -> tuple[torch.Tensor, ...]:
        kernels = tangent_kernel(network.replace_parameters(weights), x, block=block)
        return torch.autograd.grad((kernels.mean * kernels.scale).sum(), moving)

    for found, expected in zip(gradients(5), gradients(12), strict=True):
        torch.testing.assert_close(found, expected)
