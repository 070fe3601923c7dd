"""The stochastic neural tangent kernel Θ(x, x') = Σ_b ∂f(x)/∂W^b · ∂f(x')/∂W^b ᵀ of a network, block by block.

    Θ^d = M² Σ_r h_r h'_r I_d
    Θ^μ = M² <x,x'> Σ_r v_r v_rᵀ h_u,r h'_u,r
    Θ^σ = M² <x,x'> Σ_r v_r v_rᵀ h_s,r h'_s,r

(M = m^{-1/2}; Definition 1). A unit contributes v vᵀ ⊗ (a aᵀ), so the sum over units is one matrix product
between pairs i <= j of inputs and pairs k <= l of outputs. Units are streamed in blocks: the memory needed does
not grow with the width.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.checked import broadcast_tensor
from models.memory import block_size
from models.snn import Features, StochasticNetwork

__all__ = ["TangentKernel", "jacobian_tangent_kernel", "sampled_tangent_kernel", "tangent_kernel"]

Kernel = Float[Tensor, "*b n d n2 d"]


@dataclass(frozen=True, eq=False)
class TangentKernel:
    """The blocks of Θ(x, x'), each (*b, n, d, n', d); ``scale`` vanishes under fixed noise."""

    decoder: Kernel
    mean: Kernel
    scale: Kernel

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


def tangent_kernel(network: StochasticNetwork, x: Any, other: Any = None, *, block: int | None = None) -> TangentKernel:
    """Θ(x, x') of the mean output in closed form; x' = x if ``other`` is None.

    ``block`` is the number of units treated at once (chosen to fit the cache if None). Raises ValueError if the
    inputs do not fit the network.
    """
    x = network.as_inputs(x)
    x2 = None if other is None else network.as_inputs(other)

    def features(replicates: slice, units: slice) -> tuple[Features, Features | None]:
        part = _part(network, replicates, units)
        return part.features(x), None if x2 is None else part.features(x2)

    return _by_replicates(network, x, x2, features, block)


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

    def features(replicates: slice, units: slice) -> tuple[Features, Features | None]:
        part = _part(network, replicates, units)
        pick = (replicates, ..., units) if network.batch_shape else (..., units)
        left = part.sampled_features(x, noise[pick])
        return left, None if noise2 is None else part.sampled_features(x2, noise2[pick])

    return _by_replicates(network, x, None if noise2 is None else x2, features, block)


def _noise_for(network: StochasticNetwork, x: Tensor, noise: Tensor) -> Float[Tensor, "*b n m"]:
    shape = (*network.batch_shape, len(x), network.width)
    return broadcast_tensor(noise, "noise", shape, x)


FeaturesOf = Callable[[slice, slice], tuple[Features, Features | None]]
"""From replicates and units to the features of x and of x' (None: the same)."""


def _part(network: StochasticNetwork, replicates: slice, units: slice) -> StochasticNetwork:
    part = network.units(units.start, units.stop)
    return part[replicates] if network.batch_shape else part


def _by_replicates(
    network: StochasticNetwork, x: Tensor, x2: Tensor | None, features: FeaturesOf, block: int | None
) -> TangentKernel:
    """Replicates that fit the cache together, each group contracted over blocks of its units."""
    n, d = len(x), network.outputs
    pairs = n * (n + 1) // 2 if x2 is None else n * len(x2)
    each = network.batch_shape[1:].numel() * (pairs + d * (d + 1) // 2 + 3 * n)
    count = network.batch_shape[0] if network.batch_shape else 1
    at_once = min(count, block_size(each * (block or network.width), x.device))
    units = block or block_size(each * at_once, x.device)
    groups = [slice(start, min(start + at_once, count)) for start in range(0, count, at_once)]
    return _joined(torch.cat, [_contract(network, x, x2, features, group, units) for group in groups])


def _joined(join: Callable[[list[Tensor]], Tensor], kernels: list[TangentKernel]) -> TangentKernel:
    if len(kernels) == 1 and join is torch.cat:
        return kernels[0]
    return TangentKernel(*(join([getattr(k, b) for k in kernels]) for b in ("decoder", "mean", "scale")))


def _contract(
    network: StochasticNetwork,
    x: Tensor,
    x2: Tensor | None,
    features: FeaturesOf,
    replicates: slice,
    size: int,
) -> TangentKernel:
    """Σ_r over blocks of ``size`` units: pairs of inputs times pairs of outputs, and the Gram matrix of h."""
    gram, on_mean, on_scale = (x.new_zeros(()) for _ in range(3))
    for start in range(0, network.width, size):
        units = slice(start, min(start + size, network.width))
        left, right = features(replicates, units)
        same = right is None
        right = left if right is None else right
        v = _part(network, replicates, units).decoder.mT
        vv = _pair_products(v, v, same=True).mT
        gram = gram + left.decoder @ right.decoder.mT
        on_mean = on_mean + _pair_products(left.mean, right.mean, same) @ vv
        if left.scale is not None and right.scale is not None:
            on_scale = on_scale + _pair_products(left.scale, right.scale, same) @ vv
    xx = network.multiplier**2 * (x @ (x if x2 is None else x2).T)
    where = _pair_table(len(x), None if x2 is None else len(x2), x.device)
    outputs = _pair_table(network.outputs, None, x.device)
    eye = torch.eye(network.outputs, dtype=x.dtype, device=x.device)
    decoder = (network.multiplier**2 * gram)[..., :, None, :, None] * eye[:, None, :]
    mean = _spread(on_mean, where, outputs, xx)
    scale = _spread(on_scale, where, outputs, xx) if on_scale.ndim else torch.zeros_like(mean)
    return TangentKernel(decoder, mean, scale)


def _pair_products(a: Float[Tensor, "*b n m"], b: Float[Tensor, "*b n2 m"], same: bool) -> Float[Tensor, "*b P m"]:
    """a_i b_j for all pairs in the order of ``_pair_table``: i <= j if the two sets are the same."""
    return torch.cat([a[..., i : i + 1, :] * (b[..., i:, :] if same else b) for i in range(a.shape[-2])], dim=-2)


def _pair_table(n: int, n2: int | None, device: torch.device) -> Tensor:
    """Where the pair (i, j) stands among the pair products, (n, n') numbers."""
    if n2 is not None:
        return torch.arange(n * n2, device=device).reshape(n, n2)
    i, j = torch.triu_indices(n, n, device=device)
    table = torch.empty(n, n, dtype=torch.long, device=device)
    table[i, j] = table[j, i] = torch.arange(len(i), device=device)
    return table


def _spread(
    sums: Float[Tensor, "*b P Q"], input_pair: Tensor, output_pair: Tensor, xx: Float[Tensor, "n n2"]
) -> Kernel:
    """From sums over pairs to <x_i, x'_j> S_{(i,j),(k,l)} as (*b, n, d, n', d)."""
    full = sums[..., input_pair, :][..., output_pair] * xx[..., None, None]
    return full.movedim(-2, -3).contiguous()


def jacobian_tangent_kernel(network: StochasticNetwork, x: Any, other: Any = None) -> TangentKernel:
    """The reference: Jacobians of the mean output by automatic differentiation, contracted block by block.

    Slow and hungry ((n, d, m, p) arrays), and as the definition reads: one network. Raises ValueError for replicates.
    """
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
