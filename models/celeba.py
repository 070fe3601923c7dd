"""CelebA from a user's own folder: aligned images and the list of their attributes."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from numpy import ndarray

from models.faces import Faces

__all__ = ["LIST", "PUBLISHED", "celeba_faces"]

LIST = "list_attr_celeba.txt"
IMAGES = "img_align_celeba"
PUBLISHED = "75e246fa4810816ffd6ee81facbd244c"
"""MD5 of the list of attributes as it is published."""

CROP = 148
"""Side of the square that is cut from the middle of an image: the face, without most of the background."""

RARE = 0.02
"""Attributes that fewer images of a quarter have, or lack, are left out: the last quarter is not trained on."""

EXPECTED = f"expected CelebA, a folder with {LIST} and the images, in {IMAGES} or beside it"


def _attribute_list(folder: Path) -> Path:
    """The list of attributes in the folder or beside it. Raises ValueError if there is none."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: {'a file' if folder.exists() else 'no such folder'}; {EXPECTED}")
    found = next((path for path in (folder / LIST, folder.parent / LIST) if path.is_file()), None)
    if found is None:
        raise ValueError(f"{folder}: no list of attributes ({LIST}); {EXPECTED}")
    return found


def celeba_faces(folder: Path, count: int, side: int = 32) -> Faces:
    """The first ``count`` images of the list, cut and made ``side`` pixels wide, with their attributes.

    Raises ValueError, in one line naming the file and what was expected, if the list or an image is missing or is
    something else, or if there are fewer than 200 images.
    """
    listed = _attribute_list(folder)
    names, files, labels = _read_list(listed, count)
    inside = folder / IMAGES if (folder / IMAGES).is_dir() else folder
    if len(files) < 200:
        raise ValueError(f"{listed} lists {len(files)} images; at least 200 are needed; {EXPECTED}")
    images = np.stack([_read_image(inside / name, side) for name in files])
    shares = np.stack([quarter.mean(axis=0) for quarter in np.array_split(labels, 4)])
    common = np.logical_and.reduce((shares >= RARE) & (shares <= 1 - RARE))
    if not common.any():
        raise ValueError(
            f"{listed}: no attribute that some images in each quarter of the first {len(files)} have and some lack"
        )
    published = hashlib.md5(listed.read_bytes()).hexdigest() == PUBLISHED
    source = (
        "CelebA" if published else f"a folder laid out like CelebA (the checksum of {LIST} is not the published one)"
    )
    return Faces(source, tuple(n for n, kept in zip(names, common, strict=True) if kept), images, labels[:, common])


def _read_list(path: Path, count: int) -> tuple[list[str], list[str], Bool[ndarray, "N A"]]:
    """Names of attributes, then file names and ±1 of the first images."""
    try:
        lines = path.read_text(encoding="ascii").rstrip().splitlines()
        names = lines[1].split()
        rows = [line.split() for line in lines[2 : 2 + count]]
        ragged = next((number for number, row in enumerate(rows, 1) if len(row) != 1 + len(names)), None)
        if ragged is not None:
            raise ValueError(f"row {ragged} does not hold a file name and {len(names)} attributes")
        labels = np.array([[int(value) for value in row[1:]] for row in rows])
        if not names or labels.shape != (len(rows), len(names)) or not (abs(labels) == 1).all():
            raise ValueError("rows must be a file name and ±1 for each attribute")
    except OSError as error:
        raise ValueError(f"cannot read {path} ({error.strerror or error}); {EXPECTED}") from None
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path} is no list of attributes ({error}); {EXPECTED}") from None
    return names, [row[0] for row in rows], labels > 0


def _read_image(path: Path, side: int) -> UInt8[ndarray, "3 S S"]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(action="ignore"):
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if min(image.size) < side:
                    raise ValueError(f"of {image.width} × {image.height} pixels, fewer than {side} across")
                image.draft("RGB", (2 * side, 2 * side))
                scale = image.width / 178  # draft mode may have shrunk it
                middle, reach = (image.width / 2, image.height / 2), CROP * scale / 2
                box = (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach)
                cut = image.convert("RGB").resize((side, side), Image.Resampling.BOX, box)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(f"{path} has far more pixels than an image of a face; {EXPECTED}") from None
    except UnidentifiedImageError:
        raise ValueError(f"{path} is not an image; {EXPECTED}") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"cannot read {path} ({getattr(error, 'strerror', None) or error}); {EXPECTED}") from None
    return np.asarray(cut, np.uint8).transpose(2, 0, 1)
