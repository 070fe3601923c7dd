"""Cars3D from a user's own folder of .mat files, one per type of car."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from models.cars import CATEGORIES, NAMES
from models.factors import FactorGrid

__all__ = ["car_files", "cars3d_grid"]

SHAPE = (128, 128, 3, 24, 4)
"""Of "im" in each file: rows, columns, channels, azimuths, elevations."""

SOURCE = "files laid out like Cars3D (of which no checksum is known)"

EXPECTED = "expected Cars3D, a folder of car_*.mat files, each with im of 128 × 128 × 3 × 24 × 4 bytes"


def car_files(folder: Path) -> list[Path]:
    """The files of the folder, or of one called "cars" inside it, by name. Raises ValueError if there are not two."""
    found = sorted(folder.glob("*.mat")) or sorted((folder / "cars").glob("*.mat"))
    if len(found) < 2:
        kind = "a file" if folder.exists() else "no such folder"
        missing = f"{len(found)} .mat files" if folder.is_dir() else kind
        raise ValueError(f"{folder}: {missing}; {EXPECTED}")
    return found


def cars3d_grid(folder: Path, side: int = 32) -> FactorGrid:
    """All cars from all directions, averaged to ``side`` pixels.

    Raises ValueError, in one line naming the file and what was expected, if one cannot be read or is something else.
    """
    kinds = np.stack([_images(path, side) for path in car_files(folder)], axis=2)  # (4, 24, types, 3, S, S)
    sizes = (4, 24, kinds.shape[2])
    return FactorGrid(SOURCE, NAMES, sizes, CATEGORIES, kinds.reshape(-1, *kinds.shape[3:]))


def _images(path: Path, side: int) -> UInt8[ndarray, "4 24 3 S S"]:
    from scipy.io import loadmat

    try:
        image = loadmat(path, variable_names=["im"])["im"]
    except KeyError:
        raise ValueError(f"{path} holds no im; {EXPECTED}") from None
    except Exception as error:  # a damaged file makes scipy raise whatever its parser meets first
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise ValueError(f"cannot read {path} ({reason}); {EXPECTED}") from None
    if image.shape != SHAPE or image.dtype != np.uint8:
        raise ValueError(f"{path}: im has shape {image.shape} of {image.dtype}; {EXPECTED}")
    step = SHAPE[0] // side
    blocks = image.reshape(side, step, side, step, *SHAPE[2:]).mean((1, 3), dtype=np.float32)
    return np.rint(blocks).astype(np.uint8).transpose(4, 3, 2, 0, 1)
