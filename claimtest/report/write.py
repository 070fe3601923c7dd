"""Writes the report's files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from claimtest.report.graph import claim_graph_svg
from claimtest.report.markdown import markdown
from claimtest.report.page import page
from claimtest.report.pictures import pictures_of
from claimtest.results import RunResult

__all__ = ["write_report"]


LISTING = "written-by-claimtest.txt"
"""Names of the figures that the last report wrote: the next one removes those, and nothing that others put there."""


def write_report(run: RunResult, out: Path, evidence: Iterable[str] = ()) -> Path:
    """Write index.html, report.md, report.json and figures/ into the folder ``out`` and return the path of the page.

    ``evidence`` names the CSV files in ``out``/evidence that the page links to. Raises OSError if the folder cannot be
    written.
    """
    out = Path(out)
    pictures = pictures_of(run)
    graph = claim_graph_svg(run)
    figures = {f"{picture.name}.svg": picture.svg for picture in pictures.every if picture.svg}
    figures |= {f"{picture.name}.csv": picture.csv for picture in pictures.every}
    _replace(out / "figures", figures | {"claim-graph.svg": graph})
    _write(out / "report.json", json.dumps(run.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _write(out / "report.md", markdown(run, pictures))
    _write(out / "index.html", page(run, pictures, graph, sorted(evidence)))
    return out / "index.html"


def _replace(folder: Path, files: Mapping[str, str]) -> None:
    """Write these files in place of those of the last report."""
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / LISTING
    stale = listing.read_text(encoding="utf-8").split() if listing.exists() else []
    for name in set(stale) - set(files):
        if Path(name).name == name:  # whatever the listing says, only what lies in this folder
            (folder / name).unlink(missing_ok=True)
    for name, text in files.items():
        _write(folder / name, text)
    _write(listing, "".join(f"{name}\n" for name in sorted(files)))


def _write(path: Path, text: str) -> None:
    """The same bytes on every platform."""
    path.write_text(text, encoding="utf-8", newline="\n")
