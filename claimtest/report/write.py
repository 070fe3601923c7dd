"""Writes the report's files."""

from __future__ import annotations

import json
from pathlib import Path

from claimtest.report.graph import claim_graph_svg
from claimtest.report.markdown import markdown
from claimtest.report.page import page
from claimtest.report.pictures import pictures_of
from claimtest.results import RunResult

__all__ = ["write_report"]


def write_report(run: RunResult, out: Path) -> Path:
    """Write index.html, report.md, report.json and figures/ into the folder ``out`` and return the path of the page.

    Evidence that already lies in ``out``/evidence as CSV is linked. Raises OSError if the folder cannot be written.
    """
    out = Path(out)
    figures = out / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    pictures = pictures_of(run)
    graph = claim_graph_svg(run)
    for picture in pictures.every:
        if picture.svg:
            _write(figures / f"{picture.name}.svg", picture.svg)
        _write(figures / f"{picture.name}.csv", picture.csv)
    _write(figures / "claim-graph.svg", graph)
    _write(out / "report.json", json.dumps(run.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _write(out / "report.md", markdown(run, pictures))
    evidence = sorted(path.name for path in (out / "evidence").glob("*.csv"))
    _write(out / "index.html", page(run, pictures, graph, evidence))
    return out / "index.html"


def _write(path: Path, text: str) -> None:
    """The same bytes on every platform."""
    path.write_text(text, encoding="utf-8", newline="\n")
