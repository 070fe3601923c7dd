"""The runner: the same numbers with any number of workers, nothing measured twice, failures in one line."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from claimtest.cells import Cell
from claimtest.engine import Engine
from claimtest.errors import RunError
from claimtest.evidence import EvidenceStore
from claimtest.pool import THREAD_VARIABLES, LocalPool
from claimtest.profile import PROFILES
from claimtest.reference import Reference
from claimtest.runner import Runner
from tests.claimtest import faulty_pack
from tests.claimtest.sessions import left_alive
from tests.claimtest.toy_pack import FLIP, PACK, Coin

QUICK = PROFILES["quick"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evidence.sqlite"


def cells_of(pack):
    claims = [check.claim.id for check in pack.checks]
    return Engine(pack, QUICK, pack.cases(0), lambda cells: {}).cells(claims)


def test_one_worker_and_two_measure_the_same_bits_as_no_pool_at_all():
    cells = cells_of(PACK)[:40]
    alone = {cell.identity: cell.run(root=5) for cell in cells}
    for jobs in (1, 2):
        with EvidenceStore(None) as store:
            found = Runner(PACK, store, root=5, jobs=jobs)(cells)
        assert set(found) == set(alone)
        for identity, quantities in alone.items():
            for name, values in quantities.items():
                assert found[identity][name].tobytes() == values.tobytes()


def test_only_what_is_missing_is_measured(path, monkeypatch):
    cells = cells_of(PACK)
    sent = []
    measure = LocalPool.measure
    monkeypatch.setattr(
        LocalPool, "measure", lambda pool, todo, *rest: sent.append(len(todo)) or measure(pool, todo, *rest)
    )
    for wanted in (cells[:10], cells[:10], cells[:25], cells[5:20]):
        with EvidenceStore(path) as store:
            assert len(Runner(PACK, store)(wanted)) == len(wanted)
    assert sent == [10, 15]
    with EvidenceStore(path) as store:
        assert len(Runner(PACK, store, root=1).missing(cells)) == len(cells)


def test_changed_sources_are_measured_anew(path, monkeypatch):
    cells = cells_of(PACK)[:4]
    with EvidenceStore(path) as store:
        Runner(PACK, store)(cells)
    monkeypatch.setattr("claimtest.runner.sources_digest", lambda *_: "changed")
    with EvidenceStore(path) as store:
        assert len(Runner(PACK, store).missing(cells)) == 4


def test_longest_cells_go_first(monkeypatch):
    order = []
    measure = LocalPool.measure
    monkeypatch.setattr(
        LocalPool, "measure", lambda pool, todo, *rest: order.extend(c.cost for c in todo) or measure(pool, todo, *rest)
    )
    with EvidenceStore(None) as store:
        Runner(PACK, store)(cells_of(PACK)[:30])
    assert order == sorted(order, reverse=True)


def test_units_of_cost_count_by_the_time_that_they_took(tmp_path):
    """What is stored here, else what the pack ships, else the median of those known."""
    Reference({"flip": 2.0, "other": 4.0}).write(tmp_path / "reference.json")
    pack, case = replace(PACK, reference=tmp_path / "reference.json"), Coin("coin", 16)
    named = [replace(FLIP, id=name) for name in ("flip", "flip/drifting", "other", "unknown")]
    cells = [Cell(experiment, case, 10, 0, 1) for experiment in named]
    with EvidenceStore(None) as store:
        runner = Runner(pack, store)
        assert runner.seconds(cells) == [20.0, 20.0, 40.0, 20.0]
        store.save("key", cells[2], "cpu", cells[2].run(0), 70.0)
        assert runner.seconds(cells) == [20.0, 20.0, 70.0, 20.0]
        assert Runner(PACK, EvidenceStore(None)).seconds(cells) == [10.0] * 4


@pytest.mark.parametrize(("trouble", "words"), [("raise", "OSError: no coin left"), ("die", "its process died")])
def test_a_failure_names_its_cell_and_what_had_ended_is_kept(path, monkeypatch, trouble, words):
    # A process of its own, since the server that workers are forked from keeps the environment it started in.
    program = """
import sys
from pathlib import Path
from claimtest.errors import RunError
from claimtest.evidence import EvidenceStore
from claimtest.reference import Reference
from claimtest.runner import Runner
from tests.claimtest import faulty_pack
from tests.claimtest.test_runner import cells_of
with EvidenceStore(Path(sys.argv[1])) as store:
    try:
        Runner(faulty_pack.PACK, store, jobs=2)(cells_of(faulty_pack.PACK))
    except RunError as error:
        print(error)
"""
    environment = os.environ | {faulty_pack.TROUBLE: trouble}
    said = subprocess.run(
        [sys.executable, "-c", program, path], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("experiment 'trouble' on case 'coin-0' at width 64, replicates ")
    assert words in said.stdout
    assert said.stdout.count("\n") == 1
    assert said.stderr == ""
    cells = cells_of(faulty_pack.PACK)
    with EvidenceStore(path) as store:
        missing = Runner(faulty_pack.PACK, store).missing(cells)
    assert 16 < len(missing) < len(cells)


def test_a_script_needs_no_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from claimtest.session import Session\n"
        "from tests.claimtest.toy_pack import PACK\n"
        "print(Session(PACK, jobs=2).judge(['clt']).exit_status())\n"
    )
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run([sys.executable, script], env=paths, capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("0\n", "")


def test_a_case_that_cannot_travel():
    case = Coin("coin", 16)
    object.__setattr__(case, "secret", lambda: None)
    with EvidenceStore(None) as store, pytest.raises(RunError, match="cannot be sent"):
        Runner(PACK, store)([Cell(FLIP, case, 16, 0, 2)])


def test_workers_have_one_thread():
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    cell = cells_of(faulty_pack.PACK)[0]
    with EvidenceStore(None) as store:
        found = Runner(faulty_pack.PACK, store)([cell])[cell.identity]
    assert set(found["threads"]) == {1.0}
    assert set(found["variable"]) == {1.0}
    assert before == {name: os.environ.get(name) for name in THREAD_VARIABLES}


def hears_ctrl_c():
    """A test run in the background of a script is deaf to it, and hands that down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(path, *, group):
    command = [sys.executable, "-m", "claimtest.cli", "--pack", "tests.claimtest.faulty_pack", "verify", "--out", path]
    environment = os.environ | {faulty_pack.TROUBLE: "slow"}
    run = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=group, preexec_fn=hears_ctrl_c
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and stored(path / "evidence.sqlite") < 4:
        time.sleep(0.02)
    return run


def stored(path):
    if not path.exists():
        return 0
    with EvidenceStore(path) as store:
        return len(cells_of(faulty_pack.PACK)) - len(
            Runner(faulty_pack.PACK, store).missing(cells_of(faulty_pack.PACK))
        )


def test_ctrl_c_stops_promptly_and_keeps_what_has_ended(tmp_path):
    run = start(tmp_path, group=True)
    os.killpg(run.pid, signal.SIGINT)  # a terminal tells every process
    _, words = run.communicate(timeout=60)
    assert run.returncode == 130
    assert words.count("\n") == 1
    assert "cells measured and kept" in words
    assert 4 <= stored(tmp_path / "evidence.sqlite") < len(cells_of(faulty_pack.PACK))


def test_workers_die_with_their_parent(tmp_path):
    run = start(tmp_path, group=True)
    run.kill()
    run.communicate()
    assert left_alive(run.pid) == []
    assert 4 <= stored(tmp_path / "evidence.sqlite") < len(cells_of(faulty_pack.PACK))
