"""Deep autoencoders trained on images with known factors, and how disentangled their codes are: Figure 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import SeedSequence

from checks.experiments.autoencoders import child, pair_of_networks, seconds
from checks.picture_cases import GridCase
from claimtest.cells import Experiment, Quantities
from models.disentanglement import scores
from models.vae import encode_all

__all__ = ["DISENTANGLEMENT", "disentanglement"]


def disentanglement(case: GridCase, width: int, seeds: Sequence[SeedSequence], device: str) -> Quantities:
    """Train with ``width`` latent dimensions on all images of the case's grid, then score the posterior means.

    For each metric M "M" of the trained encoder, "M_untrained" of the one it started from and "M_shuffled" of the
    trained one with factors dealt out anew among the images; "active", the dimensions with a mean KL above 0.01, and
    "divergence", the KL in nats; each (R,).
    """
    rows = [_one(case, width, seed, device) for seed in seeds]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _one(case: GridCase, latent: int, seed: SeedSequence, device: str) -> dict[str, float]:
    grid, design = case.data(), replace(case.design, latent=latent)
    trained, untrained = pair_of_networks(design, grid.images, case.schedule, seed, device)
    rng = child(seed, 1)
    codes = encode_all(trained, grid.images)
    means = {
        "": codes.means,
        "_untrained": _rescaled(encode_all(untrained, grid.images).means),
        "_shuffled": codes.means[rng.permutation(len(codes.means))],
    }
    measured = {
        f"{name}{kind}": value for kind, rows in means.items() for name, value in scores(rows, grid, rng).items()
    }
    return measured | {"active": float(codes.active), "divergence": float(codes.divergence.sum())}


def _rescaled(codes: Float[ndarray, "N L"]) -> Float[ndarray, "N L"]:
    """The codes over their overall deviation: the scale of an untrained encoder is arbitrary, and one score sees it."""
    return codes / max(float(codes.std()), 1e-12)


def _cost(case: GridCase, width: int) -> float:
    return seconds(replace(case.design, latent=width), case.schedule) + 1.5 + 0.015 * width


DISENTANGLEMENT = Experiment("disentanglement", disentanglement, _cost)
