"""Values that nobody should pass, and what a function may do with them: say so in a line, or answer rightly."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

from claimtest.errors import RunError, UsageError

__all__ = ["Call", "outcome", "spoiled"]

CLEAR = (ValueError, TypeError, UsageError, RunError)
"""What a caller is told of wrong input. LinAlgError is a ValueError."""


class Call(NamedTuple):
    """A function with arguments that it takes.

    Those in ``kept`` are objects of ours, which the fuzz leaves alone; ``infinite``: ∞ is one of its right answers.
    ``covers`` are the public functions that it fuzzes (None: ``function`` itself).
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    kept: tuple[str, ...] = ("network", "problem", "initial", "dtype")
    infinite: bool = False
    covers: tuple[Any, ...] | None = None


def _entry(array: np.ndarray, value: float) -> np.ndarray:
    spoiled = array.astype(np.float64)
    spoiled.flat[0] = value
    return spoiled


ARRAYS: tuple[Callable[[np.ndarray], Any], ...] = (
    lambda a: _entry(a, np.nan), lambda a: _entry(a, np.inf), lambda a: _entry(a, -np.inf), lambda a: _entry(a, 1e300),
    lambda a: a[:0], lambda a: a[..., :0], lambda a: a[None], lambda a: a[0], lambda a: a[..., None], lambda a: -a,
    lambda a: a.ravel(), lambda a: np.concatenate([a, a]), lambda a: a[..., :1], lambda a: 0 * a, lambda a: 1e200 * a,
    lambda a: a.astype(str), lambda a: a.astype(object), lambda a: a.astype(complex) * 1j, lambda a: a.astype(np.int64),
    lambda a: a.astype(np.float32), lambda a: a.tolist(), lambda a: np.zeros((3, 0, 2)),
    lambda a: "矩阵", lambda a: None,
    lambda a: 1.0, lambda a: [], lambda a: [[1.0], [1.0, 2.0]], lambda a: {"x": 1}, lambda a: a > 0,
)  # fmt: skip
NUMBERS = (
    float("nan"), float("inf"), -float("inf"), -1, 0, 0.5, 1.5, 1e300, -1e300, 1e-320, 10**400, True, "1", "ü", "",
    None, 1j, [1.0, 2.0], (), {}, object,
)  # fmt: skip
OTHERS = ("", "nothing", "тест\n", None, 3, 1.5, float("nan"), [], {}, object(), b"erf")


@st.composite
def spoiled(draw: st.DrawFn, calls: Mapping[str, Call], *, words: bool = False) -> tuple[str, dict[str, Any], str]:
    """The name of a call, its arguments with one or two of them spoiled, and which.

    ``words``: a text stays one, with any letters in it.
    """
    name = draw(st.sampled_from(sorted(calls)))
    arguments = dict(calls[name].arguments)
    chosen = draw(
        st.lists(st.sampled_from(sorted(set(arguments) - set(calls[name].kept))), min_size=1, max_size=2, unique=True)
    )
    for key in chosen:
        arguments[key] = _bad(draw, arguments[key], words)
    return name, arguments, ", ".join(f"{key}={arguments[key]!r}"[:300] for key in chosen)


def _bad(draw: st.DrawFn, good: Any, words: bool) -> Any:
    if isinstance(good, np.ndarray | torch.Tensor):
        array = np.asarray(good)
        ways = [way for way in ARRAYS if array.ndim or way is ARRAYS[0]]
        worse = draw(st.sampled_from(ways))(array)
        tensor = isinstance(good, torch.Tensor) and isinstance(worse, np.ndarray) and worse.dtype.kind in "fib"
        return torch.from_numpy(np.ascontiguousarray(worse)) if tensor and draw(st.booleans()) else worse
    if isinstance(good, str) and words:
        return draw(st.text(max_size=30))
    if isinstance(good, bool | int | float):
        return draw(st.sampled_from(NUMBERS))
    return draw(st.sampled_from(OTHERS))


def outcome(call: Call, arguments: Mapping[str, Any]) -> str:
    """What is wrong with how the function took the arguments; empty if nothing is."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = call.function(**arguments)
            arrays = list(numbers(found))
        except CLEAR as error:
            words = str(error)
            return "" if words.strip() and len(words.strip().splitlines()) == 1 else f"unclear: {words!r}"
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:200]}"
    bad = np.isnan if call.infinite else lambda array: ~np.isfinite(array)
    wrong = [array for array in arrays if bad(array).any()]
    return f"an answer that is not finite: {wrong[0]!r}"[:300] if wrong else ""


def numbers(found: Any) -> Iterator[np.ndarray]:
    """All numbers in an answer."""
    if isinstance(found, torch.Tensor):
        yield found.detach().numpy()
    elif isinstance(found, np.ndarray | float | int | np.generic):
        if np.asarray(found).dtype.kind in "fic":
            yield np.asarray(found)
    elif dataclasses.is_dataclass(found) and not isinstance(found, type):
        for field in dataclasses.fields(found):
            yield from numbers(getattr(found, field.name))
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from numbers(value)
    elif isinstance(found, list | tuple | Iterator):
        for value in found:
            yield from numbers(value)
