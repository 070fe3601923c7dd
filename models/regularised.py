"""L + β KL of a group of replicates in the coordinates of the span of the inputs: what an implicit step needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from models.divergence import Divergence, LatentKL, WeightKL
from models.implicit import GaussNewton, Moves
from models.snn import StochasticNetwork
from models.span import DiagonalMetric, FullMetric, Metric, Span, UniformMetric

__all__ = ["Point", "Regularised"]


@dataclass(frozen=True, eq=False)
class Point:
    """Where a group of replicates stands: latent values, decoder (R, d, m), moves so far, and what follows of them.

    ``hidden`` h and ``slopes`` h_u, h_s of the blocks that train (R, n, m), ``residual`` f - y (R, n, d), ``force``
    -β ∇KL in coordinates.
    """

    u: Tensor
    s: Tensor
    v: Tensor
    moves: Moves
    hidden: Tensor
    slopes: dict[str, Tensor]
    residual: Tensor
    force: Moves


class Regularised:
    """L + β KL of a group of replicates in the coordinates of the span."""

    def __init__(
        self, network: StochasticNetwork, y: Tensor, beta: float, kl: Divergence, names: Sequence[str], span: Span
    ) -> None:
        """The replicates, their targets (n, d), β, the KL, the names of the blocks that train and the coordinates."""
        self.network, self.y, self.beta, self.kl, self.names, self.span = network, y, beta, kl, names, span
        self.psi, self.multiplier = network.mean_activation, network.multiplier

    def start(self, x: Tensor) -> Point:
        """The networks as they were given."""
        u, s = self.network.latent(x)
        s = s if self.network.scale is not None else s.new_full((), self.network.noise.scale)
        sizes = {name: self.network.outputs if name == "decoder" else self.span.z.shape[1] for name in self.names}
        moves = {name: u.new_zeros(len(u), k, self.network.width) for name, k in sizes.items()}
        return self.at(u, s, self.network.decoder.mT, moves)

    @property
    def collapsing(self) -> bool:
        """Whether the KL's own minimum is elsewhere than at the start."""
        return isinstance(self.kl, LatentKL) and self.kl.mean.ndim == 0

    def collapsed(self, point: Point) -> Point:
        """Where the KL alone would end, from here: u = 0 and s the minimum on its side of 0."""
        moves = dict(point.moves)
        u, s = point.u, point.s
        if "mean" in moves:
            moves["mean"] = -torch.linalg.pinv(self.span.z) @ u
            u = u + self.span.latent(moves["mean"])
        if "scale" in moves:
            moves["scale"] = s.sign() - s if self.span.free else _balanced(self.span, s)
            s = s + self.span.latent(moves["scale"])
        return self.at(u, s, point.v, moves)

    def at(self, u: Tensor, s: Tensor, v: Tensor, moves: Moves) -> Point:
        """Features, residual, objective and -β ∇KL at these values."""
        if "scale" in self.names:
            hidden, *slopes = self.psi.derivatives(u, s)
        else:
            hidden, *slopes = self.psi.value_and_slope(u, s)
        by_name = {name: a for name, a in zip(("mean", "scale"), slopes, strict=False) if name in self.names}
        residual = self.multiplier * (hidden @ v.mT) - self.y
        return Point(u, s, v, moves, hidden, by_name, residual, self._force(u, s, v, moves))

    def objective(self, point: Point) -> Float[Tensor, " R"]:
        """L + β KL."""
        if isinstance(self.kl, LatentKL):
            kl = self.kl.terms(point.u, point.s).sum((1, 2))
        else:
            kl = 0.5 * self.kl.sigma**-2 * point.moves["mean"].square().sum((1, 2)) if "mean" in point.moves else 0.0
        return 0.5 * point.residual.square().sum((1, 2)) + self.beta * kl

    def _force(self, u: Tensor, s: Tensor, v: Tensor, moves: Moves) -> Moves:
        if isinstance(self.kl, LatentKL):
            force = {b: -self.beta * self.span.back(k) for b, k in self.kl.slopes(u, s).items() if b in moves}
        else:
            force = {"mean": -self.beta * self.kl.sigma**-2 * moves["mean"]} if "mean" in moves else {}
        return {**force, "decoder": torch.zeros_like(v)} if "decoder" in moves else force

    def moved(self, point: Point, move: Moves, share: Tensor) -> Point:
        """The point after ``share`` (R,) of a move."""
        scaled = {name: share[:, None, None] * step for name, step in move.items()}
        u, s, v = point.u, point.s, point.v
        if "mean" in scaled:
            u = u + self.span.latent(scaled["mean"])
        if "scale" in scaled:
            scaled["scale"] = scaled["scale"] * self._room(s, self.span.latent(scaled["scale"]))
            s = s + self.span.latent(scaled["scale"])
        if "decoder" in scaled:
            v = v + scaled["decoder"]
        return self.at(u, s, v, {name: point.moves[name] + scaled[name] for name in scaled})

    def _room(self, s: Tensor, step: Tensor) -> Tensor:
        """How much of each unit's step keeps the sign of its s at every input: (R, 1, m)."""
        if not self.beta:
            return s.new_ones(())
        return (0.9 / (-step / s).amax(1, keepdim=True).clamp_min(1e-9)).clamp_max(1.0)

    def gradient(self, point: Point) -> Moves:
        """∇(L + β KL) in coordinates."""
        pulled = self.gauss_newton(point, None).pull(point.residual)
        return {name: pulled[name] - force for name, force in point.force.items()}

    def tangent(self, point: Point) -> Float[Tensor, "R nd nd"]:
        """Θ(X, X) of the blocks that train."""
        one = point.u.new_ones(len(point.u))
        metrics = {name: UniformMetric(self.span, torch.ones_like(self.span.z[:1])) for name in point.slopes}
        return self._linearised(point, metrics, one).kernel()

    def gauss_newton(self, point: Point, shift: Tensor | None) -> GaussNewton:
        """D + JᵀJ here, with the metric of an implicit step of length 1/shift (R,); D is left out for shift None."""
        metrics = {} if shift is None else {name: self._metric(name, point, shift) for name in point.slopes}
        return self._linearised(point, metrics, shift)

    def _linearised(self, point: Point, metrics: Mapping[str, Metric], shift: Tensor | None) -> GaussNewton:
        hidden = point.hidden if "decoder" in self.names else None
        return GaussNewton(self.span, self.multiplier, point.v, point.slopes, metrics, hidden, shift)

    def _metric(self, name: str, point: Point, shift: Tensor) -> Metric:
        squares = self.span.z.square().sum(0)
        if not self.beta:
            return UniformMetric(self.span, shift[:, None] * torch.ones_like(squares))
        if isinstance(self.kl, WeightKL):
            return UniformMetric(self.span, shift[:, None] + self.beta / self.kl.sigma**2 * torch.ones_like(squares))
        curvature = self.kl.curvatures(point.s)[name]
        if curvature.ndim == 0:
            return UniformMetric(self.span, shift[:, None] + self.beta * curvature * squares)
        if self.span.free:
            return DiagonalMetric(self.beta * curvature)
        return FullMetric(self.span, self.beta * curvature, shift)


def _balanced(span: Span, s: Tensor) -> Tensor:
    """The moves (R, k, m) that minimise Σ_i ½(s_i² - 1 - ln s_i²) for each unit without a change of sign.

    The function is self-concordant, so that Newton's steps damped by 1/(1 + λ), λ the decrement, stay inside its
    domain and descend, and full steps converge quadratically from λ <= 1/4 on.
    """
    moves, at = torch.zeros_like(span.back(s)), s
    for _ in range(500):
        slope = span.back(at - 1 / at)
        step = FullMetric(span, 1 + at**-2, s.new_zeros(len(s))).solve(slope)
        size = (slope * step).sum(1, keepdim=True).clamp_min(0).sqrt()
        moves = moves - step / torch.where(size > 0.25, 1 + size, 1.0)
        at = s + span.latent(moves)
        if float(size.max()) < 1e-9:
            return moves
    raise RuntimeError("the scales found no balance; is an input almost orthogonal to a row of W^σ?")
