"""What the experiments on deep autoencoders share: their training, with a checkpoint, and how long it takes."""

from __future__ import annotations

import hashlib
import os
from functools import cache, partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from numpy.random import SeedSequence

from claimtest.sources import code_digest, import_closure
from models.vae import VAE, Design, initialised
from models.vae_training import Schedule, train

__all__ = ["CHECKPOINTS", "checkpoint_folder", "child", "pair_of_networks", "seconds"]

CHECKPOINTS = "VAE_NTK_CHECKPOINTS"
"""Environment variable: the folder of checkpoints; empty for none."""


def checkpoint_folder() -> Path | None:
    """Where training keeps its checkpoints while it lasts: the variable's folder, else one of the user's cache."""
    own = os.environ.get(CHECKPOINTS)
    if own is not None:
        return Path(own) if own else None
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "vae-ntk-claims"


def pair_of_networks(
    design: Design, images: UInt8[ndarray, "N C H W"], schedule: Schedule, seed: SeedSequence, device: str
) -> tuple[VAE, VAE]:
    """The trained network, and the one it started from: an untrained encoder with the very same first weights.

    Interrupted training goes on from its checkpoint. Where none can be written, it starts again.
    """
    fit = partial(train, design, images, schedule, seed, device)
    folder = checkpoint_folder()
    if folder is None:
        trained = fit()
    else:
        name = hashlib.sha256(f"{design} {schedule} {seed.entropy} {seed.spawn_key}".encode()).hexdigest()[:24]
        try:
            trained = fit(checkpoint=folder / f"{name}.npz", version=_code_of_training())
        except OSError:
            trained = fit()
    return trained, initialised(design, SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 0)), device)


@cache
def _code_of_training() -> str:
    return code_digest(import_closure([train.__module__], ("models",)))


def seconds(design: Design, schedule: Schedule) -> float:
    """Roughly what a training takes on one core: products of matrices forth and back, and Adam's step."""
    channels, height, width = design.shape
    pixels, h, latent = channels * height * width, design.hidden, design.latent
    if design.network == "dense":
        weights = products = 2 * pixels * h + 2 * h * h + 3 * h * latent
    else:
        flat = height * width
        weights = 2 * flat * h + 3 * h * latent + 65_000
        products = weights + 2 * (32 * pixels + 512 * flat)
    return schedule.steps * (5e-4 + 2.5e-9 * weights + 1.2e-10 * schedule.batch * products)


def child(seed: SeedSequence, key: int) -> np.random.Generator:
    """A generator of its own for one purpose, whatever else the seed is used for."""
    return np.random.default_rng(SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, key)))
