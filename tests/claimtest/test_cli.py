"""The command line: one line and a status for everything that is wrong."""

import contextlib
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtest import cli, commands
from tests.claimtest.shell import altered, wrong
from tests.claimtest.toy_pack import PACK


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("", "required: COMMAND"),
        ("verfy", "unknown command 'verfy': did you mean verify?"),
        ("verify lnl", "unknown claim 'lnl': did you mean lln?"),
        ("verify zzz", "unknown claim 'zzz' (there are: lln, clt)"),
        ("show nothing", "unknown claim 'nothing'"),
        ("verify --profile quik", "unknown profile 'quik': did you mean quick?"),
        ("verify --seed -1", "--seed -1: give a whole number, at least 0"),
        ("verify --seed 1.5", "--seed 1.5"),
        ("verify --jobs 0", "--jobs 0: give a whole number, at least 1"),
        ("verify --jobs many", "--jobs many"),
        ("verify --jobs 100000", "--jobs 100000: give a whole number, at least 1, at most 4096"),
        ("seeds --runs 10001", "--runs 10001: give a whole number, at least 1, at most 10000"),
        ("calibrate --trials 10000000000", "at least 1, at most 1000000000"),
        (f"verify --seed {'9' * 5000}", f"--seed {'9' * 40}…: give a whole number"),
        ("verify --device tpu", "unknown device 'tpu'"),
        ("verify --inputs nothing.npy", "cannot read nothing.npy"),
        ("verify --inputs x.npy --widths 8", "widths '8'"),
        ("verify --inputs x.npy --widths 0:8", "at least 1"),
        ("verify --inputs x.npy --widths 8:99999999999", "at most 2147483648"),
        ("verify --widths 1:2", "go with --inputs"),
        ("verify --targets y.npy", "go with --inputs"),
        ("verify --frobnicate", "unrecognized arguments"),
        ("verify --out file", "'file' is a file: give a folder"),
        ("verify --out=", "--out: the name of the folder is empty"),
        ("verify --out file/below", "cannot write into 'file/below'"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(run, tmp_path, argv, words):
    (tmp_path / "file").write_text("")
    wrong(run(*argv.split()), 2, words)


@pytest.mark.parametrize("pack", ["", ".", "../x", "a..b", "a b"])
def test_a_pack_is_the_dotted_name_of_a_module(run, pack):
    wrong(run("list", pack=pack), 2, f"no pack {pack!r}: give the dotted name of a module")


def test_a_device_that_is_not_there(run):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    wrong(run("verify", "--device", "cuda"), 2, "there is no CUDA device")


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (None, 2, "there is no module 'packs_for_test'"),
        ("x = 1", 2, "it has no attribute PACK"),
        ("import nothing_at_all", 3, "No module named 'nothing_at_all'"),
        ("raise ValueError('claims rest on\\neach other')", 2, "claims rest on each other"),
        ("1 / 0", 3, "ZeroDivisionError"),
    ],
)
def test_packs_that_are_none(run, tmp_path, monkeypatch, text, status, words):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "packs_for_test", raising=False)
    if text is not None:
        (tmp_path / "packs_for_test.py").write_text(text)
    wrong(run("list", pack="packs_for_test"), status, words)


COPIED = """
from dataclasses import replace
from tests.claimtest.toy_pack import PACK as ORIGINAL
PACK = replace(ORIGINAL, module={module!r})
"""


@pytest.mark.parametrize(("module", "status"), [("copied_pack", 0), ("tests.claimtest.toy_pack", 2), ("nowhere", 2)])
def test_a_pack_that_workers_would_not_find_is_refused(run, tmp_path, monkeypatch, module, status):
    """They would measure another pack's experiments and call it this one's evidence."""
    (tmp_path / "copied_pack.py").write_text(COPIED.format(module=module))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "copied_pack", raising=False)
    found = run("list", pack="copied_pack")
    if status:
        wrong(found, status, f"pack 'copied_pack' calls itself {module!r}")
    assert found[0] == status


LAZY = """
__all__ = ["PACK"]

def __getattr__(name):
    if name == "PACK":
        {trouble}
    raise AttributeError(name)
"""


