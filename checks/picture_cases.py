"""The data that Figures 3 and 4 are judged on: procedural images, or a user's own by environment variables.

Loaded only when a claim asks for them. A case travels to processes as a description; each makes or reads the images.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from claimtest.errors import UsageError
from claimtest.profile import Profile
from models.cars import SIZES as CAR_SIZES
from models.cars import car_grid
from models.cars3d import car_files, cars3d_grid
from models.celeba import celeba_faces
from models.dsprites import dsprites_grid, file_digest
from models.faces import ATTRIBUTES, Faces, procedural_faces
from models.factors import FactorGrid
from models.lfw import bundled_file, real_faces
from models.sprites import sprite_grid
from models.vae import Design
from models.vae_training import Schedule

__all__ = ["CARS3D", "CELEBA", "DSPRITES", "FacesCase", "GridCase", "faces", "grids", "photographs"]

DSPRITES, CARS3D, CELEBA = "VAE_NTK_DSPRITES", "VAE_NTK_CARS3D", "VAE_NTK_CELEBA"
"""Environment variables with paths of a user's own: dSprites' .npz, Cars3D's folder, CelebA's folder."""

SIDE = 32
"""Pixels across all images but the real faces, which have 25."""

SPRITE_SIZES = {"standard": (3, 6, 10, 8, 8), "thorough": (3, 6, 20, 16, 16)}
"""Values of each factor of the sprites that are kept, evenly spaced: 11 520 images, 92 160."""

FACES = {"standard": 3000, "thorough": 8000}
"""Faces, of which three quarters are trained on."""

TRAINING = {
    "sprites": {"standard": Schedule(600), "thorough": Schedule(3000)},
    "cars": {"standard": Schedule(500, batch=32), "thorough": Schedule(2500, batch=32)},
    "faces": {"standard": Schedule(500, batch=32), "thorough": Schedule(3000, batch=32)},
    "photographs": {"standard": Schedule(600, batch=32), "thorough": Schedule(2000, batch=32)},
}
"""Steps by data set and profile."""

SPRITE_DESIGN = Design((1, SIDE, SIDE), 1, "dense", "bernoulli")
CAR_DESIGN = Design((3, SIDE, SIDE), 1, "conv", "bernoulli")
FACE_DESIGN = Design((3, SIDE, SIDE), 1, "conv", "gaussian", sigma=0.1)
PHOTOGRAPH_DESIGN = Design((1, 25, 25), 1, "dense", "gaussian", sigma=0.1)


@dataclass(frozen=True)
class _ImageCase:
    """A data set by the name of its ``origin``, with the VAE that is trained on it and for how long.

    ``path`` and ``content`` (a digest) are those of a user's own. The design's latent dimension is the width's place.
    """

    origin: str
    source: str
    design: Design
    schedule: Schedule
    path: str = ""
    content: str = ""

    @property
    def digest(self) -> str:
        """Digest of everything but where files lie."""
        text = f"{self.origin} {self.content} {self._amount} {self.design} {self.schedule}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def id(self) -> str:
        """Readable name, with the head of the digest."""
        return f"{self.origin}-{self.digest[:4]}"

    @property
    def _amount(self) -> Any:
        raise NotImplementedError

    @property
    def summary(self) -> Mapping[str, Any]:
        """The case in a table's row."""
        return {
            "data": self.source,
            "images": self._amount,
            "network": self.design.network,
            "decoder": self.design.decoder,
            "steps": self.schedule.steps,
            "batch": self.schedule.batch,
        }


@dataclass(frozen=True)
class GridCase(_ImageCase):
    """Images with known factors, ``sizes`` values of each."""

    sizes: tuple[int, ...] = ()

    @property
    def _amount(self) -> str:
        return " × ".join(map(str, self.sizes)) + f" = {math.prod(self.sizes)}"

    def data(self) -> FactorGrid:
        """The images; kept for the next cell. Raises ValueError if files cannot be read."""
        return _grid(self.origin, self.path, self.sizes)


@dataclass(frozen=True)
class FacesCase(_ImageCase):
    """``count`` faces with binary attributes of these ``names``, or without."""

    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def _amount(self) -> int:
        return self.count

    def data(self) -> Faces:
        """The faces; kept for the next cell. Raises ValueError if files cannot be read."""
        return _faces(self.origin, self.path, self.count)

    def training(self, faces: Faces) -> int:
        """How many of them, the first, are trained on: three quarters. The others are held out."""
        return 3 * len(faces.images) // 4


