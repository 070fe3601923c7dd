"""Procedural faces: drawn from eighteen binary attributes with CelebA's names, and from what no attribute tells.

An attribute changes what its name says and nothing else, and is visible whatever the others are; so none of them rests
on chance correlations. Pose, size, light, colours and background vary besides, and no attribute tells of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

__all__ = ["ATTRIBUTES", "Faces", "face_images", "procedural_faces"]

ATTRIBUTES = (
    "Smiling", "Mouth_Slightly_Open", "Wearing_Lipstick", "Mustache", "Goatee", "Big_Nose", "Eyeglasses",
    "Narrow_Eyes", "Bushy_Eyebrows", "Rosy_Cheeks", "Pale_Skin", "Chubby", "Blond_Hair", "Long_Hair", "Bangs",
    "Wearing_Hat", "Wearing_Earrings", "Wearing_Necktie",
)  # fmt: skip

SHARE = 0.4
"""How many faces have an attribute."""

BATCH = 256
"""Faces drawn at once."""

Field = Float[ndarray, "N S S"]
Colour = Float[ndarray, "N 3"]


@dataclass(frozen=True, eq=False)
class Faces:
    """Images (N, C, H, W) with binary attributes (N, A), not all alike. ``source`` says in words what they are."""

    source: str
    names: tuple[str, ...]
    images: UInt8[ndarray, "N C H W"]
    attributes: Bool[ndarray, "N A"]


def procedural_faces(count: int, seed: int = 0, side: int = 32) -> Faces:
    """``count`` faces with independent attributes, drawn from a seed."""
    rng = np.random.default_rng([seed, 34])
    attributes = rng.random((count, len(ATTRIBUTES))) < SHARE
    parts = [
        face_images(attributes[first : first + BATCH], rng, side) for first in range(0, count, BATCH)
    ]  # fmt: skip
    return Faces("procedural faces", ATTRIBUTES, np.concatenate(parts), attributes)


def face_images(
    attributes: Bool[ndarray, "N 18"], rng: np.random.Generator, side: int = 32
) -> UInt8[ndarray, "N 3 S S"]:
    """Faces ``side`` pixels wide with these attributes; ``rng`` draws everything that they do not tell."""
    has: dict[str, ndarray] = dict(zip(ATTRIBUTES, attributes.T, strict=True))
    canvas = _Canvas(len(attributes), rng, side)
    skin, hair = _skin(has, rng), _hair(has, rng)
    wide = np.where(has["Chubby"], 0.66, 0.54)
    grey = rng.uniform(0.25, 0.9, (len(attributes), 1))
    canvas.paint(grey + rng.uniform(-0.12, 0.12, (len(attributes), 3)))  # the background
    _behind(canvas, has, hair, skin, wide)
    canvas.paint(skin, canvas.oval(0, 0.05, wide, 0.72))
    _features(canvas, has, hair, skin, wide)
    _worn(canvas, has, hair, wide)
    return canvas.finished()


class _Canvas:
    """N pictures at once, on coordinates fixed to each face: u to the right, v down, the head about one high."""

    def __init__(self, count: int, rng: np.random.Generator, side: int) -> None:
        """Draw where each head is, how large, how far it turns and how it is lit."""
        size, turn = rng.uniform(0.33, 0.40, count), rng.uniform(-0.10, 0.10, count)
        x, y = rng.uniform(0.45, 0.55, count), rng.uniform(0.45, 0.55, count)
        at = ((np.arange(side) + 0.5) / side).astype(np.float32)
        self.pixel = (size * side)[:, None, None].astype(np.float32)
        self.u = ((at[None, None, :] - x[:, None, None]) / size[:, None, None]).astype(np.float32)
        self.v = ((at[None, :, None] - y[:, None, None]) / size[:, None, None]).astype(np.float32)
        self.turn = turn[:, None, None].astype(np.float32)
        self.light = rng.uniform(0.85, 1.1, count)
        self.colour = np.zeros((count, 3, side, side), np.float32)

    def paint(self, colour: Colour, shape: Field | float = 1.0, where: Bool[ndarray, " N"] | bool = True) -> None:
        """Lay a colour over a shape, of which every pixel is covered by a share, in the pictures ``where``."""
        share = np.broadcast_to(np.where(np.reshape(where, (-1, 1, 1)), shape, 0), self.colour[:, 0].shape)[:, None]
        ink = np.broadcast_to(np.asarray(colour, np.float32), (len(self.colour), 3))[:, :, None, None]
        self.colour += share * (ink - self.colour)

    def oval(self, u: object, v: object, a: object, b: object, turned: float = 0.0) -> Field:
        """How much of each pixel an ellipse at (u, v) with semi-axes a, b covers; it moves by ``turned`` turns."""
        x, y, a, b = (np.reshape(np.asarray(value, np.float32), (-1, 1, 1)) for value in (u, v, a, b))
        du, dv = (self.u - x - turned * self.turn) / a, (self.v - y) / b
        norm = np.hypot(du, dv)
        slope = np.hypot(du / a, dv / b) / np.maximum(norm, 1e-6)
        return np.clip(0.5 - (norm - 1) / np.maximum(slope, 1e-3) * self.pixel, 0, 1)

    def box(self, u: object, v: object, a: object, b: object, turned: float = 0.0) -> Field:
        """The same of a rectangle with half-sides a, b."""
        x, y, a, b = (np.reshape(np.asarray(value, np.float32), (-1, 1, 1)) for value in (u, v, a, b))
        across = np.clip(0.5 - (abs(self.u - x - turned * self.turn) - a) * self.pixel, 0, 1)
        return across * np.clip(0.5 - (abs(self.v - y) - b) * self.pixel, 0, 1)

    def finished(self) -> UInt8[ndarray, "N 3 S S"]:
        """The pictures, lit."""
        return np.rint(255 * np.clip(self.colour * self.light[:, None, None, None], 0, 1)).astype(np.uint8)


def _skin(has: Mapping[str, ndarray], rng: np.random.Generator) -> Colour:
    base = np.where(has["Pale_Skin"][:, None], [0.97, 0.86, 0.79], [0.76, 0.55, 0.42])
    return base + rng.normal(0, 0.02, (len(base), 1))


def _hair(has: Mapping[str, ndarray], rng: np.random.Generator) -> Colour:
    base = np.where(has["Blond_Hair"][:, None], [0.88, 0.74, 0.38], [0.20, 0.13, 0.09])
    return base + rng.normal(0, 0.03, (len(base), 1))


def _behind(canvas: _Canvas, has: Mapping[str, ndarray], hair: Colour, skin: Colour, wide: ndarray) -> None:
    """Shoulders and neck, the hair behind the face, the tie."""
    shirt = np.array([[0.85, 0.85, 0.88]])
    canvas.paint(hair, canvas.oval(0, -0.08, wide + 0.14, 0.78))
    canvas.paint(hair, canvas.box(0, 0.45, wide + 0.12, 0.62), has["Long_Hair"])
    canvas.paint(shirt, canvas.oval(0, 1.42, 0.95, 0.55))
    canvas.paint(0.9 * skin, canvas.box(0, 0.85, 0.2, 0.22))
    canvas.paint(np.array([[0.65, 0.08, 0.15]]), canvas.box(0, 1.3, 0.13, 0.35), has["Wearing_Necktie"])


def _features(canvas: _Canvas, has: Mapping[str, ndarray], hair: Colour, skin: Colour, wide: ndarray) -> None:
    """Cheeks, eyes, brows, nose, mouth, beard."""
    for side in (-1, 1):
        canvas.paint(
            np.array([[0.90, 0.35, 0.38]]), 0.7 * canvas.oval(side * 0.33, 0.27, 0.14, 0.11, 1), has["Rosy_Cheeks"]
        )
        tall = np.where(has["Narrow_Eyes"], 0.035, 0.095)
        canvas.paint(np.ones((1, 3)), canvas.oval(side * 0.24, -0.03, 0.13, tall, 1))
        canvas.paint(np.array([[0.1, 0.1, 0.12]]), canvas.oval(side * 0.24, -0.03, 0.06, np.minimum(tall, 0.065), 1))
        brow = np.where(has["Bushy_Eyebrows"], 0.075, 0.025)
        canvas.paint(0.6 * hair, canvas.box(side * 0.24, -0.21, 0.16, brow, 1))
    canvas.paint(
        0.82 * skin,
        canvas.oval(0, 0.18, np.where(has["Big_Nose"], 0.15, 0.07), np.where(has["Big_Nose"], 0.13, 0.1), 1.3),
    )
    lips = np.where(has["Wearing_Lipstick"][:, None], [0.80, 0.05, 0.22], [0.62, 0.36, 0.32])
    bend = np.where(has["Smiling"], 0.13, 0.0)
    for step in (-1.0, -0.5, 0.0, 0.5, 1.0):  # a row of ovals along a parabola, its ends up in a smile
        canvas.paint(lips, canvas.oval(0.2 * step, 0.46 - bend * (step**2 - 0.5), 0.09, 0.05, 1))
    canvas.paint(
        np.array([[0.25, 0.03, 0.05]]), canvas.oval(0, 0.47 + bend / 2, 0.12, 0.065, 1), has["Mouth_Slightly_Open"]
    )
    canvas.paint(0.7 * hair, canvas.box(0, 0.345, 0.2, 0.04, 1), has["Mustache"])
    canvas.paint(0.7 * hair, canvas.oval(0, 0.68, 0.17, 0.1, 0.7), has["Goatee"])


def _worn(canvas: _Canvas, has: Mapping[str, ndarray], hair: Colour, wide: ndarray) -> None:
    """Fringe, hat, glasses, earrings."""
    canvas.paint(hair, canvas.box(0, -0.42, 0.85 * wide, 0.13, 0.5), has["Bangs"])
    hat = np.array([[0.15, 0.25, 0.55]])
    canvas.paint(hat, canvas.box(0, -0.82, wide + 0.02, 0.27), has["Wearing_Hat"])
    canvas.paint(0.7 * hat, canvas.box(0, -0.60, wide + 0.25, 0.06), has["Wearing_Hat"])
    frame = np.array([[0.05, 0.05, 0.05]])
    for side in (-1, 1):
        ring = canvas.oval(side * 0.25, -0.02, 0.21, 0.18, 1) - canvas.oval(side * 0.25, -0.02, 0.14, 0.11, 1)
        canvas.paint(frame, ring, has["Eyeglasses"])
        canvas.paint(
            np.array([[0.98, 0.85, 0.2]]), canvas.oval(side * (wide + 0.04), 0.38, 0.085, 0.1), has["Wearing_Earrings"]
        )
    canvas.paint(frame, canvas.box(0, -0.03, 0.06, 0.03, 1), has["Eyeglasses"])
