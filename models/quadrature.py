"""The mean activation of any ψ by quadrature over the noise, in torch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from theorems.setting import Activation

__all__ = ["QuadratureMean"]

Values = Float[Tensor, "..."]


@dataclass(frozen=True)
class QuadratureMean:
    """Any ψ: means over ε by quadrature; nodes are visited one by one, so memory does not grow with them.

    A smooth ψ is integrated by the trapezoid rule on [-9, 9]. Against the weight e^{-ε²/2} it converges like
    e^{-2πy/(sδ)}, δ the spacing and y the height of ψ's nearest pole, and so beats Gauss-Hermite's
    e^{-2(y/s)√N} from a few dozen nodes on. A ψ with kinks is integrated between them by Gauss-Legendre. Buffers that
    are offered are not taken: a sum over nodes has others.
    """

    psi: Activation
    nodes: int = 96

    def value(self, u: Values, s: Values) -> Values:
        """h = Σ_k w_k ψ(u + s ε_k)."""
        return self._mean(u, s, lambda z, _: self.psi.function(torch, z))

    def value_and_slope(self, u: Values, s: Values, to: object = None) -> tuple[Values, Values]:
        """h_u = Σ_k w_k ψ'(u + s ε_k)."""
        return self.value(u, s), self._mean(u, s, lambda z, _: self.psi.derivative(torch, z))

    def derivatives(self, u: Values, s: Values, to: object = None) -> tuple[Values, Values, Values]:
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
