"""The stochastic neural tangent kernel Θ(x, x') = Σ_b ∂f(x)/∂W^b · ∂f(x')/∂W^b ᵀ of a network, block by block.

    Θ^d = M² Σ_r h_r h'_r I_d
    Θ^μ = M² <x,x'> Σ_r v_r v_rᵀ h_u,r h'_u,r
    Θ^σ = M² <x,x'> Σ_r v_r v_rᵀ h_s,r h'_s,r

(M = m^{-1/2}; Definition 1). The sums over units are matrix products between pairs of inputs and pairs of outputs
(``models.contraction``), streamed in blocks of units: the memory needed does not grow with the width. Where the sum
of the blocks, the trace over outputs or the action on vectors is enough, ``total_tangent_kernel``, ``models.traced``
and ``models.operator`` need less.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.checked import broadcast_tensor, of_kind, whole_number
from models.contraction import PairSums, blocks_of_units, numbers_each, pair_sums, spread, units_at_once
from models.memory import block_size
from models.snn import Features, StochasticNetwork
from models.stream import Network

__all__ = [
    "TangentKernel",
    "jacobian_tangent_kernel",
    "sampled_tangent_kernel",
    "tangent_kernel",
    "tangent_matrix",
    "total_tangent_kernel",
]


Kernel = Float[Tensor, "*b n d n2 d"]


@dataclass(frozen=True, eq=False)
class TangentKernel:
    """The blocks of Θ(x, x'), each (*b, n, d, n', d); ``scale`` vanishes under fixed noise."""

    decoder: Kernel
    mean: Kernel
    scale: Kernel

    @classmethod
    def of(cls, network: Network, x: Tensor, x2: Tensor | None, sums: PairSums) -> TangentKernel:
        """The blocks from sums over units of h_u h'_u and h_s h'_s."""
        xx, same = _products(network, x, x2), x2 is None
        eye = torch.eye(network.outputs, dtype=x.dtype, device=x.device)
        decoder = (network.multiplier**2 * sums.gram)[..., :, None, :, None] * eye[:, None, :]
        mean, *scale = (spread(slope, xx, network.outputs, same) for slope in sums.slopes)
        return cls(decoder, mean, scale[0] if scale else torch.zeros_like(mean))

    @property
    def total(self) -> Kernel:
        """Θ = Θ^d + Θ^μ + Θ^σ."""
        return self.decoder + self.mean + self.scale

    def block(self, name: str = "total") -> Float[Tensor, "*b nd n2d"]:
        """One block ("decoder", "mean", "scale" or "total") as a matrix (*b, nd, n'd)."""
        kernel: Tensor = getattr(self, name)
        *batch, n, d, n2, _ = kernel.shape
        return kernel.reshape(*batch, n * d, n2 * d)

    def _repr_html_(self) -> str:
        """What a notebook shows: the blocks as (nd, n'd) matrices, means over the replicates if there are several."""
        from claimtest.notebook import matrices_html

        *batch, n, d, n2, _ = self.decoder.shape
        mean = f", mean of {math.prod(batch)} replicates" if batch else ""
        title = f"Tangent kernel, {n} by {n2} inputs, {d} output{'s' if d > 1 else ''}{mean}"
        blocks = {name: self.block(name).reshape(-1, n * d, n2 * d).mean(0) for name in ("decoder", "mean", "scale")}
        return matrices_html(title, {name: block.detach().cpu().numpy() for name, block in blocks.items()})


def tangent_kernel(network: Network, x: Any, other: Any = None, *, block: int | None = None) -> TangentKernel:
    """Θ(x, x') of the mean output in closed form; x' = x if ``other`` is None.

    At most ``block`` units are treated at once (chosen to fit the cache if None). Raises ValueError if the
    inputs do not fit the network or ``block`` is below 1, and TypeError without a network, as all here do.
    """
    x, x2 = _both(network, x, other)
    return _joined(torch.cat, _contractions(network, x, x2, _mean_features(x, x2), block, TangentKernel.of))


def total_tangent_kernel(
    network: Network, x: Any, other: Any = None, *, block: int | None = None
) -> Float[Tensor, "*b n d n2 d"]:
    """Θ(x, x') alone, the sum of its blocks: one matrix product over b b' + c c' in place of two.

    Arguments and errors as for :func:`tangent_kernel`.
    """
    x, x2 = _both(network, x, other)

    def summed(network: Network, x: Tensor, x2: Tensor | None, sums: PairSums) -> Tensor:
        xx = _products(network, x, x2)
        kernel = spread(sums.slopes[0], xx, network.outputs, same=x2 is None)
        kernel.diagonal(dim1=-3, dim2=-1).add_((network.multiplier**2 * sums.gram)[..., None])
        return kernel

    parts = _contractions(network, x, x2, _mean_features(x, x2), block, summed, together=True)
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def tangent_matrix(network: Network, x: Any, other: Any = None) -> Float[Tensor, "*b nd n2d"]:
    """Θ(x, x') alone as a matrix (*b, nd, n'd). Arguments and errors as for :func:`tangent_kernel`."""
    return total_tangent_kernel(network, x, other).flatten(-2).flatten(-3, -2)


def sampled_tangent_kernel(
    network: StochasticNetwork,
    x: Any,
    noise: Float[Tensor, "*s n m"],
    other_noise: Float[Tensor, "*s n2 m"] | None = None,
    other: Any = None,
    *,
    block: int | None = None,
) -> TangentKernel:
    """The same contraction of the gradients of *sampled* outputs f̂(x_i; ε_i) and f̂(x'_j; ε'_j).

    The noise broadcasts against (*b, n, m): independent ``noise`` and ``other_noise`` have Θ as their mean;
    ``other_noise`` None (and ``other`` None) uses one draw per input for both factors; noise of shape (*b, 1, m) is
    shared by all inputs. Axes of the noise before those of the network are samples: the result keeps them. Raises
    ValueError for two sets of inputs with one of noise, or noise that does not broadcast.
    """
    of_kind(network, "network", StochasticNetwork)
    x = network.as_inputs(x)
    if other is not None and other_noise is None:
        raise ValueError("two sets of inputs need two sets of noise")
    if np.ndim(noise) > network.mean.ndim:
        second = [None] * len(noise) if other_noise is None else list(other_noise)
        pairs = zip(noise, second, strict=True)
        return _joined(torch.stack, [sampled_tangent_kernel(network, x, *e, other, block=block) for e in pairs])
    x2 = x if other is None else network.as_inputs(other)
    noise = _noise_for(network, x, noise)
    noise2 = None if other_noise is None else _noise_for(network, x2, other_noise)

    def features(part: Any, replicates: slice, units: slice) -> tuple[Features, Features | None]:
        pick = (replicates, ..., units) if network.batch_shape else (..., units)
        left = part.sampled_features(x, noise[pick])
        return left, None if noise2 is None else part.sampled_features(x2, noise2[pick])

    second = None if noise2 is None else x2
    return _joined(torch.cat, _contractions(network, x, second, features, block, TangentKernel.of))


def _noise_for(network: StochasticNetwork, x: Tensor, noise: Tensor) -> Float[Tensor, "*b n m"]:
    shape = (*network.batch_shape, len(x), network.width)
    return broadcast_tensor(noise, "noise", shape, x)


FeaturesOf = Callable[[Any, slice, slice], tuple[Features, Features | None]]
"""From a part of the network, its replicates and its units to the features of x and of x' (None: the same)."""

T = TypeVar("T")


def _both(network: Network, x: Any, other: Any) -> tuple[Tensor, Tensor | None]:
    of_kind(network, "network", Network)
    return network.as_inputs(x), None if other is None else network.as_inputs(other)


def _mean_features(x: Tensor, x2: Tensor | None) -> FeaturesOf:
    return lambda part, replicates, units: (part.features(x), None if x2 is None else part.features(x2))


def _contractions(
    network: Network,
    x: Tensor,
    x2: Tensor | None,
    features: FeaturesOf,
    block: int | None,
    finish: Callable[[Network, Tensor, Tensor | None, PairSums], T],
    *,
    together: bool = False,
) -> list[T]:
    """Replicates that fit the cache together, each group contracted over blocks of its units."""
    block = None if block is None else whole_number(block, "block")
    count = network.batch_shape[0] if network.batch_shape else 1
    others = network.batch_shape[1:].numel()
    each = others * numbers_each(len(x), None if x2 is None else len(x2), network.outputs)
    at_once = min(count, block_size(each * (block or network.width), x.device))
    units = block or units_at_once(at_once * each, x.device)
    found = []
    for start in range(0, count, at_once):
        group = slice(start, min(start + at_once, count))
        members = network[group] if network.batch_shape else network
        blocks = blocks_of_units(members, lambda part, units, group=group: features(part, group, units), units)
        found.append(finish(members, x, x2, pair_sums(blocks, together=together)))
    return found


def _joined(join: Callable[[list[Tensor]], Tensor], kernels: list[TangentKernel]) -> TangentKernel:
    if len(kernels) == 1 and join is torch.cat:
        return kernels[0]
    return TangentKernel(*(join([getattr(k, b) for k in kernels]) for b in ("decoder", "mean", "scale")))


def _products(network: Network, x: Tensor, x2: Tensor | None) -> Float[Tensor, "n n2"]:
    """M² <x_i, x'_j>."""
    return network.multiplier**2 * (x @ (x if x2 is None else x2).T)


def jacobian_tangent_kernel(network: StochasticNetwork, x: Any, other: Any = None) -> TangentKernel:
    """The reference: Jacobians of the mean output by automatic differentiation, contracted block by block.

    Slow and hungry ((n, d, m, p) arrays), and as the definition reads: one network. Raises ValueError for replicates.
    """
    of_kind(network, "network", StochasticNetwork)
    if network.batch_shape:
        raise ValueError(f"one network at a time: choose a replicate out of {tuple(network.batch_shape)}")
    x = network.as_inputs(x)
    x2 = x if other is None else network.as_inputs(other)
    blocks = network.parameters()

    def jacobians(inputs: Tensor) -> dict[str, Tensor]:
        def output(*parameters: Tensor) -> Tensor:
            return network.replace_parameters(dict(zip(blocks, parameters, strict=True))).mean_output(inputs)

        # torch.func.jacrev does the same, but takes two seconds to import when it is first called
        return dict(zip(blocks, torch.autograd.functional.jacobian(output, tuple(blocks.values())), strict=True))

    left, right = jacobians(x), jacobians(x2)
    kernels = {b: torch.einsum("ikab,jlab->ikjl", left[b], right[b]) for b in blocks}
    zero = torch.zeros_like(kernels["decoder"])
    return TangentKernel(*(kernels.get(b, zero) for b in ("decoder", "mean", "scale")))
