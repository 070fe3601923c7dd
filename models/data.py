"""Real inputs: scikit-learn's 8×8 digits, and matrices from a user's own files."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = ["digits", "read_matrix", "sphere"]


def sphere(rows: Float[ndarray, "n p"]) -> Float[ndarray, "n p"]:
    """Every row divided by its Euclidean norm. Raises ValueError naming a row that vanishes or is not finite."""
    x = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(x, axis=1)
    if not (usable := np.isfinite(norms) & (norms > 0)).all():
        row = int(np.argmin(usable))
        raise ValueError(f"row {row} has norm {norms[row]} and cannot be put on the sphere")
    return x / norms[:, None]


def digits(count: int, seed: int = 0) -> Float[ndarray, "n 64"]:
    """``count`` of scikit-learn's 1797 images of digits as unit rows, the classes taken in turn.

    An autoencoder's inputs and targets at once. Raises ValueError unless 1 <= count <= 1797.
    """
    from sklearn.datasets import load_digits

    images, classes = load_digits(return_X_y=True)
    if not 1 <= count <= len(images):
        raise ValueError(f"between 1 and {len(images)} digits are there, {count} were asked for")
    order = np.random.default_rng(seed).permutation(len(images))
    rank = np.empty(len(images), dtype=int)
    for label in range(10):
        members = order[classes[order] == label]
        rank[members] = np.arange(len(members))
    chosen = sorted(range(len(images)), key=lambda i: (rank[i], classes[i]))[:count]
    return sphere(images[chosen])


def read_matrix(path: str | PathLike[str]) -> Float[ndarray, "n k"]:
    """The matrix in a .npy file or a .csv file (commas, a first line of names allowed), one row a sample.

    Raises ValueError, in one line that names the file, if it is missing, unreadable, of another type, empty or not
    numeric.
    """
    file = Path(path)
    readers = {".npy": _read_npy, ".csv": _read_csv}
    if file.suffix.lower() not in readers:
        raise ValueError(f"{file}: expected a .npy or .csv file")
    try:
        matrix = readers[file.suffix.lower()](file)
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error.strerror or error})") from None
    except (ValueError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: not a numeric matrix ({str(error).splitlines()[0]})") from None
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"{file}: expected a matrix with at least one row, got shape {matrix.shape}")
    return matrix


def _read_npy(file: Path) -> ndarray:
    array = np.load(file, allow_pickle=False)
    if not isinstance(array, ndarray) or array.dtype.kind not in "fiub":
        raise ValueError("its values are not real numbers")
    return array.astype(np.float64)


def _read_csv(file: Path) -> ndarray:
    lines = [line for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if not lines:
        return np.empty((0, 0))
    try:
        _numbers(lines[0])
    except ValueError:
        lines = lines[1:]
    rows = [_numbers(line) for line in lines]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("its lines have different numbers of values")
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1)


def _numbers(line: str) -> list[float]:
    return [float(value) for value in line.split(",")]
