"""The public functions of claimtest/ that take words, numbers and paths from outside, with arguments that they take."""

from __future__ import annotations

from pathlib import Path

from claimtest import compare, options, packs, userdata
from claimtest.criteria.probability import clopper_pearson
from claimtest.report import latex, mathematics, wording
from tests.fuzz.bad import Call

__all__ = ["MACHINERY"]

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
