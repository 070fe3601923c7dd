"""Figure 2 on trial: relative movement of the blocks on MNIST against a line with nothing fitted in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy import stats

from checks.case import CaseBook, VaeCase
from checks.experiments.images import MOVEMENT, PATIENCE
from checks.experiments.networks import loud, mean_field
from checks.images import AbsentImages, components, raw_pixels, unavailable
from checks.measures.images import Line, dotted, has, normalised, ratio, relative, steps_used
from checks.measures.widths import by_case
from checks.planning import quick_rungs, rungs, sweep, variant
from checks.scope import singular_limit
from claimtest.cells import CellData, Sweep
from claimtest.check import Check, Control, Criterion, Exhibit, ReadingCheck, View
from claimtest.criteria import Ceiling, Constant, ExactOrder
from claimtest.profile import Profile
from theorems.figure2 import FIGURE2
from theorems.limiting_kernel import KernelBlocks, limiting_kernel
from theorems.setting import FixedNoise, LearnedNoise

__all__ = ["CHECK", "MNIST_SWEEP", "RAW_SWEEP", "WIDEST_SWEEP", "figure"]

BLOCKS = {"mean": r"\mu", "scale": r"\sigma", "decoder": "d"}
"""Blocks with their superscripts."""

SIGNS = {"mean": ("W^μ", "C0", "o"), "scale": ("W^σ", "C1", "s"), "decoder": ("W^d", "C2", "^")}
"""How a picture tells the blocks apart: name, colour, marker."""

MNIST_WIDTHS = quick_rungs(0, 2, 5)
"""2⁸ .. 2¹⁰ at quick, 2⁸ .. 2¹³ in larger profiles."""


def widest(case: VaeCase, profile: Profile) -> Sequence[int]:
    """The last rung, where the constants are judged: a mean of few values is hard to be sure of, and more are taken."""
    return MNIST_WIDTHS(case, profile)[-1:]


MNIST_SWEEP = sweep(MOVEMENT, components, MNIST_WIDTHS, {"quick": 16, "standard": 16, "thorough": 16}, 4)
WIDEST_SWEEP = sweep(MOVEMENT, components, widest, {"quick": 32, "standard": 20, "thorough": 32}, 4)


def narrow_to_wide(case: VaeCase, profile: Profile) -> Sequence[int]:
    """64 .. 4096 in steps of four: from far below d = 784 to five times as many. The last takes minutes a seed."""
    return tuple(4**k for k in range(3, 7))


RAW_SWEEP = sweep(MOVEMENT, raw_pixels, narrow_to_wide, {"quick": 0, "standard": 0, "thorough": 2}, 1)


def out_of_scope(case: Any) -> str:
    """No images, or two that are parallel."""
    return unavailable(case) or singular_limit(case)


def without_mean_block(cell: CellData) -> Line:
    """Training under Θ∞ less its block Θ^μ."""
    kernel = cell.case.kernel
    return Line(kernel.decoder + kernel.scale, kernel)


def without_noise(cell: CellData) -> Line:
    """The deterministic network's kernel and its blocks."""
    p = cell.case.problem
    kernel = limiting_kernel(p.inputs, activation=p.activation, noise=FixedNoise(0.0))
    return Line(kernel.total, kernel)


def mean_in_place_of_scale(cell: CellData) -> Line:
    """Θ^μ where Θ^σ belongs."""
    kernel = cell.case.kernel
    return Line(kernel.total, KernelBlocks(kernel.decoder, kernel.mean, kernel.mean))


def scaled_by_width(cell: CellData) -> Line:
    """The kernel of outputs scaled by 1/m, which is Θ∞/m, with the blocks as they were."""
    return Line(cell.case.kernel.total / cell.width, cell.case.kernel)


def for_ever(cell: CellData) -> Float[ndarray, " R"]:
    """So many steps that every mode is fitted."""
    return np.full_like(cell["steps"], 1e7)


def _fixed(book: CaseBook, profile: Profile) -> Sequence[VaeCase | AbsentImages]:
    return components(book, profile)[1:2]


def _wrong(name: str, last: int, **ingredients: Any) -> Sweep:
    """A wrong network on the case with fixed noise, at the narrowest widths: what is false shows there already."""
    wrong = variant(MNIST_SWEEP, name, **ingredients)
    return dataclasses.replace(wrong, cases=_fixed, widths=rungs(0, last), replicates=lambda profile: 24)


LOUD = _wrong("loud-decoder", 0, prepare=loud("decoder"))
FROZEN = _wrong("frozen-decoder", 0, trainable=("mean",))
GIVEN_UP = _wrong("given-up", 0, patience=8)
RAW_GIVEN_UP = dataclasses.replace(
    RAW_SWEEP, experiment=GIVEN_UP.experiment, widths=lambda case, profile: narrow_to_wide(case, profile)[:1]
)
MEAN_FIELD = _wrong("mean-field", 1, prepare=mean_field)


def _order(block: str) -> Criterion:
    b = BLOCKS[block]
    asks = rf"the relative movement of $W^{b}$ over $\sqrt{{c^\top\Theta^{b}_\infty c}}$ is of exact order $m^{{-1/2}}$"
    measure = partial(normalised, block=block)
    return Criterion(f"order-{block}", asks, ExactOrder(-0.5), MNIST_SWEEP, measure, ordinate="normalised movement")


def _constant(block: str) -> Criterion:
    asks = rf"at the largest width the relative movement of $W^{BLOCKS[block]}$ is the dotted line"
    measure, law = partial(ratio, block=block), Constant(margin=0.05)
    return Criterion(f"constant-{block}", asks, law, WIDEST_SWEEP, measure, ordinate="measured / predicted")


