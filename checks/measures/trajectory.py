"""Measures on a training run: rates, modes, and the gap to the linearised trajectory."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from checks.case import VaeCase
from checks.measures.shares import of_lower_bound
from claimtest.cells import CellData
from theorems.linearised import ConstantKernel
from theorems.theorem1 import HORIZON

__all__ = [
    "decay_rate",
    "descends_as_predicted",
    "descent_ratio",
    "descent_used",
    "final_rate_ratio",
    "finely_stepped",
    "gap_to_initial_kernel",
    "gap_to_limit",
    "largest_ratio_to_bound",
    "limit_of",
    "loss",
    "mode_precision",
    "mode_rates",
    "obeys_descent",
    "obeys_rate",
    "rate_used",
    "slower_than_thrice",
]

SMALLEST_AMPLITUDE = 0.4
"""Modes that carry less than this share of an even split of r(0) say nothing about their rate."""

NEAR = 0.02
"""How far from the predicted descent a network may be that counts as descending so."""

LEAST_SHARE = math.exp(-5)
"""What at least counts as left of a mode at t = 1/λ_k, where e^-1 is predicted."""

FINE = 0.05
"""Share of the gap by which halving the time step may change a network that is followed closely enough."""

Limit = Callable[[VaeCase], ConstantKernel]


def limit_of(case: VaeCase) -> ConstantKernel:
    """Training under the constant kernel Θ∞ ⊗ I_d: the prediction of Theorem 1."""
    return ConstantKernel(case.kernel.total)


def loss(residual: Float[ndarray, "R T n d"]) -> Float[ndarray, "R T"]:
    """L = ½ Σ_i ‖r_i‖² of every replicate at every recorded time."""
    return 0.5 * (residual**2).sum((-2, -1))


def decay_rate(excess: Float[ndarray, "R T"], time: Float[ndarray, "R T"], smallest: float) -> Float[ndarray, " R"]:
    """a = inf_{0 < t <= T} -log(L(t)/L(0)) / (λ0 t) of every replicate; time[:, 0] = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (-np.log(excess[:, 1:] / excess[:, :1]) / (smallest * time[:, 1:])).min(1)


def obeys_rate(cell: CellData, rate: float = 1.0) -> Float[ndarray, " R"]:
    """1 where a >= ``rate``: L(t) <= e^{-rate λ0 t} L(0) at every recorded time."""
    a = decay_rate(loss(cell["residual"]), cell["time"], cell.case.smallest_eigenvalue)
    return (a >= rate).astype(float)


def rate_used(cell: CellData) -> Float[ndarray, " R"]:
    """1/a, of which obeying the rate means that it is at most 1; infinite where the loss did not fall."""
    return of_lower_bound(decay_rate(loss(cell["residual"]), cell["time"], cell.case.smallest_eigenvalue))


def slower_than_thrice(cell: CellData) -> bool:
    """Under Θ∞ the mean loss, E r(0) r(0)ᵀ = d Θ^d∞ + yyᵀ, decays at a rate well below 3 λ0.

    Where the fast modes carry most of it, the claim that the rate is 3 is not false.
    """
    case, kernel = cell.case, limit_of(cell.case)
    y, time = case.problem.targets, HORIZON / kernel.smallest
    start = y.shape[1] * case.kernel.decoder + y @ y.T
    energy = np.einsum("ik,ij,jk->k", kernel.modes, start, kernel.modes)
    left = energy @ np.exp(-2 * kernel.eigenvalues * time) / energy.sum()
    return bool(-np.log(left) / (kernel.smallest * time) < 2.9)


