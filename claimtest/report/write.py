"""Writes the report's files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from claimtest.files import write_text
from claimtest.report.calibration import read_calibration
from claimtest.report.graph import claim_graph_svg
from claimtest.report.latex import latex
from claimtest.report.markdown import markdown
from claimtest.report.page import page
from claimtest.report.pictures import Pictures, pictures_of
from claimtest.report.summary import job_summary
from claimtest.results import RunResult
from claimtest.visible import visible

__all__ = ["FORMATS", "write_report"]

LISTING = "written-by-claimtest.txt"
"""Names of the figures that the last report wrote: the next one removes those, and nothing that others put there."""


FORMATS = {
    "html": "index.html", "md": "report.md", "json": "report.json", "latex": "report.tex", "summary": "summary.md"
}  # fmt: skip
"""The files that a report can be written as."""


def write_report(
    run: RunResult,
    out: Path,
    evidence: Iterable[str] = (),
    formats: Collection[str] = tuple(FORMATS),
    jobs: int = 1,
) -> Path:
    """Write these formats, with figures/ where a format shows them, into the folder ``out``; returns the first's path.

    ``evidence`` names the CSV files in ``out``/evidence that the page links to; ``jobs`` processes draw. Raises OSError
    if the folder cannot be written.
    """
    out = Path(out)
    if {"html", "md"} & set(formats):
        pictures, graph = replace(pictures_of(run, jobs), calibration=read_calibration(out)), claim_graph_svg(run)
        figures = {f"{picture.name}.svg": picture.svg for picture in pictures.every if picture.svg}
        figures |= {f"{picture.name}.csv": picture.csv for picture in pictures.every}
        _replace(out / "figures", figures | {"claim-graph.svg": graph})
    else:
        pictures, graph = Pictures({}, {}), ""
    for name in formats:
        write_text(out / FORMATS[name], _written(name, run, pictures, graph, sorted(evidence)))
    return out / FORMATS[next(iter(formats))]


def _written(name: str, run: RunResult, pictures: Pictures, graph: str, evidence: Sequence[str]) -> str:
    """The text of the report in one format; JSON has its own way to write control characters."""
    if name == "json":
        return json.dumps(run.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if name == "html":
        return visible(page(run, pictures, graph, evidence))
    if name == "md":
        return visible(markdown(run, pictures))
    return visible(latex(run) if name == "latex" else job_summary(run))


def _replace(folder: Path, files: Mapping[str, str]) -> None:
    """Write these files in place of those of the last report."""
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / LISTING
    stale = listing.read_text(encoding="utf-8").split() if listing.exists() else []
    for name in set(stale) - set(files):
        if Path(name).name == name:  # whatever the listing says, only what lies in this folder
            (folder / name).unlink(missing_ok=True)
    for name, text in files.items():
        write_text(folder / name, visible(text))
    write_text(listing, "".join(f"{name}\n" for name in sorted(files)))
