"""One step of training: the residual and Jᵀ e of replicates, in arrays that are allocated once.

Training spends its time here. Half of a step of small networks went into allocating its temporaries and checking its
arguments; what remains is seven batched products, the activation and some eight passes over (R, n, m) numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from models.activations import Buffers
from models.snn import Features, StochasticNetwork

__all__ = ["Step", "Workspace", "training_gradient"]


class Workspace:
    """The arrays of a step of R replicates at n inputs; steps of other replicates of that size may share them."""

    def __init__(self, network: StochasticNetwork, inputs: int) -> None:
        """Room for steps of networks of these sizes, (R, …) replicates."""
        (size,), like = network.batch_shape, network.mean
        self.u, self.s, self.pulled, *rest = like.new_empty(8, size, inputs, network.width)
        self.features = Buffers(*rest)
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
        self.x, self.xt = x.expand(size, *x.shape), x.T.expand(size, *x.T.shape)
        self.blocks = {name: block.mT for name, block in network.parameters().items()}
        self.decoder = network.decoder
        self.sigma = x.new_full((), network.noise.scale)

    def forward(self, noise: Float[Tensor, "R n m"] | None = None) -> Float[Tensor, "R n d"]:
        """The residual f(X) - Y of the mean output, or f̂(X; ε) - Y of the output sampled with that noise."""
        room, blocks = self.room, self.blocks
        u, s = torch.bmm(self.x, blocks["mean"], out=room.u), self.sigma
        if "scale" in blocks:
            s = torch.bmm(self.x, blocks["scale"], out=room.s)
        self.features = self._features(u, s) if noise is None else self._sampled_features(u, s, noise)
        scale = self.network.multiplier
        return torch.baddbmm(self.y, self.features.decoder, self.decoder, beta=-1, alpha=scale, out=room.residual)

    def _features(self, u: Tensor, s: Tensor) -> Features:
        psi, to = self.network.mean_activation, self.room.features
        if "scale" in self.blocks:
            return Features(*psi.derivatives(u, s, to))
        return Features(*psi.value_and_slope(u, s, to), None)

    def _sampled_features(self, u: Tensor, s: Tensor, noise: Tensor) -> Features:
        psi, z = self.network.activation, torch.addcmul(u, s, noise, out=u)
        slope = psi.derivative(torch, z).to(z)
        learned = torch.mul(noise, slope, out=self.room.s) if "scale" in self.blocks else None
        return Features(psi.function(torch, z), slope, learned)

    def pull(self, e: Float[Tensor, "R n d"], into: Mapping[str, Tensor], factor: float, *, add: bool) -> None:
        """factor · Jᵀ e by block, written into arrays (R, k, m), the units last, or added to them.

        These may be the parameters themselves.

        ∂/∂v_r = M Σ_i e_i a_r(x_i)      ∂/∂w_r^μ = M Σ_i <v_r, e_i> b_r(x_i) x_i      (σ: c in place of b)

        at the features (a, b, c) of the last ``forward``.
        """
        how = {"beta": 1 if add else 0, "alpha": factor * self.network.multiplier}
        pulled, work = torch.bmm(e, self.blocks["decoder"], out=self.room.pulled), self.room.features.work
        if "decoder" in into:
            into["decoder"].baddbmm_(e.mT, self.features.decoder, **how)
        for name, slope in (("mean", self.features.mean), ("scale", self.features.scale)):
            if name in into and slope is not None:
                into[name].baddbmm_(self.xt, torch.mul(slope, pulled, out=work), **how)


def training_gradient(
    network: StochasticNetwork, x: Float[Tensor, "n p"], y: Float[Tensor, "n d"]
) -> dict[str, Tensor]:
    """∇L of one network, computed by the step that all training takes; by block, in the shapes of the parameters."""
    batch = network.replace_parameters({name: block[None] for name, block in network.parameters().items()})
    gradient = {name: block.mT.new_empty(block.mT.shape) for name, block in batch.parameters().items()}
    step = Step(batch, x, y.expand(1, *y.shape))
    step.pull(step.forward(), gradient, 1.0, add=False)
    return {name: block[0].mT for name, block in gradient.items()}
