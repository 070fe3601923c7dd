"""The evidence store: what goes in comes out bit for bit, or the store says that it is damaged."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from claimtest.cells import Cell
from claimtest.errors import RunError
from claimtest.evidence import EvidenceStore
from claimtest.export import Measured, export_csv
from claimtest.session import Session
from tests.claimtest.toy_pack import DRIFTING, FLIP, PACK, Coin

CELL = Cell(FLIP, Coin("coin", 16), 32, 0, 3)
QUANTITIES = {
    "odd": np.array([[0.1, -0.0], [np.nan, np.inf], [5e-324, 1e308]]),
    "empty": np.zeros((3, 0)),
    "name with 'quotes'": np.arange(3.0),
}


@pytest.fixture
def said():
    return []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "evidence.sqlite"


def fill(path, *keys, say=print):
    with EvidenceStore(path, say) as store:
        for key in keys:
            store.save(key, CELL, "cpu", QUANTITIES, 0.5)


def test_round_trip_is_exact(path):
    fill(path, "key")
    with EvidenceStore(path) as store:
        found = store.load(["key", "nothing"])
    assert set(found) == {"key"}
    assert set(found["key"]) == set(QUANTITIES)
    for name, values in QUANTITIES.items():
        assert found["key"][name].tobytes() == values.tobytes()
        assert found["key"][name].shape == values.shape


def test_in_memory(tmp_path):
    with EvidenceStore(None) as store:
        store.save("key", CELL, "cpu", QUANTITIES, 0.5)
        assert set(store.load(["key"])) == {"key"}


def test_a_cell_stored_twice_stays_as_it_was(path):
    fill(path, "key", "key")
    with EvidenceStore(path) as store:
        store.save("key", CELL, "cpu", {"odd": np.zeros(3)}, 9.0)
        assert store.load(["key"])["key"]["odd"][0, 0] == 0.1


def test_facts_about_a_cell_are_plain_columns(path):
    fill(path, "key")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        row = database.execute('SELECT experiment, "case", width, first, count, device, seconds FROM cells').fetchone()
    assert row == ("flip", "coin", 32, 0, 3, "cpu", 0.5)
    with EvidenceStore(path) as store:
        assert store.speeds() == {"flip": pytest.approx(0.5 / CELL.cost)}


def rubbish(path):
    path.write_bytes(b"this is no database" * 100)


def cut_short(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def emptied(path):
    path.write_bytes(b"")


def column_lost(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("ALTER TABLE cells DROP COLUMN created")


def bit_flipped(path):
    content = bytearray(path.read_bytes())
    at = content.index(QUANTITIES["odd"].tobytes())
    content[at] ^= 1
    path.write_bytes(content)


def of_another_type(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE quantities SET data='words' WHERE name='odd'")


def quantity_lost(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM quantities WHERE name='odd'")


def of_another_program(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE visitors (name TEXT)")


def of_another_version(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA user_version=99")


@pytest.mark.parametrize(
    "damage",
    [
        rubbish,
        cut_short,
        emptied,
        column_lost,
        bit_flipped,
        of_another_type,
        quantity_lost,
        of_another_program,
        of_another_version,
    ],
)
def test_damage_is_said_and_set_aside(path, said, damage):
    fill(path, *(f"key{k}" for k in range(20)))
    damage(path)
    spoiled = path.read_bytes()
    with EvidenceStore(path, said.append) as store:
        assert store.load([f"key{k}" for k in range(20)]) == {}
        store.save("key", CELL, "cpu", QUANTITIES, 0.5)
    assert len(said) == 1
    assert "damaged" in said[0]
    assert "\n" not in said[0]
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == spoiled
    with EvidenceStore(path, said.append) as store:
        assert set(store.load(["key", "key1"])) == {"key"}
    assert len(said) == 1


def test_no_file_is_unpickled(path, said):
    fill(path, "key")
    with EvidenceStore(path, said.append) as store:
        assert all(not values.dtype.hasobject for values in store.load(["key"])["key"].values())
        with pytest.raises(ValueError, match="Object arrays cannot be saved"):
            store.save("other", CELL, "cpu", {"x": np.array([{}], dtype=object)}, 0.0)


def test_an_unusable_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot open the evidence in") as failure:
        EvidenceStore(tmp_path / "file" / "evidence.sqlite")
    assert "\n" not in str(failure.value)
    with pytest.raises(RunError, match="cannot open"):
        EvidenceStore(tmp_path)


def test_a_full_disk_is_one_line_and_loses_nothing(path):
    fill(path, "key")
    with EvidenceStore(path) as store:
        pages = store._database.execute("PRAGMA page_count").fetchone()[0]
        store._database.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(RunError, match=r"cannot write the evidence in .* full"):
            store.save("large", CELL, "cpu", {"x": np.zeros((3, 10**5))}, 0.5)
    with EvidenceStore(path) as store:
        assert set(store.load(["key", "large"])) == {"key"}


def test_a_damaged_store_in_use_elsewhere_stays_where_it_is(path, monkeypatch):
    monkeypatch.setattr("claimtest.setaside.PATIENCE", 0.1)
    fill(path, "key")
    with EvidenceStore(path):
        rubbish(path)
        with pytest.raises(RunError, match=r"damage .*: another run is using it"):
            EvidenceStore(path)
    assert not list(path.parent.glob("*.damaged-*"))


WRITER = """
import sys
from pathlib import Path
from claimtest.evidence import EvidenceStore
from tests.claimtest.test_evidence import CELL, QUANTITIES
with EvidenceStore(Path(sys.argv[1])) as store:
    for k in range(150):
        store.save(f"key{k}", CELL, "cpu", QUANTITIES, 0.5)
        store.save(f"{sys.argv[2]}-{k}", CELL, "cpu", QUANTITIES, 0.5)
