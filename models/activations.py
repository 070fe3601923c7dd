"""The mean activation h(u, s) = E ψ(u + sε), ε ~ N(0, 1), its derivatives and its second moment, in torch.

h is even in s and solves the heat equation ∂h/∂s = s ∂²h/∂u². Every class below carries four functions of
tensors u and s that broadcast against each other; ``value_and_slope`` and ``derivatives`` share their erf and exp,
since training spends its time there, and can write into buffers. Without these every function can be differentiated:
work in place is confined to values that automatic differentiation does not keep.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.quadrature import QuadratureMean
from theorems.setting import ERF, RELU, SIN, Activation, activation_named

__all__ = [
    "Buffers",
    "ErfMean",
    "MeanActivation",
    "QuadratureMean",
    "ReluMean",
    "SinMean",
    "mean_activation",
]

Values = Float[Tensor, "..."]


class Buffers(NamedTuple):
    """Where ``value_and_slope`` and ``derivatives`` put what they find, and two arrays to work in.

    All of them have the shape of u; None: new memory.
    """

    value: Tensor | None = None
    slope_u: Tensor | None = None
    slope_s: Tensor | None = None
    work: Tensor | None = None
    argument: Tensor | None = None


NEW = Buffers()


class MeanActivation(Protocol):
    """h(u, s) = E ψ(u + sε) for one activation ψ; u and s are tensors that broadcast."""

    def value(self, u: Values, s: Values) -> Values:
        """h = E ψ(u + sε)."""
        ...

    def value_and_slope(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values]:
        """(h, h_u) with h_u = ∂h/∂u = E ψ'(u + sε): all that fixed noise needs."""
        ...

    def derivatives(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values, Values]:
        """(h, h_u, h_s) with h_s = ∂h/∂s = E ε ψ'(u + sε); with buffers u and s have one shape."""
        ...

    def second_moment(self, u: Values, s: Values) -> Values:
        """E ψ(u + sε)²."""
        ...


def mean_activation(activation: str | Activation, nodes: int | None = None) -> MeanActivation:
    """The mean activation of ψ: closed forms for erf, ReLU and sin, a quadrature for any other.

    ``nodes`` is the number of quadrature points for a custom activation; giving it for a built-in one asks for
    the quadrature instead of the closed form. Raises ValueError for an unknown name.
    """
    psi = activation_named(activation)
    closed = {id(ERF): ErfMean, id(RELU): ReluMean, id(SIN): SinMean}.get(id(psi))
    if closed is not None and nodes is None:
        return closed()
    return QuadratureMean(psi, nodes or QuadratureMean.nodes)


@dataclass(frozen=True)
class ErfMean:
    """ψ = erf: h = erf(a), a = u / √(1 + 2s²)."""

    def value(self, u: Values, s: Values) -> Values:
        """h = erf(u / √(1 + 2s²))."""
        return torch.erf(u * _erf_shrinkage(s))

    def value_and_slope(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values]:
        """h_u = (2/√π) e^{-a²} / √(1 + 2s²)."""
        q = _erf_shrinkage(s)
        a = torch.mul(u, q, out=to.argument)
        return torch.erf(a, out=to.value), torch.mul(_erf_slope(a, to.slope_u), q, out=to.slope_u)

    def derivatives(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values, Values]:
        """h_s = -2 s u h_u / (1 + 2s²)."""
        q = _erf_shrinkage(s, to.work)
        a = torch.mul(u, q, out=to.argument)
        h, h_u = torch.erf(a, out=to.value), torch.mul(_erf_slope(a, to.slope_u), q, out=to.slope_u)
        shrunk = torch.mul(q, h_u, out=to.work)
        return h, h_u, _times(torch.mul(a, s, out=to.slope_s), shrunk, -2, to.slope_s)

    def second_moment(self, u: Values, s: Values) -> Values:
        """E erf(z)² = 1 - 8 T(√2 a, 1/√(1 + 4s²)), T being Owen's function.

        erf(z)² = 1 - 8 T(√2 z, 1), and Owen's T is the probability P(X > k, 0 < Y < cX) of a Gaussian wedge,
        which Gaussian noise in k maps to another wedge.
        """
        k = math.sqrt(2) * u * _erf_shrinkage(s)
        return 1 - 8 * _owens_t(k, torch.rsqrt(1 + 4 * s * s))


def _scalar(like: Tensor, value: float) -> Tensor:
    """A number as a tensor without axes, made once: making one takes as long as an operation on a small network."""
    if type(like) is not Tensor:  # one of another kind, fake or wrapped, has numbers of its own kind
        return like.new_full((), value)
    return _constant(value, like.dtype, like.device)


