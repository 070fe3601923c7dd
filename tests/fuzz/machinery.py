"""The public functions of claimtest/ that take words, numbers and paths from outside, with arguments that they take."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from claimtest import compare, evidence, executors, files, notebook, options, packs, userdata
from claimtest.attack.record import Record
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
from claimtest.report import figure, latex, markdown, mathematics, summary, wording
from claimtest.report.calibration import read_calibration
from claimtest.visible import visible
from tests.claimtest.toy_pack import PACK
from tests.claimtest.toy_run import toy_run
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
    "Probability": _asked(Probability, at_least=0.9, in_every_case=False, values=COLUMNS["values"] > 1),
    "Identity": _asked(Identity, tolerance=1e-10),
    "Ceiling": _asked(Ceiling, tolerance=2.0, departure=2.5),
    "fit_slope": _of_samples(fit_slope),
    "mean_interval": _of_samples(lambda samples: mean_interval(samples, 0.05)),
}
"""Laws, each with its statement, on samples that do and do not fit together."""


def _at(function: Callable[[Path], Any]) -> Callable[[str], Any]:
    return lambda name: function(Path(name))


def _written(path: Path, text: str) -> None:
    with contextlib.suppress(OSError):  # as it says
        files.write_text(path, text)


def _stored(name: str) -> int:
    with evidence.EvidenceStore(Path(name), say=lambda line: None) as store:
        return len(store.load(["key"]))


TLS = {f"tls-{part}": None for part in ("ca-file", "cert", "key")}

MACHINERY = {
    "prose": Call(mathematics.prose, {"text": "so $x$"}, kept=()),
    "display": Call(mathematics.display, {"tex": "x"}, kept=()),
    "plain": Call(mathematics.plain, {"text": "so $x$"}, kept=()),
    "tex": Call(latex.tex, {"text": "so $x$"}, kept=()),
    "anchor": Call(lambda part: wording.anchor(part), {"part": "lemma1"}, kept=(), covers=(wording.anchor,)),
    "cell": Call(wording.cell, {"value": 1.5}),
    "text": Call(markdown.text, {"words": "so $x$"}),
    "safe_label": Call(figure.safe_label, {"text": "so $x$"}),
    "visible": Call(visible, {"text": "so"}),
    "matrices_html": Call(notebook.matrices_html, {"title": "Θ", "blocks": {"mean": np.eye(2)}}, kept=("blocks",)),
    "job_summary": Call(
        lambda most: summary.job_summary(toy_run(), most), {"most": 9000}, covers=(summary.job_summary,)
    ),
    "clopper_pearson": Call(clopper_pearson, {"successes": 3, "n": 5, "alpha": 0.05}),
    "read_widths": Call(userdata.read_widths, {"text": "64:128"}),
    "read_matrix": Call(_at(userdata.read_matrix), {"name": __file__}, kept=(), covers=(userdata.read_matrix,)),
    "read_report": Call(_at(compare.read_report), {"name": __file__}, covers=(compare.read_report,)),
    "read_calibration": Call(_at(read_calibration), {"name": "folder"}, covers=(read_calibration,)),
    "Record.read": Call(_at(Record.read), {"name": __file__}, covers=(Record,)),
    "EvidenceStore": Call(_stored, {"name": "evidence.sqlite"}, covers=(evidence.EvidenceStore,)),
    "write_text": Call(
        lambda name, text: _written(Path(name), text), {"name": "a.txt", "text": "x"}, covers=(files.write_text,)
    ),
    "profile_named": Call(options.profile_named, {"name": "quick"}),
    "whole_number": Call(options.whole_number, {"text": "3", "option": "--jobs", "least": 1}, kept=("option", "least")),
    "positive_number": Call(options.positive_number, {"text": "3", "option": "--minutes"}, kept=("option",)),
    "device_named": Call(options.device_named, {"name": "cpu"}, covers=(options.device_named, options.known_device)),
    "folder_named": Call(options.folder_named, {"name": "claims-out"}),
    "writable_folder": Call(_at(options.writable_folder), {"name": "/proc/none"}, covers=(options.writable_folder,)),
    "choice_of": Call(
        lambda **given: executors.choice_of(given | TLS),
        {"executor": "dask", "scheduler": "tcp://127.0.0.1:1", "scheduler-timeout": "3"},
        covers=(executors.choice_of, executors.Choice),
    ),
    "near_matches": Call(
        lambda name: packs.near_matches(name, ["lemma1"]), {"name": "lema1"}, covers=(packs.near_matches,)
    ),
    "select_claims": Call(
        lambda name: packs.select_claims(PACK, [name]), {"name": "lln"}, covers=(packs.select_claims,)
    ),
    "load_pack": Call(packs.load_pack, {"module": "tests.claimtest.toy_pack"}),
}
