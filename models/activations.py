"""The mean activation h(u, s) = E ψ(u + sε), ε ~ N(0, 1), its derivatives and its second moment, in torch.

h is even in s and solves the heat equation ∂h/∂s = s ∂²h/∂u². Every class below carries four functions of
tensors u and s that broadcast against each other; ``value_and_slope`` and ``derivatives`` share their erf and
exp, since training spends its time there. Work in place is confined to values that automatic differentiation does
not keep, so every function here can be differentiated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from theorems.setting import ERF, RELU, SIN, Activation, activation_named

__all__ = [
    "ErfMean",
    "MeanActivation",
    "QuadratureMean",
    "ReluMean",
    "SinMean",
    "mean_activation",
]

Values = Float[Tensor, "..."]


class MeanActivation(Protocol):
    """h(u, s) = E ψ(u + sε) for one activation ψ; u and s are tensors that broadcast."""

    def value(self, u: Values, s: Values) -> Values:
        """h = E ψ(u + sε)."""
        ...

    def value_and_slope(self, u: Values, s: Values) -> tuple[Values, Values]:
        """(h, h_u) with h_u = ∂h/∂u = E ψ'(u + sε): all that fixed noise needs."""
        ...

    def derivatives(self, u: Values, s: Values) -> tuple[Values, Values, Values]:
        """(h, h_u, h_s) with h_s = ∂h/∂s = E ε ψ'(u + sε)."""
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

    def value_and_slope(self, u: Values, s: Values) -> tuple[Values, Values]:
        """h_u = (2/√π) e^{-a²} / √(1 + 2s²)."""
        q = _erf_shrinkage(s)
        a = u * q
        return torch.erf(a), _gauss(a) * (q * (2 / math.sqrt(math.pi)))

    def derivatives(self, u: Values, s: Values) -> tuple[Values, Values, Values]:
        """h_s = -2 s u h_u / (1 + 2s²)."""
        q = _erf_shrinkage(s)
        a = u * q
        h = torch.erf(a)
        h_u = (_gauss(a) * q).mul_(2 / math.sqrt(math.pi))
        return h, h_u, (a * s * (q * h_u)).mul_(-2)

    def second_moment(self, u: Values, s: Values) -> Values:
        """E erf(z)² = 1 - 8 T(√2 a, 1/√(1 + 4s²)), T being Owen's function.

        erf(z)² = 1 - 8 T(√2 z, 1), and Owen's T is the probability P(X > k, 0 < Y < cX) of a Gaussian wedge,
        which Gaussian noise in k maps to another wedge.
        """
        k = math.sqrt(2) * u * _erf_shrinkage(s)
        return 1 - 8 * _owens_t(k, torch.rsqrt(1 + 4 * s * s))


def _gauss(a: Values) -> Values:
    """e^{-a²}."""
    return (a * a).neg_().exp_()


def _erf_shrinkage(s: Values) -> Values:
    """1 / √(1 + 2s²)."""
    return (s * s).mul_(2).add_(1).rsqrt_()


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
        cdf, pdf = _gaussian(u, s)
        return torch.addcmul(pdf * s.abs(), u, cdf)

    def value_and_slope(self, u: Values, s: Values) -> tuple[Values, Values]:
        """h_u = Φ(k)."""
        cdf, pdf = _gaussian(u, s)
        return torch.addcmul(pdf * s.abs(), u, cdf), cdf

    def derivatives(self, u: Values, s: Values) -> tuple[Values, Values, Values]:
        """h_s = sign(s) φ(k)."""
        cdf, pdf = _gaussian(u, s)
        return torch.addcmul(pdf * s.abs(), u, cdf), cdf, pdf * torch.sign(s)

    def second_moment(self, u: Values, s: Values) -> Values:
        """E (z)_+² = (u² + s²) Φ(k) + u |s| φ(k)."""
        cdf, pdf = _gaussian(u, s)
        return (u * u + s * s) * cdf + u * s.abs() * pdf


