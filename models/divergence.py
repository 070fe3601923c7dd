"""The KL terms of a variational autoencoder, exactly, with slopes and curvatures in closed form.

    weight space    KL(N(W^μ, σ0²) ‖ N(W^μ(0), σ0²)) = ‖ΔW^μ‖²/(2σ0²)                          once
    latent space    KL(N(u, s²) ‖ N(ū, s̄²)) = ln|s̄/s| + (s² + (u - ū)²)/(2s̄²) - ½              per input and unit

with (ū, s̄) = (u, s) at initialisation ("initial-posterior") or (0, 1) ("standard-normal"). The objective is
L + β KL with L = ½ Σ_i ‖f(x_i) - y_i‖² and the latent KL summed over inputs; ``summed_beta`` converts other
normalisations. The latent KL is convex in (u, s) on each side of s = 0 and infinite at s = 0, so training keeps the
sign of every s_r(x_i).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from models.checked import finite_number, finite_tensor, whole_number
from models.objective import loss
from models.snn import StochasticNetwork
from theorems.setting import FixedNoise

__all__ = ["DIVERGENCES", "Divergence", "LatentKL", "WeightKL", "divergence_from", "objective", "summed_beta"]

DIVERGENCES = ("weights", "initial-posterior", "standard-normal")
Latent = Float[Tensor, "*b n m"]


@dataclass(frozen=True, eq=False)
class WeightKL:
    """‖W^μ - W^μ(0)‖²/(2σ0²), ``reference`` W^μ(0) (*b, m, p)."""

    reference: Float[Tensor, "*b m p"]
    sigma: float

    def value(self, network: StochasticNetwork) -> Float[Tensor, "*b"]:
        """KL of the weights, (*b)."""
        return 0.5 * (network.mean - self.reference).square().sum((-2, -1)) / self.sigma**2

    def gradient(self, network: StochasticNetwork) -> dict[str, Tensor]:
        """ΔW^μ/σ0² by block."""
        return {"mean": (network.mean - self.reference) / self.sigma**2}

    def __getitem__(self, index: Any) -> WeightKL:
        """The divergence of the replicates at ``index``."""
        return WeightKL(self.reference[index], self.sigma)


@dataclass(frozen=True, eq=False)
class LatentKL:
    """Σ_i Σ_r KL(N(u, s²) ‖ N(ū, s̄²)) at inputs ``x``; ``mean`` ū and ``scale`` s̄ broadcast against (*b, n, m)."""

    x: Float[Tensor, "n p"]
    mean: Tensor
    scale: Tensor

    def value(self, network: StochasticNetwork) -> Float[Tensor, "*b"]:
        """KL summed over inputs and units, (*b)."""
        return self.terms(*network.latent(self.x)).sum((-2, -1))

    def gradient(self, network: StochasticNetwork) -> dict[str, Tensor]:
        """∂KL/∂w_r^μ = Σ_i KL_u(x_i) x_i, and KL_s for w_r^σ, by block."""
        slopes = self.slopes(*network.latent(self.x))
        return {name: (self.x.T @ slopes[name]).mT for name in slopes if name in network.parameters()}

    def terms(self, u: Latent, s: Latent) -> Latent:
        """KL of each input and unit: ln|s̄/s| + (s² + (u - ū)²)/(2s̄²) - ½."""
        return (self.scale / s).abs().log() + (s * s + (u - self.mean).square()) / (2 * self.scale**2) - 0.5

    def slopes(self, u: Latent, s: Latent) -> dict[str, Latent]:
        """KL_u = (u - ū)/s̄² for the block "mean", KL_s = s/s̄² - 1/s = (s - s̄)(s + s̄)/(s̄² s) for "scale".

        The product keeps its digits where s is near s̄ and both are small.
        """
        variance = self.scale**2
        return {"mean": (u - self.mean) / variance, "scale": (s - self.scale) * (s + self.scale) / (variance * s)}

    def curvatures(self, s: Latent) -> dict[str, Tensor]:
        """KL_uu = 1/s̄² for the block "mean" (broadcasts), KL_ss = 1/s̄² + 1/s² for "scale"; KL_us = 0."""
        return {"mean": self.scale**-2, "scale": self.scale**-2 + 1 / (s * s)}

    def __getitem__(self, index: Any) -> LatentKL:
        """The divergence of the replicates at ``index``."""
        mean, scale = (t[index] if t.ndim > 2 else t for t in (self.mean, self.scale))
        return LatentKL(self.x, mean, scale)


Divergence = WeightKL | LatentKL


def divergence_from(name: str, initial: StochasticNetwork, x: Any) -> Divergence:
    """The KL called ``name`` (one of ``DIVERGENCES``) for networks that started as ``initial``.

    Raises ValueError for another name, for s = 0 at some input (the KL is infinite there), and for the weight-space
    KL under learned noise, where a weight has no σ0.
    """
    if name not in DIVERGENCES:
        raise ValueError(f"unknown divergence {name!r}; known: {', '.join(DIVERGENCES)}")
    x = initial.as_inputs(x)
    u, s = initial.latent(x)
    if bool((s == 0).any()):
        raise ValueError("a KL needs noise: the latent standard deviation s is zero")
    if name == "weights":
        if not isinstance(initial.noise, FixedNoise):
            raise ValueError("the weight-space KL needs fixed noise, whose scale is the weights' σ0")
        return WeightKL(initial.mean, initial.noise.scale)
    if name == "standard-normal":
        return LatentKL(x, u.new_zeros(()), u.new_ones(()))
    return LatentKL(x, u, u.new_full((), initial.noise.scale) if initial.scale is None else s)


def objective(network: StochasticNetwork, x: Any, y: Any, beta: float, divergence: Divergence) -> Float[Tensor, "*b"]:
    """L + β KL, one number per replicate. Raises ValueError unless β is a finite number >= 0 and y is finite."""
    targets = finite_tensor(y, "targets", network.mean)
    return loss(network.mean_output(x), targets) + checked_beta(beta) * divergence.value(network)


def checked_beta(beta: float) -> float:
    """β as it is. Raises ValueError unless it is a finite number >= 0."""
    if not (number := finite_number(beta, "beta")) >= 0:
        raise ValueError(f"beta must be a finite number >= 0, got {beta!r}")
    return number


def summed_beta(
    beta: float, inputs: int, *, per_input: bool = True, halved: bool = True, averaged_outputs: int = 1
) -> float:
    """The β of L + β KL that has the minimisers of a *mean*-normalised objective with coefficient ``beta``.

        (1/n) Σ_i [ℓ_i + β' KL_i]         = (c/n) [L + (β'/c) Σ_i KL_i]         per_input: β = β'/c
        (1/n) Σ_i ℓ_i + β' KL_weights     = (c/n) [L + (n β'/c) KL_weights]     else: β = n β'/c

    c = 1 for ℓ = ½‖f - y‖² (``halved``), 2 for ℓ = ‖f - y‖², divided by d = ``averaged_outputs`` where ℓ is a mean over
    the d outputs too (``torch.nn.functional.mse_loss``: not halved, averaged). Gradient flow of the mean form runs
    slower by c/n. Raises ValueError for a negative β, no inputs or no outputs.
    """
    whole_number(inputs, "inputs")
    whole_number(averaged_outputs, "averaged_outputs")
    return checked_beta(beta) * averaged_outputs * (1 if per_input else inputs) / (1 if halved else 2)
