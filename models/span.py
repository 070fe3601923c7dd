"""Coordinates of the span of the inputs, and metrics on them that are block-diagonal over units.

Gradients of L and of the KL move every row w_r by combinations of the inputs, so training stays in w_r(0) + span X.
The coordinates a_r of w_r = w_r(0) + B a_r, B a basis (p, k) of that span, hold all of it: u_r = u_r(0) + Z a_r with
Z = X B. Coordinates are stored (R, k, m), the units last, R counting replicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from models.pairs import PairProducts, pair_indices

__all__ = ["DiagonalMetric", "FullMetric", "Metric", "Span", "UniformMetric"]


@dataclass(frozen=True, eq=False)
class Span:
    """A basis B of the span of the inputs: ``basis`` (p, k), ``z`` = X B (n, k)."""

    basis: Float[Tensor, "p k"]
    z: Float[Tensor, "n k"]

    @classmethod
    def principal(cls, x: Float[Tensor, "n p"]) -> Span:
        """Orthonormal principal axes: BᵀB = I and ZᵀZ diagonal."""
        _, sizes, axes = torch.linalg.svd(x, full_matrices=False)
        basis = axes[sizes > 1e-10 * sizes[0]].mT
        return cls(basis, x @ basis)

    @classmethod
    def dual(cls, x: Float[Tensor, "n p"]) -> Span:
        """B = X⁺ for linearly independent inputs: Z = I, and every u_r(x_i) is free."""
        return cls(torch.linalg.pinv(x), torch.eye(len(x), dtype=x.dtype, device=x.device))

    @cached_property
    def free(self) -> bool:
        """Whether the coordinates are the values u_r(x_i) themselves; looked at once, as a device has to be asked."""
        n, k = self.z.shape
        return n == k and bool(torch.equal(self.z, torch.eye(n, dtype=self.z.dtype, device=self.z.device)))

    def latent(self, move: Float[Tensor, "R k m"]) -> Float[Tensor, "R n m"]:
        """Z a."""
        return self.z @ move

    def back(self, slope: Float[Tensor, "R n m"]) -> Float[Tensor, "R k m"]:
        """Zᵀ applied to derivatives by u."""
        return self.z.mT @ slope


class Metric(Protocol):
    """D for one block: positive definite, a k×k matrix for each unit."""

    def solve(self, b: Float[Tensor, "R k m"]) -> Float[Tensor, "R k m"]:
        """D⁻¹ b."""
        ...

    def kernel(self, a: Float[Tensor, "R n m"], v: Float[Tensor, "R d m"]) -> Float[Tensor, "R n d n2 d"]:
        """Σ_r a_r(x_i) z_iᵀ D_r⁻¹ z_j a_r(x_j) v_r v_rᵀ."""
        ...


@dataclass(frozen=True, eq=False)
class UniformMetric:
    """The same diagonal D for all units; ``diagonal`` (R or 1, k)."""

    span: Span
    diagonal: Float[Tensor, "R k"]

    def solve(self, b: Float[Tensor, "R k m"]) -> Float[Tensor, "R k m"]:
        """D⁻¹ b."""
        return b / self.diagonal[..., None]

    def kernel(self, a: Float[Tensor, "R n m"], v: Float[Tensor, "R d m"]) -> Float[Tensor, "R n d n2 d"]:
        """z_iᵀ D⁻¹ z_j Σ_r a_r(x_i) a_r(x_j) v_r v_rᵀ."""
        features = (a[:, :, None] * v[:, None]).flatten(1, 2)
        gram = (features @ features.mT).unflatten(2, (a.shape[1], -1)).unflatten(1, (a.shape[1], -1))
        weights = (self.span.z / self.diagonal[:, None]) @ self.span.z.mT
        return gram * weights[:, :, None, :, None]


@dataclass(frozen=True, eq=False)
class DiagonalMetric:
    """D diagonal in the values u_r(x_i) themselves (Z = I), one ``curvature`` (R, n, m) for each."""

    curvature: Float[Tensor, "R n m"]

    def solve(self, b: Float[Tensor, "R n m"]) -> Float[Tensor, "R n m"]:
        """D⁻¹ b."""
        return b / self.curvature

    def kernel(self, a: Float[Tensor, "R n m"], v: Float[Tensor, "R d m"]) -> Float[Tensor, "R n d n2 d"]:
        """δ_ij Σ_r a_r(x_i)²/D_r(x_i) v_r v_rᵀ."""
        outer = (v[:, :, None] * v[:, None]).flatten(1, 2)
        blocks = ((a * a / self.curvature) @ outer.mT).unflatten(2, (v.shape[1], -1))
        return torch.diag_embed(blocks.movedim(1, -1)).permute(0, 3, 1, 4, 2)


STIFF = 1e6
"""How much larger than a unit's smallest curvature another may be before it is left to a rank-one update."""


