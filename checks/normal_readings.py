"""Theorem 2's readings on the KL to N(0, I), the path in β, and training with sampled outputs."""

from __future__ import annotations

import dataclasses
from functools import partial

from checks.case import CaseBook
from checks.endpoint_readings import STOPPED_EARLY, away, change, on_training, on_unseen, residual, settled
from checks.endpoint_sweeps import (
    GROWTH_SWEEP,
    LATENT_SWEEP,
    LEARNED_STANDARD_SWEEP,
    PATH_SWEEP,
    SAMPLED_SWEEP,
    STANDARD_SWEEP,
    WEIGHT_SWEEP,
)
from checks.measures.endpoint import (
    gap_on_training,
    movement_ratio,
    residual_precision,
    residual_shares,
    shrunk_apart,
)
from checks.measures.regularisation import (
    average_gap,
    decoder_growth_ratio,
    floor_power,
    floor_ratios,
    interpolation,
    path_gap,
    path_remaining,
    residual_ratio,
    standstill,
)
from checks.planning import by_profile, variant
from checks.regularised_cases import RegularisedCase
from checks.rivals import larger_kernel, right_prediction, without_noise_part
from claimtest.check import Control, Criterion, ReadingCheck, at_three_widest
from claimtest.criteria import AtMost, Ceiling, Constant, ExactOrder
from claimtest.profile import Profile
from theorems.collapsed import collapsed_ridge, learned_noise_collapse
from theorems.learned_ridge import learned_noise_ridge
from theorems.regressions import decoder_ridgeless, plain_ridge, preconditioned_ridge

__all__ = ["COLLAPSED", "GROWING", "INITIAL_KERNEL", "MOVEMENT", "PATH", "SAMPLED"]

FLOOR_MARGIN = 0.2
"""How far the floor may be from the derived one, which leaves out terms of order m^(-1/2)."""

POWER_MARGIN = 0.3
"""Far enough from 1 to tell a floor in proportion to the step from one that does not depend on it, or on its square."""

TWO_STEPS = dataclasses.replace(SAMPLED_SWEEP, replicates=by_profile({"quick": 0, "standard": 48, "thorough": 96}))
"""The same runs, of which quick has too few to tell a power."""


def growing(book: CaseBook, profile: Profile) -> list[RegularisedCase]:
    """The cases with independent inputs: dependent ones may grow little as predicted, and much in the control."""
    return [case for case in GROWTH_SWEEP.chosen(book, profile) if case.independent]


ENCODER_FROZEN = variant(dataclasses.replace(GROWTH_SWEEP, cases=growing), "encoder-frozen", trainable=("decoder",))

INITIAL_KERNEL = ReadingCheck(
    "standard-normal-initial-kernel",
    (
        on_training(STANDARD_SWEEP, preconditioned_ridge, "the regression with the initial kernel"),
        on_unseen(STANDARD_SWEEP, preconditioned_ridge, "the regression with the initial kernel"),
    ),
    right_prediction(collapsed_ridge, "the collapsed regression", about="centre"),
)

MOVEMENT = ReadingCheck(
    "standard-normal-movement",
    (
        Criterion("movement", r"$\|\Delta W^\mu\|_F/\|W^\mu(0)\|_F$ is $\sqrt{\operatorname{rank} X/p}$", Constant(),
                  STANDARD_SWEEP, movement_ratio, ordinate="measured / predicted"),
        Criterion("order", "it does not fall with the width", ExactOrder(0.0), STANDARD_SWEEP, movement_ratio,
                  ordinate="measured / predicted"),
    ),
    (
        Control("movement-off", "the constant is off by 2.5 margins", "movement", margins=2.5),
        Control("lazy", "it falls as in the lazy regime", "order", law=ExactOrder(-0.5)),
        Control("initial-posterior", "the KL refers to the initial posterior", "order", sweep=LATENT_SWEEP),
    ),
)  # fmt: skip


COLLAPSED = ReadingCheck(
    "standard-normal-collapsed",
    (
        on_training(STANDARD_SWEEP, collapsed_ridge, "the collapsed regression", about="centre"),
        on_unseen(STANDARD_SWEEP, collapsed_ridge, "the collapsed regression", about="centre"),
        Criterion("learned-noise", r"with learned noise and independent inputs, the distance to $f_c + "
                  r"\frac{\kappa}{\kappa + \beta}(y - f_c)$ is of exact order $m^{-1/2}$", ExactOrder(-0.5),
                  LEARNED_STANDARD_SWEEP, partial(gap_on_training, prediction=learned_noise_collapse, about="centre"),
                  ordinate="relative distance"),
        residual(STANDARD_SWEEP, collapsed_ridge, "that regression", about="centre"),
        change(STANDARD_SWEEP, collapsed_ridge, "that regression", about="centre"),
        away(STANDARD_SWEEP, preconditioned_ridge, "the regression with the initial kernel"),
        settled(STANDARD_SWEEP, collapsed_ridge, about="centre"),
    ),
    (
        Control("initial-kernel", "the initial kernel", "training", {"prediction": preconditioned_ridge}),
        Control("decoder", "the decoder's regression without a ridge", "unseen", {"prediction": decoder_ridgeless}),
        Control("initial-function", "about the initial function", "training", {"about": "start"}),
        Control("beta-doubled", r"the ridge is $2\beta$", "training", {"strength": 2.0}),
        Control("exponent", "the exponent is off by 2 margins", "unseen", margins=2.0),
        Control("no-part-of-the-noise", r"$\kappa = h_u(0, 1)^2$ alone, where $h_s(0, 1) \ne 0$", "learned-noise",
                {"prediction": without_noise_part}, where=lambda cell: bool(cell.case.problem.activation.kinks)),
        Control("learned-initial-kernel", "the initial kernel with learned noise", "learned-noise",
                {"prediction": learned_noise_ridge}),
        Control("residual-of-larger-kernel", "the kernel is a tenth larger", "residual",
                {"prediction": larger_kernel(collapsed_ridge)}),
        Control("change-of-larger-kernel", "the kernel is a quarter larger", "change",
                {"prediction": larger_kernel(collapsed_ridge, 1.25)}),
        Control("own-as-rival", "the rival is the prediction itself", "rival",
                {"prediction": collapsed_ridge, "about": "centre"}),
        Control("stopped-early", "training ends early", "settled",
                sweep=variant(STANDARD_SWEEP, "stopped-early", tolerance=STOPPED_EARLY)),
    ),
)  # fmt: skip

