"""Files that are there whole or not at all: a run that is killed while it writes leaves what was there before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["replaced", "write_text"]


@contextmanager
def replaced(path: Path) -> Iterator[IO[str]]:
    """A file for text (UTF-8, the same bytes on every platform) that takes the place of ``path`` once it is whole.

    Raises OSError if it cannot be written; then ``path`` is as it was.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Put ``text`` in the place of ``path``. Raises OSError as `replaced`."""
    with replaced(path) as file:
        file.write(text)
