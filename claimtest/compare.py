"""What moved between two reports: verdicts that differ, and estimates that left each other's intervals."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from claimtest.claim import Verdict
from claimtest.errors import UsageError
from claimtest.visible import visible

__all__ = ["Change", "changes", "changes_table", "circumstances", "read_report"]

SCHEMA = 1


@dataclass(frozen=True)
class Change:
    """One thing that two reports say differently: ``where`` claim/reading/criterion, what it was and what it is."""

    where: str
    what: str
    before: str
    after: str


def read_report(path: Path) -> dict[str, Any]:
    """A report.json. Raises UsageError, in one line, if the file cannot be read or is none."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not a report.json: it is not JSON") from None
    if not isinstance(report, dict) or not isinstance(report.get("claims"), list):
        raise UsageError(f"{path} is not a report.json: it lists no claims")
    if report.get("schema") != SCHEMA:
        raise UsageError(f"{path} has schema {report.get('schema')!r}; this version reads schema {SCHEMA}")
    try:
        _read_all(report)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        raise UsageError(f"{path} is not a report.json: what it lists is no claim that was judged") from None
    return report


def _no_number(word: str) -> float:
    """Refuse NaN and Infinity, which are no JSON and which no report holds."""
    raise ValueError(f"{word} is not JSON")


def _read_all(report: Mapping[str, Any]) -> None:
    """Read whatever a comparison may read. Raises almost anything if something is not there or no number."""
    for key, item in _items(report):
        _place(key)
        _state(item)
        for verdict in (item.get("verdict"), item.get("expected")):
            if verdict is not None:
                Verdict(verdict)
        if item.get("interval"):
            _estimate(item)
        if item.get("accepted"):
            _ends(item["accepted"])
    list(map(str, report.get("failed", ())))


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every difference that matters, in the order of the new report; what is only in one of them comes last.

    Verdicts (of claims, readings, criteria), what is expected or accepted and the fate of controls count if they
    differ; estimates if their intervals are disjoint: two honest runs with other seeds differ inside them. Claims that
    a mistake left without a result are gone, and the mistake is a change of its own.
    """
    before, after = dict(_items(old)), dict(_items(new))
    both = [key for key in after if key in before]
    found = [change for key in both for change in _differences(key, before[key], after[key])]
    if old.get("profile") == new.get("profile"):  # else margins differ by design
        found += [change for key in both for change in _moved_goal(key, before[key], after[key])]
    was, now = (list(map(str, report.get("failed", ()))) for report in (old, new))
    found += [Change("run", "mistake", "", error) for error in now if error not in was]
    found += [Change("run", "mistake", error, "") for error in was if error not in now]
    found += [Change(_place(key), "new", "", _state(after[key])) for key in after if key not in before]
    found += [Change(_place(key), "gone", _state(before[key]), "") for key in before if key not in after]
    return found


def changes_table(found: list[Change]) -> str:
    """The changes, a line each."""
    rows = [(c.where, c.what, c.before, c.after) for c in found]
    return visible(tabulate(rows, ("where", "what", "before", "after"), disable_numparse=True))


def circumstances(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What two runs do not have in common (theory, profile, root seed, versions), a line each; not itself a change."""
    before, after = _circumstances(old), _circumstances(new)
    rows = [(name, before.get(name, "none"), after.get(name, "none")) for name in dict.fromkeys([*before, *after])]
    return visible("\n".join(f"not the same {name}: {old}, now {new}" for name, old, new in rows if old != new))


def _circumstances(report: Mapping[str, Any]) -> dict[str, str]:
    versions = report.get("versions")
    named = {
        f"version of {name}": version for name, version in (versions if isinstance(versions, dict) else {}).items()
    }
    own = {name: report.get(key) for name, key in (("theory", "title"), ("profile", "profile"), ("root seed", "seed"))}
    return {name: str(value) for name, value in (own | named).items() if value is not None}


Key = tuple[str, ...]
"""("claim", …), ("reading", …), ("criterion", …) or ("control", …), with the ids from the claim downwards."""


def _items(report: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for claim in report["claims"]:
        yield ("claim", claim["id"]), claim
        for reading in claim["readings"]:
            yield ("reading", claim["id"], reading["id"]), reading
            for kind, plural in (("criterion", "criteria"), ("control", "controls")):
                for item in reading[plural]:
                    yield (kind, claim["id"], reading["id"], item["id"]), item


def _differences(key: Key, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    if _state(before) != _state(after):
        what = "control" if key[0] == "control" else f"verdict of the {key[0]}"
        yield Change(_place(key), what, _state(before), _state(after))
    if key[0] == "reading" and before.get("expected") != after.get("expected"):
        yield Change(_place(key), "expectation", *(str(item.get("expected") or "none") for item in (before, after)))
    if key[0] == "criterion" and _disjoint(before.get("interval"), after.get("interval")):
        yield Change(_place(key), "estimate", _estimate(before), _estimate(after))


def _moved_goal(key: Key, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What counts as holding was changed in between: by hand, since no law's region depends on what was measured."""
    if key[0] == "criterion" and before.get("accepted") and after.get("accepted"):
        was, now = _region(before), _region(after)
        if was != now:
            yield Change(_place(key), "accepted region", was, now)


def _state(item: Mapping[str, Any]) -> str:
    if "rejected" in item:
        return {True: "rejected", False: "not rejected", None: "not run"}[item["rejected"]]
    if "holds" in item:
        return {True: "holds", False: "does not hold", None: "not run"}[item["holds"]]
    return str(item["verdict"])


def _disjoint(before: list[Any] | None, after: list[Any] | None) -> bool:
    """Whether two intervals have no point in common; an end that is None is infinite.

    The largest defect of an identity is its own interval and says nothing about where the next one lies.
    """
    if not before or not after:
        return False
    (a, b), (c, d) = _ends(before), _ends(after)
    return a < b and c < d and (b < c or d < a)


def _ends(interval: list[Any]) -> tuple[float, float]:
    low, high = interval
    ends = _value(low, -math.inf), _value(high, math.inf)
    if ends[0] > ends[1]:
        raise ValueError(f"an interval that begins at {ends[0]} and ends at {ends[1]}")
    return ends


def _value(end: Any, infinite: float) -> float:
    return infinite if end is None else float(end)


def _estimate(item: Mapping[str, Any]) -> str:
    low, high = _ends(item["interval"])
    return f"{_value(item['estimate'], math.nan):.4g} [{low:.4g}, {high:.4g}]"


def _region(item: Mapping[str, Any]) -> str:
    return "[{:.4g}, {:.4g}]".format(*_ends(item["accepted"]))


def _place(key: Key) -> str:
    return "/".join(key[1:])
