"""Standard output that says in one line when nothing more can be written to it: a full disk, a lost terminal."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout, suppress
from typing import Any, TextIO

from claimtest.errors import RunError

__all__ = ["checked_output", "drop_output"]


class _Checked:
    """A stream whose writes raise RunError, in one line, where the system refuses them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._asked(self._stream.write, text)

    def flush(self) -> None:
        self._asked(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @staticmethod
    def _asked(verb: Any, *arguments: Any) -> Any:
        try:
            return verb(*arguments)
        except BrokenPipeError:  # the reader has what it wanted
            raise
        except OSError as error:
            drop_output()
            raise RunError(f"cannot write to the standard output: {error.strerror or error}") from None


def checked_output() -> Any:
    """A context in which standard output is checked; one that was closed from the start swallows what is written."""
    return redirect_stdout(sys.stdout and _Checked(sys.stdout))  # pyright: ignore[reportArgumentType]


def drop_output() -> None:
    """Let what is still buffered go nowhere, or the interpreter fails over it when it ends."""
    with suppress(OSError, ValueError, AttributeError):  # already closed, or not a file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