GROWING = ReadingCheck(
    "standard-normal-decoder",
    (
        Criterion("growth", r"from $t = m/4$ to $m$, $\|W^d\|_F^2$ grows as predicted", Constant(margin=0.05),
                  GROWTH_SWEEP, decoder_growth_ratio, ordinate="measured / predicted"),
    ),
    (
        Control("growth-off", "the growth is larger by an eighth", "growth", {"exaggeration": 1.125}),
        Control("encoder-frozen", "the encoder is not trained", "growth", sweep=ENCODER_FROZEN),
    ),
)  # fmt: skip

PATH = ReadingCheck(
    "path",
    (
        Criterion("residuals", r"along the path, the residual is on average as long as $\beta(K_H(X, X) + \beta "
                  r"I)^{-1} r_0$, measured in its direction", Constant(),
                  PATH_SWEEP, residual_ratio, ordinate="measured / predicted"),
        Criterion("gap", "nowhere on the path is the distance to the prediction above 0.08 of the initial misfit",
                  AtMost(0.08, 0.03), PATH_SWEEP, path_gap, ordinate="largest relative distance"),
        Criterion("interpolates", r"$\beta \to 0$ interpolates", Ceiling(0.05), PATH_SWEEP, interpolation,
                  ordinate="relative misfit"),
        Criterion("stands-still", r"$\beta \to \infty$ stays at the initial function", Ceiling(0.01), PATH_SWEEP,
                  standstill, ordinate="relative change"),
        Criterion("settled", "what is left to train is at most a hundredth of the misfit, everywhere on the path",
                  Ceiling(0.01), PATH_SWEEP, path_remaining, ordinate="remaining / misfit", accuracy=True),
        Criterion("shrinkage", r"for independent inputs the residuals shrink by $\beta/(\beta + \sigma_0^2 "
                  r"\partial_\rho K(1))$", Constant(), LATENT_SWEEP, residual_shares, at_three_widest,
                  precision=residual_precision, ordinate="measured / predicted"),
        Criterion("uniform", "and each of them alike: their departures from that factor are of exact order $m^{-1/2}$",
                  ExactOrder(-0.5), LATENT_SWEEP, shrunk_apart, ordinate="departure"),
    ),
    (
        Control("plain-ridge", "plain ridge", "gap", {"prediction": plain_ridge}),
        Control("no-ridge", "no ridge", "gap", {"prediction": decoder_ridgeless}),
        Control("residuals-off", "the residual is off by 2.5 margins", "residuals", margins=2.5),
        Control("residuals-doubled", r"the residual is that of $2\beta$", "residuals", {"strength": 2.0}),
        Control("interpolates-early", r"it interpolates at $\beta/4$ already", "interpolates", {"factor": 3}),
        Control("stands-still-early", r"it stays where it was at $4\beta$ already", "stands-still", {"factor": 5}),
        Control("path-stopped-early", "training ends early", "settled",
                sweep=variant(PATH_SWEEP, "stopped-early", tolerance=STOPPED_EARLY)),
        Control("shrinkage-doubled", r"the shrinkage is that of $2\beta$", "shrinkage", {"strength": 2.0}),
        Control("shrinkage-off", "the constant is off by 2.5 margins", "shrinkage", margins=2.5),
        Control("weight-space", "the KL acts in weight space: residuals shrink by different factors", "uniform",
                sweep=WEIGHT_SWEEP),
        Control("uniform-doubled", r"they all shrink as for $2\beta$", "uniform", {"strength": 2.0}),
    ),
)  # fmt: skip

SAMPLED = ReadingCheck(
    "sampled",
    (
        Criterion("floor", r"$\mathbb{E}\,\frac12\|f_k(X) - f_\infty(X)\|^2$ is the predicted floor, at two steps",
                  Constant(margin=FLOOR_MARGIN), SAMPLED_SWEEP, floor_ratios, ordinate="measured / predicted"),
        Criterion("proportional", "from one step to the other the floor grows in proportion to the step",
                  Constant(margin=POWER_MARGIN), TWO_STEPS, floor_power, ordinate="power of the step"),
        Criterion("average", "averaged over steps, the output is within 0.08 of the initial misfit of preconditioned "
                  "ridge", AtMost(0.08, 0.03), SAMPLED_SWEEP, average_gap, ordinate="relative distance"),
    ),
    (
        Control("floor-doubled", "the floor is twice as high", "floor", {"exaggeration": 2.0}),
        Control("floor-halved", "the floor is half as high", "floor", {"exaggeration": 0.5}),
        Control("square-root", "it grows with the square root of the step", "proportional", {"power": 0.5}),
        Control("quadratic", "it grows with the square of the step", "proportional", {"power": 2.0}),
        Control("no-ridge", "the decoder's regression without a ridge", "average", {"prediction": decoder_ridgeless}),
        Control("beta-doubled", r"the ridge is $2\beta$", "average", {"strength": 2.0}),
    ),
)  # fmt: skip
