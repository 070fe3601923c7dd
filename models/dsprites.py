"""dSprites from a user's own file, the published .npz: read in a stream, since its images unpack to three gigabytes."""

from __future__ import annotations

import hashlib
import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from models.factors import FactorGrid, combinations, thinned
from models.sprites import CATEGORIES, NAMES, SIZES

__all__ = ["PUBLISHED", "dsprites_grid", "file_digest"]

PUBLISHED = "7da33b31b13a06f4b04a70402ce90c2e"
"""MD5 of dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz as it is published."""

PIXELS = 64
AT_ONCE = 4096
EXPECTED = f"expected dSprites, the published .npz with imgs of {math.prod(SIZES)} × {PIXELS} × {PIXELS} bytes"


def file_digest(path: Path) -> str:
    """MD5 of a file. Raises ValueError in one line if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    except OSError as error:
        raise ValueError(f"cannot read {path} ({error.strerror or error}); {EXPECTED}") from None


def dsprites_grid(path: Path, sizes: tuple[int, ...] = SIZES, side: int = 32) -> FactorGrid:
    """The images with evenly spaced values, ``sizes`` of each factor, averaged to ``side`` pixels.

    The source says whether the file is the published one, by its checksum. Raises ValueError, in one line naming the
    file and what was expected, if it is missing, truncated or not dSprites, or if the sizes do not fit.
    """
    published = file_digest(path) == PUBLISHED
    kept = [thinned(size, keep) for size, keep in zip(SIZES, sizes, strict=True)]
    chosen = np.stack([values[column] for values, column in zip(kept, combinations(sizes).T, strict=True)], axis=1)
    rows = chosen @ np.cumprod((1, *SIZES[:0:-1]))[::-1]
    try:
        with zipfile.ZipFile(path) as archive, archive.open("imgs.npy") as file:
            images = _kept(file, rows, side, path)
    except KeyError:
        raise ValueError(f"{path} holds no imgs; {EXPECTED}") from None
    except ValueError:  # said in one line already
        raise
    except Exception as error:  # a damaged archive raises whatever its compression meets first
        words = " ".join(str(error).split())
        raise ValueError(f"{path} is truncated or damaged ({words}); {EXPECTED}") from None
    source = "dSprites" if published else "a file laid out like dSprites (its checksum is not the published one's)"
    return FactorGrid(source, NAMES, sizes, CATEGORIES, images)


def _kept(file: IO[bytes], rows: ndarray, side: int, path: Path) -> UInt8[ndarray, "N 1 S S"]:
    """The rows (ascending), read through to the end so that the archive's own checksum is compared."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, kind = read(file)
    except Exception as error:  # a header is read as an expression, whose parser has errors of its own
        words = " ".join(str(error).split())
        raise ValueError(f"{path}: imgs is no array ({words}); {EXPECTED}") from None
    if shape != (math.prod(SIZES), PIXELS, PIXELS) or fortran or kind != np.uint8:
        raise ValueError(f"{path}: imgs has shape {shape} of {kind}; {EXPECTED}")
    parts, whole = [], PIXELS * PIXELS
    for first in range(0, shape[0], AT_ONCE):
        count = min(AT_ONCE, shape[0] - first)
        body = file.read(count * whole)
        if len(body) < count * whole:
            raise EOFError(f"{first * whole + len(body)} of {shape[0] * whole} bytes of imgs")
        wanted = rows[(rows >= first) & (rows < first + count)] - first
        parts.append(_averaged(np.frombuffer(body, np.uint8).reshape(count, PIXELS, PIXELS)[wanted], side))
    file.read(1)
    return np.concatenate(parts)[:, None]


def _averaged(images: UInt8[ndarray, "N 64 64"], side: int) -> UInt8[ndarray, "N S S"]:
    """0 and 1 as bytes, averaged over squares of pixels."""
    step = PIXELS // side
    blocks = images.reshape(len(images), side, step, side, step).mean((2, 4), dtype=np.float32)
    return np.rint(255 * np.minimum(blocks, 1)).astype(np.uint8)
