"""What became of a criterion and of a control, in the shape of report.json."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from claimtest.check import Control, Criterion
from claimtest.claim import Verdict
from claimtest.criteria import Outcome, Samples
from claimtest.shown import Shown

__all__ = ["ControlResult", "CriterionResult"]


@dataclass(frozen=True)
class CriterionResult(Shown):
    """A criterion with its outcome, or with the reason why it was not run.

    ``used`` is the share of its bound that the median replicate used, and the largest. ``too_little``: it was part of
    the run, but no case gave its law enough to look at.
    """

    criterion: Criterion
    outcome: Outcome | None
    samples: Samples | None
    why_not: str = ""
    used: tuple[float, float] | None = None
    too_little: bool = False

    @property
    def verdict(self) -> Verdict:
        """The outcome's verdict."""
        return self.outcome.verdict if self.outcome else Verdict.NOT_RUN

    def to_json(self) -> dict[str, Any]:
        """The criterion's entry in report.json."""
        head = {"id": self.criterion.id, "kind": self.criterion.law.kind, "asks": self.criterion.asks}
        if self.outcome is None:
            return head | {"verdict": str(self.verdict), "why_not": self.why_not}
        o = self.outcome
        return (
            head
            | {
                "verdict": str(o.verdict),
                "estimate": _number(o.estimate),
                "interval": [_number(v) for v in o.interval],
                "accepted": [_number(v) for v in o.accepted],
                "detectable": _number(o.detectable),
                "n": o.n,
                "note": o.note,
            }
            | ({"used": {"median": _number(self.used[0]), "largest": _number(self.used[1])}} if self.used else {})
        )


@dataclass(frozen=True)
class ControlResult:
    """A control with the outcome of the criterion it was aimed at; ``discounted`` says why it does not count.

    ``idle``: the criterion finds the unchanged experiment violated in the same cells, so that its verdict on the
    control shows nothing.
    """

    control: Control
    outcome: Outcome | None
    discounted: str = ""
    why_not: str = ""
    idle: bool = False
    samples: Samples | None = None

    @property
    def counts(self) -> bool:
        """Whether the gate looks at it."""
        return not self.discounted

    @property
    def told(self) -> bool | None:
        """Whether the criterion told the variant from what the reading says; None if it was not run.

        A false variant is found violated, by a number and where the unchanged experiment is not; a true one holds.
        """
        o = self.outcome
        return o and o.verdict is self.control.must and not self.idle and not o.undefined

    @property
    def missed(self) -> bool:
        """Whether it counts and was not told: one that found no case shows nothing either."""
        return self.counts and not self.told

    @property
    def words(self) -> str:
        """What became of it."""
        told, untold = ("holds", "does not hold") if self.control.true else ("rejected", "not rejected")
        return told if self.told else untold

    def to_json(self) -> dict[str, Any]:
        """The control's entry in report.json: ``rejected`` of a false variant, ``holds`` of a true one."""
        o = self.outcome
        return {
            "id": self.control.id,
            "states": self.control.states,
            "aimed_at": self.control.aimed_at,
            "holds" if self.control.true else "rejected": self.told,
            "counts": self.counts,
            "discounted": self.discounted,
            "estimate": _number(o.estimate) if o else None,
            "interval": [_number(v) for v in o.interval] if o else None,
            "accepted": [_number(v) for v in o.accepted] if o else None,
            "why_not": self.why_not,
        }


def _number(value: float) -> float | None:
    """JSON knows no infinity and no NaN: null there."""
    return float(value) if math.isfinite(value) else None