def _stated_loss(of: Sweep) -> Criterion:
    asks = rf"gradient descent comes to the stated loss, $L \le L(0)/100$, before its {PATIENCE} steps are over"
    return Criterion("stated-loss", asks, Ceiling(), of, steps_used, ordinate="steps taken / allowed", accuracy=True)


def _given_up(sweep: Sweep) -> Control:
    return Control("given-up", "training is given up after eight steps", "stated-loss", sweep=sweep)


def exhibits(view: View, profile: Profile) -> Iterator[Exhibit]:
    """The figure, once for each case."""
    for cells in (*by_case(view(MNIST_SWEEP)), *by_case(view(RAW_SWEEP))):
        yield figure(cells)


def figure(cells: Sequence[CellData]) -> Exhibit:
    """Relative movement against the width, log-log: measured solid with intervals over seeds, predicted dotted."""
    case, blocks = cells[0].case, [block for block in BLOCKS if has(cells[0], block)]
    widths = [cell.width for cell in cells]
    data: dict[str, list[Any]] = {"width m": widths, "steps (mean)": [_rounded(c["steps"].mean()) for c in cells]}
    lines: dict[str, tuple[ndarray, ndarray, ndarray]] = {}
    for block in blocks:
        centre, reach = (np.array(v) for v in zip(*(_interval(relative(cell, block)) for cell in cells), strict=True))
        line = np.array([dotted(cell, block).mean() for cell in cells])
        lines[block], name = (centre, reach, line), SIGNS[block][0]
        data |= {
            f"{name} measured": _column(centre),
            f"{name} ± (95 %)": _column(reach),
            f"{name} predicted": _column(line),
            f"{name} measured / predicted": [_rounded(ratio(cell, block).mean()) for cell in cells],
        }

    def draw(axes: Any) -> None:
        axes.set_xscale("log")
        axes.set_yscale("log")
        for block, (centre, reach, line) in lines.items():
            (_, colour, marker), label = SIGNS[block], rf"$W^{BLOCKS[block]}$ measured"
            axes.errorbar(widths, centre, reach, color=colour, marker=marker, lw=1.8, capsize=3, label=label)
            axes.plot(widths, line, color="k", ls=":", lw=1.6, zorder=3)
        axes.plot([], [], color="k", ls=":", lw=1.6, label="predicted, nothing fitted")
        axes.set_xticks(widths, [str(m) for m in widths])
        axes.set_xlabel("width m")
        axes.set_ylabel("relative movement of the weights")
        axes.legend()

    raw = case.origin == "mnistraw"
    noise = f"learned noise {case.problem.noise.scale:g}, three blocks"
    if not isinstance(case.problem.noise, LearnedNoise):
        noise = f"fixed noise {case.problem.noise.scale:g}, two blocks"
    what = "raw pixels, not judged" if raw else "16 principal components"
    title = f"Figure 2 on MNIST: {what}, {case.problem.activation.name}, {noise}"
    worst = max(abs(ratio(cells[-1], block).mean() - 1) for block in blocks)
    alt = (
        f"Relative Frobenius movement of {' and '.join(SIGNS[b][0] for b in blocks)} against the width on logarithmic "
        f"axes, from width {widths[0]} to {widths[-1]}: measured with 95 % intervals over {len(cells[0]['steps'])} "
        f"seeds, and the predicted lines, dotted, which fall as one over the root of the width. At the largest width "
        f"measured and predicted differ by at most {worst:.1%}."
    )
    return Exhibit(f"movement-{case.id}", title, alt, data, draw)


def _interval(values: Float[ndarray, " R"]) -> tuple[float, float]:
    """Mean over seeds, and how far its 95 % interval reaches."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(values.mean()), float(stats.t.ppf(0.975, max(len(values) - 1, 1)) * error)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _column(values: ndarray) -> list[float]:
    return [_rounded(float(value)) for value in values]


def _off(block: str) -> Control:
    states = rf"the constant of $W^{BLOCKS[block]}$ is off by 2.5 margins"
    return Control(f"{block}-off", states, f"constant-{block}", margins=2.5)


def _steeper(block: str) -> Control:
    states = rf"the exponent of $W^{BLOCKS[block]}$ is off by 2 margins"
    return Control(f"{block}-steeper", states, f"order-{block}", margins=2.0)


CHECK = Check(
    FIGURE2,
    (
        ReadingCheck(
            "principal-components",
            (*map(_order, BLOCKS), *map(_constant, BLOCKS), _stated_loss(MNIST_SWEEP)),
            (
                *map(_off, BLOCKS),
                *map(_steeper, BLOCKS),
                Control("mean-field", "outputs are scaled by 1/m", "order-decoder", {"limit": scaled_by_width},
                        sweep=MEAN_FIELD),
                Control("no-mean-block", r"$\Theta^\mu$ is left out of the kernel that trains", "constant-decoder",
                        {"limit": without_mean_block}),
                Control("no-noise", r"the kernel is that of $h$ at $s = 0$", "constant-decoder",
                        {"limit": without_noise}),
                Control("wrong-block", r"$W^\sigma$ moves by $\Theta^\mu$", "constant-scale",
                        {"limit": mean_in_place_of_scale}),
                Control("for-ever", "training goes on until every mode is fitted", "constant-mean",
                        {"steps": for_ever}),
                Control("loud-decoder", "the decoder has variance 1.44", "constant-decoder", sweep=LOUD),
                Control("frozen-decoder", "the decoder is not trained", "constant-mean", sweep=FROZEN),
                _given_up(GIVEN_UP),
            ),
        ),
        ReadingCheck(
            "raw-pixels",
            (_stated_loss(RAW_SWEEP),),
            (_given_up(RAW_GIVEN_UP),),
        ),
    ),
    out_of_scope,
    exhibits,
)  # fmt: skip
