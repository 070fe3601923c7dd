"""Real runs of the coins, command line and pool of processes, disturbed: killed, interrupted, starved, doubled.

A program of its own, single-threaded, so that runs can be forked from it once everything is imported: twenty of them
then cost less than three that start from nothing. Which disturbance and in which folder, its arguments say; what
happened it prints as JSON.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from claimtest import cli, pool, processes
from claimtest.evidence import EvidenceStore
from claimtest.session import Session


def run(folder: Path, told: int, room: int | None = None, *, report: bool = False) -> None:
    """Verify in this process, a byte to ``told`` before and after each cell is stored, then leave with the status.

    With ``report`` the whole report is written, and bytes tell of its files, too.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests behind itself ignores it
    pool.METHOD = processes.METHOD = "fork"  # this process has no threads that a fork could lose
    save = EvidenceStore.save

    def saying(*arguments, **others):
        os.write(told, b"<")
        save(*arguments, **others)
        os.write(told, b">")

    def write_json(result, out, evidence=(), formats=("json",), jobs=1):
        (out / "report.json").write_text(json.dumps(result.to_json() | {"seconds": 0}))
        return out / "index.html"

    EvidenceStore.save = saying
    replace = os.replace

    def telling(*arguments, **others):
        os.write(told, b"[")
        replace(*arguments, **others)
        os.write(told, b"]")

    if report:
        os.replace = telling
    else:
        from claimtest import report as reporting

        reporting.write_report = write_json  # the page takes longer than all coins together
    if room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    arguments = ["verify", "clt", "--quiet", "--jobs", "2", "--out", str(folder)]
    os._exit(cli.main(arguments, pack="tests.claimtest.toy_pack"))


def start(folder: Path, room: int | None = None, *, report: bool = False) -> tuple[int, int]:
    """Fork a run; its process and the end of the pipe on which it tells how far it is."""
    hears, tells = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if not process:
        os.close(hears)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(folder.parent / f"{folder.name}.said", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        run(folder, tells, room, report=report)
    os.close(tells)
    return process, hears


def end(process: int, hears: int, *, after: int | None = None, by: int = signal.SIGKILL) -> tuple[int, int]:
    """Wait for the run to end, or end it when it has told ``after`` things; its status and how many cells it stored."""
    told = b""
    while after is None or len(told) < after:
        more = os.read(hears, 1 if after is not None else 4096)
        if not more:
            break
        told += more
    if after is not None and len(told) >= after:
        os.kill(process, by)
    _, status = os.waitpid(process, 0)
    while more := os.read(hears, 4096):
        told += more
    os.close(hears)
    return os.waitstatus_to_exitcode(status), told.count(b">")


def stored(folder: Path) -> int:
    """Cells in the store."""
    if not (folder / "evidence.sqlite").exists():
        return 0
    with closing(sqlite3.connect(folder / "evidence.sqlite")) as database:
        found = database.execute("SELECT COUNT(*) FROM sqlite_master WHERE name='cells'").fetchone()[0]
        return database.execute("SELECT COUNT(*) FROM cells").fetchone()[0] if found else 0


def kills(folder: Path, seed: int) -> dict[str, object]:
    """Twenty runs killed at random moments, then one that nobody disturbs."""
    moments, lost, hits = random.Random(seed), [], 0
    while hits < 20:
        before = stored(folder)
        process, hears = start(folder)
        moment = moments.randint(0, 16)
        time.sleep(moments.uniform(0, 0.02) if moment == 0 else 0.0)  # before the first cell
        status, done = end(process, hears, after=moment)
        hits += status == -signal.SIGKILL
        lost.append(before + done - stored(folder))
    return {"hits": hits, "lost": lost, **last(folder)}


def late(folder: Path, seed: int) -> dict[str, object]:
    """Everything measured, then killed eight times while the report is written, then left in peace."""
    moments, hits, measured, broken = random.Random(seed), 0, 0, []
    before = last(folder)
    while hits < 8:
        process, hears = start(folder, report=True)
        status, done = end(process, hears, after=moments.randint(1, 40))
        hits += status == -signal.SIGKILL
        measured += done
        broken += half_written(folder)
    status, done = end(*start(folder, report=True))
    return {**before, "status": status, "hits": hits, "again": measured + done, "broken": broken + half_written(folder)}


WHOLE = {
    ".html": lambda text: text.rstrip().endswith("</html>"), ".svg": lambda text: text.rstrip().endswith("</svg>"),
    ".json": json.loads, ".csv": lambda text: text.endswith("\n"), ".tex": lambda text: text.endswith("\\endgroup\n"),
    ".md": lambda text: text.endswith("\n"),
}  # fmt: skip
"""What the whole of a file looks like, by its suffix."""


def half_written(folder: Path) -> list[str]:
    """Files of a report that are not whole; those with another name until they are do not count."""
    files = [path for path in folder.rglob("*") if path.suffix in WHOLE and not path.name.startswith(".")]
    return [str(path) for path in files if not WHOLE[path.suffix](path.read_text(encoding="utf-8"))]


def last(folder: Path) -> dict[str, object]:
    """A run that nobody disturbs."""
    before = stored(folder)
    status, done = end(*start(folder))
    return {"status": status, "before": before, "measured": done, "after": stored(folder)}


def interrupt(folder: Path, seed: int) -> dict[str, object]:
    """Ctrl-C in the middle, then a run that nobody disturbs."""
    status, done = end(*start(folder), after=seed, by=signal.SIGINT)
    return {"first": status, "lost": done - stored(folder), **last(folder)}


def starve(folder: Path, seed: int) -> dict[str, object]:
    """No file may grow beyond ``seed`` kilobytes, then a run that nobody disturbs."""
    status, done = end(*start(folder, room=seed * 1000))
    return {"first": status, "lost": done - stored(folder), **last(folder)}


def both(folder: Path, seed: int) -> dict[str, object]:
    """Two runs at once."""
    runs = [start(folder), start(folder)]
    statuses = [end(*one)[0] for one in runs]
    return {"both": statuses, **last(folder)}


DISTURBANCES: dict[str, Callable[[Path, int], dict[str, object]]] = {
    "nothing": lambda folder, seed: last(folder),
    "kills": kills,
    "interrupt": interrupt,
    "starve": starve,
    "both": both,
    "late": late,
}

if __name__ == "__main__":
    import claimtest.commands
    import claimtest.report  # noqa: F401
    from tests.claimtest.toy_pack import PACK

    session = Session(PACK)
    session.missing(["clt"]), session.versions

    for name, folder, number in zip(sys.argv[1::3], sys.argv[2::3], sys.argv[3::3], strict=True):
        print(json.dumps(DISTURBANCES[name](Path(folder), int(number))), flush=True)
