"""A store that is deleted or replaced, journals that outlive it: said, and nothing of one store gets into another."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from claimtest.cells import Cell
from claimtest.evidence import EvidenceStore
from tests.claimtest.toy_pack import FLIP, Coin

CELL = Cell(FLIP, Coin("coin", 16), 32, 0, 3)
QUANTITIES = {"mean": np.arange(3.0)}
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.claimtest.test_store_lost import CELL, QUANTITIES
from claimtest.evidence import EvidenceStore
store = EvidenceStore(Path(sys.argv[1]))
store.save("old", CELL, "cpu", QUANTITIES, 0.5)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evidence.sqlite"


def test_deleted_during_a_run(path):
    said = []
    with EvidenceStore(path, said.append) as store:
        store.save("before", CELL, "cpu", QUANTITIES, 0.5)
        for file in path.parent.glob("evidence.sqlite*"):
            file.unlink()
        for key in ("after", "later"):
            store.save(key, CELL, "cpu", QUANTITIES, 0.5)
    with EvidenceStore(path, said.append) as store:
        assert set(store.load(["before", "after", "later"])) == {"after", "later"}
    (line,) = said
    assert "was deleted or replaced during the run" in line


def test_replaced_during_a_run(path, tmp_path):
    other = tmp_path / "other.sqlite"
    with EvidenceStore(other) as store:
        store.save("theirs", CELL, "cpu", QUANTITIES, 0.5)
    said = []
    with EvidenceStore(path, said.append) as store:
        store.save("before", CELL, "cpu", QUANTITIES, 0.5)
        os.replace(other, path)
        store.save("after", CELL, "cpu", QUANTITIES, 0.5)
        assert set(store.load(["before", "theirs", "after"])) == {"theirs", "after"}
    assert len(said) == 1


def test_journals_of_a_store_that_is_gone_do_not_get_into_the_next(path):
    assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode < 0
    assert path.with_name("evidence.sqlite-wal").stat().st_size
    path.unlink()
    said = []
    with EvidenceStore(path, said.append) as store:
        assert store.load(["old"]) == {}
        store.save("new", CELL, "cpu", QUANTITIES, 0.5)
    assert not said


def test_a_killed_run_keeps_what_its_journal_holds(path):
    assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode < 0
    with EvidenceStore(path) as store:
        assert set(store.load(["old"])) == {"old"}


def test_a_folder_deleted_during_a_run_is_one_line(tmp_path):
    store = EvidenceStore(tmp_path / "folder" / "evidence.sqlite")
    shutil.rmtree(tmp_path / "folder")
    said = []
    store._say = said.append
    store.save("after", CELL, "cpu", QUANTITIES, 0.5)
    store.close()
    assert len(said) == 1
    with EvidenceStore(tmp_path / "folder" / "evidence.sqlite") as store:
        assert set(store.load(["after"])) == {"after"}
