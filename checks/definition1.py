"""Definition 1 on trial: identities of the kernel, and what gradients of sampled outputs average to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.attacks import ATTACK_DEFINITION1
from checks.experiments.networks import loud, mean_field
from checks.experiments.sampled import encoder_subtracted, of_one_sample, scale_gradient_halved, without_mean_block
from checks.measures.kernels import overlap
from checks.planning import variant
from checks.sweeps import IDENTITY_SWEEP, SAMPLED_SWEEP
from claimtest.cells import CellData
from claimtest.check import Check, Control, Criterion, ReadingCheck
from claimtest.criteria import Constant, ExactOrder, Identity
from theorems.definition1 import DEFINITION1, mean_kernel, one_draw_kernel, shared_noise_kernel
from theorems.setting import Problem

__all__ = ["CHECK"]

Predict = Callable[[Problem], Float[ndarray, "n n"]]

SMALLEST_SHARE = 0.05
"""Largest Θ∞(x, x') off the diagonal, over the largest on it, from which on something can be told about it."""


def sampled_overlap(cell: CellData, kind: str, predict: Predict, part: str = "all") -> Float[ndarray, " R"]:
    """Overlap of the averaged sampled kernel with its prediction, on all entries or on the diagonal alone."""
    diagonal = np.eye(len(cell.case.problem.inputs), dtype=bool)
    keep = {"all": np.ones_like(diagonal), "diagonal": diagonal}[part]
    return overlap(np.where(keep, cell[kind], 0.0), np.where(keep, predict(cell.case.problem), 0.0))


def rest_overlap(cell: CellData, kind: str, predict: Predict) -> Float[ndarray, " R"]:
    """The same off the diagonal, less what Θ(0) of the same networks deviates from its mean Θ∞: a control variate.

    Without it the initialisation, which Lemma 1 looks at, would hide what the noise does. Inputs whose gradients are
    all but orthogonal have no values: the prediction there is next to nothing.
    """
    rest, mean = ~np.eye(len(cell.case.problem.inputs), dtype=bool), mean_kernel(cell.case.problem)
    if np.abs(mean[rest]).max(initial=0.0) < SMALLEST_SHARE * mean.max():
        return np.empty(0)
    predicted = np.where(rest, predict(cell.case.problem), 0.0)
    return overlap(np.where(rest, cell[kind] - cell["kernel"] + mean, 0.0), predicted)


def several_inputs(cell: CellData) -> bool:
    """Of one input alone every contraction is symmetric: Σ_r v_r v_rᵀ times a number."""
    return len(cell.case.problem.inputs) > 1


def sharing_adds(cell: CellData) -> bool:
    """Sharing the noise adds a fifth or more to the overlap: over all cases what it adds and takes could cancel."""
    problem = cell.case.problem
    rest = ~np.eye(len(problem.inputs), dtype=bool)
    alone, shared = mean_kernel(problem)[rest], shared_noise_kernel(problem)[rest]
    return float(shared @ alone) >= 1.2 * float(alone @ alone)


def averaging_error(cell: CellData) -> tuple[Float[ndarray, "R S"], Float[ndarray, "R S"]]:
    """Error of the average over S draws, and S."""
    return cell["error"], cell["sizes"]


def _identity(name: str, asks: str) -> Criterion:
    return Criterion(name, asks, Identity(1e-10), IDENTITY_SWEEP, lambda cell: cell[name])


def _mean(name: str, asks: str, kind: str, predict: Predict, part: str = "all") -> Criterion:
    measure = partial(sampled_overlap, kind=kind, predict=predict, part=part)
    return Criterion(name, asks, Constant(), SAMPLED_SWEEP, measure, ordinate="measured / predicted")


BLOCK_MISSING = variant(IDENTITY_SWEEP, "block-missing", contraction=without_mean_block)
SUBTRACTED = variant(IDENTITY_SWEEP, "encoder-subtracted", contraction=encoder_subtracted)
HALF_GRADIENT = variant(IDENTITY_SWEEP, "half-gradient", gradient=scale_gradient_halved)
ONE_SAMPLE = variant(IDENTITY_SWEEP, "one-sample", contraction=of_one_sample)
LOUD = variant(SAMPLED_SWEEP, "loud-decoder", prepare=loud("decoder"))
MEAN_FIELD = variant(SAMPLED_SWEEP, "mean-field", prepare=mean_field)

CHECK = Check(
    DEFINITION1,
    (
        ReadingCheck(
            "mean-output",
            (
                _identity("autodiff", r"the closed form equals the contraction of exact Jacobians, block by block"),
                _identity("asymmetry", r"$\Theta$ is symmetric"),
                _identity("negativity", r"$\Theta$ is positive semidefinite"),
                _identity("sum", r"the blocks sum to the contraction over all parameters"),
                _identity("gradient", r"training follows $\nabla L$: its closed form equals a backward pass"),
                _mean("independent", r"independent noise gives $\Theta$ in the mean", "independent", mean_kernel),
                Criterion(
                    "averaging",
                    r"its error falls as $S^{-1/2}$ in the number $S$ of samples",
                    ExactOrder(-0.5),
                    SAMPLED_SWEEP,
                    averaging_error,
                    abscissa="samples S",
                    ordinate="relative error",
                ),
            ),
            (
                Control("block-missing", r"$\Theta^\mu$ is left out", "autodiff", sweep=BLOCK_MISSING),
                Control(
                    "sum-of-two", r"$\Theta^\sigma$ and $\Theta^d$ sum to the contraction", "sum", sweep=BLOCK_MISSING
                ),
                Control(
                    "half-gradient", r"half of the gradient by $W^\sigma$ is lost", "gradient", sweep=HALF_GRADIENT
                ),
                Control(
                    "sampled",
                    "gradients of one sampled output each are symmetric",
                    "asymmetry",
                    sweep=ONE_SAMPLE,
                    where=several_inputs,
                ),
                Control(
                    "subtracted",
                    r"the kernel is $\Theta^d - \Theta^\mu - \Theta^\sigma$",
                    "negativity",
                    sweep=SUBTRACTED,
                ),
                Control(
                    "shared-noise",
                    "the two factors share their noise",
                    "independent",
                    ingredients={"kind": "shared"},
                ),
                Control("loud-decoder", "the decoder has variance 1.44", "independent", sweep=LOUD),
                Control("mean-field", "outputs are scaled by 1/m", "independent", sweep=MEAN_FIELD),
                Control("constant", "the mean is off by 2.5 margins", "independent", margins=2.5),
                Control("exponent", "the exponent is off by 2 margins", "averaging", margins=2.0),
            ),
        ),
        ReadingCheck(
            "one-draw-per-input",
            (
                _mean("diagonal", r"where $x = x'$: the shared-noise kernel", "one_draw", one_draw_kernel, "diagonal"),
                Criterion(
                    "rest",
                    r"where $x \neq x'$: $\Theta$ itself",
                    Constant(),
                    SAMPLED_SWEEP,
                    partial(rest_overlap, kind="one_draw", predict=one_draw_kernel),
                    ordinate="measured / predicted",
                ),
            ),
            (
                Control(
                    "no-covariance",
                    r"the diagonal is that of $\Theta$",
                    "diagonal",
                    ingredients={"predict": mean_kernel},
                ),
                Control("constant", "the diagonal is off by 2.5 margins", "diagonal", margins=2.5),
                Control("loud-decoder", "the decoder has variance 1.44", "diagonal", sweep=LOUD),
                Control(
                    "shared-noise",
                    "off the diagonal it is the shared-noise kernel",
                    "rest",
                    ingredients={"predict": shared_noise_kernel},
                    where=sharing_adds,
                ),
                Control(
                    "shared-draw",
                    "one draw serves all inputs",
                    "rest",
                    ingredients={"kind": "shared"},
                    where=sharing_adds,
                ),
            ),
        ),
        ReadingCheck(
            "shared-noise-is-theta",
            (_mean("equals-theta", r"shared noise gives $\Theta$ in the mean", "shared", mean_kernel),),
            (
                Control(
                    "own-limit",
                    "shared noise gives its own limit",
                    "equals-theta",
                    {"predict": shared_noise_kernel},
                    true=True,
                ),
            ),
        ),
        ReadingCheck(
            "shared-noise-limit",
            (_mean("limit", r"shared noise gives its own limit in the mean", "shared", shared_noise_kernel),),
            (
                Control("theta", r"the limit is $\Theta_\infty$", "limit", ingredients={"predict": mean_kernel}),
                Control("constant", "the constant is off by 2.5 margins", "limit", margins=2.5),
                Control("mean-field", "outputs are scaled by 1/m", "limit", sweep=MEAN_FIELD),
                Control("loud-decoder", "the decoder has variance 1.44", "limit", sweep=LOUD),
            ),
        ),
    ),
    attack=ATTACK_DEFINITION1,
)
