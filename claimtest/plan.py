"""The plan of a run: what it measures, what it is sized to detect and how long it takes, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tabulate import tabulate

from claimtest.cells import CellData
from claimtest.check import Criterion
from claimtest.criteria import Identity, Outcome, Probability, Samples
from claimtest.criteria.law import MISS, standard_errors_apart
from claimtest.criteria.probability import DROP, TOGETHER
from claimtest.criteria.student import StudentLaw
from claimtest.engine import Engine
from claimtest.profile import ALPHA, PROFILES, Profile
from claimtest.reference import Reference, Seen
from claimtest.session import Session

__all__ = ["Planned", "plan_text", "planned", "reference_of"]


def plan_text(session: Session, claims: Sequence[str]) -> str:
    """The profile's effects; cells and time per claim; sizes, region and detectable departure per criterion."""
    reference = Reference.read(session.pack.reference)
    return "\n\n".join(
        [_effects(session.profile), _costs(session, claims, reference), _criteria(session, claims, reference)]
    )


def _effects(profile: Profile) -> str:
    """Per margin: the half-width of the accepted region, and the departure that sizes are chosen to detect."""
    rows = [(name, f"± {margin:g}", f"{profile.effects[name]:g}") for name, margin in profile.margins.items()]
    rows.append(("probability", "from the stated one on", f"a drop by {DROP:g}"))
    return (
        f"{tabulate(rows, ('margin', 'accepted', 'detects'), disable_numparse=True)}\n\n"
        f"intervals at level {ALPHA:g}; what is detected comes out violated with probability {1 - MISS:g}"
    )


def _costs(session: Session, claims: Sequence[str], reference: Reference) -> str:
    """A line per claim. Cells that several claims share are counted with the first."""
    here = session.runner.store.speeds()
    timed = reference.with_speeds(here)
    counted: set[tuple[Any, ...]] = set()
    names: list[str] = []
    numbers: list[tuple[float, ...]] = []
    borrowed = False
    for claim in claims:
        cells = [c for c in session.engine.cells([claim]) if c.identity not in counted]
        counted |= {c.identity for c in cells}
        lacking = session.runner.missing(cells)
        seconds = sum(c.cost * timed.speed(c.experiment.id) for c in lacking)
        borrowed |= any(c.experiment.id not in here for c in lacking)
        names.append(claim)
        numbers.append((len(cells), len(lacking), sum(c.count for c in cells), seconds))
    whole = tuple(map(sum, zip(*numbers, strict=True)))
    lines = [
        (name, *map(str, row[:3]), _seconds(row[3]))
        for name, row in zip([*names, "all"], [*numbers, whole], strict=True)
    ]
    head = ("claim", "new cells", "to measure", "replicates", "core-seconds")
    if math.isnan(whole[3]):
        total = "time unknown before a first run"
    else:
        total = f"about {whole[3] / session.runner.jobs:.1f} s on {session.runner.jobs} processes"
        total += ", by the times of another machine" if borrowed else ""
    return f"{tabulate(lines, head, disable_numparse=True)}\n\n{session.profile.name} profile: {total}"


def _seconds(seconds: float) -> str:
    return "unknown" if math.isnan(seconds) else f"{seconds:.1f}"


def _criteria(session: Session, claims: Sequence[str], reference: Reference) -> str:
    rows = []
    for plan in planned(session, claims, reference):
        criterion, profile = plan.criterion, session.profile
        low, high = criterion.law.accepted(profile)
        effect, needed = criterion.law.must_detect(profile), plan.needed
        rows.append((
            plan.name, criterion.law.kind, *plan.sizes, f"[{low:.4g}, {high:.4g}]",
            "" if effect is None else f"{effect:.3g}", plan.detects, "" if needed is None else str(needed),
        ))  # fmt: skip
    head = ("criterion", "kind", "sizes", "replicates", "accepted", "must detect", "detects", "replicates needed")
    notes = (
        "sizes: cases × widths × replicates; detects: by the noise of this run where it is stored, else of the one "
        "named; needed: for what must be detected"
    )
    return f"{tabulate(rows, head, disable_numparse=True)}\n\n{notes}"


