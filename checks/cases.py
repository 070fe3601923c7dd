"""The cases on trial: problems drawn by Hypothesis, real digits, a user's own data.

Hypothesis draws, and nothing is measured inside ``@given``: a failing or repeated example would replay training, the
first draw is always minimal and integers crowd near zero. So a pool of draws is thinned, deterministically, to distinct
cases whose premises hold, balanced over what the theory distinguishes.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from jaxtyping import Float
from numpy import ndarray

from checks.experiments.reference import reference_cases
from claimtest.profile import Profile
from models.data import digits
from theorems.limiting_kernel import KernelBlocks, limiting_kernel
from theorems.setting import ACTIVATIONS, FixedNoise, LearnedNoise, Noise, Problem, parallel_pairs

__all__ = ["CaseBook", "VaeCase", "case_book", "problems", "spread_inputs"]

POOL = 128
"""Draws from Hypothesis, of which the balanced cases are the first that qualify."""

MOST_CASES = 16
"""Cases in a book: as many as the largest profile asks for."""

WORST_CONDITION = 16.0
"""Largest condition number of Θ∞ in a drawn case: beyond it the slow modes take too long to train."""

WORST_CONDITION_KINKED = 8.0
"""The same where h has a kink, since time steps are shorter there."""

CLOSEST, FAINTEST, SPREAD = 0.9, 0.15, 3.0
"""Largest |<x_i, x_j>|, smallest eigenvalue of XXᵀ that is not 0 and smallest ratio of its largest to that one."""

MOST_NUMBERS = 2**23
"""Entries of the kernels (nd, nd) of all replicates of a cell."""

NOISES: tuple[Noise, ...] = (LearnedNoise(1.0), LearnedNoise(0.7), FixedNoise(1.0), FixedNoise(0.6))


@dataclass(frozen=True, eq=False)
class VaeCase:
    """One problem with the base of its ladder of widths; ``ladder`` overrides the ladder with a user's own.

    It gets the replicates of ``stands_for`` cases: a user's only problem as many as all those that are drawn.
    """

    problem: Problem
    base: int = 64
    origin: str = "drawn"
    ladder: tuple[int, ...] = field(default=())
    stands_for: int = 1

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


def bits(count: int) -> st.SearchStrategy[int]:
    """Whole numbers 0 .. 2^count - 1, put together from booleans.

    Hypothesis mixes constants from the sources of whatever modules are loaded into the integers it draws, so those
    would differ from process to process; booleans are the same everywhere.
    """
    return st.tuples(*[st.booleans()] * count).map(lambda digits: sum(2**k for k, digit in enumerate(digits) if digit))


def unit_matrices(rows: int, columns: int, root: int = 0) -> st.SearchStrategy[Float[ndarray, "n p"]]:
    """Rows uniform on the unit sphere, from a drawn number and the root seed."""

    def draw(key: int) -> Float[ndarray, "n p"]:
        x = np.random.default_rng([root, key]).standard_normal((rows, columns))
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    return bits(24).map(draw)


def spread_inputs(rng: np.random.Generator, n: int, p: int) -> Float[ndarray, "n p"]:
    """The first unit rows of a stream whose Gram matrix has a spread spectrum and no direction that hardly occurs."""
    for _ in range(1000):
        x = rng.standard_normal((n, p)) * 0.7 ** np.arange(p)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        singular = np.linalg.svd(x, compute_uv=False) ** 2
        apart = np.abs(x @ x.T - np.eye(n)).max() <= CLOSEST
        if apart and singular[-1] >= FAINTEST and singular[0] >= SPREAD * singular[-1]:
            return x
    raise RuntimeError(f"no spread spectrum of {n} inputs in {p} dimensions")


@st.composite
def problems(draw: st.DrawFn, root: int = 0) -> Problem:
    """Problems with 2..5 inputs in 2..5 dimensions: an autoencoder, or regression on 1..3 outputs."""
    n, p = 2 + draw(bits(2)), 2 + draw(bits(2))
    inputs = draw(unit_matrices(n, p, root))
    targets = inputs if draw(st.booleans()) else draw(unit_matrices(n, 1 + draw(bits(6)) % 3, root))
    activation = ACTIVATIONS[sorted(ACTIVATIONS)[draw(bits(6)) % len(ACTIVATIONS)]]
    return Problem(inputs, targets, activation, NOISES[draw(bits(6)) % len(NOISES)])


@st.composite
def _cases(draw: st.DrawFn, root: int) -> VaeCase:
    return VaeCase(draw(problems(root)), base=56 + draw(bits(4)))


def draw_pool(root: int, size: int = POOL) -> list[VaeCase]:
    """Cases as Hypothesis draws them for that root seed: no database, no shrinking, no deadline."""
    pool: list[VaeCase] = []

    @seed(root)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(_cases(root))
    def collect(case: VaeCase) -> None:
        pool.append(case)

    collect()
    return pool


def thin(pool: Iterable[VaeCase]) -> Iterator[VaeCase]:
    """Distinct cases in scope: activation × noise model in turn, and inside each (n <= p) × (d = 1) in turn."""
    distinct = {case.digest: case for case in pool}.values()
    kinds = _grouped(distinct, lambda c: (isinstance(c.problem.noise, LearnedNoise), c.problem.activation.name))
    return _in_turn(
        _in_turn(_rotated([filter(_trainable, shape) for shape in _grouped(kind, _shape)], turn))
        for turn, kind in enumerate(kinds)
    )


def _trainable(case: VaeCase) -> bool:
    worst = WORST_CONDITION_KINKED if case.kinked else WORST_CONDITION
    return not parallel_pairs(case.problem.inputs, tolerance=1e-3) and case.condition <= worst


def _shape(case: VaeCase) -> tuple[bool, bool]:
    n, p = case.problem.inputs.shape
    return n <= p, case.problem.targets.shape[1] == 1


def _grouped(cases: Iterable[VaeCase], key: Callable[[VaeCase], Any]) -> list[list[VaeCase]]:
    return [list(group) for _, group in itertools.groupby(sorted(cases, key=key), key)]


def _rotated(items: list[Any], by: int) -> list[Any]:
    return items[by % len(items) :] + items[: by % len(items)]


def _in_turn(queues: Iterable[Iterable[VaeCase]]) -> Iterator[VaeCase]:
    """One from each queue, round after round, until all are empty."""
    for heads in itertools.zip_longest(*queues):
        yield from (case for case in heads if case is not None)


def digits_case() -> VaeCase:
    """Four handwritten digits (8×8 pixels on the unit sphere) as an autoencoder: p = d = 64."""
    images = digits(4)
    return VaeCase(Problem(images, images), base=64, origin="digits")


@lru_cache(maxsize=8)
def case_book(root: int) -> CaseBook:
    """The cases of a root seed."""
    drawn = tuple(itertools.islice(thin(draw_pool(root)), MOST_CASES))
    return CaseBook(drawn, (digits_case(),), reference_cases(), root=root)
