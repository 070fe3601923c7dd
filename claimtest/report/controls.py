"""Controls in words: how many came out as they must, of false variants and of true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimtest.judged import ControlResult
from claimtest.results import RunResult

__all__ = ["Tally", "controls_in_words", "tally"]


@dataclass(frozen=True)
class Tally:
    """How many controls were ``told`` of those judged, and how many were idle (not run, or their aim otherwise).

    ``true``: they are true variants, which have to hold; those of one reading are all so, or all false.
    """

    told: int
    judged: int
    idle: int
    true: bool = False

    @property
    def complete(self) -> bool:
        """Whether every judged control was told."""
        return self.told == self.judged

    @property
    def outcome(self) -> str:
        """What became of them: "3 of 4 rejected", or "hold" for true variants; "" if none was judged."""
        return f"{self.told} of {self.judged} {'hold' if self.true else 'rejected'}" if self.judged else ""


def tally(controls: Sequence[ControlResult]) -> Tally:
    """Count controls of one kind."""
    judged = [c for c in controls if c.counts and c.outcome is not None]
    true = any(c.control.true for c in controls)
    return Tally(sum(c.told is True for c in judged), len(judged), len(controls) - len(judged), true)


def controls_in_words(run: RunResult) -> list[str]:
    """A sentence on the false variants and, where there are any, one on the true ones."""
    controls = [control for _, reading in run.readings for control in reading.controls]
    false, true = (tally([c for c in controls if c.control.true is kind]) for kind in (False, True))
    return [_false(false), *([_true(true)] if true.judged else [])]


def _false(count: Tally) -> str:
    if not count.judged:
        return "No control was judged."
    if count.complete:
        number_of = "The only control" if count.judged == 1 else f"Every one of {count.judged} controls"
        return f"{number_of} (variants known to be false) was rejected{_idle(count)}."
    missed = f"{count.judged - count.told} of {count.judged} controls (variants known to be false)"
    return f"{missed} were not rejected{_idle(count)}."


def _true(count: Tally) -> str:
    what = "true variants of what is expected to be violated"
    return f"{count.told} of {count.judged} controls that are {what} {'holds' if count.judged == 1 else 'hold'}."


def _idle(count: Tally) -> str:
    if not count.idle:
        return ""
    are = "is" if count.idle == 1 else "are"
    return f"; {count.idle} more {are} not counted, aimed at what is not judged or does not hold here"