def largest_ratio_to_bound(cell: CellData, rate: float = 1.0) -> Float[ndarray, " R"]:
    """max_k L_k / ((1 - rate η λ0/2)^k L_0) under gradient descent; nan where training diverged counts as infinite.

    A rate that promises more than one step can do promises L_1 = 0.
    """
    losses, step = cell["loss"], cell["step"][:, None]
    steps = np.arange(losses.shape[1])
    factor = np.maximum(1 - rate * step * cell.case.smallest_eigenvalue / 2, 0.0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ratio = losses / losses[:, :1] / factor**steps
    return np.where(np.isnan(ratio), np.inf, ratio).max(1)


def obeys_descent(cell: CellData, rate: float = 1.0) -> Float[ndarray, " R"]:
    """1 where L_k <= (1 - rate η λ0/2)^k L_0 at every step (to round-off)."""
    return (largest_ratio_to_bound(cell, rate) <= 1 + 1e-12).astype(float)


def descent_used(cell: CellData) -> Float[ndarray, " R"]:
    """max_k k log(1 - η λ0/2) / log(L_k/L_0), the stated fall over the measured; infinite where L did not fall."""
    losses, steps = cell["loss"], np.arange(1, cell["loss"].shape[1])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        measured = np.nan_to_num(np.log(losses[:, 1:] / losses[:, :1]), nan=np.inf)
        stated = steps * np.log1p(-np.minimum(cell["step"][:, None] * cell.case.smallest_eigenvalue / 2, 1.0))
        return np.where(measured < 0, stated / measured, np.inf).max(1)


def descent_ratio(cell: CellData) -> Float[ndarray, " R"]:
    """log(L_k/L_0) measured over that of (I - ηΘ(0))^k r(0), at the first k where the latter is at most -1.

    So early the kernel has hardly moved, and a step of another size shows in full.
    """
    expected = np.log(cell["linearised"] / cell["linearised"][:, :1])
    first = (expected <= -1).argmax(1)
    rows = np.arange(len(first))
    with np.errstate(invalid="ignore"):  # under a step so long that training diverges: nan, so violated
        return np.log(cell["loss"][rows, first] / cell["loss"][:, 0]) / expected[rows, first]


def descends_as_predicted(cell: CellData, pace: float = 1.0) -> Bool[ndarray, " R"]:
    """Whether that ratio is within 2 % of ``pace``. Of its mean, which kinks skew, no interval is honest."""
    return np.abs(descent_ratio(cell) / pace - 1) <= NEAR


def final_rate_ratio(cell: CellData, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """-log(L(T)/L(0)) measured over predicted, r(0) as measured."""
    measured = loss(cell["residual"])
    predicted = limit(cell.case).loss(cell["residual"][:, 0], cell["time"][0, -1:])
    return np.log(measured[:, -1] / measured[:, 0]) / np.log(predicted[:, 0] / measured[:, 0])


def mode_rates(
    cell: CellData, which: Callable[[int], slice] = lambda n: slice(None), limit: Limit = limit_of
) -> Float[ndarray, "R k"]:
    """Decay rate of each eigenmode over its predicted λ_k, near t = 1/λ_k.

    With e_k the k-th mode and a_k = e_kᵀ r (d,): -log(<a_k(t), a_k(0)>/‖a_k(0)‖²)/(λ_k t). ``which(n)`` picks modes,
    the slowest first. 1 in place of a rate where the mode is hardly excited; ``mode_precision`` gives it no weight. A
    mode that has changed sign by then has no logarithm: it counts as one that is down to e^-5, as does any below it.
    """
    kernel, residual, time = limit(cell.case), cell["residual"], cell["time"][0]
    start, weights = kernel.components(residual[:, 0]), mode_precision(cell, which, limit)
    rates = np.ones_like(weights)
    for column, k in enumerate(range(len(kernel.eigenvalues))[which(len(kernel.eigenvalues))]):
        at = int(np.argmin(np.abs(time - 1 / kernel.eigenvalues[k])))
        now = kernel.components(residual[:, at])[:, k]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (start[:, k] * now).sum(1) / (start[:, k] ** 2).sum(1)
            rate = -np.log(np.maximum(share, LEAST_SHARE)) / (kernel.eigenvalues[k] * time[at])
        rates[:, column] = np.where(weights[:, column] > 0, rate, 1.0)
    return rates


def mode_precision(
    cell: CellData, which: Callable[[int], slice] = lambda n: slice(None), limit: Limit = limit_of
) -> Float[ndarray, "R k"]:
    """m ‖a_k(0)‖²/‖r(0)‖²: the other modes leak into a rate in proportion to their amplitude, by δΘ of size m^(-1/2).

    0 below the smallest amplitude.
    """
    energy = (limit(cell.case).components(cell["residual"][:, 0]) ** 2).sum(-1)
    share = energy / energy.sum(-1, keepdims=True)
    share = np.where(share >= SMALLEST_AMPLITUDE**2 / energy.shape[-1], share, 0.0)
    return cell.width * share[:, which(energy.shape[-1])]


def gap_to_limit(cell: CellData, limit: Limit = limit_of) -> Float[ndarray, " R"]:
    """sup_t ‖r(t) - e^{-Θ∞ t} r(0)‖ / ‖r(0)‖."""
    return _largest_gap(cell["residual"], limit(cell.case).residual(cell["residual"][:, 0], cell["time"][0]))


def gap_to_initial_kernel(cell: CellData) -> Float[ndarray, " R"]:
    """sup_t ‖r(t) - e^{-Θ(0) t} r(0)‖ / ‖r(0)‖ with each replicate's own Θ(0)."""
    return _largest_gap(cell["residual"], cell["linearised"])


def finely_stepped(cell: CellData) -> Bool[ndarray, " R"]:
    """Whether halving the time step changes a network by at most `FINE` of the mean gap to the trajectory with Θ(0).

    That gap is the smallest thing measured. Where h has a kink, a network in which a unit passes close to it changes by
    more: as a rule one in a hundred, in some problems one in four.
    """
    return cell["change"] <= FINE * cell["gap"].mean()


def _largest_gap(measured: Float[ndarray, "R T n d"], predicted: Float[ndarray, "R T n d"]) -> Float[ndarray, " R"]:
    gaps = np.sqrt(((measured - predicted) ** 2).sum((-2, -1)))
    return gaps.max(1) / np.sqrt((measured[:, 0] ** 2).sum((-2, -1)))
