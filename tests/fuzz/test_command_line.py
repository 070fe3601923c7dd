"""The command line in the process of the test, fed with words, numbers and files that nobody should give it."""

import contextlib
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimtest import cli, pool, runner
from claimtest.errors import RunError

COMMANDS = (
    "list", "verify", "report", "show", "plan", "diff", "calibrate", "seeds", "attack", "replay", "verfy", "",
)  # fmt: skip
WORDS = st.text(max_size=12) | st.sampled_from((
    "lln", "clt", "0", "-1", "1e9", "nan", "9" * 400, "quick", "standard", "cuda", "ключ", "数", "a:b", "64:2048",
    "8:4", "\0", "-", "dask", "local", "tcp://127.0.0.1:1", "tls://[", "0.5", "inf",
))  # fmt: skip
FILES = st.sampled_from((
    "fine.npy", "wrong.npy", "nan.npy", "huge.npy", "empty.npy", "text.csv", "fine.csv", "пусто.csv", "folder.npy",
    "none.csv", "report.json", "broken.json", "list.json", "deep.json",
))  # fmt: skip
VALUED = (
    "--seed", "--jobs", "--profile", "--device", "--widths", "--trials", "--format", "--minutes", "--runs",
    "--executor", "--scheduler", "--scheduler-timeout", "--tls-key",
)  # fmt: skip
PLACES = st.sampled_from(["out", "taken", "taken/below", "/proc/none", "数据 と", "\ud800", "a\0b", "x" * 300])
OPTIONS = st.one_of(
    st.tuples(st.sampled_from(VALUED), WORDS),
    st.tuples(st.sampled_from(["--inputs", "--targets", "--record"]), FILES | WORDS),
    st.tuples(st.just("--out"), PLACES),
    st.sampled_from([("--strict",), ("--quiet",), ("--help",), ("--nothing",)]),
)
LINES = st.tuples(st.sampled_from(COMMANDS), st.lists(WORDS | FILES, max_size=2), st.lists(OPTIONS, max_size=4))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files fine and foul to read, and places where nothing can be written."""
    folder = tmp_path_factory.mktemp("shell")
    np.save(folder / "fine.npy", np.eye(3))
    np.save(folder / "wrong.npy", np.array(["a"]))
    np.save(folder / "nan.npy", np.array([[np.nan, 1.0]]))
    np.save(folder / "huge.npy", np.full((3, 3), 1e300))
    np.save(folder / "empty.npy", np.zeros((0, 3)))
    (folder / "text.csv").write_text("one,two\n1,zwei\n")
    (folder / "fine.csv").write_text("1,2\n3,4\n5,6\n")
    (folder / "пусто.csv").write_text("")
    (folder / "folder.npy").mkdir()
    (folder / "report.json").write_text(json.dumps({"schema": 1, "claims": []}))
    (folder / "broken.json").write_text('{"schema": 1, "claims": [{"id"')
    (folder / "list.json").write_text("[1, 2]")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "taken").write_text("a file")
    return folder


@pytest.fixture(scope="module", autouse=True)
def nothing_is_measured(folder):
    """What is asked for rightly gets as far as the first cell."""

    def enough(*_, **__):
        raise RunError("enough")

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(pool, "warm_up", lambda module: None)
        patch.setattr(runner.Runner, "_measure", enough)
        patch.setattr("claimtest.calibration.command.run_calibration", enough)
        patch.setattr("claimtest.attack.command.attack_claim", enough)
        patch.setattr("claimtest.cluster.DaskCluster", enough)
        yield


@settings(max_examples=600, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(LINES)
def test_every_line_ends_in_an_answer_or_one_line_of_error(line):
    command, words, options = line
    argv = [command, *words, *(word for option in options for word in option)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = cli.main(argv, pack="tests.claimtest.toy_pack")
        except SystemExit as left:  # --help
            status = left.code
            assert out.getvalue().startswith("usage: ")
    assert status in (0, 1, 2, 3)
    if status > 1:
        assert err.getvalue().startswith("claimtest: error: ")
        assert err.getvalue().count("\n") == 1
    else:
        assert err.getvalue() == ""
        assert out.getvalue()
