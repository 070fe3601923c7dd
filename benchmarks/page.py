"""docs/performance.md from the parts that were measured."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks.timing import Goal, Part

__all__ = ["machine", "page", "stored_parts"]

HEAD = """# Performance

Written by `make bench`: kernels, training and memory (`make bench-micro` alone), then whole runs (`make bench-whole`)
and those of Figures 3 and 4 (`make bench-pictures`, which takes an hour and stands apart).
Contenders of a table ran in turn in one process on one core with one thread, each (unless it takes a second) after an
untimed run of its own; peers that need other versions ran on the same core in an environment of their own. Times are
medians of five, those of whole runs single. A goal is a ratio within one run, and missed where it says so.
"""


def machine() -> dict[str, str]:
    """Where and with what: processor, cores, interpreter, versions."""
    names = {"model name": platform.processor() or platform.machine()}
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = (line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
        names |= {key.strip(): value.strip() for key, value in lines}
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "torch")}
    return {
        "date": datetime.date.today().isoformat(),
        "processor": names["model name"],
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **versions,
    }


def stored_parts(folder: Path) -> list[tuple[dict[str, str], list[Part]]]:
    """Every file of results with the machine that it comes from: micro, whole, pictures."""
    files = [folder / name for name in ("micro.json", "whole.json", "pictures.json")]
    read = [json.loads(file.read_text()) for file in files if file.exists()]
    return [(stored["machine"], [Part.from_json(part) for part in stored["parts"]]) for stored in read]


def page(results: Iterable[tuple[dict[str, str], list[Part]]]) -> str:
    """The page as Markdown."""
    pieces = [HEAD]
    for where, parts in results:
        pieces.append("Measured on " + ", ".join(f"{name} {value}" for name, value in where.items()) + ".\n")
        for part in parts:
            pieces += [f"## {part.title}\n", part.about + "\n", _table(part.rows)]
            pieces += [_goals(part.goals)] if part.goals else []
    return "\n".join(pieces)


def _table(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_shown(row.get(name, "")) for name in columns] for row in rows]
    return tabulate(cells, columns, tablefmt="github", disable_numparse=True) + "\n"


def _goals(goals: list[Goal]) -> str:
    rows = [
        [
            goal.asks,
            f"{'≤' if goal.at_most else '≥'} {goal.goal:g}",
            f"{goal.found:.3g}",
            "met" if goal.met else "**missed**",
        ]
        for goal in goals
    ]
    return tabulate(rows, ["goal", "wanted", "found", ""], tablefmt="github", disable_numparse=True) + "\n"


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