@pytest.mark.parametrize("trouble", ["import nowhere_to_be_found", "raise RuntimeError('boom')", "None.foo"])
def test_a_pack_that_is_loaded_late_fails_in_one_line_too(run, tmp_path, monkeypatch, trouble):
    (tmp_path / "lazy_pack.py").write_text(LAZY.format(trouble=trouble))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "lazy_pack", raising=False)
    status, _, err = run("list", pack="lazy_pack")
    assert status == 3
    assert err.count("\n") == 1
    assert "pack 'lazy_pack' cannot be loaded" in err


def test_a_mistake_of_our_own_is_one_line_that_says_where(run, monkeypatch):
    monkeypatch.setattr(commands, "command_list", lambda options: 1 / 0)
    status, _, err = run("list")
    assert status == 3
    assert err.startswith("claimtest: error: ZeroDivisionError: division by zero (test_cli.py:")
    assert err.count("\n") == 1
    monkeypatch.setenv("CLAIMTEST_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run("list")


def test_no_pack_at_all(run):
    wrong(run("list", pack=None), 2, "required: --pack")


@given(st.lists(st.text(max_size=12) | st.sampled_from(["verify", "plan", "--inputs", "--seed", "--out"]), max_size=5))
def test_no_words_at_all_end_in_a_traceback(argv):
    with contextlib.suppress(SystemExit):  # -h
        assert cli.main(["--pack", "no.such.pack", *argv]) in (2, 3)


class TestOwnData:
    def test_own_matrices(self, run, tmp_path):
        np.save(tmp_path / "x.npy", np.eye(3))
        (tmp_path / "y.csv").write_text("1\n2\n3\n")
        status, _, _ = run("verify", "lln", "--inputs", "x.npy", "--targets", "y.csv", "--widths", "32:1024")
        assert status == 0
        report = json.loads((tmp_path / "claims-out/report.json").read_text())
        assert {reading["cases"] for reading in report["claims"][0]["readings"]} == {1}

    def test_out_of_scope_is_a_verdict_not_a_crash(self, run, tmp_path):
        np.save(tmp_path / "x.npy", -np.eye(3))
        status, out, _ = run("verify", "lln", "--inputs", "x.npy")
        assert status == 0
        assert out.count("out of scope") == 2

    def test_what_the_pack_refuses_is_one_line(self, run, tmp_path, monkeypatch):
        def refuse(inputs, targets, widths):
            raise ValueError("row 2 has norm 1.5:\nscale it to 1")

        altered(monkeypatch, cases_from_data=refuse)
        np.save(tmp_path / "x.npy", np.eye(3))
        wrong(run("verify", "--inputs", "x.npy"), 2, "row 2 has norm 1.5: scale it to 1")

    def test_a_pack_without_own_data(self, run, tmp_path, monkeypatch):
        altered(monkeypatch, cases_from_data=None)
        np.save(tmp_path / "x.npy", np.eye(3))
        wrong(run("verify", "--inputs", "x.npy"), 2, "does not take your own data")

    def test_targets_that_do_not_fit(self, run, tmp_path):
        np.save(tmp_path / "x.npy", np.eye(3))
        np.save(tmp_path / "y.npy", np.eye(2))
        wrong(run("verify", "--inputs", "x.npy", "--targets", "y.npy"), 2, "y.npy has 2 rows, x.npy has 3")


def broken(cell, predicted=1.0):
    """A measure that makes a mistake."""
    raise ValueError("this prediction is that of another problem")


def test_a_mistake_costs_its_own_claim_and_the_status(run, tmp_path, monkeypatch):
    lln, clt = PACK.checks
    (part,) = clt.readings
    altered(monkeypatch, checks=(lln, replace(clt, readings=(replace(
        part, criteria=tuple(replace(c, measure=broken) for c in part.criteria)
    ),))))  # fmt: skip
    status, _, err = run("verify", "--quiet")
    assert status == 3
    assert err.startswith("claimtest: error: clt, reading 'exact', criterion 'variance': ValueError: this prediction")
    written = json.loads((tmp_path / "claims-out" / "report.json").read_text())
    assert [claim["id"] for claim in written["claims"]] == ["lln"]
    assert (written["exit_status"], len(written["failed"])) == (3, 1)
    assert "this prediction" in (tmp_path / "claims-out" / "failure.log").read_text()
    assert "broken" in (tmp_path / "claims-out" / "failure.log").read_text()


def test_the_command_of_the_shell():
    """The installed module runs, and a reader that goes away ends it quietly."""
    command = f"{sys.executable} -m claimtest.cli --pack {PACK.module} list | head -1"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("claim")
    assert found.stderr == ""
