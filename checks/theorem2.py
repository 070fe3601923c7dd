"""Theorem 2 on trial: where training with a KL term ends, in every reading of what the KL is."""

from __future__ import annotations

from checks.endpoint_pictures import theorem2_exhibits
from checks.endpoint_readings import DECODER_TRAINED, LATENT, LEARNED, PLAIN, WEIGHT
from checks.normal_readings import COLLAPSED, GROWING, INITIAL_KERNEL, MOVEMENT, PATH, SAMPLED
from checks.regularised_cases import indistinct
from claimtest.check import Check
from theorems.theorem2 import THEOREM2

__all__ = ["CHECK"]

CHECK = Check(
    THEOREM2,
    (LATENT, PLAIN, WEIGHT, DECODER_TRAINED, INITIAL_KERNEL, MOVEMENT, COLLAPSED, GROWING, LEARNED, PATH, SAMPLED),
    indistinct,
    theorem2_exhibits,
)