@lru_cache(maxsize=2)
def _grid(origin: str, path: str, sizes: tuple[int, ...]) -> FactorGrid:
    if origin == "sprites":
        return sprite_grid(sizes, SIDE)
    if origin == "dsprites":
        return dsprites_grid(Path(path), sizes, SIDE)
    return car_grid(SIDE) if origin == "cars" else cars3d_grid(Path(path), SIDE)


@lru_cache(maxsize=2)
def _faces(origin: str, path: str, count: int) -> Faces:
    if origin == "faces":
        return procedural_faces(count, side=SIDE)
    return celeba_faces(Path(path), count, SIDE) if origin == "celeba" else real_faces(Path(path))


def grids(book: Any, profile: Profile) -> Sequence[GridCase]:
    """Sprites, then cars: the user's own where given. None at quick, nor beside a user's own inputs.

    Raises UsageError, in one line, if the user's own cannot be read.
    """
    if book.root is None or profile.name not in SPRITE_SIZES:
        return ()
    return [_sprites(profile.name), _cars(profile.name)]


def faces(book: Any, profile: Profile) -> Sequence[FacesCase]:
    """Faces with attributes, procedural or CelebA; none and raising as `grids`."""
    if book.root is None or profile.name not in FACES:
        return ()
    schedule, count, path = TRAINING["faces"][profile.name], FACES[profile.name], os.environ.get(CELEBA, "")
    if not path:
        return [FacesCase("faces", "procedural faces", FACE_DESIGN, schedule, count=count, names=ATTRIBUTES)]
    found = _checked(CELEBA, lambda: _faces("celeba", path, count))
    content = hashlib.md5(found.images.tobytes() + found.attributes.tobytes()).hexdigest()  # of what is trained on
    return [FacesCase("celeba", found.source, FACE_DESIGN, schedule, path, content, len(found.images), found.names)]


def photographs(book: Any, profile: Profile) -> Sequence[FacesCase]:
    """The real faces that scikit-image carries, for the picture without labels; none where it is not installed."""
    path = bundled_file()
    if book.root is None or profile.name not in FACES or path is None:
        return ()
    schedule = TRAINING["photographs"][profile.name]
    found = _checked("scikit-image", lambda: real_faces(path))
    return [FacesCase("photographs", found.source, PHOTOGRAPH_DESIGN, schedule, str(path), count=len(found.images))]


def _sprites(profile: str) -> GridCase:
    sizes, schedule, path = SPRITE_SIZES[profile], TRAINING["sprites"][profile], os.environ.get(DSPRITES, "")
    if not path:
        return GridCase("sprites", "procedural sprites", SPRITE_DESIGN, schedule, sizes=sizes)
    content = _checked(DSPRITES, lambda: _digest(Path(path)))
    source = _checked(DSPRITES, lambda: _grid("dsprites", path, sizes)).source
    return GridCase("dsprites", source, SPRITE_DESIGN, schedule, path, content, sizes)


def _cars(profile: str) -> GridCase:
    schedule, path = TRAINING["cars"][profile], os.environ.get(CARS3D, "")
    if not path:
        return GridCase("cars", "procedural box cars", CAR_DESIGN, schedule, sizes=CAR_SIZES)
    content = _checked(CARS3D, lambda: _folder_digest(Path(path)))
    found = _checked(CARS3D, lambda: _grid("cars3d", path, ()))
    return GridCase("cars3d", found.source, CAR_DESIGN, schedule, path, content, found.sizes)


def _folder_digest(folder: Path) -> str:
    """Digest of all the folder's cars, file by file."""
    whole = hashlib.md5()
    for path in car_files(folder):
        whole.update(_digest(path).encode())
    return whole.hexdigest()


def _digest(path: Path) -> str:
    """Digest of a file: read once, and again where size or time of change are others."""
    try:
        seen = path.stat()
    except OSError:
        return file_digest(path)  # which says what is wrong
    return _file_digest(path, seen.st_size, seen.st_mtime_ns)


@lru_cache(maxsize=1024)
def _file_digest(path: Path, size: int, changed: int) -> str:
    return file_digest(path)


def _checked(variable: str, read: Any) -> Any:
    """What was read. Raises UsageError naming the variable in place of ValueError."""
    try:
        return read()
    except ValueError as error:
        raise UsageError(f"{variable}: {error}") from None
