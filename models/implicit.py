"""Linearly implicit steps of L + β KL: systems with D + JᵀJ, solved in function space.

In the coordinates of ``models.span`` the Hessian of L + β KL is, up to the residual's share of order m^{-1/2},
JᵀJ + D: J the Jacobian of f(X) (n·d rows) and D the KL's own Hessian, one k×k block per unit. Hence

    (D + JᵀJ) δ = b - Jᵀ r     ⇔     (I + J D⁻¹ Jᵀ) e = r + J D⁻¹ b,   δ = D⁻¹ (b - Jᵀ e),

e = r + Jδ being the residual that the linearised network will have. An implicit step of length 1/ρ of the flow adds
ρ BᵀB, the metric of the weights, to D.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from models.span import Metric, Span

__all__ = ["GaussNewton", "Moves", "combined", "dot"]

Moves = dict[str, Tensor]
"""Coordinates of a move by block: (R, k, m) in the encoder, (R, d, m) in the decoder, units last."""


@dataclass(frozen=True, eq=False)
class GaussNewton:
    """(D + JᵀJ) at one point. ``slopes`` a_r(x_i) of the encoder's blocks (h_u, h_s), ``decoder`` v (R, d, m).

    ``hidden`` h (R, n, m) is given if the decoder is trained, with ``shift`` ρ > 0 (R,) as its D. Without metrics
    only J is there.
    """

    span: Span
    multiplier: float
    decoder: Float[Tensor, "R d m"]
    slopes: Mapping[str, Tensor]
    metrics: Mapping[str, Metric]
    hidden: Tensor | None
    shift: Float[Tensor, " R"] | None

    def push(self, move: Mapping[str, Tensor]) -> Float[Tensor, "R n d"]:
        """J δ, the change of f(X) to first order."""
        terms = [(self.span.latent(move[b]) * a) @ self.decoder.mT for b, a in self.slopes.items()]
        if self.hidden is not None:
            terms.append(self.hidden @ move["decoder"].mT)
        return self.multiplier * _sum(terms)

    def pull(self, e: Float[Tensor, "R n d"]) -> Moves:
        """Jᵀ e."""
        ve = self.multiplier * (e @ self.decoder)
        pulled = {b: self.span.back(ve * a) for b, a in self.slopes.items()}
        if self.hidden is not None:
            pulled["decoder"] = self.multiplier * (e.mT @ self.hidden)
        return pulled

    def precondition(self, b: Mapping[str, Tensor]) -> Moves:
        """D⁻¹ b."""
        moved = {name: self.metrics[name].solve(b[name]) for name in self.slopes}
        if self.hidden is not None:
            moved["decoder"] = b["decoder"] / self._rate
        return moved

    @property
    def _rate(self) -> Float[Tensor, "R 1 1"]:
        if self.shift is None:
            raise ValueError("a trained decoder needs a shift: no KL bends it")
        return self.shift.reshape(-1, 1, 1)

    def kernel(self) -> Float[Tensor, "R nd nd"]:
        """J D⁻¹ Jᵀ."""
        terms = [self.metrics[b].kernel(a, self.decoder) for b, a in self.slopes.items()]
        if self.hidden is not None:
            gram = self.hidden @ self.hidden.mT / self._rate
            eye = torch.eye(self.decoder.shape[1], dtype=gram.dtype, device=gram.device)
            terms.append(gram[:, :, None, :, None] * eye[:, None, :])
        return self.multiplier**2 * _sum(terms).flatten(3, 4).flatten(1, 2)

    @cached_property
    def factor(self) -> Float[Tensor, "R nd nd"]:
        """The Cholesky factor of I + J D⁻¹ Jᵀ."""
        kernel = self.kernel()
        kernel.diagonal(dim1=1, dim2=2).add_(1)
        return torch.linalg.cholesky_ex(kernel).L  # it exists unless something overflowed, and asking would wait for it

    def solve(self, force: Mapping[str, Tensor], residual: Float[Tensor, "R n d"] | None = None) -> Moves:
        """δ with (D + JᵀJ) δ = b - Jᵀ r for ``force`` b and ``residual`` r (none: 0)."""
        right = self.push(self.precondition(force))
        right = right if residual is None else right + residual
        e = torch.cholesky_solve(right.flatten(1)[..., None], self.factor)[..., 0].view_as(right)
        back = self.pull(e)
        return self.precondition({name: force[name] - back[name] for name in back})


def dot(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> Float[Tensor, " R"]:
    """Inner product of two moves, replicate by replicate."""
    return _sum([(a[name] * b[name]).sum((1, 2)) for name in a])


def combined(a: Mapping[str, Tensor], b: Mapping[str, Tensor], weight: Float[Tensor, " R"] | float) -> Moves:
    """a + weight b."""
    if isinstance(weight, Tensor):
        return {name: torch.addcmul(a[name], weight[:, None, None], b[name]) for name in a}
    return {name: torch.add(a[name], b[name], alpha=weight) for name in a}


def _sum(terms: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum(0) if len(terms) > 1 else terms[0]
