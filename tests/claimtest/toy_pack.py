"""A theory small enough to test the machinery with: the mean of m coin flips (±1) is of size m^(-1/2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np

from claimtest.attack import Attack
from claimtest.cells import CellData, Experiment, Sweep
from claimtest.check import Check, Control, Criterion, Exhibit, Pack, ReadingCheck, at_widest
from claimtest.claim import Claim, Provenance, Reading, Verdict
from claimtest.criteria import Constant, ExactOrder, Identity, OrderBound, Probability


@dataclass(frozen=True)
class Coin:
    """A coin with two faces; an ``edge`` coin is out of scope."""

    id: str
    base: int
    edge: bool = False

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr((self.id, self.base, self.edge)).encode()).hexdigest()

    @property
    def summary(self) -> dict[str, object]:
        return {"base": self.base}


def flip(case, width, seeds, device):
    """Mean of ``width`` flips per replicate, times a bias that a control passes."""
    flips = np.stack([np.random.default_rng(seed).choice([-1.0, 1.0], size=width) for seed in seeds])
    return {"mean": flips.mean(1), "square": (flips**2).mean(1), "running": np.cumsum(flips[:, :4], 1)}


def drifting_flip(case, width, seeds, device):
    return {name: values + 1.0 for name, values in flip(case, width, seeds, device).items()}


FLIP = Experiment("flip", flip, lambda case, width: width)
DRIFTING = Experiment("flip/drifting", drifting_flip, lambda case, width: width)


def coins(book, profile):
    return book


def ladder(case, profile):
    return profile.ladder(case.base)


SWEEP = Sweep(FLIP, coins, ladder, lambda profile: 4 * profile.replicates)
DRIFTING_SWEEP = Sweep(DRIFTING, coins, ladder, lambda profile: 4 * profile.replicates)


def root_mean_square(cell: CellData, unit: float = 1.0):
    m = cell["mean"].reshape(-1, 8)
    return np.sqrt((m**2).mean(1)) * unit


def scaled_square(cell: CellData, predicted: float = 1.0):
    return cell["mean"] ** 2 * cell.width / predicted


def within(cell: CellData, deviations: float = 6.0):
    return np.abs(cell["mean"]) < deviations / np.sqrt(cell.width)


LLN = Claim(
    id="lln",
    title="Law of large numbers <script>alert(1)</script>",
    statement=r"The mean of $m$ flips tends to $0$ & stays there.",
    formula=r"\frac{1}{m} \sum_{r=1}^{m} X_r \to 0",
    premises=(r"$X_r$ are independent", r"$\mathbb{E} X_r = 0$"),
    provenance=(Provenance.PAPER, Provenance.DERIVED),
    provenance_note="Bernoulli 1713.",
    readings=(
        Reading("bound", "Upper bound", r"$|\bar X| = O(m^{-1/2})$", Provenance.PAPER),
        Reading(
            "too-fast", "Faster than it is", r"$|\bar X| = O(1/m)$", Provenance.RECONSTRUCTED, Verdict.VIOLATED,
            because="the variance is exactly $1/m$",
        ),
    ),
)  # fmt: skip
CLT = Claim(
    id="clt",
    title="Variance",
    statement=r"$m \bar X^2$ has mean $1$.",
    formula=r"\mathbb{E}\,\bar X^2 = \frac{1}{m}",
    premises=(),
    provenance=(Provenance.DERIVED,),
    provenance_note="Independence.",
    readings=(Reading("exact", "Exact variance", r"$\mathbb{E} m \bar X^2 = 1$", Provenance.DERIVED),),
    depends_on=("lln",),
)


def out_of_scope(case: Coin) -> str:
    return "the coin stands on its edge" if case.edge else ""


def exhibits(view, profile):
    cells = view(SWEEP)
    widths = [cell.width for cell in cells]
    sizes = [float(np.abs(cell["mean"]).mean()) for cell in cells]
    table = {"case": [cell.case.id for cell in cells], "width": widths, "size": sizes}

    def draw(axes):
        axes.loglog(widths, sizes, "o", label="measured")
        axes.set_xlabel("flips m")
        axes.set_ylabel("mean size")
        axes.legend()

    yield Exhibit("size", "Size of the mean", "The mean size falls with the number of flips.", table, draw)
    yield Exhibit("table", "The same as a table", "A row per case and width.", table)


def parabola(example):
    """x(1 - x) over its true maximum 1/4 and over 1/5."""
    height = example["x"] * (1 - example["x"])
    return {"quarter": 4 * height} if example["sound"] else {"quarter": 4 * height, "fifth": 5 * height}


def parabolas(sound):
    return st.builds(lambda x, k: {"x": x / 1000, "k": k, "sound": sound}, st.integers(0, 1000), st.integers(0, 99))


SOUND = Attack({"quarter": "x(1 - x) ≤ 1/4"}, parabolas(True), parabola)
BROKEN = Attack({"quarter": "x(1 - x) ≤ 1/4", "fifth": "x(1 - x) ≤ 1/5"}, parabolas(False), parabola)

LLN_CHECK = Check(
    LLN,
    (
        ReadingCheck(
            "bound",
            (
                Criterion("size", r"size of the mean is $O(m^{-1/2})$", OrderBound(-0.5), SWEEP, root_mean_square),
                Criterion("flips", "a flip squared is 1", Identity(1e-12), SWEEP, lambda c: c["square"] - 1),
                Criterion("inside", "within 6 deviations", Probability(0.9), SWEEP,
                          within, at_widest),
            ),
            (
                Control("faster", "size is O(1/m)", "size", margins=2.5),
                Control("drift", "the mean drifts to 1", "size", sweep=DRIFTING_SWEEP),
                Control("narrow", "within a hundredth of a deviation", "inside", {"deviations": 0.01}),
            ),
        ),
        ReadingCheck(
            "too-fast",
            (Criterion("size", r"size of the mean is $O(1/m)$", OrderBound(-1.0), SWEEP, root_mean_square),),
        ),
    ),
    out_of_scope,
    exhibits,
    attack=SOUND,
)  # fmt: skip
CLT_CHECK = Check(
    CLT,
    (
        ReadingCheck(
            "exact",
            (
                Criterion("variance", r"mean of $m \bar X^2$ is 1", Constant(1.0, margin=0.25), SWEEP, scaled_square),
                Criterion("order", r"exactly $m^{-1/2}$", ExactOrder(-0.5), SWEEP, root_mean_square),
            ),
            (
                Control("double", "the variance is 2/m", "variance", ingredients={"predicted": 2.0}),
                Control("slower", "exponent off by two margins", "order", margins=2.0),
            ),
        ),
    ),
    out_of_scope,
)

PACK = Pack(
    module="tests.claimtest.toy_pack",
    title="Coins on trial",
    checks=(LLN_CHECK, CLT_CHECK),
    cases=lambda seed: tuple(Coin(f"coin-{k}", base=16 + 4 * k) for k in range(4)),
    packages=("tests",),
    cases_from_data=lambda inputs, targets, widths: (
        Coin("yours", base=(widths or (16, 0))[0], edge=bool(inputs[0, 0] < 0)),
    ),
)
