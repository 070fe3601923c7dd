"""What is simulated: the two-layer ReLU network f(x) = m^{-1/2} Σ_r a_r max(w_r·x, 0), its first layer trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import SeedSequence, default_rng

__all__ = ["Network", "activation_flips", "gradient_flow", "initial"]


@dataclass(frozen=True)
class Network:
    """R replicates: weights W (R, m, p), output weights a = ±1 (R, m), and what the sum over units is multiplied by."""

    weights: Float[ndarray, "R m p"]
    signs: Float[ndarray, "R m"]
    multiplier: float

    def active(self, x: Float[ndarray, "n p"]) -> Float[ndarray, "R m n"]:
        """1{w_r·x_i >= 0}."""
        return (self.weights @ x.T >= 0).astype(float)

    def gram(self, x: Float[ndarray, "n p"]) -> Float[ndarray, "R n n"]:
        """H_ij = <x_i, x_j> m^{-1} Σ_r 1{w_r·x_i >= 0, w_r·x_j >= 0}, the Gram matrix of ∂f/∂W."""
        on = self.active(x)
        return self.multiplier**2 * (on.swapaxes(1, 2) @ on) * (x @ x.T)

    def velocity(
        self, x: Float[ndarray, "n p"], y: Float[ndarray, " n"]
    ) -> tuple[Float[ndarray, "R m p"], Float[ndarray, "R n"]]:
        """-∂L/∂W of L = ½ Σ (f(x_i) - y_i)², and the residual f(x) - y."""
        z = self.weights @ x.T
        on = z >= 0
        residual = self.multiplier * (self.signs[:, None, :] @ (z * on))[:, 0] - y
        slope = -self.multiplier * self.signs[:, :, None] * on * residual[:, None, :]
        return slope @ x, residual

    def moved(self, step: float, velocity: Float[ndarray, "R m p"]) -> Network:
        """The network after a step in this direction."""
        return replace(self, weights=self.weights + step * velocity)


def initial(width: int, inputs: int, seeds: Sequence[SeedSequence]) -> Network:
    """w_r ~ N(0, I_p), a_r = ±1 with equal chances, multiplier m^{-1/2}; a replicate per seed."""
    draws = [default_rng(seed) for seed in seeds]
    weights = np.stack([rng.standard_normal((width, inputs)) for rng in draws])
    signs = np.stack([rng.choice([-1.0, 1.0], width) for rng in draws])
    return Network(weights, signs, width**-0.5)


def gradient_flow(
    network: Network, x: Float[ndarray, "n p"], y: Float[ndarray, " n"], time: float, steps: int
) -> tuple[Network, Float[ndarray, "R T n"]]:
    """W' = -∂L/∂W until ``time`` by classical Runge-Kutta; the residuals at the T = steps + 1 grid points.

    The right-hand side jumps where a unit changes sides, by 1/m of its size: the order is four up to that.
    """
    h = time / steps
    residuals = []
    for _ in range(steps):
        k1, residual = network.velocity(x, y)
        k2, _ = network.moved(h / 2, k1).velocity(x, y)
        k3, _ = network.moved(h / 2, k2).velocity(x, y)
        k4, _ = network.moved(h, k3).velocity(x, y)
        residuals.append(residual)
        network = network.moved(h / 6, k1 + 2 * k2 + 2 * k3 + k4)
    residuals.append(network.velocity(x, y)[1])
    return network, np.stack(residuals, axis=1)


def activation_flips(before: Network, after: Network, x: Float[ndarray, "n p"]) -> Float[ndarray, " R"]:
    """The share of all pairs (unit, input) whose activation 1{w_r·x_i >= 0} has changed."""
    return np.abs(before.active(x) - after.active(x)).mean((1, 2))
