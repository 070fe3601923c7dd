"""Evidence as CSV, for those who read it with other tools."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from claimtest.cells import Cell, Quantities
from claimtest.errors import RunError

__all__ = ["export_csv"]

HEADER = ("case", "width", "replicate", "quantity", "index", "value")


def export_csv(evidence: Iterable[tuple[Cell, Quantities]], folder: Path) -> list[Path]:
    """Write one CSV per experiment: case, width, replicate, quantity, index in it ("0;2", empty for a number), value.

    Values are written with all their digits. Earlier exports in the folder are removed. Raises RunError if
    the folder cannot be written.
    """
    by_experiment: dict[str, list[tuple[Cell, Quantities]]] = {}
    for cell, quantities in evidence:
        by_experiment.setdefault(cell.experiment.id, []).append((cell, quantities))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.csv"):
            if _is_export(old):
                old.unlink()
        return [_write(folder / _file_name(name), cells) for name, cells in sorted(by_experiment.items())]
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror or error}") from None


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().strip() == ",".join(HEADER).encode()


def _write(path: Path, evidence: Sequence[tuple[Cell, Quantities]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(",".join(HEADER) + "\r\n")
        for cell, quantities in sorted(evidence, key=lambda pair: (pair[0].case.id, pair[0].width, pair[0].first)):
            file.writelines(_lines(cell, quantities))
    return path


def _lines(cell: Cell, quantities: Quantities) -> Iterator[str]:
    """Lines put together by hand, since millions of them are: only the names may need quoting, once per replicate."""
    case = _quoted(cell.case.id)
    for name, values in sorted(quantities.items()):
        quantity = _quoted(name)
        places = [";".join(map(str, index)) for index in np.ndindex(values.shape[1:])]
        for replicate, row in enumerate(values.reshape(len(values), -1).tolist(), cell.first):
            head = f"{case},{cell.width},{replicate},{quantity},"
            yield "".join([f"{head}{place},{value!r}\r\n" for place, value in zip(places, row, strict=True)])


def _quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def _file_name(experiment: str) -> str:
    return re.sub(r"[^\w.-]+", "-", experiment) + ".csv"