@cache
def _constant(value: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.full((), value, dtype=dtype, device=device)


def _gauss(a: Values, logarithm: float = 0.0, out: Tensor | None = None) -> Values:
    """e^{c - a²}, the constant c = ``logarithm`` added in the same pass that squares."""
    return torch.addcmul(_scalar(a, logarithm), a, a, value=-1, out=out).exp_()


def _erf_slope(a: Values, out: Tensor | None = None) -> Values:
    """(2/√π) e^{-a²}."""
    return _gauss(a, math.log(2 / math.sqrt(math.pi)), out)


def _erf_shrinkage(s: Values, out: Tensor | None = None) -> Values:
    """1 / √(1 + 2s²); a root and a reciprocal take less time than ``rsqrt`` does in double precision."""
    return torch.reciprocal(torch.addcmul(_scalar(s, 1.0), s, s, value=2, out=out).sqrt_(), out=out)


def _times(a: Values, b: Values, factor: float, out: Tensor | None = None) -> Values:
    """factor · a b in one pass."""
    return torch.addcmul(_scalar(a, 0.0), a, b, value=factor, out=out)


def _owens_t(k: Values, c: Values, nodes: int = 12) -> Values:
    """Owen's T(k, c) = (1/2π) ∫_0^c e^{-k²(1+x²)/2} / (1+x²) dx for 0 <= c <= 1, by Gauss-Legendre."""
    t, w = np.polynomial.legendre.leggauss(nodes)
    total = torch.zeros_like(k + c)
    for t_j, w_j in zip((t + 1) / 2, w / 2, strict=True):
        q = 1 + (c * float(t_j)) ** 2
        total += float(w_j) * torch.exp(-0.5 * k * k * q) / q
    return total * c / (2 * math.pi)


@dataclass(frozen=True)
class ReluMean:
    """ψ = max(·, 0): with k = u/|s|, h = u Φ(k) + |s| φ(k), h_u = Φ(k), h_s = sign(s) φ(k).

    At s = 0: h = (u)_+, h_u = 1_{u>0} (½ at u = 0), h_s = 0, the mean of its two limits.
    """

    def value(self, u: Values, s: Values) -> Values:
        """h = u Φ(k) + |s| φ(k)."""
        return self.value_and_slope(u, s)[0]

    def value_and_slope(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values]:
        """h_u = Φ(k)."""
        size, cdf, pdf = _gaussian(u, s, to)
        return torch.addcmul(torch.mul(pdf, size, out=to.value), u, cdf, out=to.value), cdf

    def derivatives(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values, Values]:
        """h_s = sign(s) φ(k)."""
        size, cdf, pdf = _gaussian(u, s, to, to.slope_s, to.value)
        h = torch.addcmul(torch.mul(pdf, size, out=to.value), u, cdf, out=to.value)
        return h, cdf, torch.mul(pdf, torch.sign(s, out=to.slope_s), out=to.slope_s)

    def second_moment(self, u: Values, s: Values) -> Values:
        """E (z)_+² = (u² + s²) Φ(k) + u |s| φ(k)."""
        size, cdf, pdf = _gaussian(u, s)
        return torch.addcmul(u * size * pdf, torch.addcmul(s * s, u, u), cdf)


def _gaussian(
    u: Values, s: Values, to: Buffers = NEW, size: Tensor | None = None, edge: Tensor | None = None
) -> tuple[Values, Values, Values]:
    """|s|, Φ(k) and φ(k) at k = u/|s|; a vanishing s gives a huge k, or 0 where u does too, never inf or nan."""
    size = torch.abs(s, out=size)
    edge = torch.clamp_min(size, torch.finfo(s.dtype).tiny ** 0.5, out=edge)
    a = torch.addcdiv(_scalar(u, 0.0), u, edge, value=math.sqrt(0.5), out=to.argument)
    cdf = torch.add(_scalar(a, 0.5), torch.erf(a, out=to.slope_u), alpha=0.5, out=to.slope_u)
    return size, cdf, _gauss(a, -0.5 * math.log(2 * math.pi), to.work)


@dataclass(frozen=True)
class SinMean:
    """ψ = sin: h = e^{-s²/2} sin u."""

    def value(self, u: Values, s: Values) -> Values:
        """h = e^{-s²/2} sin u."""
        return _sin_shrinkage(s) * torch.sin(u)

    def value_and_slope(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values]:
        """h_u = e^{-s²/2} cos u."""
        return self._shrunk(u, _sin_shrinkage(s), to)

    def derivatives(self, u: Values, s: Values, to: Buffers = NEW) -> tuple[Values, Values, Values]:
        """h_s = -s h."""
        h, h_u = self._shrunk(u, _sin_shrinkage(s, to.work), to)
        return h, h_u, _times(h, s, -1, to.slope_s)

    def _shrunk(self, u: Values, by: Values, to: Buffers) -> tuple[Values, Values]:
        h = torch.mul(torch.sin(u, out=to.value), by, out=to.value)
        return h, torch.mul(torch.cos(u, out=to.slope_u), by, out=to.slope_u)

    def second_moment(self, u: Values, s: Values) -> Values:
        """E sin² z = ½ (1 - e^{-2s²} cos 2u)."""
        return 0.5 * (1 - torch.exp(-2 * s * s) * torch.cos(2 * u))


def _sin_shrinkage(s: Values, out: Tensor | None = None) -> Values:
    """e^{-s²/2}."""
    return _times(s, s, -0.5, out).exp_()