class FullMetric:
    """D_r = Zᵀ diag(t_r) Z + ρ BᵀB for all units at once; ``root`` C (R, k, k, m) with D⁻¹ = CᵀC.

    A root and not D⁻¹ is kept: where some t_r is huge, D⁻¹ loses what it should say of that direction to round-off. D
    is factored with t_r(x_i) cut at ``STIFF`` times the unit's smallest; the rest comes back by rank-one updates,

        D + t z zᵀ  ⇒  C ← C - g φ φᵀ C,   φ = C z,   g = (1 - (1 + t φᵀφ)^{-1/2})/φᵀφ.
    """

    def __init__(self, span: Span, curvature: Float[Tensor, "R n m"], shift: Float[Tensor, " R"]) -> None:
        """Eliminate column after column of the cut D, doing the same to the identity; then update."""
        self.span, k = span, span.z.shape[1]
        moderate = torch.minimum(curvature, STIFF * curvature.amin(1, keepdim=True))
        pairs = (span.z[:, :, None] * span.z[:, None, :]).flatten(1)
        d = (pairs.mT @ moderate).unflatten(1, (k, k))
        d += shift[:, None, None, None] * (span.basis.mT @ span.basis)[:, :, None]
        self.root = torch.zeros_like(d)
        self.root.diagonal(dim1=1, dim2=2).fill_(1)
        for j in range(k):
            scale = d[:, j, j].rsqrt()
            self.root[:, j] *= scale[:, None]
            column = d[:, j + 1 :, j] * scale[:, None]
            self.root[:, j + 1 :].addcmul_(column[:, :, None], self.root[:, j, None], value=-1)
            d[:, j + 1 :, j + 1 :].addcmul_(column[:, :, None], column[:, None], value=-1)
        self._stiffen(curvature - moderate)

    def _stiffen(self, excess: Float[Tensor, "R n m"]) -> None:
        if excess.device.type != "cpu":  # picking units would wait for the device; the others' updates change nothing
            self.root = self._updated(self.root, excess)
            return
        units = torch.nonzero(excess.amax((0, 1)) > 0)[:, 0]
        if len(units):
            self.root[..., units] = self._updated(self.root[..., units], excess[..., units])

    def _updated(self, root: Float[Tensor, "R k k m"], excess: Float[Tensor, "R n m"]) -> Float[Tensor, "R k k m"]:
        """C after the rank-one updates of all inputs."""
        for z, t in zip(self.span.z, excess.unbind(1), strict=True):
            phi = (root * z[:, None]).sum(2)
            square = phi.square().sum(1)
            g = -torch.expm1(-0.5 * torch.log1p(t * square)) / square
            root = torch.addcmul(root, (g[:, None] * phi)[:, :, None], (phi[:, :, None] * root).sum(1, True), value=-1)
        return root

    def solve(self, b: Float[Tensor, "R k m"]) -> Float[Tensor, "R k m"]:
        """D⁻¹ b = Cᵀ C b."""
        y = self.root[:, :, 0] * b[:, :1]
        for j in range(1, b.shape[1]):
            y.addcmul_(self.root[:, :, j], b[:, j : j + 1])
        x = self.root[:, 0] * y[:, :1]
        for j in range(1, b.shape[1]):
            x.addcmul_(self.root[:, j], y[:, j : j + 1])
        return x

    def kernel(self, a: Float[Tensor, "R n m"], v: Float[Tensor, "R d m"]) -> Float[Tensor, "R n d n2 d"]:
        """Σ_r <y_i, y_j> v_r v_rᵀ for the pairs i <= j, y_i = C z_i a_r(x_i)."""
        n, d = a.shape[1], v.shape[1]
        y = (self.span.z @ self.root) * a[:, None]
        products = PairProducts().among(y.unbind(1))
        sums = products @ (v[:, :, None] * v[:, None]).flatten(1, 2).mT
        i, j = pair_indices(n, a.device)
        full = sums.new_empty(len(a), n, n, d * d)
        full[:, i, j] = full[:, j, i] = sums
        return full.unflatten(3, (d, d)).permute(0, 1, 3, 2, 4)
