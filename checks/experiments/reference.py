"""The limiting kernel without noise against kernels that another library computed (Lemma 1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.random import SeedSequence

from claimtest.cells import Experiment, Quantities
from theorems.limiting_kernel import KernelBlocks, limiting_kernel
from theorems.setting import FixedNoise, LearnedNoise, Noise

__all__ = ["REFERENCE", "ReferenceCase", "reference", "reference_cases"]

NOISES: tuple[Noise, ...] = (FixedNoise(0.0), LearnedNoise(0.0))


@lru_cache(maxsize=1)
def _stored() -> dict[str, Any]:
    return json.loads(files("checks").joinpath("data/deterministic_ntk.json").read_text())


@dataclass(frozen=True)
class ReferenceCase:
    """The two-layer network with one activation, as neural-tangents computed it."""

    activation: str

    @property
    def id(self) -> str:
        """Where the numbers come from."""
        return f"neural-tangents-{self.activation}"

    @cached_property
    def digest(self) -> str:
        """Digest of the stored numbers."""
        return hashlib.sha256(json.dumps([self.activation, _stored()]).encode()).hexdigest()[:16]

    @property
    def summary(self) -> dict[str, Any]:
        """The case in a table's row."""
        return {"activation": self.activation, **_stored()["versions"]}


def reference_cases() -> tuple[ReferenceCase, ...]:
    """One case per stored activation."""
    return tuple(ReferenceCase(name) for name in sorted(_stored()["kernels"]))


def reference(
    case: ReferenceCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    kernel: Callable[..., KernelBlocks] = limiting_kernel,
) -> Quantities:
    """Largest entrywise distances from the stored kernels, over both noise models at scale 0, relative to Θ∞(1).

    "decoder" Θ^d against the NNGP kernel, "total" Θ against the NTK, "scale" Θ^σ against 0, each (1,).
    """
    stored = _stored()
    numbers, inputs, other = stored["kernels"][case.activation], np.array(stored["inputs"]), np.array(stored["other"])
    unit = numbers["square"]["ntk"][0][0]
    defects: dict[str, list[float]] = {"decoder": [], "total": [], "scale": []}
    for noise in NOISES:
        for shape, second in (("square", None), ("rectangular", other)):
            blocks = kernel(inputs, second, activation=case.activation, noise=noise)
            expected = {"decoder": numbers[shape]["nngp"], "total": numbers[shape]["ntk"], "scale": 0.0}
            for name, values in expected.items():
                defects[name].append(float(np.abs(getattr(blocks, name) - np.array(values)).max()) / unit)
    return {name: np.full(len(seeds), max(values)) for name, values in defects.items()}


REFERENCE = Experiment("deterministic-limit", reference, lambda case, width: 1e-2)
