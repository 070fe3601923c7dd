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
import orjson
from numpy import ndarray

from claimtest.cells import Cell, Quantities
from claimtest.errors import RunError
from claimtest.files import replaced

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
        written = [_write(folder / file_name(name), cells) for name, cells in by_experiment]
        for old in set(folder.glob("*.csv")) - set(written):
            if _is_export(old):
                old.unlink()
        return written
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror or error}") from None


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().strip() == ",".join(HEADER).encode()


def _write(path: Path, evidence: Iterable[Measured]) -> Path:
    with replaced(path) as file:
        file.write(",".join(HEADER) + "\r\n")
        for measured in evidence:
            file.writelines(_lines(measured))
    return path


def _lines(measured: Measured) -> Iterator[str]:
    """The lines of a replicate and quantity at a time, from a template, since there are millions of them."""
    case = _quoted(measured.case)
    for name, values in sorted(measured.quantities.items()):
        head = f"{case},{measured.width},\0,{_quoted(name)},".replace("%", "%%")
        places = [";".join(map(str, index)) for index in np.ndindex(values.shape[1:])]
        template, digits = "".join([f"{head}{place},%s\r\n" for place in places]), _digits(values)
        for row in range(len(values)):
            replicate = template.replace("\0", str(measured.first + row))
            yield replicate % tuple(digits[row * len(places) : (row + 1) * len(places)])


def _digits(values: ndarray) -> list[str]:
    """The shortest text that reads back as the same number, for each; what is not finite as Python writes it."""
    flat = np.ascontiguousarray(values, dtype=float).reshape(-1)
    if not np.isfinite(flat).all():
        return [repr(value) for value in flat.tolist()]
    return orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode().split(",")


def _quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def file_name(experiment: str) -> str:
    """The name of an experiment's CSV."""
    return re.sub(r"[^\w.-]+", "-", experiment) + ".csv"
