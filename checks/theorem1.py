"""Theorem 1 on trial: rates, modes and trajectories of training, with and without noise in the gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from checks.case import VaeCase
from checks.experiments.flow import euler
from checks.experiments.networks import mean_field
from checks.measures.kernels import without_noise as without_noise_kernel
from checks.measures.trajectory import (
    descends_as_predicted,
    descent_used,
    final_rate_ratio,
    finely_stepped,
    gap_to_initial_kernel,
    gap_to_limit,
    mode_precision,
    mode_rates,
    obeys_descent,
    obeys_rate,
    rate_used,
    slower_than_thrice,
)
from checks.measures.variance import (
    drift,
    drop_per_time,
    floor_of,
    floor_ratio,
    sampled_loss_ratio,
    sampled_obeys_rate,
    stationary_ratio,
    unit_floor_defect,
)
from checks.pictures import theorem1_exhibits
from checks.planning import variant
from checks.scope import singular_limit
from checks.sweeps import (
    DESCENT_SWEEP,
    DIGITS_DESCENT_SWEEP,
    FLOW_SWEEP,
    FROZEN_DECODER,
    NARROW_FLOW_SWEEP,
    QUASI_SWEEP,
    STEPPING_SWEEP,
    STOCHASTIC_SWEEP,
)
from claimtest.cells import CellData, Sweep
from claimtest.check import Check, Control, Criterion, ReadingCheck, at_three_widest, at_widest
from claimtest.criteria import Ceiling, Constant, ExactOrder, OrderBound, Probability
from theorems.linearised import ConstantKernel
from theorems.theorem1 import DELTA, THEOREM1

__all__ = ["CHECK"]


def slowest(n: int) -> slice:
    """The mode of λ0."""
    return slice(0, 1)


def fastest(n: int) -> slice:
    """The mode of λ_max."""
    return slice(n - 1, n)


def outputs(cell: CellData) -> float:
    """n d: the sampled loss sums so many independent squares, and its relative variance falls with their number."""
    return float(cell.case.problem.targets.size)


def slow_mode_halved(case: VaeCase) -> ConstantKernel:
    """Θ∞ with its smallest eigenvalue halved."""
    return _slow_mode_times(case, 0.5)


def slow_mode_doubled(case: VaeCase) -> ConstantKernel:
    """Θ∞ with its smallest eigenvalue doubled."""
    return _slow_mode_times(case, 2.0)


def _slow_mode_times(case: VaeCase, factor: float) -> ConstantKernel:
    """The mode keeps its place among the others, whatever its new rate, so that "the slowest" still names it."""
    wrong = ConstantKernel(case.kernel.total)
    wrong.eigenvalues = wrong.eigenvalues * np.where(np.arange(len(wrong.eigenvalues)) == 0, factor, 1.0)
    return wrong


def without_mean_block(case: VaeCase) -> ConstantKernel:
    """Training under Θ∞ less its block Θ^μ."""
    return ConstantKernel(case.kernel.decoder + case.kernel.scale)


def without_noise(case: VaeCase) -> ConstantKernel:
    """Training under the deterministic network's kernel."""
    return ConstantKernel(without_noise_kernel(case).total)


def doubled_floor(case: VaeCase) -> float:
    """V∞ without the factor ½ of the loss."""
    return 2 * floor_of(case)


def floor_off(case: VaeCase) -> float:
    """V∞ too large by 2.5 margins of its criterion."""
    return 1.05 * floor_of(case)


EULER = variant(STEPPING_SWEEP, "euler", train=euler)
MEAN_FIELD = variant(FLOW_SWEEP, "mean-field", prepare=mean_field)
OVERSHOOTING = variant(DESCENT_SWEEP, "overshooting", fraction=3.0)


def _modes(name: str, which: Callable[[int], slice], states: str) -> Criterion:
    return Criterion(
        name,
        rf"{states} decays at its own rate $\lambda_k$",
        Constant(),
        FLOW_SWEEP,
        partial(mode_rates, which=which),
        at_three_widest,
        precision=partial(mode_precision, which=which),
        ordinate="measured / predicted rate",
    )


