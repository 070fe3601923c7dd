"""The losses and their gradients in closed form.

L = ½ Σ_i ‖f(x_i) - y_i‖²     the loss of the mean output
V = ½ M² Σ_i Σ_r ‖v_r‖² Var_ε ψ(z_r(x_i))     the variance of the sampled output, so E_ε ½ Σ ‖f̂ - y‖² = L + V
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.checked import broadcast_tensor
from models.memory import block_size
from models.snn import Features, StochasticNetwork

__all__ = ["loss", "mean_loss_gradient", "output_variance", "pullback", "pushforward", "sampled_loss_gradient"]


def loss(outputs: Float[Tensor, "*b n d"], targets: Float[Tensor, "n d"]) -> Float[Tensor, "*b"]:
    """½ Σ_i ‖f(x_i) - y_i‖², one number per replicate. Raises ValueError if the shapes do not fit."""
    if outputs.shape[-2:] != targets.shape[-2:]:
        raise ValueError(f"targets of shape {tuple(outputs.shape[-2:])} expected, got {tuple(targets.shape)}")
    return 0.5 * (outputs - targets).square().sum((-2, -1))


def output_variance(network: StochasticNetwork, x: Any) -> Float[Tensor, "*b"]:
    """V = ½ M² Σ_i Σ_r ‖v_r‖² Var_ε ψ(u_r + s_r ε), with Var = E ψ² - h²; (*b) numbers."""
    x = network.as_inputs(x)
    total = torch.zeros(network.batch_shape, dtype=x.dtype, device=x.device)
    size = block_size(network.batch_shape.numel() * len(x) * 6, x.device)
    for part in network.unit_blocks(size):
        u, s = part.latent(x)
        variance = part.mean_activation.second_moment(u, s) - part.mean_activation.value(u, s).square()
        total += (variance.sum(-2) * part.decoder.square().sum(-1)).sum(-1)
    return 0.5 * network.multiplier**2 * total


def pullback(
    network: StochasticNetwork,
    x: Float[Tensor, "n p"],
    features: Features,
    cotangent: Float[Tensor, "*b n d"],
) -> dict[str, Tensor]:
    """Jᵀ e for e = ``cotangent``: the gradient of <e, f> by each block, computed from its features.

        ∂/∂v_r = M Σ_i e_i a_r(x_i)      ∂/∂w_r^μ = M Σ_i <v_r, e_i> b_r(x_i) x_i      (σ: c in place of b)

    ``models.step`` computes the same for training, in place.
    """
    e = cotangent * network.multiplier
    gradient = {"decoder": torch.matmul(e.mT, features.decoder).mT}
    ve, xt = torch.matmul(e, network.decoder.mT), x.T.expand(*network.batch_shape, *x.T.shape)
    for name, slope in (("mean", features.mean), ("scale", features.scale)):
        if slope is not None:
            gradient[name] = torch.matmul(xt, ve * slope).mT
    return gradient


def pushforward(
    network: StochasticNetwork, x: Float[Tensor, "n p"], features: Features, change: Mapping[str, Tensor]
) -> Float[Tensor, "*b n d"]:
    """J δ, the first-order change of f under the changes δ of some blocks; the transpose of ``pullback``.

        (J δ)(x_i) = M Σ_r [ δv_r a_r(x_i) + v_r ( b_r(x_i) <δw_r^μ, x_i> + c_r(x_i) <δw_r^σ, x_i> ) ]

    with (a, b, c) the features of unit r.
    """
    total = x.new_zeros(())
    if "decoder" in change:
        total = total + torch.matmul(features.decoder, change["decoder"])
    for name, slope in (("mean", features.mean), ("scale", features.scale)):
        if name in change and slope is not None:
            total = total + torch.matmul(slope * torch.matmul(x, change[name].mT), network.decoder)
    return network.multiplier * total


def mean_loss_gradient(network: StochasticNetwork, x: Any, residual: Float[Tensor, "*b n d"]) -> dict[str, Tensor]:
    """∇L = Jᵀ (f - y) by block, each of its block's shape, given the residual f - y."""
    x = network.as_inputs(x)
    shape = (*network.batch_shape, len(x), network.outputs)
    return pullback(network, x, network.features(x), broadcast_tensor(residual, "residual", shape, x))


def sampled_loss_gradient(
    network: StochasticNetwork, x: Any, y: Float[Tensor, "n d"], noise: Float[Tensor, "*b n m"]
) -> dict[str, Tensor]:
    """∇ ½ Σ_i ‖f̂(x_i; ε_i) - y_i‖² for one draw of the noise; its mean over ε is ∇(L + V)."""
    x = network.as_inputs(x)
    noise = broadcast_tensor(noise, "noise", (*network.batch_shape, len(x), network.width), x)
    features = network.sampled_features(x, noise)
    return pullback(network, x, features, network.combine(features.decoder) - y)
