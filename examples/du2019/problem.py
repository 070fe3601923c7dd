"""The cases: training sets on the unit sphere, drawn from the root seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from examples.du2019.theory import gram_limit, numbers

__all__ = ["Problem", "draw_problems"]

CASES = 4
"""How many problems a run is made of."""

CONDITION = 6.0
"""Largest condition number of H∞: training takes 2 λmax/λ0 units of the fastest mode."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Inputs (n, p) on the unit sphere and targets (n,). Raises ValueError if they are none or do not match."""

    id: str
    inputs: Float[ndarray, "n p"]
    targets: Float[ndarray, " n"]

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if not isinstance(self.id, str):
            raise TypeError("the id of a problem is a text")
        if len(gram_limit(self.inputs)) != len(numbers(self.targets, "targets", 1)):
            raise ValueError("there has to be a target for every input")

    @cached_property
    def digest(self) -> str:
        """Digest of the numbers."""
        return hashlib.sha256(self.inputs.tobytes() + self.targets.tobytes()).hexdigest()[:32]

    @property
    def summary(self) -> Mapping[str, Any]:
        """Sizes and spectrum, for the report."""
        n, p = self.inputs.shape
        return {"n": n, "p": p, "λ0": float(self.spectrum[0]), "λmax": float(self.spectrum[-1])}

    @cached_property
    def spectrum(self) -> Float[ndarray, " n"]:
        """The eigenvalues of H∞, from λ0 upwards."""
        return np.linalg.eigvalsh(gram_limit(self.inputs))


def draw_problems(seed: int) -> tuple[Problem, ...]:
    """n = 3 to 5 inputs in dimension 3 to 6 with targets in [-1, 1]; ill-conditioned draws are left out."""
    rng = np.random.default_rng([2019, seed])
    found: list[Problem] = []
    while len(found) < CASES:
        n, p = rng.integers(3, 6), rng.integers(3, 7)
        x = rng.standard_normal((n, p))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        problem = Problem(f"n{n}-p{p}-{len(found) + 1}", x, rng.uniform(-1, 1, n))
        if problem.spectrum[-1] <= CONDITION * problem.spectrum[0]:
            found.append(problem)
    return tuple(found)