@dataclass(frozen=True)
class Planned:
    """A criterion with what it will look at and what was seen of its noise, ``outcome`` at this very profile."""

    session: Session
    claim: str
    reading: str
    criterion: Criterion
    outcome: Outcome | None
    seen: Seen | None

    @property
    def name(self) -> str:
        """claim/reading/criterion."""
        return f"{self.claim}/{self.reading}/{self.criterion.id}"

    def cells(self, profile: Profile) -> list[CellData]:
        """The cases and widths that the criterion looks at, without data."""
        sweep, check = self.criterion.sweep, self.session.pack.check(self.claim)
        cases = [
            c for c in sweep.chosen(self.session.engine.book, profile)
            if not check.out_of_scope(c) and sweep.replicates_of(c, profile)
        ]  # fmt: skip
        return list(self.criterion.at([CellData(case, w, {}) for case in cases for w in sweep.ladder(case, profile)]))

    def count(self, profile: Profile) -> int:
        """Replicates on all of them."""
        return sum(self.criterion.sweep.replicates_of(cell.case, profile) for cell in self.cells(profile))

    @property
    def sizes(self) -> tuple[str, str]:
        """Cases × widths × replicates, and their product."""
        profile = self.session.profile
        cells = self.cells(profile)
        if not cells:
            return "not run", ""
        cases = len({cell.case.id for cell in cells})
        widths = f"{len(cells) / cases:.3g}"
        return f"{cases} × {widths} × {self.count(profile) // len(cells)}", str(self.count(profile))

    @property
    def values(self) -> int:
        """How many values the replicates give, as many each as in the run that was seen; 0 if that cannot be said."""
        before = self.count(PROFILES[self.seen.profile]) if self.seen else 0
        return round(self.seen.n * self.count(self.session.profile) / before) if self.seen and before else 0

    @property
    def detects(self) -> str:
        """The departure that comes out violated, with the run whose noise says so where it is another one."""
        law, profile = self.criterion.law, self.session.profile
        if self.outcome is not None:
            return f"{self.outcome.detectable:.3g}"
        if isinstance(law, Identity | Probability):  # no noise to know
            cells = self.cells(profile)
            return f"{law.judge(_always(cells, self.criterion, profile), profile).detectable:.3g}" if cells else ""
        if self.seen is None or self.values < 2:
            return "unknown"
        return f"{law.detectable(self.values, self.seen.spread, profile):.3g} (from {self.seen.profile})"

    @property
    def needed(self) -> int | None:
        """The replicates that what must be detected takes, on the same cases and widths; None if nothing says."""
        profile, law = self.session.profile, self.criterion.law
        effect = law.must_detect(profile)
        if isinstance(law, Probability) and self.count(profile):  # no noise to know
            cases = len({cell.case.id for cell in self.cells(profile)})
            each = cases if law.in_every_case else 1
            level = ALPHA / each if law.in_every_case or cases == 1 else TOGETHER * ALPHA
            return each * law.needed(law.must_detect(profile), 0.0, profile, level)
        if self.seen is None or effect is None or self.values < 2 or not self.seen.spread > 0:
            return None
        values = self.criterion.law.needed(effect, self.seen.spread, profile)
        return math.ceil(values * self.count(profile) / self.values)


def _always(cells: Sequence[CellData], criterion: Criterion, profile: Profile) -> Samples:
    """The samples of an event that happens in every replicate, which is no defect either."""
    names = list(dict.fromkeys(cell.case.id for cell in cells))
    replicates = [criterion.sweep.replicates_of(cell.case, profile) for cell in cells]
    strata = np.repeat([names.index(cell.case.id) for cell in cells], replicates)
    return Samples(np.full(len(strata), float(isinstance(criterion.law, Probability))), strata, np.ones(len(strata)))


def planned(session: Session, claims: Sequence[str], reference: Reference) -> Iterator[Planned]:
    """Every criterion with what is known of its noise.

    The best is evidence that is stored for this profile, then noise recorded at it (not for a user's own data), then
    evidence of another profile.
    """
    here = session.profile.name
    others = [replace(session.engine, profile=p) for p in PROFILES.values() if p.name != here]
    for claim in claims:
        for part in session.pack.check(claim).readings:
            engine, outcomes = _stored(session, [session.engine, *others], claim, part.reading)
            for criterion in part.criteria:
                outcome = outcomes.get(criterion.id)
                known = reference.seen_at(f"{claim}/{part.reading}/{criterion.id}", here)
                stored = _seen(criterion, outcome, engine.profile) if outcome else None
                at_hand = [found for found in (stored, known) if found]
                if session.book is None:  # of a user's own data no noise is recorded
                    at_hand.sort(key=lambda found: found.profile != here)
                seen = at_hand[0] if at_hand else None
                yield Planned(
                    session, claim, part.reading, criterion, outcome if engine.profile.name == here else None, seen
                )


def _stored(
    session: Session, engines: Sequence[Engine], claim: str, reading: str
) -> tuple[Engine, Mapping[str, Outcome]]:
    """The first engine whose evidence is all there, with its outcomes."""
    for engine in engines:
        if not session.runner.missing(engine.cells([claim], [reading])):
            result = engine.judge_reading(claim, reading)
            return engine, {c.criterion.id: c.outcome for c in result.criteria if c.outcome}
    return engines[0], {}


def _seen(criterion: Criterion, outcome: Outcome, profile: Profile) -> Seen:
    """The spread for which the law's own arithmetic gives what the outcome says is detectable."""
    law, n, spread = criterion.law, outcome.n, outcome.spread
    if isinstance(law, StudentLaw):
        beyond = outcome.detectable - law.margin_of(profile)
        spread = beyond * math.sqrt(n) / standard_errors_apart(ALPHA, n)
    return Seen(profile.name, n, spread)


def reference_of(session: Session, claims: Sequence[str]) -> Reference:
    """The speeds, and the spreads at every profile, of what is stored, for a pack to ship."""
    seen: dict[str, list[Seen]] = {}
    parts = [(claim, part) for claim in claims for part in session.pack.check(claim).readings]
    for engine in (replace(session.engine, profile=p) for p in PROFILES.values()):
        for claim, part in parts:
            _, outcomes = _stored(session, [engine], claim, part.reading)
            judged = [c for c in part.criteria if c.id in outcomes]
            for criterion, found in ((c, _seen(c, outcomes[c.id], engine.profile)) for c in judged):
                if math.isfinite(found.spread):
                    seen.setdefault(f"{claim}/{part.reading}/{criterion.id}", []).append(found)
    return Reference(session.runner.store.speeds(), seen)
