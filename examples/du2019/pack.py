"""Where prediction meets measurement: the laws asked of each reading, and variants known to be false."""

from __future__ import annotations

from dataclasses import replace

from claimtest.check import Check, Control, Criterion, Pack, ReadingCheck, at_three_widest
from claimtest.criteria import Constant, ExactOrder, OrderBound, Probability
from examples.du2019.claims import LEMMA31, LEMMA32, THEOREM32
from examples.du2019.experiments import FLOW_SWEEP, INITIAL_SWEEP, MEAN_FIELD, OFF_CENTRE, SMALL_START
from examples.du2019.measures import (
    both_layers,
    decay,
    departure,
    distance,
    drift,
    flips,
    independent,
    mean_ratio,
    smallest,
)
from examples.du2019.problem import draw_problems

__all__ = ["PACK"]

EIGENVALUE = Criterion(
    "three-quarters",
    r"$\lambda_{\min}(H(0)) \ge \frac34\lambda_0$",
    Probability(0.9),
    INITIAL_SWEEP,
    smallest,
    at_three_widest,
)
MEAN = Criterion(
    "mean",
    r"$\mathbb{E} H(0) = H^\infty$",
    Constant(),
    INITIAL_SWEEP,
    mean_ratio,
    precision=lambda cell: float(cell.width),  # the variance is exactly proportional to 1/m
    ordinate="measured / predicted",
)
FLUCTUATION = Criterion(
    "fluctuation",
    r"$\|H(0) - H^\infty\|_F$ is of exact order $m^{-1/2}$",
    ExactOrder(-0.5),
    INITIAL_SWEEP,
    distance,
    ordinate="distance",
)
DRIFT = Criterion("drift", r"$\|H(T) - H(0)\|_F = O(m^{-1/2})$", OrderBound(-0.5), FLOW_SWEEP, drift, ordinate="drift")
FLIPS = Criterion(
    "flips", r"the share is of exact order $m^{-1/2}$", ExactOrder(-0.5), FLOW_SWEEP, flips, ordinate="share"
)
BOUND = Criterion(
    "bound",
    r"$\|u(t) - y\|^2 \le e^{-\lambda_0 t}\|u(0) - y\|^2$",
    Probability(0.9),
    FLOW_SWEEP,
    decay,
    at_three_widest,
)
DEPARTURE = Criterion(
    "departure",
    r"$u(t) - y$ departs from $e^{-H^\infty t}(u(0) - y)$ by exactly $O(m^{-1/2})$",
    ExactOrder(-0.5),
    FLOW_SWEEP,
    departure,
    ordinate="relative departure",
)
RECIPROCAL = replace(DRIFT, asks=r"$\|H(T) - H(0)\|_F = O(1/m)$", law=OrderBound(-1.0))

LEMMA31_CHECK = Check(
    LEMMA31,
    (
        ReadingCheck(
            "eigenvalue",
            (EIGENVALUE,),
            (
                Control("five-quarters", r"$\lambda_{\min}(H(0)) \ge \frac54\lambda_0$", "three-quarters",
                        {"share": 1.25}),
            ),
        ),
        ReadingCheck(
            "convergence",
            (MEAN, FLUCTUATION),
            (
                Control("constant", "the constant is off by 2.5 margins", "mean", margins=2.5),
                Control("off-centre", r"$w_r \sim N(e_1, I)$", "mean", sweep=OFF_CENTRE),
                Control("independent", "a unit chooses its side for every input anew", "fluctuation",
                        {"limit": independent}),
                Control("exponent", "the exponent is off by 2 margins", "fluctuation", margins=2.0),
            ),
        ),
    ),
)  # fmt: skip

LEMMA32_CHECK = Check(
    LEMMA32,
    (
        ReadingCheck(
            "drift",
            (DRIFT,),
            (
                Control("reciprocal", "the drift is O(1/m)", "drift", law=RECIPROCAL.law),
                Control("small-start", r"$w_r \sim N(0, I/m)$", "drift", sweep=SMALL_START),
            ),
        ),
        ReadingCheck(
            "flips",
            (FLIPS,),
            (
                Control("exponent", "the exponent is off by 2 margins", "flips", margins=2.0),
                Control("small-start", r"$w_r \sim N(0, I/m)$", "flips", sweep=SMALL_START),
            ),
        ),
        ReadingCheck("reciprocal", (RECIPROCAL,)),
    ),
)

THEOREM32_CHECK = Check(
    THEOREM32,
    (
        ReadingCheck(
            "rate",
            (BOUND,),
            (
                Control("six-times", r"the rate is $6\lambda_0$", "bound", {"rate": 6.0}),
                Control("mean-field", "outputs are scaled by 1/m", "bound", sweep=MEAN_FIELD),
            ),
        ),
        ReadingCheck(
            "trajectory",
            (DEPARTURE,),
            (
                Control("exponent", "the exponent is off by 2 margins", "departure", margins=2.0),
                Control("both-layers", "the kernel of training both layers", "departure", {"limit": both_layers}),
            ),
        ),
    ),
)

PACK = Pack(
    module="examples.du2019",
    title="Training a two-layer ReLU network (Du, Zhai, Poczos & Singh 2019)",
    checks=(LEMMA31_CHECK, LEMMA32_CHECK, THEOREM32_CHECK),
    cases=draw_problems,
    packages=("examples",),
)
