"""Sums over units of v vᵀ ⊗ (a aᵀ), as matrix products between pairs of inputs and pairs of outputs.

A unit contributes v_k v_l a_i a_j to the entries (i, k), (j, l) of a kernel. Only pairs i <= j and k <= l differ, so a
sum over m units is one product of the pairs of inputs with the pairs of outputs: m n² d² / 2 operations, a quarter of a
Gram product of size n d. With many inputs and few outputs it takes longer to write the pairs of inputs down than that:
there each pair of outputs has a Gram product of its own over the inputs. Units come in blocks; nothing here grows with
their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from models.memory import block_size
from models.pairs import PairProducts, pair_indices, pair_table, pairs_of
from models.snn import Features, StochasticNetwork
from models.stream import Network

__all__ = ["Blocks", "PairSums", "blocks_of_units", "numbers_each", "pair_sums", "plus", "spread", "units_at_once"]

LEAST_UNITS, MOST_NUMBERS = 256, 1 << 24
"""Units in a block, unless their pair products would be more numbers than that."""

FEW_OUTPUTS, MANY_INPUTS = 10, 24
"""Up to so many pairs of outputs (d = 4) and from so many inputs on Gram products are faster than pairs of inputs."""

CACHES = 6
"""Working sets in a block on a CPU. Pair products are written once and read once: few blocks, each a call of several
operations, count for more than products in the nearest cache (one set takes 15 % longer at n = d = 32)."""

Blocks = Iterable[tuple[Features, Features | None, Float[Tensor, "*b k d"]]]
"""Per block of units their features at x, at x' (None: the same as at x) and their rows v_r of the decoder."""


class PairSums(NamedTuple):
    """Σ_r h_r h'_r (*b, n, n') and, for b = h_u and c = h_s, Σ_r over pairs (*b, P, Q); ``slopes`` may be one sum."""

    gram: Tensor
    slopes: list[Tensor]


def blocks_of_units(
    network: Network,
    features: Callable[[StochasticNetwork, slice], tuple[Features, Features | None]],
    size: int,
) -> Blocks:
    """The network cut into blocks of ``size`` units; ``features`` gets each part and where its units lie."""
    start, size = 0, math.ceil(network.width / math.ceil(network.width / size))  # no small rest
    for part in network.unit_blocks(size):
        yield *features(part, slice(start, start + part.width)), part.decoder
        start += part.width


def by_gram(inputs: int, outputs: int) -> bool:
    """Whether each pair of outputs gets a Gram product of its own."""
    return pairs_of(outputs) <= FEW_OUTPUTS and inputs >= MANY_INPUTS


def numbers_each(inputs: int, others: int | None, outputs: int) -> int:
    """Numbers that a unit takes on the way: its features and products. ``others`` are inputs x' (None: x itself)."""
    both = inputs + (others or 0)
    if by_gram(min(inputs, others or inputs), outputs):
        return 5 * both + pairs_of(outputs)
    return (pairs_of(inputs) if others is None else inputs * others) + pairs_of(outputs) + 3 * both


