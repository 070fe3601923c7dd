"""Controls in words: how many came out as they must, of false variants and of true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimtest.judged import ControlResult
from claimtest.results import RunResult

__all__ = ["Tally", "controls_in_words", "tally"]


@dataclass(frozen=True)
class Tally:
    """How many false variants were ``rejected`` of those ``judged``, and how many ``true`` ones ``held``.

    ``idle`` are those that do not count: with an aim that was not judged or came out otherwise than expected.
    """

    rejected: int
    judged: int
    held: int
    true: int
    idle: int

    @property
    def complete(self) -> bool:
        """Whether every judged control came out as it must."""
        return (self.rejected, self.held) == (self.judged, self.true)

    @property
    def outcome(self) -> str:
        """What became of them: "3 of 4 rejected, 1 of 1 true holds"; "" if none was judged."""
        false = f"{self.rejected} of {self.judged} rejected" if self.judged else ""
        true = f"{self.held} of {self.true} true {'holds' if self.true == 1 else 'hold'}" if self.true else ""
        return ", ".join(filter(None, (false, true)))


def tally(controls: Sequence[ControlResult]) -> Tally:
    """Count the controls."""
    judged = [c for c in controls if c.counts]
    false, true = ([c.told is True for c in judged if c.control.true is kind] for kind in (False, True))
    return Tally(sum(false), len(false), sum(true), len(true), len(controls) - len(judged))


def controls_in_words(run: RunResult) -> list[str]:
    """A sentence on the false variants and, where there are any, one on the true ones."""
    count = tally([control for _, reading in run.readings for control in reading.controls])
    return [_false(count), *([_true(count)] if count.true else [])]


def _false(count: Tally) -> str:
    if not count.judged:
        return "No control was judged."
    if count.rejected == count.judged:
        number_of = "The only control" if count.judged == 1 else f"Every one of {count.judged} controls"
        return f"{number_of} (variants known to be false) was rejected{_idle(count)}."
    missed = f"{count.judged - count.rejected} of {count.judged} controls (variants known to be false)"
    return f"{missed} were not rejected{_idle(count)}."


def _true(count: Tally) -> str:
    what = "true variants of what is expected to be violated"
    return f"{count.held} of {count.true} controls that are {what} {'holds' if count.true == 1 else 'hold'}."


def _idle(count: Tally) -> str:
    if not count.idle:
        return ""
    are = "is" if count.idle == 1 else "are"
    return f"; {count.idle} more {are} not counted, aimed at what is not judged or does not hold here"
