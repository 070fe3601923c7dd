"""Reading the user's own matrices. Nothing read here is ever unpickled."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.errors import UsageError

__all__ = ["read_matrix", "read_widths"]

WIDEST = 2**31
"""Beyond that nothing counts units."""


def read_matrix(path: Path) -> Float[ndarray, "rows columns"]:
    """The matrix in a .npy or .csv file (a header line is allowed), a single column where the file holds a vector.

    Raises UsageError, in one line, if the file cannot be read or does not hold finite numbers in equal rows.
    """
    readers = {".npy": _read_npy, ".csv": _read_csv}
    if path.suffix.lower() not in readers:
        raise UsageError(f"{path}: unknown kind of file {path.suffix!r}; give .npy or .csv")
    try:
        if path.exists() and not path.is_file():  # to read a pipe is to wait for whoever writes into it
            raise UsageError(f"cannot read {path}: it is no file")
        matrix = readers[path.suffix.lower()](path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except MemoryError:
        raise UsageError(f"{path} says that it holds more than there is memory for") from None
    if matrix.size == 0:
        raise UsageError(f"{path} is empty: expected a row per input")
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise UsageError(f"{path}: row {row}, column {column} (counted from 0) is {matrix[row, column]}")
    return matrix


def read_widths(text: str) -> tuple[int, int]:
    """Narrowest and widest width from "A:B". Raises UsageError unless 1 <= A <= B."""
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,12})\s*:\s*([+-]?[0-9]{1,12})\s*", text)
    if not found:
        raise UsageError(f"widths {text!r}: write them as narrowest:widest, such as 64:2048")
    narrow, wide = int(found[1]), int(found[2])
    if narrow < 1 or wide > WIDEST:
        raise UsageError(f"widths {text[:40]!r}: a width is at least 1 and at most {WIDEST}")
    if wide < narrow:
        raise UsageError(f"widths {text!r}: the narrowest comes first")
    return narrow, wide


def _read_npy(path: Path) -> ndarray:
    with path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":  # NumPy would take anything else for a pickle
            raise UsageError(f"{path} is no .npy file: it does not begin as one")
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        unsafe = "allow_pickle" in str(error)  # NumPy's advice is to load it all the same
        why = "it would have to be unpickled, which is not safe" if unsafe else " ".join(str(error).split())
        raise UsageError(f"{path} is not an array of numbers: {why}") from None
    if not isinstance(array, ndarray) or array.dtype.kind not in "fiub":
        kind = getattr(array, "dtype", type(array).__name__)
        raise UsageError(f"{path} holds {kind}, not real numbers")
    if array.ndim not in (1, 2):
        raise UsageError(f"{path} has shape {array.shape}: expected a matrix, one row per input")
    return np.asarray(array.reshape(len(array), -1) if array.size else array, dtype=np.float64)


def _read_csv(path: Path) -> ndarray:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [(reader.line_num, cells) for reader in [csv.reader(file)] for cells in reader if any(cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is not a text of comma-separated values: {error}") from None
    parts = re.split(r"[;\t ]+", lines[0][1][0].strip()) if lines and len(lines[0][1]) == 1 else []
    if len(parts) > 1 and all(map(_is_number, parts)):
        raise UsageError(f"{path}, line {lines[0][0]}: separate the columns by commas")
    if lines and not any(map(_is_number, lines[0][1])):
        lines = lines[1:]  # a header
    for number, cells in lines:
        if len(cells) != len(lines[0][1]):
            raise UsageError(f"{path}, line {number}: {len(cells)} columns where the first row has {len(lines[0][1])}")
        wrong = next((cell for cell in cells if not _is_number(cell)), None)
        if wrong is not None:
            raise UsageError(f"{path}, line {number}: {wrong[:40]!r} is not a number")
    return np.array([[float(cell) for cell in cells] for _, cells in lines], dtype=np.float64)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