"""


def test_two_runs_may_write_into_one_store(path, said):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, name]) for name in ("a", "b")]
    assert [writer.wait() for writer in writers] == [0, 0]
    wanted = [f"{name}{k}" for name in ("key", "a-", "b-") for k in range(150)]
    with EvidenceStore(path, said.append) as store:
        assert set(store.load(wanted)) == set(wanted)
    assert not said


def test_csv_holds_every_number(tmp_path):
    (tmp_path / "mine.csv").write_text("not,ours\n1,2\n")
    other = Cell(DRIFTING, Coin("coin", 16), 32, 8, 1)
    evidence = [(CELL, QUANTITIES), (other, {"x": np.array([0.1])})]
    export_csv([Measured.of(other, {"y": np.array([1.0])})], tmp_path)
    paths = export_csv([Measured.of(*pair) for pair in evidence], tmp_path)
    assert [p.name for p in paths] == ["flip.csv", "flip-drifting.csv"]
    assert paths[1].read_text().splitlines() == ["case,width,replicate,quantity,index,value", "coin,32,8,x,,0.1"]
    lines = paths[0].read_text().splitlines()
    assert len(lines) == 1 + 6 + 3
    assert "coin,32,2,odd,0,5e-324" in lines
    assert (tmp_path / "mine.csv").exists()


def test_a_damaged_cell_leaves_none_of_the_others_counted_as_stored(tmp_path):
    """Claims are looked up one by one: what was read before the damage showed is not in the new store."""
    session = Session(PACK, folder=tmp_path, jobs=1, progress=False)
    claims = [check.claim.id for check in PACK.checks]
    session.judge(claims)
    session.close()
    cells = {claim: {cell.identity: cell for cell in session.engine.cells([claim])} for claim in claims}
    first, *_, other = sorted(claims, key=lambda claim: len(cells[claim]))
    own = [cell for name, cell in cells[other].items() if name not in cells[first]]
    with closing(sqlite3.connect(tmp_path / "evidence.sqlite")) as database:
        last = own[-1]
        database.execute("UPDATE quantities SET data = x'00' WHERE key = ?", (session.runner.key(last),))
        database.commit()
    again = Session(PACK, folder=tmp_path, jobs=1, progress=False)
    assert all(lacking == total for lacking, total in again.missing([first, other]).values())
    again.close()
