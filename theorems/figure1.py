r"""Figure 1: the architecture, as a diagram that can be drawn and followed.

Source: the figure is the paper's, known by its caption; the network is that of the setting. The diagram is data: parts
in order, each with its size and with what it is computed from. Drawing it gives the picture; following it gives the
sampled output f̂(x; ε), in NumPy and without a look at the simulation.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.claim import Claim, Provenance, Reading
from theorems.checked import checked, count
from theorems.setting import Activation, LearnedNoise, Problem

__all__ = ["FIGURE1", "Diagram", "Part", "architecture", "follow"]

FIGURE1 = Claim(
    id="figure1",
    title="Figure 1: the architecture",
    statement=(
        r"A stochastic encoder with latent mean $u = W^\mu x$ and noise scale $s$, $m$ latent units "
        r"$z = u + s\varepsilon$ with an activation $\psi$, and a linear decoder scaled by $m^{-1/2}$."
    ),
    formula=r"\hat f(x; \varepsilon) = \frac{1}{\sqrt m}\, {W^d}^{\top} \psi(u + s \odot \varepsilon), \qquad "
    r"u = W^\mu x, \quad s = W^\sigma x \;\text{ or }\; s \equiv \sigma_0",
    premises=(r"$\varepsilon \sim \mathcal{N}(0, I_m)$",),
    provenance=(Provenance.PAPER, Provenance.RECONSTRUCTED),
    provenance_note="The figure is the paper's, known by its caption; the network drawn is the one that is configured.",
    readings=(
        Reading(
            "as-drawn",
            "The network is what the picture shows",
            r"The parameters that are drawn, with their sizes, are those of the network that is simulated, and "
            r"following the arrows from $x$ and $\varepsilon$ gives its sampled output.",
            Provenance.RECONSTRUCTED,
        ),
    ),
    depends_on=("definition1",),
)


@dataclass(frozen=True)
class Part:
    """One box of the diagram: a vector of ``size`` numbers, made by ``kind`` out of other parts, its ``sources``.

    Kinds: "given" (from outside), "linear" (W · source, with the ``block`` of weights), "constant" (``value``),
    "sample" (the first source, plus the product of the others), "activation" (ψ of the source) and "readout"
    (``value`` · Wᵀ · source, with its block).
    """

    name: str
    symbol: str
    size: int
    kind: str
    sources: tuple[str, ...] = ()
    block: str = ""
    value: float = 1.0


@dataclass(frozen=True)
class Diagram:
    """Parts in the order in which they are computed, the activation ψ, and the last part is the output."""

    parts: tuple[Part, ...]
    activation: Activation

    def part(self, name: str) -> Part:
        """The part of that name. Raises KeyError if there is none."""
        found = next((part for part in self.parts if part.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def shapes(self) -> dict[str, tuple[int, int]]:
        """The shape of every block of weights as drawn: units first, (m, p) for encoders and (m, d) for the decoder."""
        encoders = {
            part.block: (part.size, self.part(part.sources[0]).size) for part in self.parts if part.kind == "linear"
        }
        decoders = {
            part.block: (self.part(part.sources[0]).size, part.size) for part in self.parts if part.kind == "readout"
        }
        return encoders | decoders

    def replace(self, name: str, **changes: object) -> Diagram:
        """The diagram with one part changed."""
        parts = tuple(dataclasses.replace(p, **changes) if p.name == name else p for p in self.parts)  # pyright: ignore
        return dataclasses.replace(self, parts=parts)


@checked(width=count)
def architecture(problem: Problem, width: int) -> Diagram:
    """The diagram of the network of that width for the sizes, activation and noise of a problem."""
    p, d, noise = problem.inputs.shape[1], problem.targets.shape[1], problem.noise
    if isinstance(noise, LearnedNoise):
        scale = Part("scale", "s", width, "linear", ("input",), "scale")
    else:
        scale = Part("scale", "s", width, "constant", value=noise.scale)
    parts = (
        Part("input", "x", p, "given"),
        Part("noise", "ε", width, "given"),
        Part("mean", "u", width, "linear", ("input",), "mean"),
        scale,
        Part("latent", "z", width, "sample", ("mean", "scale", "noise")),
        Part("hidden", "ψ(z)", width, "activation", ("latent",)),
        Part("output", "f̂", d, "readout", ("hidden",), "decoder", 1 / math.sqrt(width)),
    )
    return Diagram(parts, problem.activation)


def follow(
    diagram: Diagram,
    blocks: Mapping[str, Float[ndarray, "m k"]],
    x: Float[ndarray, "n p"],
    noise: Float[ndarray, "n m"],
) -> Float[ndarray, "n d"]:
    """f̂(x_i; ε_i), part after part along the arrows, with the weights of ``blocks``.

    Raises KeyError for a part or a block that is missing, ValueError for a kind of part that is unknown.
    """
    known: dict[str, ndarray] = {"input": x, "noise": noise}
    for part in diagram.parts:
        if part.kind != "given":
            sources = [known[name] for name in part.sources]
            known[part.name] = _computed(part, sources, blocks, diagram.activation)
    return known[diagram.parts[-1].name]


def _computed(
    part: Part, sources: list[ndarray], blocks: Mapping[str, ndarray], activation: Activation
) -> Float[ndarray, ...]:
    match part.kind:
        case "linear":
            return sources[0] @ blocks[part.block].T
        case "constant":
            return np.asarray(part.value)
        case "sample":
            return sources[0] + math.prod(sources[1:]) if sources[1:] else sources[0]
        case "activation":
            return activation.function(np, sources[0])
        case "readout":
            return part.value * sources[0] @ blocks[part.block]
    raise ValueError(f"part {part.name!r} is of an unknown kind {part.kind!r}")
