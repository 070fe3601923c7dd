"""Sources of noise: that of a real run, drawn again, and some that need no run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator
from numpy.typing import ArrayLike

__all__ = ["LaplaceNoise", "Noise", "NormalNoise", "Resampled", "SkewedNoise", "StudentNoise", "bandwidth"]


class Noise(Protocol):
    """Standardised noise: mean 0, variance 1."""

    def draw(self, rng: Generator, shape: tuple[int, int]) -> Float[ndarray, "S N"]:
        """Independent values."""
        ...

    @property
    def words(self) -> str:
        """What it is."""
        ...


@dataclass(frozen=True)
class LaplaceNoise:
    """The double exponential, kurtosis 6: tails as heavy as those of nearly all criteria of a run."""

    words = "double exponential"

    def draw(self, rng: Generator, shape: tuple[int, int]) -> Float[ndarray, "S N"]:
        """Of scale 1/√2."""
        return rng.laplace(scale=np.sqrt(0.5), size=shape)


@dataclass(frozen=True)
class StudentNoise:
    """Student's t: tails so heavy that samples do not show them."""

    freedom: float

    def draw(self, rng: Generator, shape: tuple[int, int]) -> Float[ndarray, "S N"]:
        """t_ν √((ν - 2)/ν)."""
        return rng.standard_t(self.freedom, shape) * np.sqrt((self.freedom - 2) / self.freedom)

    @property
    def words(self) -> str:
        """Its degrees of freedom."""
        return f"Student's t, {self.freedom:g} degrees of freedom"


@dataclass(frozen=True)
class SkewedNoise:
    """The sum of k exponentials, as means of squares are: skewness 2/√k, kurtosis 6/k above normal."""

    k: float

    def draw(self, rng: Generator, shape: tuple[int, int]) -> Float[ndarray, "S N"]:
        """(Γ(k) - k)/√k."""
        return (rng.standard_gamma(self.k, shape) - self.k) / np.sqrt(self.k)

    @property
    def words(self) -> str:
        """How skewed it is."""
        return f"gamma, skewness {2 / np.sqrt(self.k):.2g}"


@dataclass(frozen=True)
class NormalNoise:
    """Normal noise."""

    words = "normal"

    def draw(self, rng: Generator, shape: tuple[int, int]) -> Float[ndarray, "S N"]:
        """Standard normal."""
        return rng.standard_normal(shape)


def bandwidth(n: ArrayLike) -> Float[ndarray, "*N"]:
    """How far a smoothed bootstrap moves what it draws from n values, in their deviations: Silverman's 0.9 n^{-1/5}."""
    return 0.9 * np.asarray(n, dtype=float) ** -0.2


@dataclass(frozen=True)
class Resampled:
    """A smoothed bootstrap of ``pool`` (K,), residuals of a real run: (ρ + h z)/√(1 + h²), h the `bandwidth`.

    The pool has mean 0 and variance 1. Smoothing keeps the draws from repeating and fills the gaps in the tails.
    """

    pool: Float[ndarray, " K"]

    def draw(self, rng: Generator, shape: tuple[int, int]) -> Float[ndarray, "S N"]:
        """Residuals with replacement, each moved a little."""
        h = bandwidth(len(self.pool))
        drawn = self.pool[rng.integers(0, len(self.pool), shape)] + h * rng.standard_normal(shape)
        return drawn / np.sqrt(1 + h**2)

    @property
    def words(self) -> str:
        """How many there are."""
        return f"{len(self.pool)} residuals of the run"