def _descent(sweep: Sweep) -> Criterion:
    asks = r"$L_k \le (1 - \eta\lambda_0/2)^k L_0$ for every $k$"
    return Criterion(
        "bound", asks, Probability(1 - DELTA), sweep, obeys_descent, ordinate="share that obeys", used=descent_used
    )


CHECK = Check(
    THEOREM1,
    (
        ReadingCheck(
            "mean-output-flow",
            (
                Criterion("rate", r"$a = \inf_t -\log(L(t)/L(0))/(\lambda_0 t) \ge 1$", Probability(1 - DELTA),
                          FLOW_SWEEP, obeys_rate, ordinate="share with a ≥ 1", used=rate_used),
                Criterion("final-rate", r"$-\log(L(T)/L(0))$ is that of $e^{-\Theta_\infty t} r(0)$", Constant(),
                          FLOW_SWEEP, final_rate_ratio, at_widest, ordinate="measured / predicted"),
                _modes("slowest-mode", slowest, "the slowest mode"),
                _modes("fastest-mode", fastest, "the fastest mode"),
                Criterion("gap-to-limit", r"$\sup_t \|r(t) - e^{-\Theta_\infty t} r(0)\|$ is of exact order $m^{-1/2}$",
                          ExactOrder(-0.5), FLOW_SWEEP, gap_to_limit, ordinate="relative gap"),
                Criterion("gap-to-initial-kernel", r"$\sup_t \|r(t) - e^{-\Theta(0) t} r(0)\| = O(1/m)$",
                          OrderBound(-1.0, margin="reciprocal"), FLOW_SWEEP, gap_to_initial_kernel,
                          ordinate="relative gap"),
                Criterion("time-stepping", "halving the time step changes three networks in four, at least, by no more "
                          "than 5 % of the mean gap to the trajectory with Θ(0)", Probability(0.75), STEPPING_SWEEP,
                          finely_stepped, ordinate="share so little changed", accuracy=True),
            ),
            (
                Control("euler", "Euler's steps take the place of the method of order 8", "time-stepping", sweep=EULER),
                Control("three-times-faster", r"$a \ge 3$", "rate", {"rate": 3.0}, where=slower_than_thrice),
                Control("slow-mode-halved", r"the slowest mode decays at $\lambda_0/2$", "slowest-mode",
                        {"limit": slow_mode_halved}),
                Control("slow-mode-doubled", r"the slowest mode decays at $2\lambda_0$", "slowest-mode",
                        {"limit": slow_mode_doubled}),
                Control("no-mean-block", r"$\Theta^\mu$ is left out of the prediction", "fastest-mode",
                        {"limit": without_mean_block}),
                Control("no-noise", r"the prediction takes $h$ at $s = 0$", "final-rate", {"limit": without_noise}),
                Control("rate-off", "the rate is off by 2.5 margins", "final-rate", margins=2.5),
                Control("frozen-decoder", "the decoder is not trained", "final-rate", sweep=FROZEN_DECODER),
                Control("mean-field", "outputs are scaled by 1/m", "final-rate", sweep=MEAN_FIELD),
                Control("exponent", "the exponent is off by 2 margins", "gap-to-limit", margins=2.0),
                Control("exponent-initial", "the gap falls faster by 2 margins", "gap-to-initial-kernel", margins=2.0),
            ),
        ),
        ReadingCheck(
            "mean-output-descent",
            (
                _descent(DESCENT_SWEEP),
                Criterion("first-steps", r"until it has lost a factor of $e$, $L$ falls as under $\Theta(0)$, within "
                          "2 %, in most networks", Probability(0.5), DESCENT_SWEEP, descends_as_predicted,
                          ordinate="share that does"),
            ),
            (
                Control("first-steps-off", "it falls faster by 5 %", "first-steps", {"pace": 1.05}),
                Control("overshooting", r"$\eta\lambda_{\max}(\Theta(0)) = 3$", "bound", sweep=OVERSHOOTING),
                Control("ten-times-faster", r"$L_k \le (1 - 5\eta\lambda_0)^k L_0$", "bound", {"rate": 10.0}),
            ),
        ),
        ReadingCheck(
            "sampled-loss-literal",
            (
                Criterion("bound", r"$(L + V)(t) \le e^{-\lambda_0 t}(L + V)(0)$", Probability(1 - DELTA), FLOW_SWEEP,
                          sampled_obeys_rate, ordinate="share that obeys"),
            ),
            (
                Control("without-variance", "$L$ obeys it, without $V$", "bound", {"variance": 0.0}, true=True),
            ),
        ),
        ReadingCheck(
            "sampled-loss-excess",
            (
                Criterion("excess", r"the excess $L$ over $V(t)$ obeys $e^{-\lambda_0 t}$", Probability(1 - DELTA),
                          FLOW_SWEEP, obeys_rate, ordinate="share that obeys", used=rate_used),
                Criterion("sampled-loss", r"at the end, the loss of sampled outputs is $L + V$", Constant(), FLOW_SWEEP,
                          sampled_loss_ratio, precision=outputs, ordinate="sampled / predicted"),
                Criterion("floor", r"$V(T) = V_\infty$ after training on $L$", Constant(), FLOW_SWEEP, floor_ratio,
                          at_widest, ordinate="measured / predicted"),
                Criterion("unit-floor", r"in every case, $\mathbb{E}\,V$ of one unit, integrated over its weights by "
                          r"quasi-Monte Carlo, is $V_\infty$ within 2 %", Ceiling(0.02), QUASI_SWEEP,
                          unit_floor_defect),
                Criterion("variance-drift", r"$|V(T) - V(0)| = O(1/m)$", OrderBound(-1.0, margin="reciprocal"),
                          FLOW_SWEEP, drift, ordinate="relative drift"),
            ),
            (
                Control("doubled-floor", r"$V_\infty$ without its factor $\frac12$", "floor", {"floor": doubled_floor}),
                Control("unit-floor-off", r"$V_\infty$ is off by 5 %", "unit-floor", {"floor": floor_off}),
                Control("floor-off", "the constant is off by 2.5 margins", "floor", margins=2.5),
                Control("loss-off", "the constant is off by 2.5 margins", "sampled-loss", margins=2.5),
                Control("drift-faster", "the drift falls faster by 2 margins", "variance-drift", margins=2.0),
                Control("three-times-faster", r"the excess obeys $e^{-3\lambda_0 t}$", "excess", {"rate": 3.0},
                        where=slower_than_thrice),
            ),
        ),
        ReadingCheck(
            "stochastic-gradients",
            (
                Criterion("floor", "the excess over $V(t)$ ends at the predicted floor", Constant(margin=0.05),
                          STOCHASTIC_SWEEP, stationary_ratio, precision=outputs, ordinate="measured / predicted"),
                Criterion("variance-falls", r"$V$ falls at a rate of exact order $1/m$", ExactOrder(-1.0, "reciprocal"),
                          STOCHASTIC_SWEEP, drop_per_time, ordinate="rate"),
            ),
            (
                Control("floor-larger", "the floor is larger by an eighth", "floor", {"exaggeration": 1.125}),
                Control("floor-doubled", "the floor is twice as high", "floor", {"exaggeration": 2.0}),
                Control("exponent", "the exponent is off by 2 margins", "variance-falls", margins=2.0),
            ),
        ),
        ReadingCheck(
            "digits",
            (_descent(DIGITS_DESCENT_SWEEP),),
            (
                Control("ten-times-faster", r"$L_k \le (1 - 5\eta\lambda_0)^k L_0$", "bound", {"rate": 10.0}),
            ),
        ),
    ),
    singular_limit,
    theorem1_exhibits,
    (NARROW_FLOW_SWEEP,),
)  # fmt: skip
