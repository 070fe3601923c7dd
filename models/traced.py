"""Tangent kernels traced over outputs: (1/d) Σ_k Θ_{ik,jk}, n×n blocks at the cost of n×n products.

    Θ̄^d = M² Σ_r h_r h'_r        Θ̄^μ = M² <x,x'> Σ_r (‖v_r‖²/d) h_u,r h'_u,r        (Θ̄^σ: h_s in place of h_u)

Their means are the blocks of Θ∞ itself, as E Θ = Θ∞ ⊗ I_d.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.checked import of_kind, whole_number
from models.contraction import Blocks, blocks_of_units, plus, units_at_once
from models.memory import block_size
from models.snn import StochasticNetwork
from models.stream import Network

__all__ = ["TracedKernel", "mean_sampled_traced_kernel", "traced_kernel"]


@dataclass(frozen=True, eq=False)
class TracedKernel:
    """The blocks of a kernel, traced over outputs and divided by d, each (*b, n, n'); no noise scale: ``scale`` 0."""

    decoder: Float[Tensor, "*b n n2"]
    mean: Float[Tensor, "*b n n2"]
    scale: Float[Tensor, "*b n n2"]

    @property
    def total(self) -> Float[Tensor, "*b n n2"]:
        """Θ̄ = Θ̄^d + Θ̄^μ + Θ̄^σ."""
        return self.decoder + self.mean + self.scale


def traced_kernel(network: Network, x: Any, other: Any = None, *, block: int | None = None) -> TracedKernel:
    """The trace over outputs of Θ(x, x'), divided by d; x' = x if ``other`` is None.

    At most ``block`` units are treated at once (chosen to fit the cache if None). Raises ValueError if the
    inputs do not fit the network or ``block`` is below 1, and TypeError without a network, as all here do.
    """
    of_kind(network, "network", Network)
    x = network.as_inputs(x)
    x2 = None if other is None else network.as_inputs(other)
    inputs = len(x) + (0 if x2 is None else len(x2))
    fitting = units_at_once(network.batch_shape.numel() * 6 * inputs, x.device)
    size = fitting if block is None else whole_number(block, "block")
    blocks = blocks_of_units(
        network, lambda part, _: (part.features(x), None if x2 is None else part.features(x2)), size
    )
    return _traced(blocks, network, x, x if x2 is None else x2)


def mean_sampled_traced_kernel(
    network: StochasticNetwork,
    x: Any,
    noise: Float[Tensor, "S *b n m"],
    other_noise: Float[Tensor, "S *b n m"] | None = None,
) -> TracedKernel:
    """The same of gradients of *sampled* outputs f̂(x_i; ε_i) and f̂(x_j; ε'_j), averaged over S draws of the noise.

    With ``other_noise`` the two factors have noise of their own, without it they share ``noise``: one draw per input,
    or, for noise of shape (S, *b, 1, m), one for all. Raises ValueError for noise that does not broadcast.
    """
    of_kind(network, "network", StochasticNetwork)
    x = network.as_inputs(x)
    shape = (len(noise), *network.batch_shape, len(x), network.width)
    for given in (noise,) if other_noise is None else (noise, other_noise):
        if given.ndim != len(shape) or any(a not in (1, b) for a, b in zip(given.shape, shape, strict=True)):
            raise ValueError(f"noise of shape {shape} expected, got {tuple(given.shape)}")
    at_once = block_size(6 * network.batch_shape.numel() * len(x) * network.width, x.device)
    firsts, seconds = noise.split(at_once), [None] * len(noise) if other_noise is None else other_noise.split(at_once)
    sums = torch.zeros(3, *network.batch_shape, len(x), len(x), dtype=x.dtype, device=x.device)
    for first, second in zip(firsts, seconds, strict=False):
        left = network.sampled_features(x, first)
        right = None if second is None else network.sampled_features(x, second)
        part = _traced([(left, right, network.decoder)], network, x, x)
        sums += torch.stack([part.decoder.sum(0), part.mean.sum(0), part.scale.sum(0)])
    return TracedKernel(*(sums / len(noise)).unbind())


def _traced(blocks: Blocks, network: Network, x: Tensor, x2: Tensor) -> TracedKernel:
    decoder = mean = scale = None
    for left, right, v in blocks:
        right = left if right is None else right
        weight = v.mT.square().sum(-2, keepdim=True) / network.outputs
        decoder = plus(decoder, left.decoder, right.decoder.mT)
        mean = plus(mean, left.mean * weight, right.mean.mT)
        if left.scale is not None and right.scale is not None:
            scale = plus(scale, left.scale * weight, right.scale.mT)
    assert decoder is not None
    assert mean is not None
    xx, squared = x @ x2.T, network.multiplier**2
    by_scale = torch.zeros_like(mean) if scale is None else squared * xx * scale
    return TracedKernel(squared * decoder, squared * xx * mean, by_scale)
