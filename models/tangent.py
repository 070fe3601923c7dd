"""The stochastic neural tangent kernel Θ(x, x') = Σ_b ∂f(x)/∂W^b · ∂f(x')/∂W^b ᵀ of a network, block by block.

    Θ^d = M² Σ_r h_r h'_r I_d
    Θ^μ = M² <x,x'> Σ_r v_r v_rᵀ h_u,r h'_u,r
    Θ^σ = M² <x,x'> Σ_r v_r v_rᵀ h_s,r h'_s,r

(M = m^{-1/2}; Definition 1). A unit contributes v vᵀ ⊗ (a aᵀ), so the sum over units is one matrix product
between pairs i <= j of inputs and pairs k <= l of outputs. Units are streamed in blocks: the memory needed does
not grow with the width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

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


def tangent_kernel(network: StochasticNetwork, x: Any, other: Any = None, *, block: int | None = None) -> TangentKernel:
    """Θ(x, x') of the mean output in closed form; x' = x if ``other`` is None.

    ``block`` is the number of units treated at once (chosen to fit the cache if None). Raises ValueError if the
    inputs do not fit the network.
    """
    x = network.as_inputs(x)
    x2 = None if other is None else network.as_inputs(other)

    def features(part: StochasticNetwork, _: slice) -> tuple[Features, Features | None]:
        return part.features(x), None if x2 is None else part.features(x2)

    return _contract(network, x, x2, features, block)


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
    shared by all inputs. Axes of the noise before those of the network are samples: the result keeps them.
    """
    x = network.as_inputs(x)
    if noise.ndim > network.mean.ndim:
        pairs = [(e, None if other_noise is None else other_noise[i]) for i, e in enumerate(noise)]
        kernels = [sampled_tangent_kernel(network, x, e, e2, other, block=block) for e, e2 in pairs]
        return TangentKernel(*(torch.stack([getattr(k, b) for k in kernels]) for b in ("decoder", "mean", "scale")))
    if other is not None and other_noise is None:
        raise ValueError("two sets of inputs need two sets of noise")
    symmetric = other_noise is None
    x2 = x if other is None else network.as_inputs(other)
    noise = noise.expand(*network.batch_shape, len(x), network.width)
    noise2 = noise if symmetric else other_noise.expand(*network.batch_shape, len(x2), network.width)

    def features(part: StochasticNetwork, units: slice) -> tuple[Features, Features | None]:
        left = part.sampled_features(x, noise[..., units])
        return left, None if symmetric else part.sampled_features(x2, noise2[..., units])

    return _contract(network, x, None if symmetric else x2, features, block)


FeaturesOf = Callable[[StochasticNetwork, slice], tuple[Features, Features | None]]


def _contract(
    network: StochasticNetwork, x: Tensor, x2: Tensor | None, features: FeaturesOf, block: int | None
) -> TangentKernel:
    """Σ_r over blocks of units; ``features`` gives those of x and of x' (None: the same) for a part."""
    i, j, input_pair = _pairs(len(x), None if x2 is None else len(x2), x.device)
    k, l, output_pair = _pairs(network.outputs, None, x.device)
    rows = network.batch_shape.numel() * (6 * (len(x) + (0 if x2 is None else len(x2))) + 2 * len(i) + len(k))
    size = block or block_size(rows, x.device)
    gram = x.new_zeros(())
    encoder = [x.new_zeros(()), x.new_zeros(())]
    for part, units in _parts(network, size):
        left, right = features(part, units)
        right = left if right is None else right
        v = part.decoder.mT
        vv = (v[..., k, :] * v[..., l, :]).mT
        gram = gram + left.decoder @ right.decoder.mT
        for which, (a, a2) in enumerate(((left.mean, right.mean), (left.scale, right.scale))):
            if a is not None and a2 is not None:
                encoder[which] = encoder[which] + (a[..., i, :] * a2[..., j, :]) @ vv
    xx = network.multiplier**2 * (x @ (x if x2 is None else x2).T)
    eye = torch.eye(network.outputs, dtype=x.dtype, device=x.device)
    decoder = (network.multiplier**2 * gram)[..., :, None, :, None] * eye[:, None, :]
    blocks = [torch.zeros_like(decoder) if s.ndim == 0 else _spread(s, input_pair, output_pair, xx) for s in encoder]
    return TangentKernel(decoder, *blocks)


def _parts(network: StochasticNetwork, size: int) -> Iterator[tuple[StochasticNetwork, slice]]:
    for start in range(0, network.width, size):
        stop = min(start + size, network.width)
        yield network.units(start, stop), slice(start, stop)


def _pairs(n: int, n2: int | None, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Pairs (i, j), i <= j unless there are two sets, and the table (n, n') of where each pair stands."""
    if n2 is not None:
        table = torch.arange(n * n2, device=device).reshape(n, n2)
        return table.flatten() // n2, table.flatten() % n2, table
    i, j = torch.triu_indices(n, n, device=device)
    table = torch.empty(n, n, dtype=torch.long, device=device)
    table[i, j] = table[j, i] = torch.arange(len(i), device=device)
    return i, j, table


def _spread(
    sums: Float[Tensor, "*b P Q"], input_pair: Tensor, output_pair: Tensor, xx: Float[Tensor, "n n2"]
) -> Kernel:
    """From sums over pairs to <x_i, x'_j> S_{(i,j),(k,l)} as (*b, n, d, n', d)."""
    full = sums[..., input_pair, :][..., output_pair] * xx[..., None, None]
    return full.movedim(-2, -3).contiguous()


def jacobian_tangent_kernel(network: StochasticNetwork, x: Any, other: Any = None) -> TangentKernel:
    """The reference: Jacobians of the mean output by automatic differentiation, contracted block by block.

    Slow and hungry ((n, d, m, p) arrays); one network without replicates, as the definition reads.
    """
    x = network.as_inputs(x)
    x2 = x if other is None else network.as_inputs(other)
    blocks = network.parameters()

    def jacobians(inputs: Tensor) -> dict[str, Tensor]:
        def output(parameters: dict[str, Tensor]) -> Tensor:
            return network.replace_parameters(parameters).mean_output(inputs)

        return torch.func.jacrev(output)(blocks)

    left, right = jacobians(x), jacobians(x2)
    kernels = {b: torch.einsum("ikab,jlab->ikjl", left[b], right[b]) for b in blocks}
    zero = torch.zeros_like(kernels["decoder"])
    return TangentKernel(*(kernels.get(b, zero) for b in ("decoder", "mean", "scale")))
