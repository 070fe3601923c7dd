"""The two ways in which a run ends without verdicts, each said in one line, and what leaves one question open."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

__all__ = ["RunError", "TooLittle", "UsageError", "judging"]


class UsageError(ValueError):
    """What was asked for makes no sense: exit status 2."""

    status = 2

    def __init__(self, message: str = "") -> None:
        """``message`` is brought into one line, whatever a file's name holds."""
        super().__init__(" ".join(message.split()))


class TooLittle(ValueError):
    """Evidence of which a law can say nothing: the criterion is not run, which the report says.

    Any other error of a measure or a law is a mistake in the check, and ends the run.
    """


class RunError(RuntimeError):
    """What was asked for could not be done: exit status 3. ``details`` may hold a longer story."""

    status = 3

    def __init__(self, message: str, details: str = "") -> None:
        """``message`` is the one line that users see."""
        super().__init__(" ".join(message.split()))
        self.details = details


@contextlib.contextmanager
def judging(what: str) -> Iterator[None]:
    """Turn what goes wrong while this is judged into one line that names it: no verdict may rest on a mistake."""
    try:
        yield
    except (RunError, UsageError):  # say it in one line already
        raise
    except Exception as error:
        raise RunError(f"{what}: {type(error).__name__}: {error}", traceback.format_exc()) from error
