"""Standard output and standard error that are closed, full, or whose reader went away."""

import subprocess
import sys
from pathlib import Path

import pytest

from claimtest import cli
from claimtest.errors import RunError
from claimtest.output import checked_output
from tests.claimtest.toy_pack import PACK

COMMAND = f"{sys.executable} -m claimtest.cli --pack {PACK.module}"
FULL = Path("/dev/full")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
class TestFull:
    def test_output_is_one_line_and_status_3(self):
        done = shell(f"{COMMAND} list > /dev/full")
        assert done.returncode == RunError.status
        assert done.stderr == "claimtest: error: cannot write to the standard output: No space left on device\n"

    def test_errors_keep_their_status(self):
        assert shell(f"{COMMAND} nothing 2> /dev/full").returncode == 2

    def test_both(self):
        assert shell(f"{COMMAND} list > /dev/full 2>&1").returncode == RunError.status


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_from_the_start_is_no_mistake(closed):
    done = shell(f"{COMMAND} list {closed}")
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_reader_that_went_away_hears_nothing_more():
    done = shell(f"set -o pipefail; {COMMAND} list | true")
    assert done.stderr == ""


def test_what_is_printed_arrives(capsys):
    with checked_output():
        print("heard")
    assert capsys.readouterr().out == "heard\n"
    assert cli.main(["list"], pack=PACK.module) == 0
    assert "clt" in capsys.readouterr().out
