"""Numbers that come from outside, checked where they enter: what is wrong with them is said in one line."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from types import UnionType
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "broadcast_tensor",
    "finite_number",
    "finite_tensor",
    "fitting",
    "known_blocks",
    "of_kind",
    "positive_number",
    "whole_number",
]

MOST = 2**31
"""Above this nothing is counted: arrays of so many numbers take 16 GB."""

LARGEST = 1e100
"""Above this, squares and products of a few values leave the range of double precision."""


def finite_tensor(values: Any, name: str, like: Tensor) -> Tensor:
    """The values as a tensor of the type and on the device of ``like``.

    Raises ValueError unless they are real numbers, finite and at most 1e100 in size. On another device than the CPU the
    values are taken as they are, since looking at them would make the program wait for the device.
    """
    try:
        found = values if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))  # floats stay double
        found = found.to(like) if not found.is_complex() else None
    except (TypeError, ValueError, RuntimeError):
        found = None
    if found is None:
        raise ValueError(f"{name}: expected real numbers")
    most = min(LARGEST, torch.finfo(found.dtype).max)
    if found.device.type == "cpu" and found.numel() and not found.abs().max().item() <= most:  # of NaN this is false
        raise ValueError(f"{name}: every value must be finite, and at most {LARGEST:g} in size")
    return found


def broadcast_tensor(values: Any, name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """The values as a finite tensor of that shape. Raises ValueError unless they broadcast to it."""
    found = finite_tensor(values, name, like)
    try:
        return found.expand(shape)
    except RuntimeError:
        raise ValueError(f"{name} of shape {shape} expected, got {tuple(found.shape)}") from None


def fitting(values: Any, name: str, like: Tensor) -> Tensor:
    """The values as a finite tensor. Raises ValueError unless they broadcast against ``like``."""
    found = finite_tensor(values, name, like)
    try:
        torch.broadcast_shapes(found.shape, like.shape)
    except RuntimeError:
        raise ValueError(f"{name} of shape {tuple(like.shape)} expected, got {tuple(found.shape)}") from None
    return found


def of_kind(value: Any, name: str, kind: type | UnionType) -> None:
    """Raise TypeError unless the value is of that class, or of one of those classes."""
    if not isinstance(value, kind):
        words = " or ".join(k.__name__ for k in (kind.__args__ if isinstance(kind, UnionType) else (kind,)))
        raise TypeError(f"{name}: {words} expected, got {type(value).__name__}")


def finite_number(value: Any, name: str) -> float:
    """The value as a float. Raises ValueError unless it is one real number, finite and at most 1e100 in size."""
    if isinstance(value, Tensor) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, int | float | np.integer | np.floating) or not abs(value) <= LARGEST:
        raise ValueError(f"{name} must be a finite number, at most {LARGEST:g} in size, got {_short(value)}")
    return float(value)


def positive_number(value: Any, name: str) -> float:
    """The value as a float. Raises ValueError unless it is one finite number above 0."""
    number = finite_number(value, name)
    if not number > 0 or not math.isfinite(1 / number):
        raise ValueError(f"{name} must be positive, got {_short(value)}")
    return number


def known_blocks(trainable: Sequence[str], blocks: Sequence[str]) -> None:
    """Raises ValueError if one of the names is not that of a block, or if they are no names."""
    unknown = sorted(set(trainable) - set(blocks), key=str) if isinstance(trainable, Collection) else [trainable]
    if unknown:
        raise ValueError(f"trainable blocks are {', '.join(blocks)}; got {', '.join(map(_short, unknown))}")


def whole_number(value: Any, name: str, least: int = 1) -> int:
    """The value as an int. Raises ValueError unless it is a whole number from ``least`` to 2³¹."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{name} must be a whole number, got {_short(value)}")
    if not least <= value <= MOST:
        limit = f"at least {least}" if value < least else f"at most {MOST}"
        raise ValueError(f"{name} must be {limit}, got {_short(value)}")
    return int(value)


def _short(value: Any) -> str:
    try:
        words = " ".join(repr(value).split())
    except ValueError:  # an int of more digits than Python writes
        words = "a number without end"
    return words if len(words) <= 60 else words[:59] + "…"
