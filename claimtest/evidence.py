"""The evidence store: what was measured, in one SQLite file, written as each cell ends."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from claimtest.cells import Cell, Quantities
from claimtest.errors import RunError
from claimtest.files import appear
from claimtest.setaside import FolderLock, drop_journals, drop_orphans, journals, set_aside

__all__ = ["EvidenceStore"]

FORMAT = 1
SCHEMA = (
    """CREATE TABLE cells (
    key TEXT PRIMARY KEY, experiment TEXT NOT NULL, "case" TEXT NOT NULL, width INTEGER NOT NULL,
    first INTEGER NOT NULL, count INTEGER NOT NULL, device TEXT NOT NULL, cost REAL NOT NULL, seconds REAL NOT NULL,
    created TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE quantities (
    key TEXT NOT NULL REFERENCES cells, name TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (key, name))""",
)
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class _Damaged(Exception):
    """The file is no store of ours, or no longer what was written."""


def _say(message: str) -> None:
    print(message, file=sys.stderr)


class EvidenceStore:
    """Quantities by the key of their cell, in the SQLite file ``path`` (None: in memory).

    A damaged store is detected on opening and by a checksum on reading each cell, said in one line through ``say``,
    renamed (``set_aside`` is its name then) and replaced by an empty one. Several processes may use one file. Every
    method raises RunError, in one line, if the file cannot be read or written.
    """

    def __init__(self, path: Path | None, say: Callable[[str], None] = _say) -> None:
        """Open or create the store and check that it is whole."""
        self.path = path
        self.set_aside = ""
        self._say = say
        self._lock: FolderLock | None = None
        self._open()

    def _open(self) -> None:
        try:
            self._connect()
        except _Damaged as damage:
            self._replace(str(damage))

    def _connect(self) -> None:
        with self._one_line("open"):
            if self.path and self._lock is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = FolderLock(self.path.parent)
            if self.path:
                assert self._lock
                drop_orphans(self.path, self._lock)
                appear(self.path, _make_empty)
            self._database = sqlite3.connect(self.path or ":memory:", timeout=60, isolation_level=None)
            found = os.stat(self.path) if self.path else None
            self._inode = found.st_ino if found else 0
            if found and not found.st_size:  # a store is never empty: it appears with its tables
                raise _Damaged("it is empty")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._check()
            self._journals = journals(self.path) if self.path else {}

    def _check(self) -> None:
        """Raise _Damaged unless the file is a whole store of this format."""
        if self.path is None:
            _make_tables(self._database)
        fault = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise _Damaged(" ".join(fault.replace("*** in database main ***", "").split()))
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if (version, _statements(self._database)) != (FORMAT, _ours()):
            raise _Damaged("not a store of this version")

    def _replace(self, reason: str) -> None:
        """Set the damaged file aside, unless another run has done so already, and start afresh."""
        assert self.path  # memory does not get damaged
        assert self._lock
        self._database.close()
        with self._one_line(f"go on after damage ({reason}) to"), self._lock.exclusive():
            if aside := set_aside(self.path, self._inode):
                self.set_aside = aside.name
                self._say(f"evidence in {self.path} is damaged ({reason}): set aside as {aside.name}, starting afresh")
            self._connect()

    def load(self, keys: Iterable[str]) -> dict[str, Quantities]:
        """The stored quantities of those of these cells that are stored; none of them if the store is damaged."""
        try:
            with self._one_line("read"):
                return {key: found for key in keys if (found := self._read(key)) is not None}
        except _Damaged as damage:
            self._replace(str(damage))
            return {}

    def _read(self, key: str) -> Quantities | None:
        row = self._database.execute("SELECT checksum FROM cells WHERE key=?", (key,)).fetchone()
        if row is None:
            return None
        blobs = dict(self._database.execute("SELECT name, data FROM quantities WHERE key=? ORDER BY name", (key,)))
        whole = all(isinstance(blob, bytes) for blob in blobs.values()) and _checksum(key, blobs) == row[0]
        if not whole:
            raise _Damaged("a checksum does not match")
        try:
            return {name: np.load(io.BytesIO(blob), allow_pickle=False) for name, blob in blobs.items()}
        except (ValueError, EOFError, OSError):
            raise _Damaged("a quantity is no array of numbers") from None

    def save(self, key: str, cell: Cell, device: str, quantities: Quantities, seconds: float) -> None:
        """Store what a cell measured, in one transaction; a cell already there stays as it is.

        If somebody deleted the file, or put another in its place, that is said and the one there now is used.
        """
        if self._lost():
            self._say(f"evidence in {self.path} was deleted or replaced during the run: only what ends now is kept")
            self.close()
            drop_journals(self._journals)
            self._open()
        blobs = {name: _bytes(values) for name, values in sorted(quantities.items())}
        created = datetime.now(UTC).isoformat(timespec="seconds")
        row = (key, cell.experiment.id, cell.case.id, cell.width, cell.first, cell.count, device, cell.cost, seconds)
        try:
            self._write((*row, created, _checksum(key, blobs)), blobs)
        except _Damaged as damage:
            self._replace(str(damage))
            self._write((*row, created, _checksum(key, blobs)), blobs)

    def _lost(self) -> bool:
        try:
            return self.path is not None and os.stat(self.path).st_ino != self._inode
        except FileNotFoundError:
            return True
        except OSError:  # whatever else is wrong, writing will say
            return False

    def _write(self, row: tuple[Any, ...], blobs: Mapping[str, bytes]) -> None:
        with self._one_line("write"), self._transaction():
            added = self._database.execute(f"INSERT OR IGNORE INTO cells VALUES ({', '.join('?' * len(row))})", row)
            if added.rowcount:
                self._database.executemany(
                    "INSERT INTO quantities VALUES (?, ?, ?)", [(row[0], name, blob) for name, blob in blobs.items()]
                )

    def speeds(self) -> dict[str, float]:
        """Seconds per unit of cost of each experiment measured so far."""
        with self._one_line("read"):
            rows = self._database.execute("SELECT experiment, SUM(seconds) / SUM(cost) FROM cells GROUP BY experiment")
            return {experiment: speed for experiment, speed in rows if speed is not None}

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def _one_line(self, verb: str) -> Iterator[None]:
        """Turn what SQLite and the file system say into damage or into one line."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                raise _Damaged(str(error)) from None
            raise RunError(f"cannot {verb} the evidence in {self.path}: {error}") from None
        except OSError as error:
            raise RunError(f"cannot {verb} the evidence in {self.path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Close the file."""
        if hasattr(self, "_database"):
            self._database.close()
        if self._lock:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def _make_empty(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        _make_tables(database)


def _make_tables(database: sqlite3.Connection) -> None:
    for statement in SCHEMA:
        database.execute(statement)
    database.execute(f"PRAGMA user_version={FORMAT}")


def _statements(database: sqlite3.Connection) -> set[str]:
    return {sql for (sql,) in database.execute("SELECT sql FROM sqlite_master WHERE type='table'")}


@cache
def _ours() -> set[str]:
    """What SQLite keeps of our statements."""
    with closing(sqlite3.connect(":memory:")) as database:
        _make_tables(database)
        return _statements(database)


def _bytes(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _checksum(key: str, blobs: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(key.encode())
    for name, blob in blobs.items():
        digest.update(f"\x1f{name}\x1f{len(blob)}\x1f".encode())
        digest.update(blob)
    return digest.hexdigest()
