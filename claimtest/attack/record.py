"""The file of an example: JSON that says what was attacked, what was found and with which versions."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimtest.attack.attack import Attack, Found
from claimtest.check import Pack
from claimtest.errors import UsageError
from claimtest.files import write_text
from claimtest.packs import near_matches

__all__ = ["Record", "attack_on"]

SCHEMA = 1


def attack_on(pack: Pack, claim: str) -> Attack:
    """The attack on that claim. Raises UsageError, with the claims that can be attacked, if there is none."""
    offered = {check.claim.id: check.attack for check in pack.checks if check.attack is not None}
    if claim in offered:
        return offered[claim]
    known = [check.claim.id for check in pack.checks]
    if claim not in known:
        raise UsageError(f"unknown claim {claim!r}{near_matches(claim, known)}")
    those = f"those that are: {', '.join(offered)}" if offered else "no claim of this pack is"
    raise UsageError(f"claim {claim!r} is not open to attack ({those})")


@dataclass(frozen=True)
class Record:
    """An example of ``claim`` with its ratios. ``how`` tells how it was found: seed, examples tried, versions."""

    claim: str
    found: Found
    how: Mapping[str, Any]

    def write(self, file: Path, bounds: Mapping[str, str]) -> None:
        """Write it. Floats have the digits that make them the same again. Raises UsageError if that fails."""
        entry = {
            "schema": SCHEMA,
            "claim": self.claim,
            "bounds": dict(bounds),
            "ratios": {name: _written(ratio) for name, ratio in self.found.ratios.items()},
            "example": self.found.example,
            "found": dict(self.how),
        }
        try:
            write_text(file, json.dumps(entry, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror or error}") from None

    @classmethod
    def read(cls, file: Path) -> Record:
        """What such a file holds. Raises UsageError, in one line, if it cannot be read or is no such file."""
        try:
            entry = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{file} is not JSON: {error}") from None
        try:
            if entry["schema"] != SCHEMA:
                raise UsageError(f"{file} has schema {entry['schema']}, this version reads {SCHEMA}")
            ratios = {str(name): float(ratio) for name, ratio in entry["ratios"].items()}
            return cls(str(entry["claim"]), Found(entry["example"], ratios), dict(entry.get("found", {})))
        except KeyError as error:
            raise UsageError(f"{file} is not what attack writes: it has no {error}") from None
        except (TypeError, AttributeError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{file} is not what attack writes: {_in_words(error)}") from None

    def again(self, attack: Attack) -> Found:
        """The same example measured now. Raises UsageError if the attack does not know such an example."""
        try:
            return attack.measure(self.found.example)
        except KeyError as error:
            raise UsageError(f"no example of {self.claim}: it has no {error}") from None
        except (ValueError, TypeError) as error:
            raise UsageError(f"no example of {self.claim}: {_in_words(error)}") from None


def _in_words(error: Exception) -> str:
    """What is wrong with a file: Python's own words only where they are meant for readers."""
    return str(error) if isinstance(error, ValueError) else "something in it is of another kind than it should be"


def _written(ratio: float) -> float | str:
    """JSON knows no infinity: "inf" there, which float() reads."""
    return ratio if math.isfinite(ratio) else str(ratio)
