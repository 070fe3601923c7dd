"""The public functions of claimtest/ that take words, numbers and paths from outside, with arguments that they take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from claimtest import compare, options, packs, userdata
from claimtest.criteria import (
    AtLeast,
    AtMost,
    Ceiling,
    Constant,
    ExactOrder,
    Identity,
    Law,
    OrderBound,
    Probability,
    Samples,
    Trend,
)
from claimtest.criteria.mean import mean_interval
from claimtest.criteria.order import fit_slope
from claimtest.criteria.probability import clopper_pearson
from claimtest.profile import PROFILES
from claimtest.report import latex, mathematics, wording
from tests.fuzz.bad import Call

__all__ = ["CRITERIA", "MACHINERY"]

QUICK = PROFILES["quick"]
COLUMNS = {
    "values": np.exp(np.random.default_rng(0).normal(0, 0.1, 24)),
    "strata": np.repeat(np.arange(2), 12),
    "abscissa": np.tile(np.repeat([8.0, 16.0, 32.0], 4), 2),
    "weights": np.linspace(1, 2, 24),
}


def _asked(law: type[Law], **statement: Any) -> Call:
    """What a law with this statement says of samples, and how many it would need; both can be spoiled."""

    def ask(values: Any, strata: Any, abscissa: Any, weights: Any, departure: Any, **stated: Any) -> tuple[str, int]:
        asked = law(**stated)
        verdict = asked.judge(Samples(values, strata, abscissa, weights), QUICK).verdict
        return str(verdict), asked.needed(departure, 1.0, QUICK)

    return Call(ask, {**COLUMNS, "departure": 0.5, **statement})


def _of_samples(function: Callable[[Samples], object]) -> Call:
    return Call(lambda **columns: str(function(Samples(**columns))), COLUMNS)


CRITERIA = {
    "Constant": _asked(Constant, value=1.0, margin=0.05),
    "AtLeast": _asked(AtLeast, bound=0.5, effect=0.1),
    "AtMost": _asked(AtMost, bound=2.0, effect=0.1),
    "ExactOrder": _asked(ExactOrder, order=0.0, margin="order"),
    "OrderBound": _asked(OrderBound, order=0.0, truth=-0.5, margin="order"),
    "Trend": _asked(Trend, bound=-1.0, ratio=2.0, effect=0.1),
    "Probability": _asked(Probability, at_least=0.9, in_every_case=False),
    "Identity": _asked(Identity, tolerance=1e-10),
    "Ceiling": _asked(Ceiling, tolerance=2.0),
    "fit_slope": _of_samples(fit_slope),
    "mean_interval": _of_samples(lambda samples: mean_interval(samples, 0.05)),
}
"""Laws, each with its statement, on samples that do and do not fit together."""

MACHINERY = {
    "prose": Call(mathematics.prose, {"text": "so $x$"}, kept=()),
    "display": Call(mathematics.display, {"tex": "x"}, kept=()),
    "plain": Call(mathematics.plain, {"text": "so $x$"}, kept=()),
    "tex": Call(latex.tex, {"text": "so $x$"}, kept=()),
    "anchor": Call(lambda part: wording.anchor(part), {"part": "lemma1"}, kept=()),
    "clopper_pearson": Call(clopper_pearson, {"successes": 3, "n": 5, "alpha": 0.05}),
    "read_widths": Call(userdata.read_widths, {"text": "64:128"}),
    "read_matrix": Call(lambda name: userdata.read_matrix(Path(name)), {"name": __file__}, kept=()),
    "read_report": Call(lambda name: compare.read_report(Path(name)), {"name": __file__}),
    "profile_named": Call(options.profile_named, {"name": "quick"}),
    "whole_number": Call(options.whole_number, {"text": "3", "option": "--jobs", "least": 1}, kept=("option", "least")),
    "device_named": Call(options.device_named, {"name": "cpu"}),
    "writable_folder": Call(lambda name: options.writable_folder(Path(name)), {"name": "/proc/none"}),
    "load_pack": Call(packs.load_pack, {"module": "tests.claimtest.toy_pack"}),
}
