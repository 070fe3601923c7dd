"""Evidence as CSV, for those who read it with other tools."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from claimtest.cells import Cell, Quantities
from claimtest.errors import RunError

__all__ = ["Measured", "export_csv", "file_name"]

HEADER = ("case", "width", "replicate", "quantity", "index", "value")


@dataclass(frozen=True, order=True)
class Measured:
    """What a cell measured, under its names alone: it can travel to another process. Sorts as its rows are written."""

    experiment: str
    case: str
    width: int
    first: int
    quantities: Quantities = field(compare=False)

    @classmethod
    def of(cls, cell: Cell, quantities: Quantities) -> Measured:
        """The cell's names with its quantities."""
        return cls(cell.experiment.id, cell.case.id, cell.width, cell.first, quantities)


def export_csv(evidence: Iterable[Measured], folder: Path) -> list[Path]:
    """Write one CSV per experiment: case, width, replicate, quantity, index in it ("0;2", empty for a number), value.

    Values are written with all their digits. Earlier exports in the folder are removed. Raises RunError if
    the folder cannot be written.
    """
    by_experiment = itertools.groupby(sorted(evidence), lambda measured: measured.experiment)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.csv"):
            if _is_export(old):
                old.unlink()
        return [_write(folder / file_name(name), cells) for name, cells in by_experiment]
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror or error}") from None


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().strip() == ",".join(HEADER).encode()


def _write(path: Path, evidence: Iterable[Measured]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(",".join(HEADER) + "\r\n")
        for measured in evidence:
            file.writelines(_lines(measured))
    return path


def _lines(measured: Measured) -> Iterator[str]:
    """Lines put together by hand, since millions of them are: only the names may need quoting, once per replicate."""
    case = _quoted(measured.case)
    for name, values in sorted(measured.quantities.items()):
        quantity = _quoted(name)
        places = [";".join(map(str, index)) for index in np.ndindex(values.shape[1:])]
        for replicate, row in enumerate(values.reshape(len(values), -1).tolist(), measured.first):
            head = f"{case},{measured.width},{replicate},{quantity},"
            yield "".join([f"{head}{place},{value!r}\r\n" for place, value in zip(places, row, strict=True)])


def _quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def file_name(experiment: str) -> str:
    """The name of an experiment's CSV."""
    return re.sub(r"[^\w.-]+", "-", experiment) + ".csv"
