"""One step of training: the residual and Jᵀ e of replicates, in arrays that are allocated once.

Training spends its time here. Half of a step of small networks went into allocating its temporaries and checking its
arguments; what remains is a handful of batched products, the activation and some eight passes over (R, n, m) numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from models.activations import Buffers
from models.snn import Features, StochasticNetwork

__all__ = ["Step", "Workspace", "joined", "training_gradient"]

Blocks = Mapping[str, Float[Tensor, "R k m"]]
"""Blocks of parameters as they lie in memory, the units last; "encoder" is mean and scale at once, (2R, k, m)."""


def joined(blocks: Blocks) -> dict[str, Tensor]:
    """The blocks, with mean and scale as one "encoder" if they lie side by side: a product then serves both."""
    mean, scale = blocks.get("mean"), blocks.get("scale")
    if mean is None or scale is None or mean._base is None or mean._base is not scale._base:
        return dict(blocks)
    apart = scale.storage_offset() - mean.storage_offset()
    if apart != mean.numel() or not (mean.is_contiguous() and scale.is_contiguous()):
        return dict(blocks)
    shape = (2 * len(mean), *mean.shape[1:])
    others = {name: block for name, block in blocks.items() if name not in ("mean", "scale")}
    return {"encoder": mean._base.as_strided(shape, mean.stride(), mean.storage_offset()), **others}


class Workspace:
    """The arrays of a step of R replicates at n inputs; steps of other replicates of that size may share them."""

    def __init__(self, network: StochasticNetwork, inputs: int) -> None:
        """Room for steps of networks of these sizes, (R, …) replicates."""
        (size,), like = network.batch_shape, network.mean
        rooms = like.new_empty(9, size, inputs, network.width)
        self.u, self.s, *work, value, slope_u, slope_s, spare, argument = rooms
        self.latent, self.work, self.both = rooms[:2].flatten(0, 1), work, rooms[2:4].flatten(0, 1)
        self.features, self.pulled = Buffers(value, slope_u, slope_s, spare, argument), spare
        self.residual = like.new_empty(size, inputs, network.outputs)


class Step:
    """Steps of replicates whose parameters keep their places in memory, whatever is written there.

    What is returned lies in the workspace: the next call overwrites it.
    """

    def __init__(
        self,
        network: StochasticNetwork,
        x: Float[Tensor, "n p"],
        y: Float[Tensor, "R n d"],
        room: Workspace | None = None,
    ) -> None:
        """Networks (R, …) on inputs with their targets."""
        (size,) = network.batch_shape
        self.network, self.y, self.room = network, y, room or Workspace(network, len(x))
        self.x, self.xt, self.x2, self.x2t = (a.expand(k * size, *a.shape) for k in (1, 2) for a in (x, x.T))
        self.sigma, self.learned = x.new_full((), network.noise.scale), network.scale is not None
        self.blocks = joined({name: block.mT for name, block in network.parameters().items()})
        self.decoder, self.decoder_t = network.decoder, network.decoder.mT

    def forward(self, noise: Float[Tensor, "R n m"] | None = None) -> Float[Tensor, "R n d"]:
        """The residual f(X) - Y of the mean output, or f̂(X; ε) - Y of the output sampled with that noise."""
        u, s = self._latent()
        self.features = self._features(u, s) if noise is None else self._sampled_features(u, s, noise)
        hidden, scale = self.features.decoder, self.network.multiplier
        return torch.baddbmm(self.y, hidden, self.decoder, beta=-1, alpha=scale, out=self.room.residual)

    def _latent(self) -> tuple[Tensor, Tensor]:
        u, s = self.room.u, self.room.s
        if "encoder" in self.blocks:
            torch.bmm(self.x2, self.blocks["encoder"], out=self.room.latent)
            return u, s
        torch.bmm(self.x, self.blocks["mean"], out=u)
        return u, torch.bmm(self.x, self.blocks["scale"], out=s) if self.learned else self.sigma

    def _features(self, u: Tensor, s: Tensor) -> Features:
        psi, to = self.network.mean_activation, self.room.features
        return Features(*psi.derivatives(u, s, to)) if self.learned else Features(*psi.value_and_slope(u, s, to), None)

    def _sampled_features(self, u: Tensor, s: Tensor, noise: Tensor) -> Features:
        psi, z = self.network.activation, torch.addcmul(u, s, noise, out=u)
        slope = psi.derivative(torch, z).to(z)
        by_scale = torch.mul(noise, slope, out=self.room.s) if self.learned else None
        return Features(psi.function(torch, z), slope, by_scale)

    def pull(self, e: Float[Tensor, "R n d"], into: Blocks, factor: float, *, add: bool) -> None:
        """factor · Jᵀ e by block, written into these arrays or added to them; they may be the parameters themselves.

        ∂/∂v_r = M Σ_i e_i a_r(x_i)      ∂/∂w_r^μ = M Σ_i <v_r, e_i> b_r(x_i) x_i      (σ: c in place of b)

        at the features (a, b, c) of the last ``forward``.
        """
        how = {"beta": 1 if add else 0, "alpha": factor * self.network.multiplier}
        room, slopes = self.room, (self.features.mean, self.features.scale)
        pulled = torch.bmm(e, self.decoder_t, out=room.pulled)
        if "decoder" in into:
            into["decoder"].baddbmm_(e.mT, self.features.decoder, **how)
        for name, slope, work in zip(("mean", "scale"), slopes, room.work, strict=True):
            if slope is not None and (name in into or "encoder" in into):
                torch.mul(slope, pulled, out=work)
                if name in into:
                    into[name].baddbmm_(self.xt, work, **how)
        if "encoder" in into:
            into["encoder"].baddbmm_(self.x2t, room.both, **how)


def training_gradient(
    network: StochasticNetwork, x: Float[Tensor, "n p"], y: Float[Tensor, "n d"]
) -> dict[str, Tensor]:
    """∇L of one network, computed by the step that all training takes; by block, in the shapes of the parameters."""
    stored = {name: block.mT[None] for name, block in network.parameters().items()}
    sizes = [block.numel() for block in stored.values()]

    def views(flat: Tensor) -> dict[str, Tensor]:
        parts = zip(stored.items(), flat.split(sizes), strict=True)
        return {name: part.view(block.shape) for (name, block), part in parts}

    state, gradient = torch.cat([block.reshape(-1) for block in stored.values()]), x.new_empty(sum(sizes))
    batch = network.replace_parameters({name: block.mT for name, block in views(state).items()})
    step = Step(batch, x, y.expand(1, *y.shape))
    step.pull(step.forward(), joined(views(gradient)), 1.0, add=False)
    return {name: block[0].mT for name, block in views(gradient).items()}
