"""Gaussian means by the trapezoidal rule, plain or with nodes that crowd at the singular points."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from theorems.checked import above_zero, count

__all__ = ["half_normal", "normal", "split_normal"]

REACH = 9.0
"""Where a Gaussian mean is cut off: φ(9) = 1e-18."""

MOST = 10_000_000
"""Nodes that fit into memory with what is computed at them."""


@lru_cache(maxsize=16)
def half_normal(nodes: int) -> tuple[Float[ndarray, " k"], Float[ndarray, " k"]]:
    """Nodes a_i > 0 and weights w_i with E f(a) ≈ Σ_i w_i f(a_i) for even f and a ~ N(0, 1).

    a = exp(t - e^{-t}), t in [-4.5, log 9.5], trapezoid with weight 2 φ(a) a (1 + e^{-t}) dt [derived]. The nodes
    crowd double exponentially at a = 0, so f may have any integrable singularity there; both ends of the sum are
    below round-off, which makes the trapezoidal rule converge exponentially in ``nodes``.
    """
    if count(nodes, "nodes") < 2 or nodes > MOST:
        raise ValueError(f"nodes must lie between 2 and {MOST}")
    t = np.linspace(-4.5, np.log(9.5), nodes)
    a = np.exp(t - np.exp(-t))
    return _frozen(a), _frozen(2 * _density(a) * a * (1 + np.exp(-t)) * (t[1] - t[0]))


@lru_cache(maxsize=16)
def normal(step: float, reach: float = REACH) -> tuple[Float[ndarray, " k"], Float[ndarray, " k"]]:
    """Equidistant nodes x_i and weights w_i with E f(x) ≈ Σ_i w_i f(x_i) for analytic f and x ~ N(0, 1).

    The error is about e^{-2πc/step}, c the distance of f's nearest singularity from the real line.
    """
    step, reach = above_zero(step, "step"), above_zero(reach, "reach")
    if reach / step > MOST:
        raise ValueError(f"step: more than {MOST} nodes would be needed")
    x = step * np.arange(-round(reach / step), round(reach / step) + 1)
    return _frozen(x), _frozen(step * _density(x))


def split_normal(breaks: Float[ndarray, "*b j"], nodes: int) -> tuple[Float[ndarray, "*b k"], Float[ndarray, "*b k"]]:
    """Nodes and weights for E f(x), x ~ N(0, 1), f smooth but at ``breaks``; k = (j+2)·nodes.

    [-9, 9] is cut at the breaks and at 0, so that no piece is longer than 9; each gets the Gauss-Legendre rule.
    """
    place, weight = np.polynomial.legendre.leggauss(nodes)
    ends = np.full((*breaks.shape[:-1], 1), REACH)
    inner = np.sort(np.concatenate([np.clip(breaks, -REACH, REACH), 0 * ends], axis=-1), axis=-1)
    edges = np.concatenate([-ends, inner, ends], axis=-1)
    half, middle = np.diff(edges)[..., None] / 2, (edges[..., 1:] + edges[..., :-1])[..., None] / 2
    x = middle + half * place
    shape = (*inner.shape[:-1], -1)
    return x.reshape(shape), (half * weight * _density(x)).reshape(shape)


def _density(x: Float[ndarray, "*shape"]) -> Float[ndarray, "*shape"]:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def _frozen(array: Float[ndarray, " k"]) -> Float[ndarray, " k"]:
    array.setflags(write=False)
    return array
