"""Lemma 1 on trial: the mean of Θ(0) at every width, the size of its fluctuation, and its limit without noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from checks.case import CaseBook, VaeCase
from checks.experiments.networks import loud, mean_field, noise_ignored
from checks.measures.kernels import (
    block_ratio,
    distance_from_limit,
    noise_takes,
    unit_defect,
    weight_variance,
    without_noise,
)
from checks.planning import variant
from checks.sweeps import DIGITS_INITIAL_SWEEP, INITIAL_SWEEP, NARROW_SWEEP, QUASI_SWEEP, REFERENCE_SWEEP
from claimtest.cells import CellData, Sweep
from claimtest.check import Check, Control, Criterion, ReadingCheck
from claimtest.criteria import Ceiling, Constant, ExactOrder, Identity
from claimtest.profile import Profile
from theorems.lemma1 import LEMMA1
from theorems.limiting_kernel import KernelBlocks, limiting_kernel, shared_noise_profile
from theorems.setting import LearnedNoise

__all__ = ["CHECK"]

NAMES = {"decoder": "d", "mean": r"\mu", "scale": r"\sigma"}


def with_shared_noise(case: VaeCase) -> KernelBlocks:
    """The kernel with one draw of the noise for all inputs."""
    p = case.problem
    return shared_noise_profile((p.inputs @ p.inputs.T).clip(-1, 1), activation=p.activation, noise=p.noise)


def louder_noise(inputs, other=None, *, activation, noise):
    """The limiting kernel at a noise of 0.1 in place of none."""
    return limiting_kernel(inputs, other, activation=activation, noise=type(noise)(0.1))


def derivatives_forgotten(inputs, other=None, *, activation, noise):
    """The decoder's block alone."""
    blocks = limiting_kernel(inputs, other, activation=activation, noise=noise)
    return KernelBlocks(decoder=blocks.decoder, mean=0 * blocks.mean, scale=blocks.scale)


def scale_as_mean(inputs, other=None, *, activation, noise):
    """A scale block that does not vanish with the noise: what sharing the noise would give, since E ε² = 1."""
    blocks = limiting_kernel(inputs, other, activation=activation, noise=noise)
    return KernelBlocks(decoder=blocks.decoder, mean=blocks.mean, scale=blocks.mean)


def erf_off(case: VaeCase) -> KernelBlocks:
    """The limit with every constant 6 % off where ψ = erf: an error that an average over all cases dilutes."""
    factor = 1.06 if case.problem.activation.name == "erf" else 1.0
    kernel = case.kernel
    return KernelBlocks(factor * kernel.decoder, factor * kernel.mean, factor * kernel.scale)


def units(cell: CellData) -> float:
    """Precision of one replicate: its variance is exactly proportional to 1/m."""
    return float(cell.width)


def learned(book: CaseBook, profile: Profile) -> Sequence[VaeCase]:
    """Those in which a scale block is there to be wrong about, at τ >= 0.5, wherever they stand in the book."""
    noises = [(case, case.problem.noise) for case in book.drawn]
    return [case for case, noise in noises if isinstance(noise, LearnedNoise) and noise.scale >= 0.5]


def _mean(name: str, block: str, sweep: Sweep, where: str) -> Criterion:
    asks = rf"$\mathbb{{E}}\,\Theta^{{{NAMES[block]}}}(0) = \Theta^{{{NAMES[block]}}}_\infty \otimes I_d$ {where}"
    measure = partial(block_ratio, block=block)
    return Criterion(name, asks, Constant(), sweep, measure, precision=units, ordinate="measured / predicted")


def _unit(block: str) -> Criterion:
    asks = rf"in every case, $\mathbb{{E}}\,\Theta^{{{NAMES[block]}}}$ of one unit, integrated over its weights by "
    asks += rf"quasi-Monte Carlo, is $\Theta^{{{NAMES[block]}}}_\infty$ within 2 % of its diagonal"
    return Criterion(f"unit-{block}", asks, Ceiling(0.02), QUASI_SWEEP, partial(unit_defect, block=block))


def _weights(block: str) -> Criterion:
    asks = rf"the weights of $W^{{{NAMES[block]}}}$ are drawn with the variance that the premises name, within 2 %"
    measure = partial(weight_variance, block=block)
    return Criterion(f"weights-{block}", asks, Constant(margin=0.02), NARROW_SWEEP, measure, ordinate="drawn / named")


def _fluctuation(sweep: Sweep) -> Criterion:
    return Criterion(
        "fluctuation",
        r"$\|\Theta(0) - \Theta_\infty \otimes I_d\|_F$ is of exact order $m^{-1/2}$",
        ExactOrder(-0.5),
        sweep,
        distance_from_limit,
        ordinate="relative distance",
    )


