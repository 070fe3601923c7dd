"""The Dask cluster: the same verdicts and the same bits as at home, whatever dies; one line for everything wrong."""

import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra dask is not installed")

from checks import PACK as REAL
from claimtest import cluster
from claimtest.cells import Cell
from claimtest.cluster import DaskCluster
from claimtest.errors import RunError
from claimtest.evidence import EvidenceStore
from claimtest.executor import one_thread
from claimtest.runner import Runner
from tests.claimtest import faulty_pack, toy_pack
from tests.claimtest.cluster import scheduler, tasks_known, until, worker
from tests.claimtest.shell import wrong
from tests.claimtest.test_runner import cells_of


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A scheduler with one worker."""
    folder = tmp_path_factory.mktemp("cluster")
    with scheduler(folder) as (_, found), worker(folder, found):
        yield found


@pytest.fixture
def hanging(tmp_path):
    """Starts a worker whose first cell never ends, and says when it is at it."""
    mark = tmp_path / "mark"
    variables = {faulty_pack.TROUBLE: "hang", faulty_pack.MARK: str(mark)}
    return lambda address: worker(tmp_path, address, **variables), mark.exists


def evidence(folder: Path):
    """All that is stored but for times: cells and the bytes of their quantities."""
    with closing(sqlite3.connect(folder / "evidence.sqlite")) as store:
        cells = store.execute('SELECT key, experiment, "case", width, first, count, checksum FROM cells ORDER BY key')
        return cells.fetchall(), store.execute("SELECT key, name, data FROM quantities ORDER BY key, name").fetchall()


def verdicts(folder: Path):
    return json.loads((folder / "report.json").read_text()) | {"seconds": 0}


def test_a_worker_that_dies_changes_nothing(run, tmp_path, address, hanging):
    """The run cannot end before the hanging worker is killed, and its cell measured again elsewhere."""
    start, hangs = hanging
    assert run("verify", "--out", "home", pack=faulty_pack.PACK.module)[0] == 0
    with start(address) as victim:

        def kill():
            until(hangs, "the cell that hangs")
            victim.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        options = ("--executor", "dask", "--scheduler", address)
        status, _, err = run("verify", "--out", "away", *options, pack=faulty_pack.PACK.module)
        killer.join()
        assert victim.wait() == -9
    assert (status, err) == (0, "")
    assert verdicts(tmp_path / "away") == verdicts(tmp_path / "home")
    cells, quantities = evidence(tmp_path / "home")
    assert len(cells) == len(cells_of(faulty_pack.PACK))
    assert evidence(tmp_path / "away") == (cells, quantities)


def test_claims_of_this_repository_give_the_same_bits(address):
    """Kernels, training and eigenvalues, in torch and in one thread."""
    case = next(case for case in REAL.cases(0).drawn if len(case.problem.inputs) <= 4)
    names = ("initialisation", "ball-eigenvalue", "gradient-descent", "stochastic-gradients")
    cells = [Cell(REAL.experiments[name], case, 64, 0, 2) for name in names]
    with EvidenceStore(None) as store:
        found = Runner(REAL, store, executor=DaskCluster(REAL, address))(cells)
    with one_thread():
        for cell in cells:
            for name, values in cell.run(0).items():
                assert found[cell.identity][name].tobytes() == values.tobytes(), (cell.experiment.id, name)


def test_the_first_cells_go_first(address):
    cells = cells_of(toy_pack.PACK)[:30]
    ended = list(DaskCluster(toy_pack.PACK, address).measure(cells, 0, "cpu"))
    assert [done.position for done in ended] == list(range(30))


def test_what_is_queued_is_cancelled_and_what_has_ended_is_kept(address, monkeypatch):
    cells = cells_of(toy_pack.PACK)
    save, kept = EvidenceStore.save, []

    def interrupted(store, key, cell, *rest):
        save(store, key, cell, *rest)
        kept.append(cell)
        if len(kept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(EvidenceStore, "save", interrupted)
    with EvidenceStore(None) as store:
        with pytest.raises(KeyboardInterrupt, match=rf"2 of {len(cells)} cells measured and kept"):
            Runner(toy_pack.PACK, store, executor=DaskCluster(toy_pack.PACK, address))(cells)
        assert len(Runner(toy_pack.PACK, store).missing(cells)) == len(cells) - 3
    until(lambda: tasks_known(address) == 0, "the end of all tasks")


@pytest.mark.parametrize(
    ("differs", "words"),
    [
        ("sources of experiment 'flip'", "has other sources of experiment 'flip' than this process"),
        ("sources of claimtest", "has other sources of claimtest than this process"),
        ("numpy", "where this process has 0.0: install the same"),
        ("Python", "has Python 3."),
    ],
)
def test_a_worker_with_other_sources(run, address, monkeypatch, differs, words):
    agreed = cluster.fingerprint
    monkeypatch.setattr(cluster, "fingerprint", lambda *about: {**agreed(*about), differs: "0.0"})
    result = run("verify", "clt", "--executor", "dask", "--scheduler", address)
    wrong(result, 3, words)
    assert result[2].startswith("claimtest: error: worker tcp://127.0.0.1:")


def test_a_pack_that_workers_do_not_have(run, address, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "pack_at_home.py").write_text(
        "from dataclasses import replace\nfrom tests.claimtest.toy_pack import PACK\n"
        "PACK = replace(PACK, module='pack_at_home')\n"
    )
    result = run("verify", "--executor", "dask", "--scheduler", address, pack="pack_at_home")
    wrong(result, 3, "cannot measure: no pack 'pack_at_home'")


def test_a_device_that_workers_do_not_have(run, address):
    if pytest.importorskip("torch").cuda.is_available():
        pytest.skip("there is a CUDA device")
    result = run("verify", "--executor", "dask", "--scheduler", address, "--device", "cuda")
    wrong(result, 3, "cannot measure: device cuda: there is no CUDA device")


def test_a_cell_that_fails_is_named(address):
    cell = Cell(toy_pack.FLIP, toy_pack.Coin("coin", 16), -1, 0, 2)
    with pytest.raises(RunError, match="'flip' on case 'coin' at width -1, replicates 0 to 1 failed: ValueError"):
        list(DaskCluster(toy_pack.PACK, address).measure([cell], 0, "cpu"))


def test_no_scheduler(run):
    result = run("verify", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1", "--scheduler-timeout", "0.1")
    wrong(result, 3, "no Dask scheduler can be reached at tcp://127.0.0.1:1")


def test_a_scheduler_that_dies(run, tmp_path, hanging):
    start, hangs = hanging
    with scheduler(tmp_path) as (process, address), start(address):

        def kill():
            until(hangs, "the cell that hangs")
            process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        options = ("--executor", "dask", "--scheduler", address)
        result = run("verify", *options, pack=faulty_pack.PACK.module)
        killer.join()
    wrong(result, 3, f"the Dask scheduler at {address} is gone")


def test_encryption_and_no_worker(run, tmp_path, monkeypatch):
    """A scheduler that was reached says that it has no worker: with our certificate, and not without."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl to make a certificate with")
    monkeypatch.setattr(cluster, "LOOK", 0.05)
    monkeypatch.setattr(cluster, "monotonic", itertools.count(step=20).__next__)
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "key.pem", "-out", "cert.pem")
    command = ["openssl", "req", "-x509", "-nodes", *made, *subject]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    trusted, key = ("--tls-ca-file", tmp_path / "cert.pem", "--tls-cert", tmp_path / "cert.pem"), tmp_path / "key.pem"
    with scheduler(tmp_path, *trusted, "--tls-key", key, "--protocol", "tls") as (_, address):
        options = ("verify", "--executor", "dask", "--scheduler", address)
        wrong(run(*options, *trusted, "--tls-key", key), 3, "has had no worker for 30 s")
        wrong(run(*options, "--scheduler-timeout", "0.1"), 3, f"no Dask scheduler can be reached at {address}")


@pytest.mark.parametrize(
    ("files", "words"),
    [((), "tls needs certificates"), (("--tls-ca-file", __file__, "--tls-cert", __file__), "no certificate")],
)
def test_certificates_that_are_none_are_one_line(files, words):
    """In a process of its own: what a client that was half made has to say comes when it is collected."""
    command = ["--pack", "tests.claimtest.toy_pack", "verify", "--executor", "dask", "--scheduler", "tls://127.0.0.1:1"]
    done = subprocess.run([sys.executable, "-m", "claimtest.cli", *command, *files], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert words in done.stderr
