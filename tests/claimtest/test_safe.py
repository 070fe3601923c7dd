"""Nothing leaves the machine, nothing read from disk is unpickled, and no string of a pack reaches a page unescaped."""

import ast
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from claimtest.errors import UsageError
from claimtest.report import write_report
from claimtest.userdata import read_matrix
from tests.claimtest.toy_pack import CLT_CHECK
from tests.claimtest.toy_run import run_with

ROOT = Path(__file__).parents[2]
FLOORS = ("claimtest", "theorems", "models", "checks", "examples")
SOURCES = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]

WATCHED = """
import json, os, socket, sys

seen = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if arguments[0].family != socket.AF_UNIX:
            seen.append([event, repr(arguments[1])])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        seen.append([event, repr(arguments[:2])])
    elif event == "socket.bind" and arguments[0].family != socket.AF_UNIX:
        seen.append([event, repr(arguments[1])])

sys.addaudithook(watch)
"""
RUN = """
from claimtest import cli
pack, folder = sys.argv[1:]
report, found = folder + "/report.json", folder + "/found.json"
for words in (
    ["plan"], ["verify", "clt", "--quiet"], ["report", "clt"], ["plan"], ["show", "clt"], ["seeds", "--runs", "1"],
    ["calibrate", "--trials", "20"],
):
    assert cli.main([*words, "--out", folder], pack=pack) in (0, 1), words
attack = ["attack", "clt", "--minutes", "0.01", "--out", found]
for words in (["list"], ["diff", report, report], attack, ["replay", found]):
    assert cli.main(words, pack=pack) == 0, words
print(json.dumps(seen), file=sys.stderr)
"""


def run(program, *arguments):
    command = [sys.executable, "-c", WATCHED + program, *map(str, arguments)]
    environment = os.environ | {"CLAIMTEST_WATCH": str(arguments[-1]) if arguments else ""}
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)


def test_no_command_connects_to_anything_but_its_own_processes(tmp_path):
    assert json.loads(run(RUN, "tests.claimtest.watched_pack", tmp_path).stderr) == []
    logs = list((tmp_path).glob("worker-*.json"))
    assert logs, "the processes that measure are watched too"
    assert [json.loads(log.read_text()) for log in logs] == [[]] * len(logs)


def test_the_watch_sees_what_it_should():
    program = """
import urllib.request
try:
    urllib.request.urlopen("http://127.0.0.1:9")
except OSError:
    pass
print(json.dumps([event for event, _ in seen]))
"""
    seen = json.loads(run(program).stdout)
    assert {"socket.connect", "urllib.Request", "socket.getaddrinfo"} <= set(seen)


def calls(path):
    """The calls in a file with their full names as written."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}, node.lineno


MESSAGES = ROOT / "claimtest" / "executor.py"
"""Unpickles cells that our own parent sends through a pipe, or our own client through the cluster; never a file."""

UNSAFE = {
    "pickle.load", "pickle.Unpickler", "torch.load", "joblib.load", "dill.load", "dill.loads", "cloudpickle.loads",
    "marshal.load", "marshal.loads", "shelve.open", "yaml.load", "pd.read_pickle", "pandas.read_pickle", "eval", "exec",
}  # fmt: skip


def unsafe(path):
    """Calls that may run what a file says."""
    found = [f"{name} in line {line}" for name, _, line in calls(path) if name in UNSAFE]
    if path != MESSAGES:
        found += [f"{name} in line {line}" for name, _, line in calls(path) if name == "pickle.loads"]
    return found + [
        f"{name} in line {line} without allow_pickle=False"
        for name, words, line in calls(path)
        if name in ("np.load", "numpy.load", "np.save", "numpy.save") and words.get("allow_pickle") != "False"
    ]


def test_nothing_read_from_disk_is_unpickled():
    assert len(SOURCES) > 100
    assert {str(path.relative_to(ROOT)): bad for path in SOURCES if (bad := unsafe(path))} == {}


def test_the_scan_sees_what_it_should(tmp_path):
    (tmp_path / "bad.py").write_text("np.load(f)\npickle.load(f)\ntorch.load(f)\npickle.loads(f)\n")
    assert len(unsafe(tmp_path / "bad.py")) == 4


class Bomb:
    """Leaves a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_a_pickle_in_place_of_a_matrix_does_not_go_off(tmp_path, suffix):
    bomb = np.array([Bomb(tmp_path / "crater")], dtype=object)
    for content in ("array", "bare"):
        path = tmp_path / f"{content}{suffix}"
        with path.open("wb") as file:
            np.save(file, bomb, allow_pickle=True) if content == "array" else pickle.dump(bomb, file)
        with pytest.raises(UsageError) as failure:
            read_matrix(path)
        assert "\n" not in str(failure.value)
    assert not (tmp_path / "crater").exists()
    with (tmp_path / "array.npy").open("wb") as file:
        np.save(file, bomb, allow_pickle=True)
    np.load(tmp_path / "array.npy", allow_pickle=True)
    assert (tmp_path / "crater").exists()  # it would have


HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"&</style></svg> $\\text{<script>}$ `<b>`'


def hostile_run():
    """A run of which every string that a pack can set tries to break out."""
    (part,) = CLT_CHECK.readings
    criterion = replace(part.criteria[0], asks=HOSTILE, abscissa=HOSTILE, ordinate=HOSTILE)
    control = replace(part.controls[0], states=HOSTILE)
    reading = replace(CLT_CHECK.claim.readings[0], title=HOSTILE, statement=HOSTILE, because=HOSTILE)
    claim = replace(
        CLT_CHECK.claim, title=HOSTILE, statement=HOSTILE, formula=HOSTILE, premises=(HOSTILE,),
        provenance_note=HOSTILE, readings=(reading,),
    )  # fmt: skip
    readings = (replace(part, criteria=(criterion, *part.criteria[1:]), controls=(control, *part.controls[1:])),)
    run = run_with(replace(CLT_CHECK, claim=claim, readings=readings))
    return replace(run, title=HOSTILE, versions={HOSTILE: HOSTILE})


def test_every_string_of_a_pack_is_escaped(tmp_path):
    page = write_report(hostile_run(), tmp_path, [f"{HOSTILE.replace('/', '')}.csv"]).read_text(encoding="utf-8")
    for form in (page, *(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.svg"))):
        for tag in ("<script", "<img"):
            assert tag not in form
    assert "&lt;script&gt;" in page
    for name in ("report.md", "summary.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<img" not in text
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["claims"][1]["title"] == HOSTILE
