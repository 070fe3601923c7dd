"""Products of all pairs i <= j of rows, by cyclic shifts: a_i a_(i+s) for s = 0 .. n/2.

The pairs of n rows are n (n + 1) / 2, and the shifts give each of them once (for even n the last shift half of its
rows). So all of them are two operations on whole arrays, however many rows there are, where one row after another takes
n of lengths that shrink.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["PairProducts", "pair_indices", "pair_table", "pairs_of"]


def pairs_of(n: int) -> int:
    """Number of pairs i <= j."""
    return n * (n + 1) // 2


def pair_indices(n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The two rows of each pair, in the order of the products: i and i + s modulo n."""
    order = torch.arange(pairs_of(n), device=device)
    i = order % n
    return i, (i + order // n) % n


def pair_table(n: int, n2: int | None, device: torch.device) -> Tensor:
    """Where the pair (i, j) stands among the products, (n, n') numbers; n' = None: both of the same rows."""
    if n2 is not None:
        return torch.arange(n * n2, device=device).reshape(n, n2)
    i, j = pair_indices(n, device)
    table = torch.empty(n, n, dtype=torch.long, device=device)
    table[i, j] = table[j, i] = torch.arange(len(i), device=device)
    return table


class PairProducts:
    """Sums of products of rows, in memory that the next call uses again, unless it shall be ``fresh``.

    Paging in new memory for every block of units takes longer than the products themselves. Where gradients are
    wanted of anything that is computed with them, they have to stay as they are.
    """

    def __init__(self) -> None:
        """No memory yet."""
        self._memory: Tensor | None = None

    def among(self, rows: Sequence[Float[Tensor, "*b n m"]], *, fresh: bool = False) -> Float[Tensor, "*b P m"]:
        """Σ over the arrays of a_i a_j, for the pairs i <= j."""
        n = rows[0].shape[-2]
        whole, half = (n + 1) // 2, n // 2 if n % 2 == 0 else 0
        shifted = [_shifts(a)[..., :whole, :, :] for a in rows]
        pieces = [[(a.unsqueeze(-3), b) for a, b in zip(rows, shifted, strict=True)]]
        if half:
            pieces.append([(a[..., None, :half, :], a[..., None, half:, :]) for a in rows])
        return self._sums(pieces, fresh)

    def between(self, factors: Sequence[tuple[Tensor, Tensor]], *, fresh: bool = False) -> Float[Tensor, "*b P m"]:
        """Σ over the factors (*b, n, m) and (*b, n', m) of a_i b_j, for all i and j."""
        return self._sums([[(a.unsqueeze(-2), b.unsqueeze(-3)) for a, b in factors]], fresh)

    def _sums(self, pieces: list[list[tuple[Tensor, Tensor]]], fresh: bool) -> Float[Tensor, "*b P m"]:
        """The factors of a piece are (*b, s, i, m), either with a one in place of s or i: rows (s, i), one by one."""
        if fresh:
            sums = [reduce(torch.add, (a * b for a, b in piece)) for piece in pieces]
            return torch.cat([part.flatten(-3, -2) for part in sums], dim=-2)
        sizes = [(max(a.shape[-3], b.shape[-3]), max(a.shape[-2], b.shape[-2])) for (a, b), *_ in pieces]
        counts, first = [math.prod(size) for size in sizes], pieces[0][0][0]
        out = self._room(first, (*first.shape[:-3], sum(counts), first.shape[-1]))
        for piece, size, into in zip(pieces, sizes, out.split(counts, dim=-2), strict=True):
            products = into.unflatten(-2, size)
            torch.mul(*piece[0], out=products)
            for a, b in piece[1:]:
                products.addcmul_(a, b)
        return out

    def _room(self, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        size = math.prod(shape)
        if self._memory is None or self._memory.numel() < size:
            self._memory = like.new_empty(size)
        return self._memory[:size].view(shape)


def _shifts(a: Float[Tensor, "*b n m"]) -> Float[Tensor, "*b s n m"]:
    """a_(i+s) for s = 0 .. n/2, as views of a doubled array."""
    n = a.shape[-2]
    return torch.cat([a, a[..., : n // 2, :]], dim=-2).unfold(-2, n, 1).movedim(-1, -2)
