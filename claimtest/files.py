"""Files that are there whole or not at all: a run that is killed while it writes leaves what was there before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["appear", "replaced", "write_text"]


@contextmanager
def replaced(path: Path) -> Iterator[IO[str]]:
    """A file for text (UTF-8, the same bytes on every platform) that takes the place of ``path`` once it is whole.

    Raises OSError if it cannot be written; then ``path`` is as it was.
    """
    part = _part(path)
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def appear(path: Path, make: Callable[[Path], None]) -> None:
    """Have ``make`` write the file ``path`` unless there is one: nobody, whatever is killed, ever sees half of it.

    Raises OSError if it cannot be written. Where others do the same, the first to be done wins.
    """
    if path.exists():
        return
    part = _part(path)
    try:
        make(part)
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            os.rename(part, path)
    finally:
        part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def write_text(path: Path, text: str) -> None:
    """Put ``text`` in the place of ``path``. Raises OSError as `replaced`."""
    with replaced(path) as file:
        file.write(text)
