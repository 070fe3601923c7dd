"""Procedural box cars with the factors of Cars3D: seen from 4 elevations and 24 azimuths, 24 types.

Cars3D (Reed et al. 2015) has 183 models of cars; these are boxes: a body, a cabin and four wheels, shaded, drawn by
tracing a ray through every quarter of a pixel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from models.factors import FactorGrid, combinations

__all__ = ["CATEGORIES", "NAMES", "SIZES", "Box", "car_boxes", "car_grid", "car_images"]

NAMES = ("elevation", "azimuth", "type")
SIZES = (4, 24, 24)
CATEGORIES = (False, False, True)

ELEVATIONS = np.radians([8.0, 20.0, 32.0, 44.0])
AZIMUTHS = 2 * np.pi * np.arange(SIZES[1]) / SIZES[1]
LIGHT = np.array([0.35, -0.5, 0.79])
"""Towards the light, in the world's coordinates."""
SPAN = 2.7
"""Width of the picture, where a car is about two long."""
COLOURS = np.array(
    [[0.85, 0.15, 0.12], [0.15, 0.35, 0.80], [0.95, 0.75, 0.15],
     [0.20, 0.60, 0.30], [0.60, 0.60, 0.65], [0.45, 0.2, 0.55]]
)  # fmt: skip


class Box(NamedTuple):
    """An axis-parallel box in the car's coordinates (forward, left, up) with the colours of its faces.

    ``colours`` (6, 3) are those of the faces behind, ahead, right, left, below, above.
    """

    low: Float[ndarray, " 3"]
    high: Float[ndarray, " 3"]
    colours: Float[ndarray, "6 3"]


def car_grid(side: int = 32) -> FactorGrid:
    """Every car from every direction."""
    return FactorGrid("procedural box cars", NAMES, SIZES, CATEGORIES, car_images(combinations(SIZES), side))


def car_boxes(kind: int) -> list[Box]:
    """Body, cabin and wheels of a type 0 .. 23: 6 colours × short or long × low or high."""
    colour, long, tall = COLOURS[kind % 6], (kind // 6) % 2, kind // 12
    half, width, waist = 0.8 + 0.25 * long, 0.42 + 0.05 * long, 0.42 + 0.06 * tall
    roof = waist + 0.26 + 0.2 * tall
    front = 0.15 + 0.25 * tall * long  # where the windscreen stands: further ahead in a van
    faces = np.tile(colour, (6, 1))
    faces[0], faces[1] = 0.5 * colour + [0.4, 0, 0], 0.4 * colour + [0.5, 0.5, 0.4]  # lights: red behind, white ahead
    glass = np.tile([0.25, 0.32, 0.4], (6, 1))
    glass[5] = colour
    body = Box(np.array([-half, -width, 0.14]), np.array([half, width, waist]), np.clip(faces, 0, 1))
    cabin = Box(np.array([0.08 - half, 0.04 - width, waist]), np.array([front, width - 0.04, roof]), glass)
    return [body, cabin, *(_wheel(x, y) for x in (-0.55 * half, 0.6 * half) for y in (-width, width))]


def _wheel(x: float, y: float) -> Box:
    low, high = np.array([x - 0.17, y - 0.04, 0.0]), np.array([x + 0.17, y + 0.04, 0.32])
    return Box(low, high, np.full((6, 3), 0.12))


def car_images(factors: Int[ndarray, "N 3"], side: int = 32) -> UInt8[ndarray, "N 3 S S"]:
    """Shaded cars on white, ``side`` pixels wide; ``factors`` are indices of elevation, azimuth and type.

    Orthographic, in the direction of the car's centre; every pixel is the mean of four rays.
    """
    images = np.empty((len(factors), 3, side, side), np.uint8)
    for kind in np.unique(factors[:, 2]):
        here = np.flatnonzero(factors[:, 2] == kind)
        for part in np.array_split(here, max(len(here) // 32, 1)):
            images[part] = _traced(factors[part, 0], factors[part, 1], car_boxes(int(kind)), side)
    return images


def _traced(
    elevation: Int[ndarray, " N"], azimuth: Int[ndarray, " N"], boxes: list[Box], side: int
) -> UInt8[ndarray, "N 3 S S"]:
    e, a = ELEVATIONS[elevation], AZIMUTHS[azimuth]
    towards = np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)], axis=1)  # the camera, from the car
    right = np.stack([-np.sin(a), np.cos(a), np.zeros_like(a)], axis=1)
    up = np.cross(towards, right)
    at = ((np.arange(2 * side) + 0.5) / (2 * side) - 0.5) * SPAN
    rays = [  # a point of each ray, coordinate by coordinate
        (
            right[:, k, None, None] * at[None, None, :] - up[:, k, None, None] * at[None, :, None] + offset
        ).astype(np.float32)
        for k, offset in enumerate((0.0, 0.0, 0.4))
    ]  # fmt: skip
    nearest, seen = np.full(rays[0].shape, -np.inf, np.float32), np.full(rays[0].shape, 6 * len(boxes))
    for number, box in enumerate(boxes):
        depth, face = _hit(box, rays, towards)
        closer = depth > nearest
        nearest = np.where(closer, depth, nearest)
        seen = np.where(closer, 6 * number + face, seen)
    palette = np.concatenate([_lit(boxes, a), np.ones((len(a), 1, 3))], axis=1)  # last the ground
    colour = palette[np.arange(len(a))[:, None, None], seen]
    mean = colour.reshape(len(a), side, 2, side, 2, 3).mean((2, 4))
    return np.rint(255 * mean).astype(np.uint8).transpose(0, 3, 1, 2)


