"""The cases of training with a KL term: inputs of a spread spectrum, β of the order of the kernel, unseen inputs.

On orthonormal inputs, or seen from the training inputs alone, readings that differ would coincide.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import CaseBook, VaeCase
from checks.cases import in_turn, spread_inputs
from checks.draws import drawn_by
from checks.own_data import OWN
from checks.rivals import tangent_ridge
from claimtest.profile import Profile
from models.data import sphere
from theorems.learned_ridge import learned_noise_ridge
from theorems.regressions import KernelRegression, Prediction, decoder_ridgeless, plain_ridge, preconditioned_ridge
from theorems.setting import ACTIVATIONS, ERF, SIN, FixedNoise, LearnedNoise, Noise, Problem, unit_rows

__all__ = [
    "RegularisedCase",
    "centred_cases",
    "decoder_cases",
    "fixed_noise",
    "independent_learned",
    "indistinct",
    "learned_noise",
    "path_cases",
    "regularised",
]

POOL = 160
"""Draws from Hypothesis, of which the balanced cases are the first that qualify."""

MOST_CASES = 16
"""Cases of each noise model in a book: as many as the largest profile asks for."""

UNSEEN = 4
"""Unseen inputs of a case."""

DISTINCT = 0.1
"""How far apart, as a share of ‖r0‖, the predictions of two readings must be: rivals are wrong in the case drawn."""

WORST_CONDITION = 60.0
"""Largest condition number of Θ^d∞ where the decoder takes over; a third of it for K_H where β is small."""

NOISES: tuple[Noise, ...] = (FixedNoise(1.0), FixedNoise(0.7), LearnedNoise(1.0), LearnedNoise(0.7))


@dataclass(frozen=True, eq=False)
class RegularisedCase(VaeCase):
    """A problem with unseen inputs (k, p) and the strength ``beta`` of the KL term in the sum form L + β Σ KL."""

    unseen: Float[ndarray, "k p"] = dataclasses.field(default_factory=lambda: np.empty((0, 1)))
    beta: float = 1.0

    @cached_property
    def digest(self) -> str:
        """Digest of the problem, the unseen inputs and β."""
        text = f"{super().digest} {self.beta}".encode()
        return hashlib.sha256(text + self.unseen.tobytes()).hexdigest()[:16]

    @property
    def summary(self) -> dict[str, Any]:
        """The case in a table's row, with β as a multiple of the kernel that the KL makes."""
        return {**super().summary, "beta": self.beta, "independent": self.independent}

    @property
    def independent(self) -> bool:
        """The inputs are linearly independent."""
        return bool(np.linalg.matrix_rank(self.problem.inputs) == len(self.problem.inputs))

    @cached_property
    def distinction(self) -> float:
        """The smallest distance on training inputs between the end points of A, B and C, or of E and its rivals.

        As a share of ‖r0‖, r0 of no preferred direction.
        """
        return self._smallest_gap(lambda regression, unit: regression.fitted(unit))

    @cached_property
    def unseen_distinction(self) -> float:
        """The same on the unseen inputs."""
        return self._smallest_gap(lambda regression, unit: regression.unseen(unit))

    def _smallest_gap(self, at: Callable[[KernelRegression, ndarray], ndarray]) -> float:
        learned = isinstance(self.problem.noise, LearnedNoise)
        rivals = (tangent_ridge, learned_noise_ridge) if learned else (plain_ridge, preconditioned_ridge)
        unit = np.eye(len(self.problem.inputs))
        hats = [at(self.regression(prediction), unit) for prediction in (*rivals, decoder_ridgeless)]
        return float(min(np.linalg.norm(a - b) / np.sqrt(len(a)) for a, b in itertools.combinations(hats, 2)))

    def regression(self, prediction: Prediction, beta: float | None = None) -> KernelRegression:
        """What a reading predicts here, at this β or another; many criteria and controls ask for the same."""
        return _regression(self, prediction, self.beta if beta is None else beta)


