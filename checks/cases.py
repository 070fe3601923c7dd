"""The cases on trial: problems drawn by Hypothesis, real digits.

Hypothesis draws, and nothing is measured inside ``@given``: a failing or repeated example would replay training, the
first draw is always minimal and integers crowd near zero. So a pool of draws is thinned, deterministically, to distinct
cases whose premises hold, balanced over what the theory distinguishes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import CaseBook, VaeCase
from checks.draws import drawn_by
from checks.experiments.reference import reference_cases
from models.data import digits, sphere
from theorems.setting import ACTIVATIONS, FixedNoise, LearnedNoise, Noise, Problem, parallel_pairs

__all__ = ["case_book", "in_turn", "spread_inputs"]

C = TypeVar("C", bound=VaeCase)

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

NOISES: tuple[Noise, ...] = (LearnedNoise(1.0), LearnedNoise(0.7), FixedNoise(1.0), FixedNoise(0.6))


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


def drawn_problem(rng: np.random.Generator) -> Problem:
    """2..5 inputs in 2..5 dimensions: an autoencoder, or regression on 1..3 outputs."""
    n, p = rng.integers(2, 6, 2).tolist()
    inputs = sphere(rng.standard_normal((n, p)))
    targets = inputs if rng.integers(2) else sphere(rng.standard_normal((n, rng.integers(1, 4))))
    activation = ACTIVATIONS[sorted(ACTIVATIONS)[rng.integers(len(ACTIVATIONS))]]
    return Problem(inputs, targets, activation, NOISES[rng.integers(len(NOISES))])


def drawn_case(rng: np.random.Generator) -> VaeCase:
    """Such a problem with a ladder that begins at 56 to 71 units."""
    return VaeCase(drawn_problem(rng), base=int(rng.integers(56, 72)))


def thin(pool: Iterable[VaeCase]) -> Iterator[VaeCase]:
    """Distinct cases in scope: activation × noise model in turn, and inside each (n <= p) × (d = 1) in turn."""
    distinct = {case.digest: case for case in pool}.values()
    kinds = _grouped(distinct, lambda c: (isinstance(c.problem.noise, LearnedNoise), c.problem.activation.name))
    return in_turn(
        in_turn(_rotated([filter(_trainable, shape) for shape in _grouped(kind, _shape)], turn))
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


def in_turn(queues: Iterable[Iterable[C]]) -> Iterator[C]:
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
    drawn = tuple(itertools.islice(thin(drawn_by(drawn_case, root, POOL)), MOST_CASES))
    return CaseBook(drawn, (digits_case(),), reference_cases(), root=root)
