"""Theorem 2's readings about the initial function: the KL in weight space, in latent space, the decoder trained too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from checks.endpoint_sweeps import (
    ANTISYMMETRIC_SWEEP,
    DECODER_PATH_SWEEP,
    DECODER_SWEEP,
    LATENT_SWEEP,
    LEARNED_SWEEP,
    WEIGHT_SWEEP,
)
from checks.measures.endpoint import (
    AWAY,
    change_length,
    gap_on_training,
    gap_on_unseen,
    misfit,
    remaining_share,
    residual_length,
    smaller_gap,
    stays_away,
    stays_on_path,
)
from checks.planning import variant
from checks.rivals import larger_kernel, right_prediction, tangent_ridge, without_scale_part
from claimtest.cells import CellData, Sweep
from claimtest.check import Control, Criterion, ReadingCheck, at_three_widest
from claimtest.criteria import Ceiling, Constant, ExactOrder, Probability
from theorems.learned_ridge import learned_noise_ridge
from theorems.regressions import (
    Prediction,
    decoder_ridgeless,
    plain_ridge,
    preconditioned_ridge,
)

__all__ = [
    "DECODER_TRAINED",
    "LATENT",
    "LEARNED",
    "PLAIN",
    "STOPPED_EARLY",
    "WEIGHT",
    "away",
    "change",
    "on_training",
    "on_unseen",
    "residual",
    "settled",
]

MOST = 0.5
"""Share of the networks that must stay away from a rival prediction: the median network does."""


def on_training(sweep: Sweep, prediction: Prediction, what: str, **ingredients: Any) -> Criterion:
    """The distance to a prediction on training inputs is of exact order m^(-1/2)."""
    measure = partial(gap_on_training, prediction=prediction, **ingredients)
    asks = rf"on training inputs, the distance to {what} is of exact order $m^{{-1/2}}$"
    return Criterion("training", asks, ExactOrder(-0.5), sweep, measure, ordinate="relative distance")


def on_unseen(sweep: Sweep, prediction: Prediction, what: str, name: str = "unseen", **ingredients: Any) -> Criterion:
    """The distance to a prediction on unseen inputs is of exact order m^(-1/2)."""
    measure = partial(gap_on_unseen, prediction=prediction, **ingredients)
    asks = rf"on unseen inputs, the distance to {what} is of exact order $m^{{-1/2}}$"
    return Criterion(name, asks, ExactOrder(-0.5), sweep, measure, ordinate="relative distance")


def residual(sweep: Sweep, prediction: Prediction, what: str, about: str = "start") -> Criterion:
    """The residual on training inputs is that of a prediction, in its constant."""
    asks = f"on training inputs the residual is as long as that of {what}, measured in its direction"
    return _length("residual", asks, sweep, partial(residual_length, prediction=prediction, about=about))


def change(sweep: Sweep, prediction: Prediction, what: str, about: str = "start") -> Criterion:
    """What training changes on unseen inputs is what a prediction says, in its constant."""
    asks = f"on unseen inputs the change is as long as that of {what}, measured in its direction"
    return _length("change", asks, sweep, partial(change_length, prediction=prediction, about=about))


def _length(name: str, asks: str, sweep: Sweep, measure: Callable[..., Any]) -> Criterion:
    law = Constant(margin=RATIO_MARGIN)
    return Criterion(name, asks, law, sweep, measure, at_three_widest, precision=units, ordinate="measured / predicted")


def units(cell: CellData) -> float:
    """The variance of a ratio to a prediction falls like 1/m."""
    return float(cell.width)


def away(sweep: Sweep, rival: Prediction, what: str, **ingredients: Any) -> Criterion:
    """Most networks are far from a rival prediction. (Distances pile up: no interval for their mean is honest.)"""
    measure = partial(stays_away, prediction=rival, **ingredients)
    asks = f"most networks are further than {AWAY:g} of the initial misfit from {what}, unseen inputs too"
    return Criterion("rival", asks, Probability(MOST), sweep, measure, at_three_widest, ordinate="share that is")


def constant(sweep: Sweep, rival: Prediction, what: str, **ingredients: Any) -> Criterion:
    """The distance to a rival prediction does not fall with the width."""
    measure = partial(gap_on_unseen, prediction=rival, **ingredients)
    asks = f"on unseen inputs, the distance to {what} does not fall with the width"
    return Criterion("rival-order", asks, ExactOrder(0.0), sweep, measure, ordinate="relative distance")


def settled(
    sweep: Sweep, prediction: Prediction, gap: Callable[..., Any] = smaller_gap, about: str = "start"
) -> Criterion:
    """Training has ended as far as anything measured can tell."""
    measure = partial(remaining_share, prediction=prediction, about=about, gap=gap)
    asks = "what is left to train is at most a hundredth of the smallest distance measured"
    return Criterion("settled", asks, Ceiling(0.01), sweep, measure, ordinate="remaining / distance", accuracy=True)


RATIO_MARGIN = 0.02
"""How far residuals and changes may be from their constants: errors of order 1/m stay well below."""

STOPPED_EARLY = 0.3
"""A tolerance at which training ends long before its end point: what `settled` has to notice."""

TWICE_BETA = variant(LATENT_SWEEP, "twice-beta", factor=2.0)
LOUD_DECODER = variant(LATENT_SWEEP, "loud-decoder", gain=1.5)

LATENT = ReadingCheck(
    "latent",
    (
        on_training(LATENT_SWEEP, preconditioned_ridge, "preconditioned ridge"),
        on_unseen(LATENT_SWEEP, preconditioned_ridge, "preconditioned ridge"),
        on_unseen(ANTISYMMETRIC_SWEEP, preconditioned_ridge, "preconditioned ridge without $f_0$, from antisymmetric "
                  "units,", "without-start", about="nothing"),
        residual(LATENT_SWEEP, preconditioned_ridge, "preconditioned ridge"),
        change(LATENT_SWEEP, preconditioned_ridge, "preconditioned ridge"),
        away(LATENT_SWEEP, plain_ridge, "plain ridge"),
        constant(LATENT_SWEEP, plain_ridge, "plain ridge"),
        settled(LATENT_SWEEP, preconditioned_ridge),
    ),
    (
        Control("plain-on-training", "plain ridge on training inputs", "training", {"prediction": plain_ridge}),
        Control("plain-on-unseen", "plain ridge on unseen inputs", "unseen", {"prediction": plain_ridge}),
        Control("no-ridge", "the decoder's regression without a ridge", "unseen", {"prediction": decoder_ridgeless}),
        Control("beta-doubled", r"the ridge is $2\beta$", "training", {"strength": 2.0}),
        Control("exponent", "the exponent is off by 2 margins", "unseen", margins=2.0),
        Control("decoder-too", "the decoder is trained too", "unseen", sweep=DECODER_SWEEP),
        Control("trained-with-twice-beta", r"trained with $2\beta$", "training", sweep=TWICE_BETA),
        Control("loud-decoder", "the decoder starts with variance 2.25", "training", sweep=LOUD_DECODER),
        Control("with-start", "f_0 is left out where it is not 0", "without-start", sweep=LATENT_SWEEP),
        Control("residual-of-larger-kernel", "the kernel is a tenth larger", "residual",
                {"prediction": larger_kernel(preconditioned_ridge)}),
        Control("change-of-larger-kernel", "the kernel is a quarter larger", "change",
                {"prediction": larger_kernel(preconditioned_ridge, 1.25)}),
        Control("own-as-rival", "the rival is the prediction itself", "rival", {"prediction": preconditioned_ridge}),
        Control("stopped-early", "training ends early", "settled",
                sweep=variant(LATENT_SWEEP, "stopped-early", tolerance=STOPPED_EARLY)),
        Control("own-falls", "the prediction itself stays away", "rival-order", {"prediction": preconditioned_ridge}),
    ),
)  # fmt: skip

PLAIN = ReadingCheck(
    "latent-plain-ridge",
    (on_training(LATENT_SWEEP, plain_ridge, "plain ridge"), on_unseen(LATENT_SWEEP, plain_ridge, "plain ridge")),
    right_prediction(preconditioned_ridge, "preconditioned ridge"),
)

WEIGHT = ReadingCheck(
    "weight-space",
    (
        on_training(WEIGHT_SWEEP, plain_ridge, "plain ridge"),
        on_unseen(WEIGHT_SWEEP, plain_ridge, "plain ridge"),
        residual(WEIGHT_SWEEP, plain_ridge, "plain ridge"),
        change(WEIGHT_SWEEP, plain_ridge, "plain ridge"),
        away(WEIGHT_SWEEP, preconditioned_ridge, "preconditioned ridge"),
        settled(WEIGHT_SWEEP, plain_ridge),
    ),
    (
        Control("preconditioned-on-training", "preconditioned ridge on training inputs", "training",
                {"prediction": preconditioned_ridge}),
        Control("preconditioned-on-unseen", "preconditioned ridge on unseen inputs", "unseen",
                {"prediction": preconditioned_ridge}),
        Control("beta-doubled", r"the ridge is $2\beta/\sigma_0^2$", "training", {"strength": 2.0}),
        Control("exponent", "the exponent is off by 2 margins", "training", margins=2.0),
        Control("residual-of-larger-kernel", "the kernel is a tenth larger", "residual",
                {"prediction": larger_kernel(plain_ridge)}),
        Control("change-of-larger-kernel", "the kernel is a quarter larger", "change",
                {"prediction": larger_kernel(plain_ridge, 1.25)}),
        Control("own-as-rival", "the rival is the prediction itself", "rival", {"prediction": plain_ridge}),
        Control("stopped-early", "training ends early", "settled",
                sweep=variant(WEIGHT_SWEEP, "stopped-early", tolerance=STOPPED_EARLY)),
    ),
)  # fmt: skip

DECODER_TRAINED = ReadingCheck(
    "decoder-trained",
    (
        on_unseen(DECODER_SWEEP, decoder_ridgeless, "ridgeless regression with the decoder's kernel"),
        Criterion("interpolation", r"it interpolates: $\|f(X) - y\|/\|f_0(X) - y\| \le 10^{-6}$", Ceiling(1e-6),
                  DECODER_SWEEP, misfit, ordinate="relative misfit"),
        change(DECODER_SWEEP, decoder_ridgeless, "that regression"),
        away(DECODER_SWEEP, preconditioned_ridge, "preconditioned ridge"),
        settled(DECODER_SWEEP, decoder_ridgeless, gap_on_unseen),
        Criterion("followed", "on unseen inputs, in three of the narrowest networks in four, at least, a path followed "
                  "ten times as closely ends within a hundredth of the distance measured", Probability(0.75),
                  DECODER_PATH_SWEEP, partial(stays_on_path, prediction=decoder_ridgeless), ordinate="share so close",
                  accuracy=True),
    ),
    (
        Control("preconditioned", "preconditioned ridge", "unseen", {"prediction": preconditioned_ridge}),
        Control("plain", "plain ridge", "unseen", {"prediction": plain_ridge}),
        Control("exponent", "the exponent is off by 2 margins", "unseen", margins=2.0),
        Control("encoder-only", "the decoder stays where it is", "interpolation", sweep=LATENT_SWEEP),
        Control("change-off", "the change is larger by 2.5 margins", "change", margins=2.5),
        Control("own-as-rival", "the rival is the prediction itself", "rival", {"prediction": decoder_ridgeless}),
        Control("stopped-early", "training ends early", "settled",
                sweep=variant(DECODER_SWEEP, "stopped-early", tolerance=STOPPED_EARLY)),
        Control("corners-cut", "the path is not followed: training makes for its end at once", "followed",
                sweep=variant(DECODER_PATH_SWEEP, "corners-cut", path_tolerance=1.0)),
    ),
)  # fmt: skip

LEARNED = ReadingCheck(
    "learned-noise",
    (
        on_training(LEARNED_SWEEP, learned_noise_ridge, "the regression with $K_H$"),
        on_unseen(LEARNED_SWEEP, learned_noise_ridge, "the regression with $K_H$"),
        residual(LEARNED_SWEEP, learned_noise_ridge, "that regression"),
        change(LEARNED_SWEEP, learned_noise_ridge, "that regression"),
        away(LEARNED_SWEEP, tangent_ridge, "plain ridge with the tangent kernel"),
        settled(LEARNED_SWEEP, learned_noise_ridge),
    ),
    (
        Control("plain-on-training", "plain ridge on training inputs", "training", {"prediction": tangent_ridge}),
        Control("plain-on-unseen", "plain ridge on unseen inputs", "unseen", {"prediction": tangent_ridge}),
        Control("no-ridge", "the decoder's regression without a ridge", "unseen", {"prediction": decoder_ridgeless}),
        Control("beta-doubled", r"the ridge is $2\beta$", "training", {"strength": 2.0}),
        Control("exponent", "the exponent is off by 2 margins", "training", margins=2.0),
        Control("no-part-of-the-scale", r"$W^\sigma$ has no part in $K_H$", "residual",
                {"prediction": without_scale_part}),
        Control("change-of-larger-kernel", "the kernel is a quarter larger", "change",
                {"prediction": larger_kernel(learned_noise_ridge, 1.25)}),
        Control("own-as-rival", "the rival is the prediction itself", "rival", {"prediction": learned_noise_ridge}),
        Control("stopped-early", "training ends early", "settled",
                sweep=variant(LEARNED_SWEEP, "stopped-early", tolerance=STOPPED_EARLY)),
    ),
)  # fmt: skip
