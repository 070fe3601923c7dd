"""The report as one self-contained page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from claimtest.claim import Verdict
from claimtest.report.gauge import gauge
from claimtest.report.looseness import looseness, tightness
from claimtest.report.pictures import Picture, Pictures
from claimtest.report.templating import render
from claimtest.report.wording import anchor, cell, headline, key_criterion, kill_mark, marked, summary
from claimtest.results import RunResult

__all__ = ["DataTable", "page"]

_MOST_ROWS = 100
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class DataTable:
    """A picture's data for the page: its first rows, and where the whole of it can be had.

    A cell is its text and whether it is marked.
    """

    columns: tuple[str, ...]
    rows: list[list[tuple[str, bool]]]
    left_out: int
    href: str
    filename: str


def page(run: RunResult, pictures: Pictures, graph: str, evidence: Sequence[str]) -> str:
    """The HTML. ``graph`` is the claim graph's SVG, ``evidence`` the names of CSV files that lie beside the page."""
    return render(
        "page.html",
        run=run,
        sentences=summary(run),
        headline=headline(run),
        pictures=pictures,
        calibration=pictures.calibration,
        graph=Markup(graph),  # made by our own template
        evidence=evidence,
        verdicts=[v for v in Verdict if any(r.verdict is v for _, r in run.readings)],
        gauge=gauge,
        key_criterion=key_criterion,
        kill_mark=kill_mark,
        looseness=looseness,
        tightness=tightness,
        data_table=data_table,
        known={c.claim.id for c in run.claims},
        svg=_labelled,
    )


def data_table(picture: Picture) -> DataTable:
    """The data of a picture, at most a hundred rows of it; the file holds all."""
    rows = picture.rows
    text = picture.csv.encode()
    embedded = f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text).decode()}"
    return DataTable(
        tuple(map(str, picture.data)),
        [[(cell(value), marked(value)) for value in row] for row in rows[:_MOST_ROWS]],
        max(len(rows) - _MOST_ROWS, 0),
        embedded if len(text) <= _MOST_BYTES else f"figures/{anchor(picture.name)}.csv",
        f"{picture.name}.csv",
    )


def _labelled(picture: Picture) -> Markup:
    """The SVG with its alternative text."""
    attributes = Markup('<svg role="img" aria-label="{}"').format(picture.alt)
    return Markup(picture.svg.replace("<svg", str(attributes), 1))  # matplotlib's, escaped label
