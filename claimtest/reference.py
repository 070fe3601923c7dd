"""What a pack knows before a user's first run: how long its experiments take, and how noisy its criteria are."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from claimtest.files import write_text

__all__ = ["Reference", "Seen"]


@dataclass(frozen=True)
class Seen:
    """A criterion's ``spread`` from ``n`` values at ``profile``: that of normal noise as hard to see through."""

    profile: str
    n: int
    spread: float


@dataclass(frozen=True)
class Reference:
    """Seconds per unit of cost by experiment, and what was ``seen`` of "claim/reading/criterion" at each profile."""

    speeds: Mapping[str, float] = field(default_factory=dict)
    seen: Mapping[str, Sequence[Seen]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> Reference:
        """The reference in that file; an empty one without a file. Raises ValueError or OSError on a damaged one."""
        if path is None:
            return cls()
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return cls(found["speeds"], {name: [Seen(**entry) for entry in made] for name, made in found["seen"].items()})

    def seen_at(self, criterion: str, profile: str) -> Seen | None:
        """What was seen of it at that profile, or else at the largest one recorded; None if nothing was."""
        recorded = self.seen.get(criterion, ())
        return next((seen for seen in recorded if seen.profile == profile), recorded[-1] if recorded else None)

    def speed(self, experiment: str) -> float:
        """Seconds per unit of cost; a variant "experiment/name" is as fast as what it varies. NaN if not timed."""
        return self.speeds.get(experiment, self.speeds.get(experiment.partition("/")[0], math.nan))

    def with_speeds(self, speeds: Mapping[str, float]) -> Reference:
        """The same with these speeds in place of its own, as those measured here are better."""
        return replace(self, speeds={**self.speeds, **speeds})

    def write(self, path: Path) -> None:
        """Write it, three digits each: more would differ from run to run."""
        entry = {
            "speeds": {name: _short(speed) for name, speed in sorted(self.speeds.items())},
            "seen": {
                name: [asdict(seen) | {"spread": _short(seen.spread)} for seen in made]
                for name, made in sorted(self.seen.items())
            },
        }
        write_text(path, json.dumps(entry, indent=1, allow_nan=False) + "\n")


def _short(value: float) -> float:
    return float(f"{value:.3g}")
