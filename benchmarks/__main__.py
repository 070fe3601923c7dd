"""``python -m benchmarks micro|whole|pictures``: measure, store the numbers, write the page again."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.kernels import growth, limiting_part, many_inputs_part, stream_part, tangent_part
from benchmarks.page import machine, page, stored_parts
from benchmarks.timing import Part, one_core
from benchmarks.training import training_part
from benchmarks.whole import MOST, pictures_part, whole_part

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run one set of benchmarks and write the page with all that is stored."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", choices=("micro", "whole", "pictures"))
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter with neural-tangents")
    parser.add_argument("--claims", nargs="*", default=(), help="claims of the whole runs (all)")
    parser.add_argument("--tiny", action="store_true", help="sizes that show nothing but that it runs")
    parser.add_argument("--results", type=Path, default=Path(".bench"), help="where numbers are stored")
    parser.add_argument("--page", type=Path, default=Path("docs/performance.md"))
    chosen = parser.parse_args(arguments)
    chosen.results.mkdir(parents=True, exist_ok=True)
    parts = []
    for name, measure in _plan(chosen).items():
        print(f"{name} …", file=sys.stderr, flush=True)
        parts.append(measure().to_json())
        stored = {"machine": machine(), "parts": parts}
        (chosen.results / f"{chosen.which}.json").write_text(json.dumps(stored, indent=1))
        chosen.page.write_text(page(stored_parts(chosen.results)))
    print(chosen.page)


def _plan(chosen: argparse.Namespace) -> dict[str, Callable[[], Part]]:
    if chosen.which == "whole":
        profiles = ("quick",) if chosen.tiny else ("quick", "standard")
        return {"whole runs": lambda: whole_part(chosen.claims, profiles)}
    if chosen.which == "pictures":
        profiles = ("quick",) if chosen.tiny else tuple(MOST)
        return {"figures 3 and 4": lambda: pictures_part(chosen.results, profiles)}
    one_core()
    if chosen.tiny:
        return {
            "tangent kernel": lambda: tangent_part(chosen.peers, 4, 3, 3, 64),
            "many inputs": lambda: many_inputs_part(30, 16),
            "memory": lambda: stream_part(1000, 3, 2),
            "training": lambda: training_part((16,), 2, 3, 3, 2, 3),
            "limiting kernel": lambda: limiting_part(chosen.peers, 70, 8, 32, 4),
        }
    return {
        "tangent kernel": lambda: tangent_part(chosen.peers),
        "many inputs": many_inputs_part,
        "memory": stream_part,
        "training": training_part,
        "limiting kernel": lambda: limiting_part(chosen.peers),
        "growth": growth,
    }


if __name__ == "__main__":
    main()
