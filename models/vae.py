"""Variational autoencoders as they are used: deep encoders and decoders, sampled ε, the KL to N(0, I) with a weight β.

No part of the theory's network (models/snn.py): this is the other end, on which Figures 3 and 4 report.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from numpy.random import SeedSequence
from torch import Tensor, nn

__all__ = ["ACTIVE", "VAE", "Design", "Encoded", "Loss", "as_pixels", "encode_all", "initialised"]

ACTIVE = 0.01
"""Mean KL, in nats, above which a latent dimension counts as active."""

ENCODED_AT_ONCE = 1024


@dataclass(frozen=True)
class Design:
    """What a VAE is: the images' ``shape`` (C, H, W), ``latent`` dimensions, its two networks and its loss.

    ``network``: "dense", two hidden layers of ``hidden`` units on either side (as Higgins et al. 2017 used on sprites),
    or "conv", two convolutions and a layer of ``hidden`` units, mirrored by the decoder; its sides must be multiples of
    8. ``decoder``: "bernoulli", or "gaussian" with standard deviation ``sigma``. ``beta`` weighs the KL.
    Raises ValueError on numbers that make no network.
    """

    shape: tuple[int, int, int]
    latent: int
    network: Literal["dense", "conv"] = "dense"
    decoder: Literal["bernoulli", "gaussian"] = "bernoulli"
    beta: float = 1.0
    hidden: int = 256
    sigma: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if min(*self.shape, self.latent, self.hidden) < 1 or self.beta < 0 or self.sigma <= 0:
            raise ValueError(f"{self}: sizes are at least 1, β at least 0 and σ positive")
        if self.network not in ("dense", "conv") or self.decoder not in ("bernoulli", "gaussian"):
            raise ValueError(f"{self}: the network is dense or conv, the decoder bernoulli or gaussian")
        if self.network == "conv" and any(side % 8 for side in self.shape[1:]):
            raise ValueError(f"{self}: sides of images for convolutions are multiples of 8")


class Loss(NamedTuple):
    """Means over a batch, in nats: -log p(x|z) and KL(q(z|x) ‖ N(0, I)); the loss is their sum with β."""

    reconstruction: Float[Tensor, ""]
    divergence: Float[Tensor, ""]


class Encoded(NamedTuple):
    """Posterior means (N, L) of images, and the mean KL of each latent dimension (L,) in nats."""

    means: Float[ndarray, "N L"]
    divergence: Float[ndarray, " L"]

    @property
    def active(self) -> int:
        """How many dimensions have a mean KL above `ACTIVE`."""
        return int((self.divergence > ACTIVE).sum())


class VAE(nn.Module):
    """Encoder x ↦ (μ, log σ²) and decoder z ↦ logits of pixels (Bernoulli) or their means (Gaussian)."""

    def __init__(self, design: Design) -> None:
        """Layers without weights that mean anything yet: `initialised` draws them."""
        super().__init__()
        self.design = design
        build = _dense if design.network == "dense" else _convolutional
        self.encoder, self.decoder = (nn.Sequential(*layers) for layers in build(design))

    def encode(self, x: Float[Tensor, "B C H W"]) -> tuple[Float[Tensor, "B L"], Float[Tensor, "B L"]]:
        """Mean and log variance of q(z|x)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, z: Float[Tensor, "B L"]) -> Float[Tensor, "B C H W"]:
        """Means of the pixels given z, in [0, 1] under a Bernoulli decoder."""
        x = self.decoder(z).view(-1, *self.design.shape)
        return x.sigmoid() if self.design.decoder == "bernoulli" else x

    def loss(self, x: Float[Tensor, "B C H W"], noise: Float[Tensor, "B L"]) -> Loss:
        """Both terms with z = μ + σ ε; a Gaussian's constant is left out."""
        mean, log_variance = self.encode(x)
        z = mean + (log_variance / 2).exp() * noise
        out = self.decoder(z).view_as(x)
        if self.design.decoder == "bernoulli":
            reconstruction = nn.functional.binary_cross_entropy_with_logits(out, x, reduction="sum")
        else:
            reconstruction = ((out - x) ** 2).sum() / (2 * self.design.sigma**2)
        return Loss(reconstruction / len(x), divergence(mean, log_variance).sum() / len(x))


def divergence(mean: Float[Tensor, "B L"], log_variance: Float[Tensor, "B L"]) -> Float[Tensor, "B L"]:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½(μ² + σ² - 1 - log σ²), for each image and dimension."""
    return (mean**2 + log_variance.exp() - 1 - log_variance) / 2


def _dense(design: Design) -> tuple[list[nn.Module], list[nn.Module]]:
    pixels, h = math.prod(design.shape), design.hidden
    encoder = [nn.Flatten(), *_layers(pixels, h, h, 2 * design.latent)]
    return encoder, list(_layers(design.latent, h, h, pixels))


def _convolutional(design: Design) -> tuple[list[nn.Module], list[nn.Module]]:
    channels, height, width = design.shape
    h, places = design.hidden, (64, height // 8, width // 8)
    flat = math.prod(places)
    encoder = [
        nn.Conv2d(channels, 32, 4, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(),
        nn.Flatten(), *_layers(flat, h, 2 * design.latent),
    ]  # fmt: skip
    decoder = [
        *_layers(design.latent, h, flat), nn.ReLU(), nn.Unflatten(1, places),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, channels, 4, 4),
    ]  # fmt: skip
    return encoder, decoder


def _layers(*sizes: int) -> Iterator[nn.Module]:
    """Linear layers with ReLU between them."""
    for number, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        if number:
            yield nn.ReLU()
        yield nn.Linear(inputs, outputs)


def initialised(design: Design, seed: SeedSequence, device: str = "cpu") -> VAE:
    """A VAE with weights uniform on ±√(6/fan-in) (He et al. 2015) and no biases, drawn by NumPy on the CPU.

    The last layer of either network is drawn ten times smaller: σ starts near 1 and pixels near ½.
    """
    with torch.device("meta"):  # or building would draw from torch's global generator
        network = VAE(design)
    network = network.to_empty(device="cpu")
    rng = np.random.default_rng(seed)
    for side in (network.encoder, network.decoder):
        layers = [m for m in side if isinstance(m, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
        for layer in layers:
            reach = math.sqrt(6 / _fan_in(layer)) * (0.1 if layer is layers[-1] else 1.0)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(rng.uniform(-reach, reach, tuple(layer.weight.shape))))
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def _fan_in(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> float:
    """How many inputs an output sums over; of a transposed convolution on average, as its strides spread them."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    window = layer.in_channels * math.prod(layer.kernel_size)
    return window / math.prod(layer.stride) if isinstance(layer, nn.ConvTranspose2d) else window


def as_pixels(images: UInt8[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
    """Bytes as numbers in [0, 1], in the memory format that convolutions read fastest."""
    x = images.to(torch.float32) / 255
    return x.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def encode_all(network: VAE, images: UInt8[ndarray, "N C H W"]) -> Encoded:
    """Posterior means of all images, and each latent dimension's mean KL over them."""
    device = next(network.parameters()).device.type
    means, total = [], torch.zeros(network.design.latent, dtype=torch.float64)
    for first in range(0, len(images), ENCODED_AT_ONCE):
        mean, log_variance = network.encode(
            as_pixels(torch.as_tensor(images[first : first + ENCODED_AT_ONCE], device=device))
        )
        means.append(mean.cpu().numpy())
        total += divergence(mean, log_variance).sum(0).double().cpu()
    return Encoded(np.concatenate(means), (total / len(images)).numpy())
