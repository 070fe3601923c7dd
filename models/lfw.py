"""Real faces without labels: the hundred that scikit-image carries of Labeled Faces in the Wild.

scikit-image is found, never imported: only its data file is read.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from models.faces import Faces

__all__ = ["bundled_file", "real_faces"]

PUBLISHED = "9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c"
"""SHA-256 of lfw_subset.npy, as scikit-image lists it."""

FACES = 100
"""The first hundred images are faces, the others are not."""


def bundled_file() -> Path | None:
    """Where scikit-image's lfw_subset.npy lies; None if it is not installed, or without it."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "data" / "lfw_subset.npy"
    return path if path.is_file() else None


def real_faces(path: Path) -> Faces:
    """The hundred faces, 25 × 25 grey pixels, without attributes.

    Raises ValueError if the file is not the one that scikit-image publishes, by its checksum.
    """
    if hashlib.sha256(path.read_bytes()).hexdigest() != PUBLISHED:
        raise ValueError(f"{path} is not scikit-image's lfw_subset.npy: its checksum differs")
    images = np.load(path, allow_pickle=False)[:FACES]
    pixels = np.rint(255 * np.clip(images, 0, 1)).astype(np.uint8)[:, None]
    return Faces("Labeled Faces in the Wild (100 of them, by scikit-image)", (), pixels, np.zeros((FACES, 0), bool))
