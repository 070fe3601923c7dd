"""A case small enough for loops: three inputs on the sphere, two outputs."""

import numpy as np

from checks.case import VaeCase
from claimtest.cells import replicate_seeds
from theorems.setting import SIN, LearnedNoise, Noise, Problem


def small_case(noise: Noise = LearnedNoise(0.7), activation=SIN) -> VaeCase:  # noqa: B008, a frozen dataclass
    rng = np.random.default_rng(7)
    x = rng.standard_normal((3, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return VaeCase(Problem(x, rng.standard_normal((3, 2)), activation, noise))


def seeds(count, name="here"):
    return replicate_seeds(0, name, "case", 16, 0, count)
