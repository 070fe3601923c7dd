"""Deep autoencoders trained on faces, and which attributes single latent dimensions discover: Figure 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from numpy.random import SeedSequence

from checks.experiments.autoencoders import child, pair_of_networks, seconds
from checks.picture_cases import FacesCase
from claimtest.cells import Experiment, Quantities
from models.discovery import Best, best_areas, luck, permuted_best, ranks
from models.vae import ACTIVE, VAE, encode_all

__all__ = [
    "ATTRIBUTE_AREAS",
    "REAL_TRAVERSALS",
    "STEPS",
    "TRAVERSALS",
    "attribute_areas",
    "real_traversals",
    "traversals",
]

FRESH = 20
"""Permutations of the labels of each attribute, other than those that luck was calibrated with."""

STEPS = (-2.5, -1.25, 0.0, 1.25, 2.5)
"""Where on a latent axis a traversal stops, in standard deviations of its posterior means."""

SHOWN = 6
"""Dimensions that are traversed where there are no attributes: those with the largest KL."""


def attribute_areas(case: FacesCase, width: int, seeds: Sequence[SeedSequence], device: str) -> Quantities:
    """Train with ``width`` latent dimensions; areas under the curve on held-out faces, whose labels it never saw.

    Of every attribute "area", the largest of any dimension, "latent", whose it is, and "luck", what permuted labels
    exceed in one case of a hundred; the same of the encoder it started from as "area_untrained" and "luck_untrained";
    "luck_one", the quantile for one dimension, as if no others had been tried; "permuted" (R, A, 20), the largest areas
    for labels permuted afresh. The others are (R, A); "active" (R,) counts dimensions with a mean KL above 0.01.
    """
    rows = [_areas(case, width, seed, device) for seed in seeds]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _areas(case: FacesCase, latent: int, seed: SeedSequence, device: str) -> dict[str, ndarray]:
    faces = case.data()
    kept = case.training(faces)
    networks = pair_of_networks(replace(case.design, latent=latent), faces.images[:kept], case.schedule, seed, device)
    rng, labels = child(seed, 1), faces.attributes[kept:].T
    measured: dict[str, Any] = {}
    for network, kind in zip(networks, ("", "_untrained"), strict=True):
        codes = encode_all(network, faces.images[kept:])
        ranked = ranks(codes.means)
        best = best_areas(labels, ranked)
        measured |= {f"area{kind}": best.area, f"luck{kind}": luck(labels, ranked, rng)}
        if not kind:
            measured |= {
                "latent": best.latent.astype(float),
                "active": np.float64(codes.active),
                "permuted": permuted_best(labels, ranked, FRESH, rng),
                "luck_one": luck(labels, ranked[:, :1], rng),
            }
    return measured


def traversals(case: FacesCase, width: int, seeds: Sequence[SeedSequence], device: str) -> Quantities:
    """For every attribute, a face decoded at `STEPS` along the dimension that knows it best, the others as they are.

    "pictures" (R, A, steps, H·W) are pixels packed by `packed`; "area", "luck" and "latent" (R, A) as in
    `attribute_areas`. The face is the training face whose code is nearest to the mean of all.
    """
    rows = []
    for seed in seeds:
        faces = case.data()
        kept = case.training(faces)
        network, _ = pair_of_networks(
            replace(case.design, latent=width), faces.images[:kept], case.schedule, seed, device
        )
        ranked, labels = ranks(encode_all(network, faces.images[kept:]).means), faces.attributes[kept:].T
        best: Best = best_areas(labels, ranked)
        pictures = _traversed(network, encode_all(network, faces.images[:kept]).means, best.latent)
        area_luck = luck(labels, ranked, child(seed, 1))
        rows.append({"pictures": pictures, "area": best.area, "luck": area_luck, "latent": best.latent.astype(float)})
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def real_traversals(case: FacesCase, width: int, seeds: Sequence[SeedSequence], device: str) -> Quantities:
    """Real faces without attributes: the same pictures along the dimensions with the largest mean KL.

    "pictures" (R, dimensions, steps, H·W), "divergence" (R, dimensions), their KL, and "active" (R,).
    """
    rows = []
    for seed in seeds:
        images = case.data().images
        network, _ = pair_of_networks(replace(case.design, latent=width), images, case.schedule, seed, device)
        codes = encode_all(network, images)
        largest = np.argsort(-codes.divergence)[:SHOWN]
        rows.append({
            "pictures": _traversed(network, codes.means, largest),
            "divergence": codes.divergence[largest],
            "active": np.float64((codes.divergence > ACTIVE).sum()),
        })  # fmt: skip
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


@torch.no_grad()
def _traversed(
    network: VAE, codes: Float[ndarray, "N L"], latents: Sequence[int] | ndarray
) -> Float[ndarray, "D steps pixels"]:
    start = codes[((codes - codes.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    z = np.repeat(np.repeat(start[None, None], len(STEPS), axis=1), len(latents), axis=0)
    for row, latent in enumerate(latents):
        z[row, :, latent] = codes[:, latent].mean() + np.array(STEPS) * codes[:, latent].std()
    device = next(network.parameters()).device
    shown = network.decode(torch.as_tensor(z.reshape(-1, z.shape[-1]), dtype=torch.float32, device=device))
    return packed(shown.cpu().numpy()).reshape(len(latents), len(STEPS), -1)


def packed(pictures: Float[ndarray, "N C H W"]) -> Float[ndarray, "N HW"]:
    """Pixels in [0, 1] as one number each: red·2¹⁶ + green·2⁸ + blue, bytes. Grey ones have three equal parts."""
    byte = np.rint(255 * np.clip(pictures, 0, 1)).astype(np.float64)
    red, green, blue = (byte[:, k % pictures.shape[1]] for k in range(3))
    return (red * 65536 + green * 256 + blue).reshape(len(pictures), -1)


def _cost(case: FacesCase, width: int) -> float:
    return seconds(replace(case.design, latent=width), case.schedule) + 1 + 0.01 * width


ATTRIBUTE_AREAS = Experiment("attribute-areas", attribute_areas, _cost)
TRAVERSALS = Experiment("face-traversals", traversals, _cost)
REAL_TRAVERSALS = Experiment("real-face-traversals", real_traversals, _cost)
