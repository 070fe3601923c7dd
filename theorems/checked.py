"""Arguments that come from outside, checked before a formula sees them: what is wrong is said in one line."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy import ndarray

__all__ = ["LARGEST", "above_zero", "at_least_zero", "checked", "count", "matrix", "number", "numbers", "rows"]

P = ParamSpec("P")
R = TypeVar("R")
LARGEST = 1e60
"""Above this, and below its reciprocal, the formulas' products of a few values may leave double precision."""


def checked(**kinds: Callable[[Any, str], Any]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that passes each named argument through its kind, which returns it or raises ValueError."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapper(*arguments: P.args, **named: P.kwargs) -> R:
            bound = signature.bind(*arguments, **named)
            for name, kind in kinds.items():
                if name in bound.arguments:
                    bound.arguments[name] = kind(bound.arguments[name], name)
            return function(*bound.args, **bound.kwargs)

        return wrapper

    return decorate


def numbers(value: Any, name: str) -> ndarray:
    """The value as a float64 array. Raises ValueError unless all of it is real, finite and at most 1e60 in size."""
    try:
        found = np.asarray(value)
        found = found.astype(np.float64) if found.dtype.kind in "fiub" else None
    except (TypeError, ValueError, OverflowError):
        found = None
    if found is None:
        raise ValueError(f"{name}: expected real numbers")
    if not (np.abs(found) <= LARGEST).all():  # false of NaN too
        raise ValueError(f"{name}: every value must be finite, and at most {LARGEST:g} in size")
    return found


def matrix(value: Any, name: str) -> ndarray:
    """The value as a float64 matrix. Raises ValueError unless it is a finite one with a row and a column."""
    found = numbers(value, name)
    if found.ndim != 2 or not found.size:
        raise ValueError(f"{name}: expected a matrix with at least one row and column, got shape {found.shape}")
    return found


def rows(value: Any, name: str) -> ndarray:
    """The value as a float64 matrix that may have no row. Raises ValueError unless it is one, finite, with a column."""
    found = numbers(value, name)
    if found.ndim != 2 or not found.shape[1]:
        raise ValueError(f"{name}: expected a matrix with a row per point, got shape {found.shape}")
    return found


def number(value: Any, name: str) -> float:
    """The value as a float. Raises ValueError unless it is one finite real number."""
    found = numbers(value, name)
    if found.ndim:
        raise ValueError(f"{name} must be a single number, got shape {found.shape}")
    return float(found)


def above_zero(value: Any, name: str) -> Any:
    """One number or an array of them. Raises ValueError unless all are finite and positive, from 1e-60 on."""
    found = numbers(value, name)
    if not (found >= 1 / LARGEST).all():
        raise ValueError(f"{name} must be positive")
    return found if found.ndim else float(found)


def at_least_zero(value: Any, name: str) -> Any:
    """One number or an array of them. Raises ValueError unless all are finite and none is negative."""
    found = numbers(value, name)
    if not (found >= 0).all():
        raise ValueError(f"{name} must be >= 0")
    return found if found.ndim else float(found)


def count(value: Any, name: str) -> int:
    """The value as an int. Raises ValueError unless it is a whole number from 1 to 2³¹."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= 2**31:
        raise ValueError(f"{name} must be a whole number, at least 1 and at most 2^31")
    return int(value)
