"""Real inputs: scikit-learn's 8×8 digits, put on the unit sphere."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from models.checked import whole_number

__all__ = ["digits", "sphere"]


def sphere(rows: Float[ndarray, "n p"]) -> Float[ndarray, "n p"]:
    """Every row divided by its Euclidean norm. Raises ValueError naming a row that vanishes or is not finite."""
    try:
        x = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("rows: expected a matrix of real numbers") from None
    if x.ndim != 2:
        raise ValueError(f"rows: expected a matrix, got shape {x.shape}")
    norms = np.linalg.norm(x, axis=1)
    if not (usable := np.isfinite(norms) & (norms > 0)).all():
        row = int(np.argmin(usable))
        raise ValueError(f"row {row} has norm {norms[row]} and cannot be put on the sphere")
    return x / norms[:, None]


def digits(count: int, seed: int = 0) -> Float[ndarray, "n 64"]:
    """``count`` of scikit-learn's 1797 images of digits as unit rows, the classes taken in turn.

    An autoencoder's inputs and targets at once. Raises ValueError unless 1 <= count <= 1797.
    """
    table = np.loadtxt(_digits_file(), delimiter=",")
    images, classes = table[:, :-1], table[:, -1].astype(int)
    if whole_number(count, "count", 0) not in range(1, len(images) + 1):
        raise ValueError(f"between 1 and {len(images)} digits are there, {count} were asked for")
    order = np.random.default_rng(seed).permutation(len(images))
    rank = np.empty(len(images), dtype=int)
    for label in range(10):
        members = order[classes[order] == label]
        rank[members] = np.arange(len(members))
    chosen = sorted(range(len(images)), key=lambda i: (rank[i], classes[i]))[:count]
    return sphere(images[chosen])


def _digits_file() -> Path:
    """Where scikit-learn keeps its digits, 64 pixels and a class a row: finding it is quicker than importing it."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the digits come with scikit-learn, which is not installed")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
