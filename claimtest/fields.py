"""What the fields of a pack's objects have to be: said in one line, where they are written, when they are not."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = ["Every", "named", "real_numbers", "require"]

MOST_BYTES = 64
"""Of an id: a picture's file bears those of a claim, a reading and a criterion, and systems take 255 bytes at most."""

Kind = type | tuple[type, ...]


class Every(NamedTuple):
    """A tuple of things of this kind."""

    kind: Kind


def require(owner: object, **kinds: Any) -> None:
    """Raise TypeError, in one line, unless each of these fields of ``owner`` is of its kind.

    A kind is a class, a tuple of classes, or :class:`Every`. A number has to be finite (ValueError).
    """
    for field, kind in kinds.items():
        value = getattr(owner, field)
        if isinstance(kind, Every):
            if not isinstance(value, tuple):
                raise TypeError(f"{_called(owner)}: {field} has to be a tuple, not {_word(type(value))}")
            wrong = [item for item in value if not _is(item, kind.kind)]
            if wrong:
                words = _words(kind.kind)
                raise TypeError(f"{_called(owner)}: {field} has to hold {words} alone, not {_word(type(wrong[0]))}")
        elif not _is(value, kind):
            raise TypeError(f"{_called(owner)}: {field} has to be {_words(kind)}, not {_word(type(value))}")
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{_called(owner)}: {field} has to be finite, not {value}")


class Named(Protocol):
    """What has an ``id``."""

    @property
    def id(self) -> str: ...


def named(owner: Named) -> None:
    """Raise TypeError or ValueError, in one line, unless the field ``id`` of ``owner`` is a word."""
    require(owner, id=str)
    if not owner.id.strip():
        raise ValueError(f"{type(owner).__name__}: id is empty")
    if len(owner.id.encode(errors="replace")) > MOST_BYTES:
        raise ValueError(f"{type(owner).__name__}: id {owner.id[:20]!r}… takes more than {MOST_BYTES} bytes")


def real_numbers(found: object, what: str) -> Float[ndarray, "*shape"]:
    """What a pack's code returned, as an array of floats.

    Raises TypeError, in one line, unless it is made of real numbers or truth values.
    """
    try:
        numbers = np.asarray(found)
    except Exception:  # ragged lists, tensors on another device: whatever NumPy or the object itself says
        numbers = np.empty(0, dtype=object)
    if numbers.dtype.kind not in "fiub":
        raise TypeError(f"{what} has to be an array of real numbers, not {_made_of(found, numbers)}")
    return numbers.astype(np.float64, copy=False)


def _made_of(found: object, numbers: ndarray) -> str:
    if isinstance(found, ndarray | np.generic):
        return f"one of {numbers.dtype}"
    return "complex" if numbers.dtype.kind == "c" else "None" if found is None else type(found).__name__


def _is(value: object, kind: Kind) -> bool:
    return isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)


def _called(owner: object) -> str:
    name = getattr(owner, "id", None)
    return f"{type(owner).__name__} {name!r}" if isinstance(name, str) else type(owner).__name__


def _words(kind: Kind) -> str:
    return " or ".join(dict.fromkeys(_word(k) for k in (kind if isinstance(kind, tuple) else (kind,))))


def _word(kind: type) -> str:
    known = {str: "text", int: "a whole number", float: "a number", type(None): "None", bool: "True or False"}
    return known.get(kind, kind.__name__)
