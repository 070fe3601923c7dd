"""The search: Hypothesis pushes ratios up, then shrinks an example that is nearly as bad as the worst."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings, target
from hypothesis.errors import NoSuchExample

from claimtest.attack.attack import Attack, Example, Found

__all__ = ["NEARLY", "Round", "Search", "Stop", "Tell"]

NEARLY = 0.99
"""An example that is shrunk keeps this share of the worst ratio."""

FIRST_ROUND = 250
"""Examples of the first round; every other one is twice as long as the one before, and climbs as much higher."""

_LARGEST = 1e9
"""Larger ratios are all alike to the hill climber, which takes finite numbers only."""


@dataclass(frozen=True)
class Round:
    """One search of Hypothesis from ``seed``: fresh draws, then hill climbing from the worst of them, by every bound.

    What was ``known`` of it, by the text of the example, makes it repeat itself without measuring again.
    """

    seed: int
    length: int
    known: dict[str, Found] = field(default_factory=dict)

    def run(self, attack: Attack, condition: Callable[[Any], bool], *more: Phase) -> Any:
        """The simplest example found that meets the condition; None if none does."""
        how = settings(
            max_examples=self.length,
            phases=(Phase.generate, Phase.target, *more),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType] (an iterable class)
        )
        try:
            return find(attack.examples, condition, settings=how, random=Random(self.seed))
        except NoSuchExample:
            return None


@dataclass
class Search:
    """A search from ``seed``: how many examples were ``tried`` and the ``worst`` by each bound.

    Interrupt it and what was found so far is there to be shrunk.
    """

    attack: Attack
    seed: int = 0
    tried: int = 0
    worst: dict[str, Found] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)

    @property
    def found(self) -> Found:
        """The example with the largest ratio of all. Raises ValueError before anything was measured."""
        return max(self.worst.values(), key=lambda found: found.ratio)

    def climb(self, over: Stop, tell: Tell = lambda search: None) -> None:
        """Push every ratio up until ``over(self)``, which is asked, like ``tell``, for each example."""
        while not over(self):
            here = Round(self.seed + len(self.rounds), FIRST_ROUND * 2 ** len(self.rounds))
            self.rounds.append(here)

            def higher(example: Example, here: Round = here) -> bool:
                if not over(self):  # else the rest of the round is drawn, not measured
                    _aim(self._measured(example, here))
                    tell(self)
                return False

            here.run(self.attack, higher)

    def shrink(self, over: Stop, tell: Tell = lambda search: None) -> Found:
        """The simplest example found that is within 1 % of the worst, and breaks a bound if the worst does.

        The round in which the worst was met is run again, which leads there, and goes on to shrink until ``over``. What
        turns out to be worse on the way is kept as it is. Raises ValueError before anything was measured.
        """
        worst = self.found
        least = max(NEARLY * worst.ratio, math.nextafter(1, 2)) if worst.broken else NEARLY * worst.ratio
        here = next(r for r in self.rounds if _text(worst.example) in r.known)
        again = set(here.known)

        def nearly(example: Example) -> bool:
            if _text(example) not in here.known and over(self):
                return False  # what was accepted stays accepted, so shrinking ends where it stands
            found = self._measured(example, here)
            if _text(example) in again:
                _aim(found)
            tell(self)
            return found.ratio >= least

        simplest = here.run(self.attack, nearly, Phase.shrink)
        kept = worst if simplest is None else here.known[_text(simplest)]
        return kept if kept.ratio >= NEARLY * self.found.ratio or kept.broken else self.found

    def _measured(self, example: Example, here: Round) -> Found:
        """Measure an example, unless that was done, and remember it if it is worse than those before."""
        text = _text(example)
        if text not in here.known:
            found = here.known[text] = self.attack.measure(example)
            self.tried += 1
            for name, ratio in found.ratios.items():
                if name not in self.worst or ratio > self.worst[name].ratios[name]:
                    self.worst[name] = found
        return here.known[text]


Stop = Callable[[Search], bool]
"""Whether the search has gone on for long enough."""

Tell = Callable[[Search], object]
"""Told of every example that is measured."""


def _aim(found: Found) -> None:
    """Tell Hypothesis how high this example lies by each bound."""
    for name, ratio in found.ratios.items():
        target(min(ratio, _LARGEST), label=name)


def _text(example: Example) -> str:
    return json.dumps(example, sort_keys=True)
