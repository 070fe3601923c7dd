"""Figure 1 on trial: the diagram is drawn from the network that is configured, and agrees with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from checks.case import VaeCase
from checks.diagrams import draw_diagram, parts_table
from checks.experiments.architecture import ARCHITECTURE, Alter
from checks.planning import drawn, ladder, sweep, variant
from claimtest.cells import CellData, Sweep
from claimtest.check import Check, Control, Criterion, Exhibit, ReadingCheck, View
from claimtest.criteria import Identity
from claimtest.profile import Profile
from theorems.figure1 import FIGURE1, Diagram, architecture
from theorems.setting import LearnedNoise

__all__ = ["CHECK"]


def widest(case: VaeCase, profile: Profile) -> Sequence[int]:
    """The largest network that the profile configures for a case."""
    return ladder(case, profile)[-1:]


ARCHITECTURE_SWEEP = sweep(ARCHITECTURE, drawn, widest, {"quick": 2, "standard": 4, "thorough": 8}, 2)


def learned(cell: CellData) -> bool:
    """Learned noise, which brings a second encoder."""
    return isinstance(cell.case.problem.noise, LearnedNoise)


def autoencodes(cell: CellData) -> bool:
    """The targets are the inputs."""
    return np.array_equal(cell.case.problem.inputs, cell.case.problem.targets)


def without_noise(diagram: Diagram) -> Diagram:
    """z = u."""
    return diagram.replace("latent", sources=("mean",))


def without_activation(diagram: Diagram) -> Diagram:
    """The decoder reads z, not ψ(z)."""
    return diagram.replace("output", sources=("latent",))


def scaled_by_width(diagram: Diagram) -> Diagram:
    """The decoder is scaled by 1/m."""
    return diagram.replace("output", value=1.0 / diagram.part("hidden").size)


def one_encoder(diagram: Diagram) -> Diagram:
    """The noise scale is computed with W^μ, as the mean is."""
    return diagram.replace("scale", block="mean")


def without_second_encoder(diagram: Diagram) -> Diagram:
    """The noise scale is the constant 1."""
    return diagram.replace("scale", kind="constant", sources=(), block="", value=1.0)


def one_unit_more(diagram: Diagram) -> Diagram:
    """Every layer of m units is drawn with m + 1."""
    m = diagram.part("hidden").size
    parts = tuple(dataclasses.replace(p, size=m + 1) if p.size == m else p for p in diagram.parts)
    return dataclasses.replace(diagram, parts=parts)


def _drawn_wrong(name: str, alter: Alter) -> Sweep:
    return dataclasses.replace(variant(ARCHITECTURE_SWEEP, name, alter=alter), cases=ARCHITECTURE_SWEEP.cases)


def _control(name: str, states: str, aimed_at: str, alter: Alter, **options: Any) -> Control:
    return Control(name, states, aimed_at, sweep=_drawn_wrong(name, alter), **options)


def exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """A network of each noise model as it is configured, an autoencoder where there is one."""
    kinds: dict[bool, CellData] = {}
    for cell in sorted(view(ARCHITECTURE_SWEEP), key=autoencodes, reverse=True):
        kinds.setdefault(learned(cell), cell)
    for is_learned, cell in sorted(kinds.items(), reverse=True):
        problem, noise = cell.case.problem, cell.case.problem.noise
        diagram = architecture(problem, cell.width)
        p, d, m = diagram.part("input").size, diagram.part("output").size, cell.width
        kind = f"learned noise of scale τ = {noise.scale:g}" if is_learned else f"fixed noise σ0 = {noise.scale:g}"
        weights = " and ".join(f"{name} {rows}×{columns}" for name, (rows, columns) in diagram.shapes().items())
        scale = "a second encoder gives the scale s" if is_learned else f"the scale s is the constant {noise.scale:g}"
        alt = (
            f"The network of case {cell.case.id}: an input of {p} numbers goes through an encoder to the mean u of {m} "
            f"latent units; {scale}; with noise ε they make z = u + s ε; the activation {diagram.activation.name} "
            f"and a decoder scaled by 1/√{m} give {d} outputs. Weights: {weights}."
        )
        title = f"The network on trial: {problem.activation.name}, {kind} ({cell.case.id})"
        yield Exhibit(
            f"network-{'learned' if is_learned else 'fixed'}",
            title,
            alt,
            parts_table(diagram),
            lambda axes, diagram=diagram: draw_diagram(axes, diagram),
        )


CHECK = Check(
    FIGURE1,
    (
        ReadingCheck(
            "as-drawn",
            (
                Criterion("shapes", "every block of weights, with its rows and columns, is drawn, and no other",
                          Identity(0.0), ARCHITECTURE_SWEEP, lambda cell: cell["shapes"]),
                Criterion("forward", r"following the arrows gives $\hat f(x; \varepsilon)$ of the simulated network",
                          Identity(1e-12), ARCHITECTURE_SWEEP, lambda cell: cell["forward"]),
            ),
            (
                _control("one-unit-more", "a unit more is drawn than there is", "shapes", one_unit_more),
                _control("one-encoder-missing", "the encoder of the noise scale is not drawn", "shapes",
                         without_second_encoder, where=learned),
                _control("one-encoder", r"$s$ is drawn as $W^\mu x$", "forward", one_encoder, where=learned),
                _control("no-noise", "no arrow leads from the noise to the units", "forward", without_noise),
                _control("no-activation", r"the decoder reads $z$ in place of $\psi(z)$", "forward",
                         without_activation),
                _control("mean-field", "outputs are scaled by 1/m", "forward", scaled_by_width),
            ),
        ),
    ),
    exhibits=exhibits,
)  # fmt: skip
