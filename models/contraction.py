"""Sums over units of v vᵀ ⊗ (a aᵀ), as matrix products between pairs of inputs and pairs of outputs.

A unit contributes v_k v_l a_i a_j to the entries (i, k), (j, l) of a kernel. Only pairs i <= j and k <= l differ, so a
sum over m units is one product of the pairs of inputs with the pairs of outputs: m n² d² / 2 operations, a quarter of a
Gram product of size n d. With many inputs and few outputs it takes longer to write the pairs of inputs down than that:
there each pair of outputs has a Gram product of its own over the inputs. Units come in blocks; nothing here grows with
their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from models.memory import block_size
from models.snn import Features, StochasticNetwork
from models.stream import Network

__all__ = ["Blocks", "PairSums", "blocks_of_units", "numbers_each", "pair_sums", "spread", "units_at_once"]

LEAST_UNITS, MOST_NUMBERS = 256, 1 << 24
"""Units in a block, unless their pair products would be more numbers than that."""

FEW_OUTPUTS, MANY_INPUTS = 10, 24
"""Up to so many pairs of outputs (d = 4) and from so many inputs on Gram products are faster than pairs of inputs."""

CACHES = 8
"""Working sets in a block on a CPU. Pair products are written once and read once: being few counts for more than that
they stay in the cache (a third of the time at n = d = 32, two thirds at n = 16, d = 8, less beyond sixteen sets)."""

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
    start = 0
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


def pairs_of(n: int) -> int:
    """Number of pairs i <= j."""
    return n * (n + 1) // 2


def pair_sums(blocks: Blocks, *, together: bool) -> PairSums:
    """The sums over all blocks of units: h_u and h_s apart, or as one sum of b b' + c c' if ``together``."""
    gram, slopes = None, []
    for left, right, decoder in blocks:
        same = right is None
        right = left if right is None else right
        v = decoder.mT
        vv = _pair_products([(v, v)], same=True).mT
        factors = [(left.mean, right.mean)]
        if left.scale is not None and right.scale is not None:
            factors.append((left.scale, right.scale))
        wanted = [factors] if together else [[factor] for factor in factors]
        gram = _plus(gram, left.decoder, right.decoder.mT)
        sums = slopes or [None] * len(wanted)
        n, n2 = left.decoder.shape[-2], right.decoder.shape[-2]
        if by_gram(min(n, n2), v.shape[-2]):
            slopes = [_gram_sums(total, of, vv, same) for total, of in zip(sums, wanted, strict=True)]
        else:
            slopes = [_plus(total, _pair_products(of, same), vv) for total, of in zip(sums, wanted, strict=True)]
    assert gram is not None
    return PairSums(gram, slopes)


def _gram_sums(
    total: Tensor | None, factors: list[tuple[Tensor, Tensor]], vv: Float[Tensor, "*b m Q"], same: bool
) -> Float[Tensor, "*b P Q"]:
    """total + Σ_r v_k v_l Σ a_i b_j over the factors, by a Gram product for every pair of outputs."""
    n, parts = factors[0][0].shape[-2], []
    for weight in vv.mT.unsqueeze(-2).unbind(-3):
        found = sum(torch.matmul(a * weight, b.mT) for a, b in factors[1:]) if len(factors) > 1 else 0
        parts.append(torch.matmul(factors[0][0] * weight, factors[0][1].mT) + found)
    sums = torch.stack(parts, dim=-1)
    i, j = torch.triu_indices(n, n, device=sums.device)
    sums = sums[..., i, j, :] if same else sums.flatten(-3, -2)
    return sums if total is None else total + sums


def _plus(total: Tensor | None, a: Float[Tensor, "*b i m"], b: Float[Tensor, "*b m j"]) -> Float[Tensor, "*b i j"]:
    """total + a b, added where the product is computed."""
    if total is None:
        return torch.matmul(a, b)
    if total.ndim == 2:
        return total.addmm_(a, b)
    flat = [t.reshape(-1, *t.shape[-2:]) for t in (total, a, b)]
    return flat[0].baddbmm_(flat[1], flat[2]).view(total.shape)


def _pair_products(factors: list[tuple[Tensor, Tensor]], same: bool) -> Float[Tensor, "*b P m"]:
    """Σ over the factors (a, b) of a_i b_j, for all pairs in the order of ``pair_table``: i <= j if ``same``."""
    rows = range(factors[0][0].shape[-2])
    pieces = [[(a[..., i : i + 1, :], b[..., i:, :] if same else b) for a, b in factors] for i in rows]
    if torch.is_grad_enabled() and any(t.requires_grad for factor in factors for t in factor):
        return torch.cat([sum((a * b for a, b in piece[1:]), piece[0][0] * piece[0][1]) for piece in pieces], dim=-2)
    sizes = [piece[0][1].shape[-2] for piece in pieces]
    first = factors[0][0]
    out = first.new_empty(*first.shape[:-2], sum(sizes), first.shape[-1])
    for piece, into in zip(pieces, out.split(sizes, dim=-2), strict=True):
        torch.mul(*piece[0], out=into)
        for a, b in piece[1:]:
            into.addcmul_(a, b)
    return out


def pair_table(n: int, n2: int | None, device: torch.device) -> Tensor:
    """Where the pair (i, j) stands among the pair products, (n, n') numbers."""
    if n2 is not None:
        return torch.arange(n * n2, device=device).reshape(n, n2)
    i, j = torch.triu_indices(n, n, device=device)
    table = torch.empty(n, n, dtype=torch.long, device=device)
    table[i, j] = table[j, i] = torch.arange(len(i), device=device)
    return table


def spread(
    sums: Float[Tensor, "*b P Q"], xx: Float[Tensor, "n n2"], outputs: int, same: bool
) -> Float[Tensor, "*b n d n2 d"]:
    """From sums over pairs to <x_i, x'_j> S_{(i,j),(k,l)} as (*b, n, d, n', d); ``xx`` holds <x_i, x'_j>."""
    n, n2 = xx.shape
    inputs = pair_table(n, None if same else n2, xx.device).flatten()
    wide = sums.index_select(-1, pair_table(outputs, None, xx.device).flatten()).index_select(-2, inputs)
    full, xx = wide.unflatten(-1, (outputs, outputs)).unflatten(-3, (n, n2)).movedim(-2, -3), xx[:, None, :, None]
    if torch.is_grad_enabled() and (sums.requires_grad or xx.requires_grad):
        return (full * xx).contiguous()
    return torch.mul(full, xx, out=sums.new_empty(full.shape))