def _lit(boxes: list[Box], azimuth: Float[ndarray, " N"]) -> Float[ndarray, "N F 3"]:
    """Colours of all faces (Lambert) under a light that turns with the camera: so a turned car is lit elsewhere."""
    x, y, z = LIGHT
    cos, sin = np.cos(azimuth), np.sin(azimuth)
    light = np.stack([x * cos - y * sin, x * sin + y * cos, np.full_like(cos, z)], axis=1)
    normals = np.repeat(np.eye(3), 2, axis=0) * np.array([-1, 1, -1, 1, -1, 1])[:, None]
    shade = 0.45 + 0.6 * np.maximum(light @ normals.T, 0)  # (N, 6)
    return np.clip(np.concatenate([shade[..., None] * box.colours for box in boxes], axis=1), 0, 1)


def _hit(
    box: Box, rays: list[Float[ndarray, "N S S"]], towards: Float[ndarray, "N 3"]
) -> tuple[Float[ndarray, "N S S"], Int[ndarray, "N S S"]]:
    """Where the rays start + t towards leave the box for the camera: t (-∞ where they miss it), and through which face.

    The slab method: between the two planes of an axis t runs from ``enter`` to ``leave``; inside the box, of all three.
    """
    far, near = np.float32(np.inf), np.float32(-np.inf)
    face = np.zeros(rays[0].shape, dtype=int)
    for axis, start in enumerate(rays):
        slope = np.where(abs(towards[:, axis]) < 1e-9, 1e-9, towards[:, axis])  # straight ahead a plane is far away
        ahead, inverse = slope > 0, (1 / slope).astype(np.float32)
        there, back = (
            np.where(ahead, one[axis], other[axis]).astype(np.float32)[:, None, None]
            for one, other in ((box.high, box.low), (box.low, box.high))
        )
        leave, enter = ((plane - start) * inverse[:, None, None] for plane in (there, back))
        face = np.where(leave < far, 2 * axis + ahead[:, None, None], face)
        far, near = np.minimum(far, leave), np.maximum(near, enter)
    return np.where(near <= far, far, -np.inf), face
