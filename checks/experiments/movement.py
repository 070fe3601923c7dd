"""What a training run is watched for besides its outputs: how far weights move, and how far the tangent kernel does."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from claimtest.cells import Quantities
from models.snn import BLOCKS, StochasticNetwork
from models.tangent import TangentKernel, tangent_matrix
from theorems.linearised import ConstantKernel

__all__ = ["Watch", "checkpoints", "linear_movement"]

EVERY = 3
"""Weights and kernel are looked at in every third of the recorded times."""


def checkpoints(times: int) -> Int[ndarray, " K"]:
    """Indices of the recorded times at which weights and kernel are looked at: the first, every third, the last."""
    return np.union1d(np.arange(0, times, EVERY), [times - 1])


class Watch:
    """Collects how far the rows of every block, and the tangent kernel, have moved from where they started.

    A block that the network does not have (the noise scale under fixed noise) has moved by 0.
    """

    def __init__(self, start: StochasticNetwork, kernel: TangentKernel, x: Float[ndarray, "n p"]) -> None:
        """Remember weights and kernel at initialisation."""
        self.start, self.kernel, self.x = start.parameters(), kernel.block(), x
        self.nothing = start.decoder.new_zeros(start.batch_shape)
        self.records: dict[str, list[Tensor]] = {}

    def record(self, network: StochasticNetwork) -> None:
        """Look at the replicates now."""
        now = network.parameters()
        for b in BLOCKS:
            rows = (now[b] - self.start[b]).mT.square().sum(-2) if b in now else self.nothing[..., None]
            self._note(f"moved_{b}", rows.sum(-1).sqrt())
            self._note(f"largest_row_{b}", rows.amax(-1).sqrt())
        self._note("decoder_row", network.decoder.mT.square().sum(-2).amax(-1).sqrt())
        self._note("activation", network.mean_activation.value(*network.latent(self.x)).abs().amax((-2, -1)))
        self._note("kernel", tangent_matrix(network, self.x))

    def _note(self, name: str, value: Tensor) -> None:
        self.records.setdefault(name, []).append(value)

    def quantities(self) -> Quantities:
        """Per replicate and record (R, K), for every block b: "moved_b" ‖W^b(t) - W^b(0)‖_F, "largest_row_b" max_r
        ‖w_r^b(t) - w_r^b(0)‖; "decoder_row" max_r ‖v_r(t)‖, "activation" max_{r,i} |h_r(x_i)|, "drift" ‖Θ(t) - Θ(0)‖₂
        and "smallest" λ_min(Θ(t)). Besides "initial_norm" ‖Θ(0)‖₂ (R,) and "final_kernel" Θ (R, nd, nd) at the last.
        """  # fmt: skip
        noted = {name: torch.stack(values, dim=1) for name, values in self.records.items()}
        kernels = noted.pop("kernel")
        noted["drift"] = _eigenvalues(kernels - self.kernel[:, None]).abs().amax(-1)
        noted["smallest"] = _eigenvalues(kernels)[..., 0]
        noted["initial_norm"] = _eigenvalues(self.kernel)[..., -1]
        noted["final_kernel"] = kernels[:, -1]
        return {name: value.cpu().numpy() for name, value in noted.items()}


def _eigenvalues(kernel: Float[Tensor, "*b k k"]) -> Float[Tensor, "*b k"]:
    """Ascending; nan for a kernel that is not finite, as after a divergence."""
    finite = kernel.isfinite().all(-1).all(-1)
    values = torch.linalg.eigvalsh(torch.where(finite[..., None, None], kernel, 0))
    return torch.where(finite[..., None], values, torch.nan)


def linear_movement(
    kernel: TangentKernel, r0: Float[ndarray, "R n d"], times: Float[ndarray, " T"]
) -> dict[str, Float[ndarray, "R T"]]:
    """"linear_b" √(c(t)ᵀ Θ^b(0) c(t)) for every block b: Lemma 4's prediction with each replicate's own Θ(0).

    c(t) = Θ(0)^{-1}(I - e^{-Θ(0)t}) r(0), as under the constant kernel Θ(0).
    """  # fmt: skip
    c = ConstantKernel.full(kernel.total.cpu().numpy()).integrated_residual(r0, times)
    blocks = {b: getattr(kernel, b).cpu().numpy() for b in BLOCKS}
    return {f"linear_{b}": np.sqrt(np.einsum("rtia,riajb,rtjb->rt", c, theta, c)) for b, theta in blocks.items()}