LOUD = variant(INITIAL_SWEEP, "loud-decoder", prepare=loud("decoder"))
LOUD_MEAN = variant(NARROW_SWEEP, "loud-mean", prepare=loud("mean"))
LOUD_SCALE = variant(replace(NARROW_SWEEP, cases=learned), "loud-scale", prepare=loud("scale"))
SILENT = variant(replace(INITIAL_SWEEP, cases=learned), "noise-ignored", prepare=noise_ignored)
MEAN_FIELD = variant(INITIAL_SWEEP, "mean-field", prepare=mean_field)

_ALL_WIDTHS = "over the ladder of widths"
_NARROW = "at width 16 already"

CHECK = Check(
    LEMMA1,
    (
        ReadingCheck(
            "convergence",
            (
                *(_mean(f"mean-{b}", b, INITIAL_SWEEP, _ALL_WIDTHS) for b in NAMES),
                *(_mean(f"narrow-{b}", b, NARROW_SWEEP, _NARROW) for b in NAMES),
                *(_unit(b) for b in NAMES),
                *(_weights(b) for b in NAMES),
                _fluctuation(INITIAL_SWEEP),
            ),
            (
                Control("constant", "the decoder's constant is off by 2.5 margins", "mean-decoder", margins=2.5),
                Control("no-noise", r"$h$ is predicted at $s = 0$", "narrow-decoder", {"limit": without_noise},
                        where=noise_takes),
                Control("shared-noise", "the noise is shared by all", "narrow-mean", {"limit": with_shared_noise}),
                Control("loud-decoder", "the decoder has variance 1.44", "mean-mean", sweep=LOUD),
                Control("no-scale-gradient", r"$h$ is taken at $s = 0$", "mean-scale", sweep=SILENT),
                Control("narrow-scale", "its constant is off by 2.5 margins", "narrow-scale", margins=2.5),
                Control("mean-field", "outputs are scaled by 1/m", "mean-decoder", sweep=MEAN_FIELD),
                Control("erf-off", "every constant of erf is off by 6 %", "unit-mean", {"limit": erf_off}),
                Control("unit-without-noise", r"$h$ is predicted at $s = 0$", "unit-decoder", {"limit": without_noise}),
                Control("unit-shared-noise", "the noise is shared by all", "unit-scale", {"limit": with_shared_noise}),
                Control("loud-weights", "the decoder has variance 1.44", "weights-decoder", sweep=LOUD),
                Control("loud-mean", r"$W^\mu$ has variance 1.44", "weights-mean", sweep=LOUD_MEAN),
                Control("loud-scale", r"$W^\sigma$ has variance 1.44 times that of the premises", "weights-scale",
                        sweep=LOUD_SCALE),
                Control("weights-mean", "the variance is off by 2.5 margins", "weights-mean", margins=2.5),
                Control("weights-scale", "the variance is off by 2.5 margins", "weights-scale", margins=2.5),
                Control("exponent", "the exponent is off by 2 margins", "fluctuation", margins=2.0),
            ),
        ),
        ReadingCheck(
            "deterministic-limit",
            tuple(
                Criterion(name, asks, Identity(1e-10), REFERENCE_SWEEP, partial(CellData.__getitem__, name=name))
                for name, asks in (
                    ("decoder", r"$\Theta^d_\infty$ without noise is the NNGP kernel of neural-tangents"),
                    ("total", r"$\Theta_\infty$ without noise is its NTK"),
                    ("scale", r"$\Theta^\sigma_\infty$ vanishes with the noise"),
                )
            ),
            (
                Control("noise-left", "a noise of 0.1 is left in", "decoder",
                        sweep=variant(REFERENCE_SWEEP, "noise-left", kernel=louder_noise)),
                Control("no-mean-block", r"$\Theta^\mu$ is left out", "total",
                        sweep=variant(REFERENCE_SWEEP, "no-mean-block", kernel=derivatives_forgotten)),
                Control("scale-stays", r"$\Theta^\sigma$ survives, as with shared noise", "scale",
                        sweep=variant(REFERENCE_SWEEP, "scale-stays", kernel=scale_as_mean)),
            ),
        ),
        ReadingCheck(
            "digits",
            (
                _mean("mean-decoder", "decoder", DIGITS_INITIAL_SWEEP, _ALL_WIDTHS),
                _mean("mean-mean", "mean", DIGITS_INITIAL_SWEEP, _ALL_WIDTHS),
                _fluctuation(DIGITS_INITIAL_SWEEP),
            ),
            (
                Control("constant", "the constant is off by 2.5 margins", "mean-decoder", margins=2.5),
                Control("no-noise", r"$h$ is predicted at $s = 0$", "mean-mean", {"limit": without_noise}),
                Control("exponent", "the exponent is off by 2 margins", "fluctuation", margins=2.0),
            ),
        ),
    ),
)  # fmt: skip