@lru_cache(maxsize=4096)
def _regression(case: RegularisedCase, prediction: Prediction, beta: float) -> KernelRegression:
    p = case.problem
    return prediction(p.inputs, case.unseen, activation=p.activation, noise=p.noise, beta=beta)


def fixed_noise(book: CaseBook, profile: Profile) -> Sequence[RegularisedCase]:
    """The profile's number of cases with fixed noise."""
    return [c for c in regularised(book) if isinstance(c.problem.noise, FixedNoise)][: profile.cases]


def learned_noise(book: CaseBook, profile: Profile) -> Sequence[RegularisedCase]:
    """The profile's number of cases with learned noise."""
    return [c for c in regularised(book) if isinstance(c.problem.noise, LearnedNoise)][: profile.cases]


def independent_learned(book: CaseBook, profile: Profile) -> Sequence[RegularisedCase]:
    """Learned noise and linearly independent inputs: ReLU, where κ has a part of the noise, as often as erf and sin."""
    learned = [case for case in regularised(book) if isinstance(case.problem.noise, LearnedNoise) and case.independent]
    kinked = [case for case in learned if case.problem.activation.kinks]
    smooth = [case for case in learned if not case.problem.activation.kinks]
    each = -(-profile.cases // 4)
    return kinked[:each] + smooth[:each]


def centred_cases(book: CaseBook, profile: Profile) -> Sequence[RegularisedCase]:
    """Those with fixed noise and an odd activation: h(0, σ0) = 0, the collapsed encoder is silent."""
    return [case for case in fixed_noise(book, profile) if case.problem.activation in (ERF, SIN)]


def regularised(book: CaseBook) -> Sequence[RegularisedCase]:
    """The cases of a book, in balanced order: drawn from its root seed when first asked for, or the user's own data.

    Those are taken under both noise models, with β as large as the kernel and unseen inputs near theirs.
    """
    if book.root is not None:
        return _drawn(book.root)
    (own,) = book.drawn
    near = _near(own.problem.inputs, np.random.default_rng(0))
    return [with_kl(dataclasses.replace(own.problem, noise=noise), near, 1.0, own) for noise in NOISES[::2]]


@lru_cache(maxsize=4)
def _drawn(root: int) -> tuple[RegularisedCase, ...]:
    return tuple(regularised_cases(root))


def with_kl(problem: Problem, unseen: Float[ndarray, "k p"], strength: float, like: VaeCase) -> RegularisedCase:
    """The case whose β is ``strength`` times the kernel K_H of a single input, the diagonal for independent ones."""
    prediction = learned_noise_ridge if isinstance(problem.noise, LearnedNoise) else preconditioned_ridge
    one = np.ones((1, 1))
    made = prediction(one, one, activation=problem.activation, noise=problem.noise, beta=1.0)
    beta = strength * float(made.gram[0, 0])
    rest = {field.name: getattr(like, field.name) for field in dataclasses.fields(VaeCase)}
    return RegularisedCase(**{**rest, "problem": problem}, unseen=unseen, beta=beta)


def _near(inputs: Float[ndarray, "n p"], rng: np.random.Generator) -> Float[ndarray, "k p"]:
    """Unit vectors between the inputs, and off their span as far as there is room."""
    mixed = rng.standard_normal((UNSEEN, len(inputs))) @ inputs / np.sqrt(len(inputs))
    points = mixed + rng.standard_normal((UNSEEN, inputs.shape[1])) / np.sqrt(inputs.shape[1])
    return unit_rows(points / np.linalg.norm(points, axis=1, keepdims=True))


def _drawn_case(rng: np.random.Generator) -> RegularisedCase:
    """3 or 4 independent inputs in one or two dimensions more than that, or one input more than 2 or 3 dimensions."""
    independent, larger, more, itself, wide = rng.integers(2, size=5).tolist()
    n = 3 + larger
    p = n + 1 + more if independent else n - 1
    inputs = spread_inputs(rng, n, p)
    targets = inputs if itself else sphere(rng.standard_normal((n, 2 + wide)))
    activation = ACTIVATIONS[sorted(ACTIVATIONS)[rng.integers(len(ACTIVATIONS))]]
    problem = Problem(inputs, targets, activation, NOISES[rng.integers(len(NOISES))])
    strength = (0.4, 0.6, 0.8, 1.0)[rng.integers(4)]
    return with_kl(problem, _near(inputs, rng), strength, VaeCase(problem, base=int(rng.integers(56, 72))))


def regularised_cases(root: int) -> Iterator[RegularisedCase]:
    """Distinct cases in which the readings differ, in turn by activation, dependence of the inputs and noise scale."""
    pool = drawn_by(_drawn_case, root, POOL)
    for noise in (FixedNoise, LearnedNoise):
        kinds: dict[Any, list[RegularisedCase]] = {}
        for case in {c.problem.inputs.tobytes(): c for c in pool if isinstance(c.problem.noise, noise)}.values():
            kinds.setdefault((case.problem.activation.name, case.independent), []).append(case)
        ordered = [_by_scale(kinds[kind], turn) for turn, kind in enumerate(sorted(kinds))]
        # Few are asked whether they are distinct, which takes quadratures. The others follow: where two predictions
        # are the same by mistake none is distinct, and the criteria have to say so.
        told_apart = in_turn(map(_told_apart, ordered))
        others = in_turn(itertools.filterfalse(_distinct, cases[1:]) for cases in ordered)
        yield from itertools.islice(itertools.chain(told_apart, others), MOST_CASES)


def _told_apart(cases: Sequence[RegularisedCase]) -> Iterator[RegularisedCase]:
    """The distinct ones; of a kind that has none its first: a control may need the kind."""
    distinct = filter(_distinct, cases)
    yield next(distinct, cases[0])
    yield from distinct


def _distinct(case: RegularisedCase) -> bool:
    return case.distinction >= DISTINCT


def _by_scale(cases: Sequence[RegularisedCase], turn: int) -> list[RegularisedCase]:
    """Noise scales in turn, which of them first differing from ``turn`` to turn: few cases have both, of every kind."""
    scales = sorted({case.problem.noise.scale for case in cases}, reverse=(turn + turn // 2) % 2 == 0)
    queues = [[case for case in cases if case.problem.noise.scale == scale] for scale in scales]
    return list(in_turn(queues))


def indistinct(case: RegularisedCase) -> str:
    """Why a user's own case cannot tell the readings apart, on its inputs or on unseen ones; "" where it can.

    Those that are drawn can, unless two predictions are the same by mistake, which has to be noticed.
    """
    if case.origin != OWN:
        return ""
    if case.distinction < DISTINCT:
        return f"plain, preconditioned and ridgeless regression differ by {case.distinction:.2g} only on these inputs"
    if case.unseen_distinction < DISTINCT:
        return f"the regressions differ by {case.unseen_distinction:.2g} only on unseen inputs near these"
    return ""


def decoder_cases(book: CaseBook, profile: Profile) -> Sequence[RegularisedCase]:
    """The cases with fixed noise whose Θ^d∞ is well conditioned: the handover to the decoder takes that long."""
    return _well_conditioned(book, decoder_ridgeless, WORST_CONDITION)[: profile.cases]


def path_cases(book: CaseBook, profile: Profile) -> Sequence[RegularisedCase]:
    """Half of the cases with fixed noise: K_H is well conditioned, so that networks stay lazy down to a small β."""
    return _well_conditioned(book, preconditioned_ridge, WORST_CONDITION / 3)[: -(-profile.cases // 2)]


def _well_conditioned(book: CaseBook, prediction: Prediction, most: float) -> list[RegularisedCase]:
    fixed = [case for case in regularised(book) if isinstance(case.problem.noise, FixedNoise)]
    return [case for case in fixed if np.linalg.cond(case.regression(prediction).gram) <= most] or fixed
