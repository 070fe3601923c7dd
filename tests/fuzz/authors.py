"""What the author of a pack writes down: claims, criteria, controls, sweeps, profiles, exhibits, attacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np

from checks.case import VaeCase
from checks.own_data import case_from_data
from claimtest import cells, check, claim, exhibit, profile
from claimtest.attack import Attack, Found
from claimtest.criteria import Constant
from examples.du2019 import problem as du2019
from examples.du2019 import theory
from tests.claimtest.toy_pack import CLT_CHECK, FLIP, LLN_CHECK, PACK, SWEEP
from tests.fuzz.bad import Call
from theorems.setting import Problem

__all__ = ["AUTHORS"]

LLN, (PART, *_) = LLN_CHECK.claim, LLN_CHECK.readings
READING = {"id": "a", "title": "A", "statement": "$x$", "provenance": claim.Provenance.PAPER, "expected": None}
CLAIM = {
    "id": "a", "title": "A", "statement": "$x$", "formula": "x", "premises": ("p",), "provenance_note": "n",
    "provenance": (claim.Provenance.PAPER,), "readings": LLN.readings, "depends_on": (),
}  # fmt: skip
CRITERION = {
    "id": "c", "asks": "$x$", "law": Constant(1.0), "sweep": SWEEP, "measure": np.mean, "at": check.at_widest,
    "over": "cell", "precision": None, "abscissa": "m", "ordinate": "y",
}  # fmt: skip
CONTROL = {
    "id": "c", "states": "$x$", "aimed_at": "c", "ingredients": {"unit": 2.0}, "margins": 2.5, "law": None,
    "sweep": None, "where": bool,
}  # fmt: skip
PROFILE = {"name": "small", "cases": 2, "replicates": 4, "doublings": 3, "margins": {"order": 0.1}, "strict": True}
SAME = np.array([[1.0, 0.0], [0.6, 0.8]])
OWN = Problem(SAME, SAME)


def _ladder(base: Any, **of: Any) -> tuple[int, ...]:
    return profile.Profile(**of).ladder(base)


def _measured(example: Any, **of: Any) -> list[str]:
    return Attack(**of).measure(example).broken


AUTHORS = {
    "Reading": Call(claim.Reading, READING | {"because": "b"}),
    "Claim": Call(claim.Claim, CLAIM),
    "claim_graph": Call(lambda claims: len(claim.claim_graph(claims)), {"claims": (LLN,)}, covers=(claim.claim_graph,)),
    "Experiment": Call(cells.Experiment, {"id": "e", "run": FLIP.run, "cost": FLIP.cost}),
    "Sweep": Call(
        cells.Sweep,
        {"experiment": FLIP, "cases": list, "widths": list, "replicates": len, "block": 8},
    ),
    "Criterion": Call(check.Criterion, CRITERION),
    "Control": Call(check.Control, CONTROL),
    "ReadingCheck": Call(check.ReadingCheck, {"reading": "a", "criteria": PART.criteria, "controls": PART.controls}),
    "Check": Call(
        check.Check, {"claim": CLT_CHECK.claim, "readings": CLT_CHECK.readings, "shown": (SWEEP,), "attack": None}
    ),
    "Pack": Call(
        check.Pack,
        {
            "module": "m",
            "title": "t",
            "checks": PACK.checks,
            "cases": list,
            "packages": ("tests",),
            "cases_from_data": None,
            "reference": Path("x"),
        },
    ),
    "Pack, its questions": Call(lambda claim: PACK.check(claim), {"claim": "lln"}, covers=()),
    "Profile": Call(profile.Profile, PROFILE),
    "Profile.ladder": Call(_ladder, PROFILE | {"base": 64}, covers=()),
    "Exhibit": Call(
        exhibit.Exhibit,
        {
            "id": "e",
            "title": "t",
            "alt": "a",
            "data": {"x": [1.0]},
            "draw": None,
            "of_bound": False,
            "leads": True,
            "aspect": 0.6,
        },
    ),
    "Estimate": Call(
        lambda **cell: str(exhibit.Estimate(**cell)),
        {"value": 1.0, "low": 0.5, "high": 2.0, "marked": False},
        covers=(exhibit.Estimate,),
    ),
    "Attack": Call(
        _measured,
        {"bounds": {"b": "$x$"}, "examples": st.none(), "ratios": lambda x: {"b": x["y"]}, "example": {"y": 0.5}},
        kept=("examples", "example"),
        covers=(Attack, Found),
    ),
    "VaeCase": Call(
        VaeCase,
        {"problem": OWN, "base": 64, "origin": "drawn", "ladder": (8, 16), "stands_for": 1},
        kept=("problem",),
    ),
    "case_from_data": Call(
        lambda **data: case_from_data(**data).drawn[0].summary,
        {"inputs": SAME, "targets": SAME, "widths": (8, 64)},
        covers=(case_from_data,),
    ),
    "gram_limit": Call(theory.gram_limit, {"x": SAME}),
    "residual_limit": Call(
        theory.residual_limit, {"gram": np.eye(2), "start": np.ones((3, 2)), "time": np.array([0.0, 1.0])}
    ),
    "du2019.Problem": Call(du2019.Problem, {"id": "p", "inputs": SAME, "targets": np.ones(2)}),
    "draw_problems": Call(du2019.draw_problems, {"seed": 0}),
}
"""Constructors and what is asked of what they made. A mistake in a pack has to be told where it was written."""