def units_at_once(each: int, device: torch.device) -> int:
    """Units whose products take little memory, but enough of them that a row of products is worth its call."""
    fitting = block_size(each, device)
    least = max(1, min(LEAST_UNITS, MOST_NUMBERS // each))
    return max(fitting if device.type != "cpu" else CACHES * fitting, least)


def pair_sums(blocks: Blocks, *, together: bool) -> PairSums:
    """The sums over all blocks of units: h_u and h_s apart, or as one sum of b b' + c c' if ``together``."""
    gram, slopes = None, []
    of_outputs, of_inputs = PairProducts(), PairProducts()
    for left, right, decoder in blocks:
        same = right is None
        right = left if right is None else right
        fresh = _tracked((*left, *right, decoder))
        v = decoder.mT
        vv = of_outputs.among([v], fresh=fresh).mT
        factors = [(left.mean, right.mean)]
        if left.scale is not None and right.scale is not None:
            factors.append((left.scale, right.scale))
        wanted = [factors] if together else [[factor] for factor in factors]
        gram = plus(gram, left.decoder, right.decoder.mT)
        sums = slopes or [None] * len(wanted)
        n, n2 = left.decoder.shape[-2], right.decoder.shape[-2]
        if by_gram(min(n, n2), v.shape[-2]):
            slopes = [_gram_sums(total, of, vv, same) for total, of in zip(sums, wanted, strict=True)]
        else:
            # one after the other: they share their memory
            products = (
                of_inputs.among([a for a, _ in of], fresh=fresh) if same else of_inputs.between(of, fresh=fresh)
                for of in wanted
            )
            slopes = [plus(total, of, vv) for total, of in zip(sums, products, strict=True)]
    assert gram is not None
    return PairSums(gram, slopes)


def _tracked(tensors: Iterable[Tensor | None]) -> bool:
    """Whether autograd follows any of them."""
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)


def _gram_sums(
    total: Tensor | None, factors: list[tuple[Tensor, Tensor]], vv: Float[Tensor, "*b m Q"], same: bool
) -> Float[Tensor, "*b P Q"]:
    """total + Σ_r v_k v_l Σ a_i b_j over the factors, by a Gram product for every pair of outputs."""
    n, parts = factors[0][0].shape[-2], []
    for weight in vv.mT.unsqueeze(-2).unbind(-3):
        found = sum(torch.matmul(a * weight, b.mT) for a, b in factors[1:]) if len(factors) > 1 else 0
        parts.append(torch.matmul(factors[0][0] * weight, factors[0][1].mT) + found)
    sums = torch.stack(parts, dim=-1)
    i, j = pair_indices(n, sums.device)
    sums = sums[..., i, j, :] if same else sums.flatten(-3, -2)
    return sums if total is None else total + sums


def plus(total: Tensor | None, a: Float[Tensor, "*b i m"], b: Float[Tensor, "*b m j"]) -> Float[Tensor, "*b i j"]:
    """total + a b, added where the product is computed."""
    if total is None:
        return torch.matmul(a, b)
    if total.ndim == 2:
        return total.addmm_(a, b)
    flat = [t.reshape(-1, *t.shape[-2:]) for t in (total, a, b)]
    return flat[0].baddbmm_(flat[1], flat[2]).view(total.shape)


def spread(
    sums: Float[Tensor, "*b P Q"], xx: Float[Tensor, "n n2"], outputs: int, same: bool
) -> Float[Tensor, "*b n d n2 d"]:
    """From sums over pairs to <x_i, x'_j> S_{(i,j),(k,l)} as (*b, n, d, n', d); ``xx`` holds <x_i, x'_j>."""
    n, n2 = xx.shape
    table = pair_table(n, None if same else n2, xx.device)
    columns = pair_table(outputs, None, xx.device).flatten()
    sums = sums.gather(-1, columns.expand(*sums.shape[:-1], -1))  # half the time of index_select

    def wide(some: slice) -> Float[Tensor, "*b k d n2 d"]:
        """The sums of some inputs x with all x': few enough rows stay in the cache until they are scaled."""
        rows = sums.index_select(-2, table[some].flatten())
        return rows.unflatten(-1, (outputs, outputs)).unflatten(-3, (-1, n2)).movedim(-2, -3)

    xx = xx[:, None, :, None]
    if _tracked((sums, xx)):
        return (wide(slice(None)) * xx).contiguous()
    kernel = sums.new_empty(*sums.shape[:-2], n, outputs, n2, outputs)
    size = block_size(sums.shape[:-2].numel() * n2 * outputs**2, xx.device)
    for some in (slice(start, start + size) for start in range(0, n, size)):
        torch.mul(wide(some), xx[some], out=kernel[..., some, :, :, :])
    return kernel
