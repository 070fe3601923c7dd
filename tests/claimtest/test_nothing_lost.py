"""Runs that are killed, interrupted, starved of disk or doubled lose nothing: the evidence ends up the same."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What happened to the runs of every kind, their folders and what they said."""
    folder = tmp_path_factory.mktemp("runs")
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"moments drawn from seed {seed}")  # pytest shows it where a test fails
    numbers = {"nothing": 0, "kills": seed, "interrupt": 60, "starve": 150, "both": 0, "late": seed}
    arguments = [str(a) for name, number in numbers.items() for a in (name, folder / name, number)]
    command = [sys.executable, "-m", "tests.claimtest.disturbed", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    reports = dict(zip(numbers, map(json.loads, done.stdout.splitlines()), strict=True))
    said = {name: (folder / f"{name}.said").read_text() for name in numbers}
    return {name: (reports[name], folder / name, said[name]) for name in numbers}


def evidence(folder):
    """Everything measured, and the two reports of it, without times of day."""
    with closing(sqlite3.connect(folder / "evidence.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        columns = 'key, experiment, "case", width, first, count, device, cost, checksum'
        cells = database.execute(f"SELECT {columns} FROM cells ORDER BY key").fetchall()
        quantities = database.execute("SELECT key, name, data FROM quantities ORDER BY key, name").fetchall()
    files = {path.name: path.read_bytes() for path in sorted((folder / "evidence").iterdir())}
    return cells, quantities, files, (folder / "report.json").read_bytes()


@pytest.mark.parametrize("name", ["kills", "interrupt", "starve", "both"])
def test_the_evidence_is_that_of_a_run_that_nobody_disturbed(told, name):
    calm, calm_folder, _ = told["nothing"]
    report, folder, _ = told[name]
    assert (report["status"], report["after"]) == (calm["status"], calm["after"]) == (0, calm["measured"])
    assert evidence(folder) == evidence(calm_folder)


@pytest.mark.parametrize("name", ["kills", "interrupt", "starve"])
def test_the_next_run_measures_only_what_is_missing(told, name):
    report, *_ = told[name]
    assert report["measured"] == report["after"] - report["before"]


def test_twenty_kills_lose_no_cell_that_had_ended(told):
    report, _, said = told["kills"]
    assert report["hits"] == 20
    assert 0 < report["before"] < report["after"]
    assert all(lost <= 0 for lost in report["lost"])  # below: stored, and killed before it could say so
    assert said == ""


def test_a_report_that_is_killed_while_it_is_written_has_no_half_files_and_measures_nothing_again(told):
    report, folder, said = told["late"]
    assert (report["status"], report["hits"], report["again"], report["broken"]) == (0, 8, 0, [])
    assert {path.name for path in folder.iterdir()} >= {
        "index.html",
        "report.md",
        "report.json",
        "report.tex",
        "figures",
    }
    assert said == ""


def test_ctrl_c_says_what_it_keeps(told):
    report, _, said = told["interrupt"]
    assert report["first"] == 130
    assert 0 < report["before"] < report["after"]
    assert report["lost"] <= 0
    assert said.endswith("cells measured and kept\n")
    assert said.count("\n") == 1


def test_a_full_disk_is_one_line(told):
    report, _, said = told["starve"]
    assert report["first"] == 3
    assert 0 < report["before"] < report["after"]
    assert report["lost"] <= 0
    assert said.startswith("claimtest: error: cannot write the evidence in ")
    assert said.count("\n") == 1


def test_two_runs_at_once_get_along(told):
    report, _, said = told["both"]
    assert report["both"] == [0, 0]
    assert report["measured"] == 0
    assert said == ""


@pytest.fixture
def stored(told, tmp_path):
    """The output folder of a run in which everything is stored already."""
    folder = tmp_path / "claims-out"
    folder.mkdir()
    shutil.copy(told["nothing"][1] / "evidence.sqlite", folder)
    return folder


def test_a_damaged_store_is_said_set_aside_and_measured_anew(run, stored):
    store = stored / "evidence.sqlite"
    content = bytearray(store.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\xff" * 4096
    store.write_bytes(content)
    status, _, said = run("verify", "clt", "--quiet")
    assert status == 0
    assert said.count("\n") == 1
    assert "is damaged" in said
    assert "set aside as evidence.sqlite.damaged-" in said
    (aside,) = stored.glob("evidence.sqlite.damaged-*[0-9]")
    assert aside.read_bytes() == content


@pytest.mark.parametrize("name", ["report.md", "figures", "evidence"])
def test_a_report_that_cannot_be_written_is_one_line(full_run, stored, name):
    if "." in name:
        (stored / name).mkdir()
    else:
        (stored / name).touch()
    status, out, said = full_run("report", "clt")
    assert (status, out) == (3, "")
    assert said.startswith("claimtest: error: cannot write")
    assert said.count("\n") == 1
