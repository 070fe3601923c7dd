"""Setting a damaged file aside, safely where several runs share a folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

try:
    import fcntl
except ImportError:  # a system without these locks: one run per folder
    fcntl = None

__all__ = ["FolderLock", "drop_journals", "drop_orphans", "journals", "set_aside"]

JOURNALS = ("-wal", "-shm")
"""What SQLite keeps beside a file while it is open, and after a crash."""

PATIENCE = 5.0
"""Seconds to wait for other runs to let go of a damaged store."""


class FolderLock:
    """A shared hold on a folder for as long as a store in it is open, which can be made exclusive for a moment.

    SQLite removes a file's journal by name when it closes: renaming a store that another run has open could take away
    the journal of its successor.
    """

    def __init__(self, folder: Path) -> None:
        """Take the shared hold."""
        self._handle = os.open(folder, os.O_RDONLY)
        self._share()

    def _share(self) -> None:
        if fcntl:
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else holds the folder inside. Raises TimeoutError if somebody keeps holding it."""
        end = time.monotonic() + PATIENCE
        while fcntl:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                fcntl.flock(self._handle, fcntl.LOCK_UN)  # others may be waiting for us in the same way
                if time.monotonic() > end:
                    raise TimeoutError("another run is using it") from None
                time.sleep(0.05)
        try:
            yield
        finally:
            self._share()

    def close(self) -> None:
        """Let go."""
        os.close(self._handle)


def journals(path: Path) -> dict[Path, int]:
    """The journals that lie beside a SQLite file, with their inodes."""
    beside = [Path(f"{path}{suffix}") for suffix in JOURNALS]
    return {journal: os.stat(journal).st_ino for journal in beside if journal.exists()}


def drop_journals(known: Mapping[Path, int]) -> None:
    """Remove these journals, unless another file has taken the name: SQLite plays them into whatever lies beside."""
    for journal, inode in known.items():
        with contextlib.suppress(FileNotFoundError):
            if os.stat(journal).st_ino == inode:
                journal.unlink()


def drop_orphans(path: Path, lock: FolderLock) -> None:
    """Remove the journals of a SQLite file that is gone."""
    if path.exists() or not journals(path):
        return
    with lock.exclusive():
        if not path.exists():
            drop_journals(journals(path))


def set_aside(path: Path, inode: int) -> Path | None:
    """Rename a damaged SQLite file with its journals; None if the file is no longer the one with that inode."""
    if not path.exists() or os.stat(path).st_ino != inode:
        return None
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
    path.rename(aside)
    for suffix in JOURNALS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return aside
