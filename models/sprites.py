"""Procedural sprites: a square, an ellipse and a heart with the factors of dSprites, antialiased.

The factors and their values are those of dSprites (Matthey et al. 2017): shape 3, scale 6 in [0.5, 1], orientation 40
in [0, 2π], position 32 × 32 in [0, 1]². The images are not: they are drawn here, from signed distances. As in dSprites
the first and the last orientation are the same angle.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from models.factors import FactorGrid, combinations, thinned

__all__ = ["CATEGORIES", "NAMES", "SIZES", "sprite_grid", "sprite_images"]

NAMES = ("shape", "scale", "orientation", "x", "y")
SIZES = (3, 6, 40, 32, 32)
CATEGORIES = (True, False, False, False, False)

SCALES = np.linspace(0.5, 1, SIZES[1])
ORIENTATIONS = np.linspace(0, 2 * np.pi, SIZES[2])
REACH = 0.19
"""Radius of the largest sprite, in sides of the image."""
POSITIONS = np.linspace(REACH + 0.02, 1 - REACH - 0.02, SIZES[3])
"""Where centres lie: the largest sprite stays inside the image."""

BATCH = 2048
"""Images drawn at once: as many as fit the cache of a processor."""


def sprite_grid(sizes: tuple[int, ...] = SIZES, side: int = 32) -> FactorGrid:
    """All sprites, or those with evenly spaced values: ``sizes`` of each factor. Raises ValueError if they exceed."""
    kept = [thinned(size, keep) for size, keep in zip(SIZES, sizes, strict=True)]
    factors = np.stack([values[column] for values, column in zip(kept, combinations(sizes).T, strict=True)], axis=1)
    return FactorGrid("procedural sprites", NAMES, sizes, CATEGORIES, sprite_images(factors, side))


def sprite_images(factors: Int[ndarray, "N 5"], side: int = 32) -> UInt8[ndarray, "N 1 S S"]:
    """White sprites on black, ``side`` pixels wide; ``factors`` are indices of shape, scale, orientation, x and y.

    A pixel's brightness is the share of it that the sprite covers, to first order: ½ - d for a boundary at distance d.
    """
    parts = [_drawn(factors[first : first + BATCH], side) for first in range(0, len(factors), BATCH)]
    return np.concatenate(parts) if parts else np.empty((0, 1, side, side), np.uint8)


def _drawn(factors: Int[ndarray, "N 5"], side: int) -> UInt8[ndarray, "N 1 S S"]:
    _, scale, turn, x, y = (column[:, None, None] for column in factors.T)
    centres = ((np.arange(side) + 0.5) / side).astype(np.float32)
    dx = centres[None, None, :] - POSITIONS[x].astype(np.float32)
    dy = centres[None, :, None] - POSITIONS[y].astype(np.float32)
    cos, sin = (f(ORIENTATIONS[turn]).astype(np.float32) for f in (np.cos, np.sin))
    radius = (REACH * SCALES[scale]).astype(np.float32)
    u, v = (cos * dx + sin * dy) / radius, (cos * dy - sin * dx) / radius
    distance = np.empty_like(u)
    for kind, signed in enumerate((square, ellipse, heart)):
        here = factors[:, 0] == kind
        distance[here] = signed(u[here], v[here])
    covered = np.clip(0.5 - distance * radius * side, 0, 1)
    return np.rint(255 * covered).astype(np.uint8)[:, None]


def square(u: Float[ndarray, "*S"], v: Float[ndarray, "*S"]) -> Float[ndarray, "*S"]:
    """Signed distance to a square inscribed in the unit circle, negative inside; by its sides alone outside corners."""
    return np.maximum(abs(u), abs(v)) - np.float32(np.sqrt(0.5))


def ellipse(u: Float[ndarray, "*S"], v: Float[ndarray, "*S"]) -> Float[ndarray, "*S"]:
    """Signed distance to the ellipse with semi-axes 1 and ½, to first order: F/|∇F| with F = |(u, 2v)| - 1."""
    norm = np.hypot(u, 2 * v)
    gradient = np.hypot(u, 4 * v) / np.maximum(norm, 1e-6)
    return (norm - 1) / np.maximum(gradient, 0.5)


def heart(u: Float[ndarray, "*S"], v: Float[ndarray, "*S"]) -> Float[ndarray, "*S"]:
    """Signed distance to a heart in the unit circle: a square on its corner, a half disc on each upper side.

    With half-diagonal a the upper sides of |u| + |w| <= a have midpoints (±a/2, -a/2) and length √2 a.
    """
    a, lowered = np.float32(0.78), np.float32(0.19)  # so that corner and discs reach 0.97 and 0.99 from the centre
    w = v - lowered
    corner = (abs(u) + abs(w) - a) / np.float32(np.sqrt(2))
    disc = np.hypot(abs(u) - a / 2, w + a / 2) - a / np.float32(np.sqrt(2))
    return np.minimum(corner, disc)
