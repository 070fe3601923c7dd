"""The same claims under many root seeds: how often a verdict contradicts what is expected, or stays open."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tabulate import tabulate

from claimtest.claim import Verdict
from claimtest.criteria.probability import clopper_pearson
from claimtest.errors import UsageError
from claimtest.files import write_text
from claimtest.profile import Profile
from claimtest.results import ReadingResult, RunResult

__all__ = ["SeedRun", "Seeds"]


@dataclass(frozen=True)
class SeedRun:
    """What one run came to. Names are "claim/reading" and then, after another slash, a criterion or control.

    Only gated readings count: where no verdict is expected, none can contradict it, and none has to be reached.
    ``contradicted`` are readings with a verdict that is not the expected one, ``broken`` the criteria that made it so;
    ``undecided`` are readings left open, ``open`` the criteria; ``missed`` are controls that were not rejected.
    """

    seed: int
    seconds: float
    readings: int
    criteria: int
    controls: int
    contradicted: tuple[str, ...]
    broken: tuple[str, ...]
    undecided: tuple[str, ...]
    open: tuple[str, ...]
    missed: tuple[str, ...]

    @classmethod
    def of(cls, run: RunResult) -> SeedRun:
        """The run's tally."""
        named = [(f"{claim.claim.id}/{r.reading.id}", r) for claim, r in run.readings if r.gated]
        judged = [(name, c) for name, reading in named for c in reading.criteria if c.outcome is not None]
        tried = [(name, c) for name, r in named for c in r.controls if c.counts]
        return cls(
            run.seed,
            round(run.seconds, 1),
            sum(reading.verdict in (Verdict.HOLDS, Verdict.VIOLATED, Verdict.INCONCLUSIVE) for _, reading in named),
            len(judged),
            len(tried),
            tuple(name for name, reading in named if not reading.as_expected),
            tuple(f"{name}/{id_}" for name, reading in named for id_ in _against(reading)),
            tuple(name for name, reading in named if reading.verdict is Verdict.INCONCLUSIVE),
            tuple(f"{name}/{c.criterion.id}" for name, c in judged if c.verdict is Verdict.INCONCLUSIVE),
            tuple(f"{name}/{c.control.id}" for name, c in tried if not c.told),
        )

    def sound(self, strict: bool) -> bool:
        """Nothing contradicts and every control is rejected; strict: nothing is left open either."""
        return not (self.contradicted or self.missed or (strict and self.undecided))

    @property
    def line(self) -> str:
        """The run in a line."""
        return (
            f"seed {self.seed}: {len(self.contradicted)} of {self.readings} readings contradict, "
            f"{len(self.undecided)} inconclusive, {len(self.missed)} of {self.controls} controls not rejected, "
            f"{self.seconds:g} s"
        )


def _against(reading: ReadingResult) -> list[str]:
    """The criteria that speak against what is expected of the reading: all of them where it should be violated."""
    if reading.as_expected:
        return []
    other = Verdict.VIOLATED if reading.verdict is Verdict.VIOLATED else Verdict.HOLDS
    return [c.criterion.id for c in reading.criteria if c.verdict is other]


@dataclass(frozen=True)
class Seeds:
    """Runs at one profile under different root seeds."""

    profile: Profile
    runs: list[SeedRun]

    @property
    def sound(self) -> bool:
        """Whether every run is; at a strict profile nothing may be left open."""
        return all(run.sound(self.profile.strict) for run in self.runs)

    def text(self) -> str:
        """Tables in Markdown: a line per run, what was not as it should be and how often, and a sentence."""
        parts = [self._per_run(), self._per_name(), self._summary()]
        return "\n\n".join(part for part in parts if part)

    def _per_run(self) -> str:
        rows = []
        for run in self.runs:
            counts = (len(run.contradicted), len(run.undecided), len(run.open), run.controls, len(run.missed))
            rows.append((run.seed, run.readings, *counts, run.seconds))
        head = ("seed", "readings", "contradict", "inconclusive", "criteria open", "controls", "not rejected", "s")
        return tabulate(rows, head, "github")

    def _per_name(self) -> str:
        kinds = (("contradicts", "broken"), ("inconclusive", "open"), ("control not rejected", "missed"))
        rows = [
            (f"`{name}`", words, f"{count} of {len(self.runs)}")
            for words, attribute in kinds
            for name, count in _counted(getattr(run, attribute) for run in self.runs)
        ]
        return tabulate(rows, ("criterion or control", "what", "runs"), "github") if rows else ""

    def _summary(self) -> str:
        def of(events: int, trials: int, what: str) -> str:
            if not trials:
                return f"no {what}"
            _, high = clopper_pearson(events, trials, 0.1)  # one-sided, at 95 %
            return f"{events} of {trials} {what} (a rate of at most {high:.2g}, at 95 %)"

        readings, controls = (sum(getattr(run, name) for run in self.runs) for name in ("readings", "controls"))
        wrong, undecided, missed = (
            of(sum(len(getattr(run, name)) for run in self.runs), trials, what)
            for name, trials, what in (
                ("contradicted", readings, "verdicts contradict"),
                ("undecided", readings, "are inconclusive"),
                ("missed", controls, "controls were not rejected"),
            )
        )
        return f"{len(self.runs)} runs at {self.profile.name}: {wrong}; {undecided}; {missed}."

    def write(self, folder: Path) -> Path:
        """seeds-PROFILE.json and seeds-PROFILE.md, whose path is returned. Raises UsageError if that fails."""
        entry = {"schema": 1, "profile": self.profile.name, "sound": self.sound, "runs": [asdict(r) for r in self.runs]}
        page = folder / f"seeds-{self.profile.name}.md"
        try:
            write_text(page.with_suffix(".json"), json.dumps(entry, indent=1) + "\n")
            write_text(page, self.text() + "\n")
        except OSError as error:
            raise UsageError(f"cannot write {page}: {error.strerror or error}") from None
        return page


def _counted(names: Iterable[Sequence[str]]) -> list[tuple[str, int]]:
    """How many runs each name is in, the most frequent first."""
    return Counter(name for run in names for name in run).most_common()
