"""Work done in another process while the caller goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from claimtest.alongside import alongside
from claimtest.errors import RunError
from tests.claimtest.sessions import left_alive


def _note_process(path: Path) -> None:
    path.write_text(str(os.getpid()))


def _refuse() -> None:
    raise RunError("cannot write there: no room")


def test_the_work_is_done_by_another_process_when_the_body_ends(tmp_path):
    with alongside(_note_process, tmp_path / "pid"):
        pass
    assert int((tmp_path / "pid").read_text()) != os.getpid()


def test_what_the_work_raises_is_raised_when_the_body_ends():
    went_on = False
    with pytest.raises(RunError, match="no room"), alongside(_refuse):
        went_on = True
    assert went_on


def test_what_the_body_raises_comes_first():
    with pytest.raises(KeyError, match="body"), alongside(_refuse):
        raise KeyError("body")


HELPED = """
import signal, time
from claimtest.alongside import alongside
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
with alongside(time.sleep, {seconds}):
    print("ready", flush=True)
    time.sleep(60)
"""


def helped(seconds):
    """A process of a session of its own whose helper sleeps for so long, once both are there."""
    command = [sys.executable, "-c", HELPED.format(seconds=seconds)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    run = subprocess.Popen(command, start_new_session=True, **pipes)
    assert run.stdout.readline() == "ready\n"
    return run


def test_the_helper_dies_with_a_killed_parent():
    run = helped(60)
    run.kill()
    assert left_alive(run.pid) == []


def _note_blocked(path: Path) -> None:
    path.write_text(str(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())))


NOTED = """
import pathlib, sys
from claimtest.alongside import alongside
from tests.claimtest.test_alongside import _note_blocked
with alongside(_note_blocked, pathlib.Path(sys.argv[1])):
    pass
"""


def test_helpers_start_deaf_to_ctrl_c(tmp_path):
    """From their first moment: one that is still importing would answer with a traceback."""
    subprocess.run([sys.executable, "-c", NOTED, str(tmp_path / "blocked")], check=True)
    assert (tmp_path / "blocked").read_text() == "True"


def test_ctrl_c_is_for_the_parent_alone():
    run = helped(1)
    os.killpg(run.pid, signal.SIGINT)  # a terminal tells every process
    _, words = run.communicate(timeout=20)
    assert words.count("Traceback") == 1  # of the script itself
    assert "ForkServer" not in words
