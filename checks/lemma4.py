"""Lemma 4 on trial: decay and row movement as inequalities, the movement of each block with its constant."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from checks.case import VaeCase
from checks.experiments.networks import loud
from checks.measures.kernels import noise_takes, without_noise
from checks.measures.movement import (
    decay_share,
    decoder_rows_share,
    encoder_rows_share,
    movement_ratio,
    row_movement,
    still_held,
)
from checks.movement_pictures import lemma4_exhibits
from checks.planning import variant
from checks.scope import singular_limit
from checks.sweeps import DRIFT_SWEEP, FLOW_SWEEP, FROZEN_DECODER
from claimtest.cells import CellData
from claimtest.check import Check, Control, Criterion, ReadingCheck, at_widest
from claimtest.criteria import Ceiling, Constant, ExactOrder
from theorems.lemma4 import LEMMA4
from theorems.limiting_kernel import KernelBlocks

__all__ = ["CHECK"]

BLOCKS = {"mean": r"^\mu", "scale": r"^\sigma", "decoder": "^d"}


def without_mean_block(case: VaeCase) -> KernelBlocks:
    """Θ∞ less its block Θ^μ."""
    return KernelBlocks(case.kernel.decoder, np.zeros_like(case.kernel.mean), case.kernel.scale)


def without_decoder_block(case: VaeCase) -> KernelBlocks:
    """Θ∞ less its block Θ^d."""
    return KernelBlocks(np.zeros_like(case.kernel.decoder), case.kernel.mean, case.kernel.scale)


def longer_targets(cell: CellData) -> Float[ndarray, "R n d"]:
    """r(0) = f(0) - 2y: targets twice as long."""
    return cell["residual"][:, 0] - cell.case.problem.targets


LOUD_DECODER = variant(DRIFT_SWEEP, "loud-decoder", prepare=loud("decoder"))


def _rows(block: str) -> Criterion:
    asks = rf"rows of $W{BLOCKS[block]}$ move, in root mean square, by exactly the order $m^{{-1/2}}$"
    measure = partial(row_movement, block=block)
    return Criterion(f"rows-{block}", asks, ExactOrder(-0.5), FLOW_SWEEP, measure, ordinate="movement per ‖r(0)‖")


def _movement(block: str) -> Criterion:
    b = BLOCKS[block]
    asks = rf"$\|W{b}(T) - W{b}(0)\|_F = \sqrt{{c^\top \Theta{b}_\infty c}}$ at the largest width"
    measure = partial(movement_ratio, block=block)
    return Criterion(
        f"movement-{block}", asks, Constant(), FLOW_SWEEP, measure, at_widest, ordinate="measured / predicted"
    )


CHECK = Check(
    LEMMA4,
    (
        ReadingCheck(
            "decay-and-rows",
            (
                Criterion("decay", r"the stated rate over the measured one, $\sup_t \lambda_0 t/\log(L(0)/L(t)) \le 1$",
                          Ceiling(), FLOW_SWEEP, decay_share, precision=still_held, ordinate="stated / measured rate"),
                Criterion("encoder-rows", r"the largest movement of a row of $W^\mu$ or $W^\sigma$ over its bound",
                          Ceiling(), FLOW_SWEEP, encoder_rows_share, precision=still_held, ordinate="share of bound"),
                Criterion("decoder-rows", r"the largest movement of a row of $W^d$ over its bound",
                          Ceiling(), FLOW_SWEEP, decoder_rows_share, precision=still_held, ordinate="share of bound"),
            ),
            (
                Control("three-times-faster", r"$L(t) \le e^{-3\lambda_0 t} L(0)$", "decay", {"rate": 3.0}),
                Control("encoder-rows-faster", "a bound of order 1/m", "encoder-rows", {"order": -1.0}),
                Control("decoder-rows-faster", "a bound of order 1/m", "decoder-rows", {"order": -1.0}),
            ),
        ),
        ReadingCheck(
            "movement",
            tuple(_rows(block) for block in BLOCKS) + tuple(_movement(block) for block in BLOCKS),
            (
                Control("exponent-mean", "the exponent is off by 2 margins", "rows-mean", margins=2.0),
                Control("exponent-scale", "the exponent is off by 2 margins", "rows-scale", margins=2.0),
                Control("exponent-decoder", "the exponent is off by 2 margins", "rows-decoder", margins=2.0),
                Control("constant-mean", "the constant is off by 2.5 margins", "movement-mean", margins=2.5),
                Control("constant-scale", "the constant is off by 2.5 margins", "movement-scale", margins=2.5),
                Control("constant-decoder", "the constant is off by 2.5 margins", "movement-decoder", margins=2.5),
                Control("no-mean-block", r"$\Theta^\mu$ is left out of $\Theta_\infty$", "movement-decoder",
                        {"limit": without_mean_block}),
                Control("no-decoder-block", r"$\Theta^d$ is left out of $\Theta_\infty$", "movement-mean",
                        {"limit": without_decoder_block}),
                Control("scale-no-decoder-block", r"$\Theta^d$ is left out of $\Theta_\infty$", "movement-scale",
                        {"limit": without_decoder_block}),
                Control("no-noise", r"the prediction takes $h$ at $s = 0$", "movement-decoder",
                        {"limit": without_noise}, where=noise_takes),
                Control("longer-targets", r"$r(0) = f(0) - 2y$, as if targets were twice as long", "movement-mean",
                        {"start": longer_targets}),
                Control("frozen-decoder", "the decoder is not trained", "movement-mean", sweep=FROZEN_DECODER),
                Control("loud-decoder", "the decoder has variance 1.44", "movement-decoder", sweep=LOUD_DECODER),
            ),
        ),
    ),
    singular_limit,
    lemma4_exhibits,
)  # fmt: skip
