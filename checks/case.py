"""What is on trial: one problem with its ladder of widths, and the book of cases that the sweeps pick from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.fields import Every, require
from claimtest.profile import Profile
from theorems.limiting_kernel import KernelBlocks, limiting_kernel
from theorems.setting import LearnedNoise, Problem

__all__ = ["CaseBook", "VaeCase"]

MOST_NUMBERS = 2**23
"""Entries of the kernels (nd, nd) of all replicates of a cell."""


@dataclass(frozen=True, eq=False)
class VaeCase:
    """One problem with the base of its ladder of widths; ``ladder`` overrides the ladder with a user's own.

    It gets the replicates of ``stands_for`` cases: a user's only problem as many as all those that are drawn. Raises
    TypeError or ValueError, in one line, for a field of another kind and a ladder that does not rise from 1 on.
    """

    problem: Problem
    base: int = 64
    origin: str = "drawn"
    ladder: tuple[int, ...] = field(default=())
    stands_for: int = 1

    def __post_init__(self) -> None:
        """Refuse what could not be planned."""
        require(self, problem=Problem, base=int, origin=str, ladder=Every(int), stands_for=int)
        rungs = [1, *self.ladder]
        if min(self.base, self.stands_for) < 1 or sorted(rungs) != rungs:
            raise ValueError(f"a case has widths from 1 on, rising: base {self.base}, ladder {self.ladder}"[:200])

    @cached_property
    def digest(self) -> str:
        """Digest of inputs, targets, activation and noise: two cases with the same digest are the same problem."""
        p = self.problem
        text = f"{p.activation.name} {p.noise} {p.inputs.shape} {p.targets.shape}".encode()
        return hashlib.sha256(text + p.inputs.tobytes() + p.targets.tobytes()).hexdigest()[:16]

    @cached_property
    def id(self) -> str:
        """Readable name: where it comes from, activation, noise, sizes and the head of the digest."""
        p, noise = self.problem, self.problem.noise
        kind = "learned" if isinstance(noise, LearnedNoise) else "fixed"
        sizes = f"n{p.inputs.shape[0]}p{p.inputs.shape[1]}d{p.targets.shape[1]}"
        return f"{self.origin}-{p.activation.name}-{kind}{noise.scale:g}-{sizes}-{self.digest[:4]}"

    @property
    def summary(self) -> dict[str, Any]:
        """The case in a table's row."""
        n, p = self.problem.inputs.shape
        return {
            "activation": self.problem.activation.name,
            "noise": repr(self.problem.noise),
            "n": n,
            "p": p,
            "d": self.problem.targets.shape[1],
            "lambda0": self.smallest_eigenvalue,
            "condition": self.condition,
        }

    def block(self, usual: int) -> int:
        """Replicates of a cell where a drawn case has ``usual``: more of a user's, as far as their kernels are small.

        Trained together they take less time.
        """
        size = usual * self.problem.targets.size**2
        return usual * max(1, min(self.stands_for, MOST_NUMBERS // size))

    @cached_property
    def kernel(self) -> KernelBlocks:
        """Θ∞ of the inputs, block by block, each (n, n)."""
        p = self.problem
        return limiting_kernel(p.inputs, activation=p.activation, noise=p.noise)

    @cached_property
    def eigenvalues(self) -> Float[ndarray, " n"]:
        """Eigenvalues of Θ∞, ascending."""
        return np.linalg.eigvalsh(self.kernel.total)

    @property
    def smallest_eigenvalue(self) -> float:
        """λ0."""
        return float(self.eigenvalues[0])

    @property
    def condition(self) -> float:
        """Condition number of Θ∞."""
        return float(self.eigenvalues[-1] / max(self.eigenvalues[0], np.finfo(float).tiny))

    @property
    def kinked(self) -> bool:
        """h(u, s) has a kink at s = 0, which learned noise passes through."""
        return bool(self.problem.activation.kinks) and isinstance(self.problem.noise, LearnedNoise)

    def widths(self, profile: Profile) -> tuple[int, ...]:
        """The ladder base·2^k of the profile, or the user's own."""
        return self.ladder or profile.ladder(self.base)


@dataclass(frozen=True)
class CaseBook:
    """What the sweeps pick from: ``drawn`` cases in balanced order, ``real`` data, kernels somebody else computed.

    A user's own data make a book of one drawn case. ``root`` is the seed that it was drawn from, and from which more
    may be drawn when it is asked for; None for a user's own.
    """

    drawn: tuple[VaeCase, ...]
    real: tuple[VaeCase, ...] = ()
    reference: tuple[Any, ...] = ()
    root: int | None = field(default=None, kw_only=True)