def _gaussian(u: Values, s: Values) -> tuple[Values, Values]:
    """Φ(k) and φ(k) at k = u/|s|; a vanishing s gives a huge k, or 0 where u vanishes too, and never inf or nan."""
    a = u / s.abs().clamp_min(torch.finfo(s.dtype).tiny ** 0.5) * math.sqrt(0.5)
    return torch.erf(a).add_(1).mul_(0.5), _gauss(a) * (1 / math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class SinMean:
    """ψ = sin: h = e^{-s²/2} sin u."""

    def value(self, u: Values, s: Values) -> Values:
        """h = e^{-s²/2} sin u."""
        return torch.exp(-0.5 * s * s) * torch.sin(u)

    def value_and_slope(self, u: Values, s: Values) -> tuple[Values, Values]:
        """h_u = e^{-s²/2} cos u."""
        shrink = torch.exp(-0.5 * s * s)
        return shrink * torch.sin(u), shrink * torch.cos(u)

    def derivatives(self, u: Values, s: Values) -> tuple[Values, Values, Values]:
        """h_s = -s h."""
        h, h_u = self.value_and_slope(u, s)
        return h, h_u, (h * s).neg_()

    def second_moment(self, u: Values, s: Values) -> Values:
        """E sin² z = ½ (1 - e^{-2s²} cos 2u)."""
        return 0.5 * (1 - torch.exp(-2 * s * s) * torch.cos(2 * u))


@dataclass(frozen=True)
class QuadratureMean:
    """Any ψ: means over ε by quadrature; nodes are visited one by one, so memory does not grow with them.

    A smooth ψ is integrated by the trapezoid rule on [-9, 9]. Against the weight e^{-ε²/2} it converges like
    e^{-2πy/(sδ)}, δ the spacing and y the height of ψ's nearest pole, and so beats Gauss-Hermite's
    e^{-2(y/s)√N} from a few dozen nodes on. A ψ with kinks is integrated between them by Gauss-Legendre.
    """

    psi: Activation
    nodes: int = 96

    def value(self, u: Values, s: Values) -> Values:
        """h = Σ_k w_k ψ(u + s ε_k)."""
        return self._mean(u, s, lambda z, _: self.psi.function(torch, z))

    def value_and_slope(self, u: Values, s: Values) -> tuple[Values, Values]:
        """h_u = Σ_k w_k ψ'(u + s ε_k)."""
        return self.value(u, s), self._mean(u, s, lambda z, _: self.psi.derivative(torch, z))

    def derivatives(self, u: Values, s: Values) -> tuple[Values, Values, Values]:
        """h_s = Σ_k w_k ε_k ψ'(u + s ε_k)."""
        h, h_u, h_s = self.value(u, s), torch.zeros_like(u + s), torch.zeros_like(u + s)
        for eps, weight in self._rule(u, s):
            slope = weight * self.psi.derivative(torch, u + s * eps)
            h_u += slope
            h_s += eps * slope
        return h, h_u, h_s

    def second_moment(self, u: Values, s: Values) -> Values:
        """E ψ(z)² = Σ_k w_k ψ(u + s ε_k)²."""
        return self._mean(u, s, lambda z, _: self.psi.function(torch, z) ** 2)

    def _mean(self, u: Values, s: Values, g: Callable[[Tensor, Tensor | float], Tensor]) -> Values:
        total = torch.zeros_like(u + s)
        for eps, weight in self._rule(u, s):
            total += weight * g(u + s * eps, eps)
        return total

    def _rule(self, u: Values, s: Values) -> Iterator[tuple[Tensor | float, Tensor | float]]:
        """Nodes ε_k and weights w_k of E g(ε) ≈ Σ_k w_k g(ε_k)."""
        if not self.psi.kinks:
            yield from _trapezoid(self.nodes)
            return
        edge = s.abs().clamp_min(torch.finfo(s.dtype).tiny ** 0.5)
        cuts = [((kink - u) / edge).clamp(-_REACH, _REACH) * _sign(s) for kink in sorted(self.psi.kinks)]
        ends = [-_REACH * _sign(s), *cuts, _REACH * _sign(s)]
        t, w = np.polynomial.legendre.leggauss(self.nodes)
        for lower, upper in itertools.pairwise(ends):
            middle, half = (upper + lower) / 2, (upper - lower) / 2
            for t_k, w_k in zip(t.tolist(), w.tolist(), strict=True):
                eps = middle + half * t_k
                yield eps, half.abs() * torch.exp(-0.5 * eps * eps) * (w_k / math.sqrt(2 * math.pi))


_REACH = 9.0
"""Where the Gaussian weight is cut: φ(9) = 1e-18."""


def _sign(s: Values) -> Values:
    """±1, never 0, so that the pieces between kinks always cover the whole range of ε."""
    return 1 - 2 * (s < 0).to(s.dtype)


@lru_cache
def _trapezoid(nodes: int) -> list[tuple[float, float]]:
    eps = np.linspace(-_REACH, _REACH, nodes)
    weight = np.exp(-(eps**2) / 2)
    return list(zip(eps.tolist(), (weight / weight.sum()).tolist(), strict=True))
