"""Slow and obvious references: the definitions themselves, in 22 digits or on a brute-force grid."""

from collections.abc import Callable

import mpmath as mp
import numpy as np
from numpy import ndarray

from theorems.setting import Activation

TANH = Activation("tanh", lambda xp, z: xp.tanh(z), lambda xp, z: 1 - xp.tanh(z) ** 2)
SOFTPLUS = Activation("softplus", lambda xp, z: xp.logaddexp(0 * z, z), lambda xp, z: 0.5 * (1 + xp.tanh(z / 2)))
LEAKY = Activation("leaky", lambda xp, z: z * (z > 0) + 0.1 * z * (z <= 0), lambda xp, z: 0.1 + 0.9 * (z > 0), (0.0,))
SHIFTED = Activation("shifted relu", lambda xp, z: (z - 0.5) * (z > 0.5), lambda xp, z: 1.0 * (z > 0.5), (0.5,))


def mean_and_slope(name: str) -> tuple[Callable, Callable, Callable, Callable]:
    """ψ, ψ' and their means over N(m, v): ψ(a), ψ'(a), E ψ(b), E ψ'(b), in mpmath."""
    if name == "erf":
        return (
            mp.erf,
            lambda a: 2 / mp.sqrt(mp.pi) * mp.exp(-a * a),
            lambda m, v: mp.erf(m / mp.sqrt(1 + 2 * v)),
            lambda m, v: 2 / mp.sqrt(mp.pi * (1 + 2 * v)) * mp.exp(-m * m / (1 + 2 * v)),
        )
    if name == "relu":
        return (
            lambda a: max(a, mp.mpf(0)),
            lambda a: mp.mpf(a > 0),
            lambda m, v: max(m, 0) if v == 0 else m * mp.ncdf(m / mp.sqrt(v)) + mp.sqrt(v) * mp.npdf(m / mp.sqrt(v)),
            lambda m, v: mp.mpf(m > 0) if v == 0 else mp.ncdf(m / mp.sqrt(v)),
        )
    return (
        mp.sin,
        mp.cos,
        lambda m, v: mp.exp(-v / 2) * mp.sin(m),
        lambda m, v: mp.exp(-v / 2) * mp.cos(m),
    )


def dual_and_slope(name: str, rho: float, q: float, q2: float) -> tuple[float, float]:
    """K and ∂K = E ψ'(a)ψ'(b) as one integral over a of the conditional mean given a, in 22 digits."""
    psi, slope, mean, mean_slope = mean_and_slope(name)
    with mp.workdps(22):
        rho, q, q2 = mp.mpf(rho), mp.mpf(q), mp.mpf(q2)
        v = max(q2 - rho * rho / q, mp.mpf(0))
        turn = mp.sqrt(v) * 8  # the conditional mean turns within a few standard deviations of 0
        ends = sorted({s * e for s in (-1, 1) for e in (0, turn, turn / 4, 1, 3, 6, 12) if e <= 12})

        def integral(f: Callable, g: Callable) -> float:
            return float(mp.quad(lambda a: f(a) * g(rho / q * a, v) * mp.npdf(a, 0, mp.sqrt(q)), ends))

        ends = [e * mp.sqrt(q) for e in ends]
        return integral(psi, mean), integral(slope, mean_slope)


def panel_grid(panels: int = 44, nodes: int = 12) -> tuple[ndarray, ndarray]:
    """E f(a) for even f, a ~ N(0, 1), by Gauss-Legendre on panels [9·2^-k-1, 9·2^-k]: nothing clever, only many."""
    edges = np.concatenate([[0.0], 9.0 * 2.0 ** -np.arange(panels)[::-1]])
    x, w = np.polynomial.legendre.leggauss(nodes)
    half = np.diff(edges)[:, None] / 2
    a = (edges[:-1, None] + half * (1 + x)).ravel()
    return a, (half * w).ravel() * 2 * np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)


def definition_kernel(psi: Activation, rho: float, tau: float, nodes: int = 28) -> tuple[float, float, float]:
    """E h h', ρ E h_u h'_u, ρ E h_s h'_s over (u, u') and (s, s'), by Gauss-Hermite in each: smooth ψ only."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    w = w / w.sum()
    other = rho * x[:, None] + np.sqrt(1 - rho**2) * x  # u' given u, and s' given s

    def means(u: ndarray, s: ndarray) -> tuple[ndarray, ndarray, ndarray]:
        z = np.multiply.outer(s, x) + u[..., None]
        slope = psi.derivative(np, z)
        return psi.function(np, z) @ w, slope @ w, slope @ (w * x)

    u, s = np.meshgrid(x, tau * x, indexing="ij")
    here = means(u, s)
    totals = np.zeros(3)
    for j, weight in enumerate(w):
        u2, s2 = np.meshgrid(other.ravel(), tau * other[:, j], indexing="ij")
        there = [np.einsum("uvs,v->us", f.reshape(nodes, nodes, nodes), w) for f in means(u2, s2)]
        totals += weight * np.array([np.einsum("us,us,u,s->", f, g, w, w) for f, g in zip(here, there, strict=True)])
    return totals[0], rho * totals[1], rho * totals[2]
