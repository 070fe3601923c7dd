"""The stochastic network f̂(x; ε) = m^{-1/2} Σ_r v_r ψ(u_r + s_r ε_r) and its mean output f = E_ε f̂.

u_r = <w_r^μ, x>, s_r = <w_r^σ, x> (learned noise) or s_r ≡ σ0 (fixed noise). A network may carry leading axes of
replicates, written "*b" below. Tensors are stored with the units last (their ``.mT`` is contiguous), since the
units are the long axis of every product.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.random import Generator
from torch import Tensor

from models.activations import MeanActivation, mean_activation
from models.checked import finite_tensor, fitting
from models.draws import Seed, standard_normal
from models.initialisation import block_rows, check_sizes, check_type, device_named, drawn_blocks
from models.memory import block_size, keep_freed_memory
from theorems.setting import Activation, FixedNoise, LearnedNoise, Noise, activation_named, known_noise

__all__ = ["BLOCKS", "Features", "Seed", "StochasticNetwork"]

BLOCKS = ("mean", "scale", "decoder")


class Features(NamedTuple):
    """What unit r contributes at input x_i: its output and the derivatives by u and s, each (*b, n, m).

    Of the mean output they are (h, h_u, h_s); of one sampled output (ψ, ψ', εψ') at z. With them
    ∂f(x_i)/∂v_r = M decoder_r(x_i) I,  ∂f/∂w_r^μ = M mean_r v_r x_iᵀ,  ∂f/∂w_r^σ = M scale_r v_r x_iᵀ,
    M being the network's multiplier. ``scale`` is None under fixed noise.
    """

    decoder: Tensor
    mean: Tensor
    scale: Tensor | None


@dataclass(frozen=True, eq=False)
class StochasticNetwork:
    """Parameters W^μ, W^σ, W^d of one network, or of a batch of replicates, and how they are read.

    ``multiplier`` is the output scaling, m^{-1/2} in the paper; everything reads it from here. Raises ValueError if
    the shapes of the blocks do not fit each other or the noise model.
    """

    mean: Float[Tensor, "*b m p"]
    scale: Float[Tensor, "*b m p"] | None
    decoder: Float[Tensor, "*b m d"]
    activation: Activation
    noise: Noise
    multiplier: float

    def __post_init__(self) -> None:
        """Refuse blocks that do not fit together."""
        if self.mean.shape[:-1] != self.decoder.shape[:-1]:
            raise ValueError(f"mean {tuple(self.mean.shape)} and decoder {tuple(self.decoder.shape)} do not match")
        if (self.scale is None) != isinstance(self.noise, FixedNoise):
            raise ValueError(f"{self.noise} goes with {'no' if self.scale is not None else 'a'} scale block")
        if self.scale is not None and self.scale.shape != self.mean.shape:
            raise ValueError(f"mean {tuple(self.mean.shape)} and scale {tuple(self.scale.shape)} do not match")

    @classmethod
    def initialise(
        cls,
        width: int,
        inputs: int,
        outputs: int,
        *,
        activation: str | Activation = "erf",
        noise: Noise = LearnedNoise(1.0),  # noqa: B008, a frozen dataclass
        seed: Seed | Sequence[Seed] = 0,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float64,
        antisymmetric: bool = False,
    ) -> StochasticNetwork:
        """A network at initialisation: W^μ ~ N(0, 1), W^σ ~ N(0, τ²), W^d ~ N(0, 1), all independent.

        A sequence of seeds gives a leading axis of replicates, replicate r being the network of seed r alone. The
        numbers are drawn on the CPU, by NumPy's generator, whatever the device. ``antisymmetric`` pairs the units with
        opposite v_r, so that f ≡ 0. Raises ValueError for sizes below 1, an odd width if antisymmetric, an unknown
        activation, what is no seed, a type that is not floating-point or a device that is not there.
        """
        check_sizes(width, inputs, outputs, antisymmetric)
        psi, place, noise = activation_named(activation), device_named(device), known_noise(noise)
        check_type(dtype)
        given: Any = seed  # whatever it is, the generator looks at it
        several = isinstance(given, Sequence | np.ndarray) and not isinstance(given, str)
        seeds: list[Any] = list(given) if several else [given]
        if not seeds:
            raise ValueError("a batch of replicates needs at least one seed")
        keep_freed_memory()
        drawn = drawn_blocks(seeds, width, block_rows(inputs, outputs, noise), noise, antisymmetric)
        blocks = {b: w.to(device=place, dtype=dtype).mT for b, w in drawn.items()}
        if not several:
            blocks = {b: w[0] for b, w in blocks.items()}
        return cls(blocks["mean"], blocks.get("scale"), blocks["decoder"], psi, noise, width**-0.5)

    @property
    def width(self) -> int:
        """Number m of units."""
        return self.mean.shape[-2]

    @property
    def inputs(self) -> int:
        """Dimension p of an input."""
        return self.mean.shape[-1]

    @property
    def outputs(self) -> int:
        """Dimension d of an output."""
        return self.decoder.shape[-1]

    @property
    def batch_shape(self) -> torch.Size:
        """The leading axes of replicates, () for one network."""
        return self.mean.shape[:-2]

    @cached_property
    def mean_activation(self) -> MeanActivation:
        """h, its derivatives and the second moment for this activation."""
        return mean_activation(self.activation)

    def parameters(self) -> dict[str, Tensor]:
        """The blocks by name: "mean" W^μ (*b, m, p), "scale" W^σ (*b, m, p; absent under fixed noise), "decoder"."""
        blocks = {"mean": self.mean, "scale": self.scale, "decoder": self.decoder}
        return {name: block for name, block in blocks.items() if block is not None}

    def replace_parameters(self, blocks: Mapping[str, Tensor]) -> StochasticNetwork:
        """The same network with some blocks exchanged."""
        return dataclasses.replace(self, **dict(blocks))

    def __getitem__(self, index: Any) -> StochasticNetwork:
        """The replicates at ``index`` of the leading axes, as views."""
        return self.replace_parameters({name: block[index] for name, block in self.parameters().items()})

    def units(self, start: int, stop: int) -> StochasticNetwork:
        """The part made of units start <= r < stop, as views; the multiplier stays that of the whole."""
        return self.replace_parameters({k: w[..., start:stop, :] for k, w in self.parameters().items()})

    def unit_blocks(self, size: int) -> Iterator[StochasticNetwork]:
        """The network cut into parts of at most ``size`` units, whose outputs and kernels sum to the whole."""
        for start in range(0, self.width, max(size, 1)):
            yield self.units(start, min(start + max(size, 1), self.width))

    def as_inputs(self, x: Any) -> Float[Tensor, "n p"]:
        """x as a tensor (n, p) of this network's type and device.

        Raises ValueError unless n >= 1, it fits and every value is finite.
        """
        x = finite_tensor(x, "inputs", self.mean)
        if x.ndim != 2 or x.shape[1] != self.inputs:
            raise ValueError(f"inputs of shape (n, {self.inputs}) expected, got {tuple(x.shape)}")
        if not len(x):
            raise ValueError("at least one input is needed")
        return x

    def latent(self, x: Any) -> tuple[Float[Tensor, "*b n m"], Float[Tensor, "*b n m"]]:
        """(u, s) = (W^μ x, W^σ x), s ≡ σ0 under fixed noise (there a view without memory of its own)."""
        u, s = self._latent(self.as_inputs(x))
        return u, s.expand_as(u)

    def features(self, x: Any) -> Features:
        """(h, h_u, h_s) of the mean output, each (*b, n, m)."""
        u, s = self._latent(self.as_inputs(x))
        if self.scale is None:
            return Features(*self.mean_activation.value_and_slope(u, s), None)
        return Features(*self.mean_activation.derivatives(u, s))

    def sampled_features(self, x: Any, noise: Float[Tensor, "*s n m"]) -> Features:
        """(ψ(z), ψ'(z), εψ'(z)) at z = u + sε; the noise broadcasts against (*b, n, m)."""
        u, s = self._latent(self.as_inputs(x))
        z = u + s * noise
        slope = self.activation.derivative(torch, z).to(z)
        return Features(self.activation.function(torch, z), slope, None if self.scale is None else noise * slope)

    def combine(self, values: Float[Tensor, "*b n m"]) -> Float[Tensor, "*b n d"]:
        """M Σ_r v_r a_r(x_i), the decoder applied to the outputs a of the units."""
        return torch.matmul(values, self.decoder) * self.multiplier

    def mean_output(self, x: Any) -> Float[Tensor, "*b n d"]:
        """f(x_i) = M Σ_r v_r h(u_r, s_r), summed over blocks of units."""
        x = self.as_inputs(x)
        size = block_size(self.batch_shape.numel() * len(x) * 4, self.mean.device)
        parts = [part.combine(part.mean_activation.value(*part._latent(x))) for part in self.unit_blocks(size)]
        return torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]

    def sample_output(
        self, x: Any, *, generator: Generator | int | None = None, noise: Tensor | None = None
    ) -> Float[Tensor, "*b n d"]:
        """f̂(x_i; ε_i) = M Σ_r v_r ψ(u_r + s_r ε_ir), the noise independent over inputs.

        Either the noise (broadcasting against (*b, n, m)) is given or NumPy's generator (or seed) to draw it from.
        Raises ValueError if neither or both are.
        """
        x = self.as_inputs(x)
        if (generator is None) == (noise is None):
            raise ValueError("sample_output needs either a generator or the noise itself")
        if noise is None:
            noise = self.draw_noise(len(x), generator)  # pyright: ignore[reportArgumentType]
        u, s = self._latent(x)
        return self.combine(self.activation.function(torch, u + s * fitting(noise, "noise", u)))

    def draw_noise(self, inputs: int, generator: Generator | int) -> Float[Tensor, "*b n m"]:
        """ε ~ N(0, 1), independent over replicates, ``inputs`` and units, drawn by NumPy."""
        return standard_normal((*self.batch_shape, inputs, self.width), generator).to(self.mean)

    def _latent(self, x: Float[Tensor, "n p"]) -> tuple[Tensor, Tensor]:
        """(u, s), s a number (a tensor without axes) under fixed noise."""
        x = x.expand(*self.batch_shape, *x.shape)
        u = torch.matmul(x, self.mean.mT)
        return u, u.new_full((), self.noise.scale) if self.scale is None else torch.matmul(x, self.scale.mT)
