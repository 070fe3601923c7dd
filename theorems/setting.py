"""The symbols of the paper: activations, noise models and the learning problem.

This is the one module that both wings, ``theorems`` and ``models``, may read. It holds words, never a
prediction, so sharing it cannot make a prediction and its measurement share a mistake.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = [
    "ACTIVATIONS",
    "ERF",
    "RELU",
    "SIN",
    "Activation",
    "FixedNoise",
    "LearnedNoise",
    "Noise",
    "Problem",
    "activation_named",
    "known_noise",
    "parallel_pairs",
    "unit_rows",
]

UNIT_TOLERANCE = 1e-8
"""How far a row's norm may be from 1: wide enough for data normalised in single precision by its owner."""


LARGEST_SCALE = 1e30
"""Above this the fourth powers in the duals leave double precision."""


def _require_scale(scale: float, owner: str) -> None:
    number = isinstance(scale, int | float | np.integer | np.floating) and not isinstance(scale, bool)
    if not (number and 0 <= scale <= LARGEST_SCALE):  # of NaN this is false
        raise ValueError(f"{owner}: the scale must be a finite number >= 0, at most {LARGEST_SCALE:g}, got {scale!r}")


@dataclass(frozen=True)
class LearnedNoise:
    """Noise scale s_r(x) = <w_r^σ, x> with W^σ ~ N(0, scale²): three blocks μ, σ and d.

    Raises ValueError if ``scale`` is not a finite number >= 0.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a scale that is no standard deviation."""
        _require_scale(self.scale, "LearnedNoise")


@dataclass(frozen=True)
class FixedNoise:
    """Constant noise scale s_r ≡ scale, no W^σ: two blocks μ and d.

    Raises ValueError if ``scale`` is not a finite number >= 0.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a scale that is no standard deviation."""
        _require_scale(self.scale, "FixedNoise")


Noise = LearnedNoise | FixedNoise


@dataclass(frozen=True)
class Activation:
    """An activation ψ as one object with a NumPy and a torch form.

    ``function(xp, z)`` and ``derivative(xp, z)`` are written once against an array module ``xp``, which is
    ``numpy`` or ``torch``. ``kinks`` lists the points where ψ' jumps; quadratures split there.
    """

    name: str
    function: Callable[[ModuleType, Any], Any]
    derivative: Callable[[ModuleType, Any], Any]
    kinks: tuple[float, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """A built-in activation travels to other processes by name and stays the same object, closed forms and all."""
        if ACTIVATIONS.get(self.name) is self:
            return activation_named, (self.name,)
        return Activation, (self.name, self.function, self.derivative, self.kinks)


def _erf(xp: ModuleType, z: Any) -> Any:
    if xp.__name__ == "numpy":
        from scipy.special import erf  # numpy has no erf of its own

        return erf(z)
    return xp.erf(z)


# Named functions, not lambdas: a case travels to other processes with its activation.


def _erf_slope(xp: ModuleType, z: Any) -> Any:
    return (2 / np.sqrt(np.pi)) * xp.exp(-(z**2))


def _relu(xp: ModuleType, z: Any) -> Any:
    return z * (z > 0)


def _step(xp: ModuleType, z: Any) -> Any:
    return xp.where(z > 0, xp.ones_like(z), xp.zeros_like(z))


def _sin(xp: ModuleType, z: Any) -> Any:
    return xp.sin(z)


def _cos(xp: ModuleType, z: Any) -> Any:
    return xp.cos(z)


ERF = Activation("erf", _erf, _erf_slope)
RELU = Activation("relu", _relu, _step, kinks=(0.0,))
SIN = Activation("sin", _sin, _cos)
ACTIVATIONS = {a.name: a for a in (ERF, RELU, SIN)}


def activation_named(activation: str | Activation) -> Activation:
    """The activation of that name, or the object itself.

    Raises ValueError, with the near matches, if no activation has that name.
    """
    if isinstance(activation, Activation):
        return activation
    if activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    near = difflib.get_close_matches(str(activation).lower(), ACTIVATIONS, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(ACTIVATIONS)}"
    raise ValueError(f"unknown activation {activation!r}; {hint}")


def known_noise(noise: Any) -> Noise:
    """The noise model itself. Raises ValueError for anything else."""
    if isinstance(noise, LearnedNoise | FixedNoise):
        return noise
    raise ValueError(f"noise is LearnedNoise(scale) or FixedNoise(scale), got {noise!r}")


def unit_rows(inputs: Any, name: str = "inputs") -> Float[ndarray, "n p"]:
    """The inputs as a float64 matrix (n, p) whose rows lie on the unit sphere.

    Raises ValueError, naming the row and its norm, if there is no data, a value is not finite or a row is off
    the sphere.
    """
    x = _finite_matrix(inputs, name)
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(x, axis=1)
    worst = int(np.argmax(np.abs(norms - 1)))
    if abs(norms[worst] - 1) > UNIT_TOLERANCE:
        remedy = "divide every row by its norm" if norms.min() > 0 else "a row of zeros has no direction: leave it out"
        worst = worst if norms.min() > 0 else int(norms.argmin())
        raise ValueError(f"{name}: row {worst} (counted from 0) has norm {norms[worst]:.6g}, not 1; {remedy}")
    return x


def parallel_pairs(inputs: Float[ndarray, "n p"], tolerance: float = 1e-12) -> Sequence[tuple[int, int, str]]:
    """Pairs (i, j, "duplicate" or "antipodal") of unit rows with 1 - |<x_i, x_j>| <= tolerance."""
    inputs = _finite_matrix(inputs, "inputs")
    if not isinstance(tolerance, int | float) or not 0 <= tolerance <= 2:
        raise ValueError("tolerance must lie between 0 and 2")
    gram = inputs @ inputs.T
    pairs = zip(*np.nonzero(np.triu(np.abs(gram) >= 1 - tolerance, k=1)), strict=True)
    return [(int(i), int(j), "duplicate" if gram[i, j] > 0 else "antipodal") for i, j in pairs]


@dataclass(frozen=True, eq=False)
class Problem:
    """Inputs x_i on the unit sphere of R^p (n, p), targets y_i in R^d (n, d), activation and noise.

    Raises ValueError if inputs are off the sphere, targets do not match them or anything is not finite.
    """

    inputs: Float[ndarray, "n p"]
    targets: Float[ndarray, "n d"]
    activation: Activation = ERF
    noise: Noise = LearnedNoise(1.0)

    def __post_init__(self) -> None:
        """Normalise the arrays once, so that everybody downstream may trust them."""
        x, y = unit_rows(self.inputs), _finite_matrix(self.targets, "targets")
        if len(x) != len(y):
            raise ValueError(f"{len(x)} inputs but {len(y)} targets: one target row per input is needed")
        object.__setattr__(self, "inputs", x)
        object.__setattr__(self, "targets", y)
        object.__setattr__(self, "activation", activation_named(self.activation))
        known_noise(self.noise)


def _finite_matrix(values: Any, name: str) -> Float[ndarray, "n k"]:
    try:
        x = None if np.iscomplexobj(values) else np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        x = None
    if x is None:
        raise ValueError(f"{name}: expected a matrix of real numbers")
    if x.ndim != 2 or x.size == 0:
        raise ValueError(f"{name}: expected a matrix with at least one row and column, got shape {x.shape}")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(
            f"{name}: row {row}, column {column} (counted from 0) is {x[row, column]}; every value must be finite"
        )
    return x
