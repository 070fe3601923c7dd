"""docs/commands.md: eight commands that exist, and print what the page says.

Those of pytest name files of this very test run, which runs them; here they are run once more only where that is cheap.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checks.command import main as vae_ntk
from claimtest import cli

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
PAIRS = re.findall(
    r"^    (\S[^\n]*)\n\nmust print(?:, with exit status (\d),)?\n\n((?:    [^\n]*\n)+)", TEXT, flags=re.MULTILINE
)
COMMANDS = {command: re.sub(r"^    ", "", printed, flags=re.MULTILINE) for command, _, printed in PAIRS}
STATUS = {command: int(status or 0) for command, status, _ in PAIRS}
SLOW = {"vae-ntk verify --profile standard --quiet"}
OF_THIS_RUN = {command for command in COMMANDS if command.startswith("pytest ")}
RUN_AGAIN = {"pytest -q tests/test_workflow.py tests/claimtest/test_compare.py"}


def matches(pattern, printed):
    """Whether what was printed holds the lines of the pattern, one after the other; … stands for anything."""
    lines = [r".*?".join(map(re.escape, line.strip().split("…"))) for line in pattern.splitlines()]
    lines = [re.sub(r"(\\ )+", " +", line) for line in lines]
    return re.search(r"[^\n]*\n(?:[^\n]*\n)*?[^\n]*?".join(lines), printed) is not None


def test_there_are_eight_and_each_says_what_it_prints():
    assert [section.partition(".")[0] for section in SECTIONS] == list("12345678")
    assert all("must print" in section for section in SECTIONS)
    assert len(COMMANDS) == TEXT.count("\nmust print")
    assert set(COMMANDS) >= SLOW | RUN_AGAIN


@pytest.mark.parametrize("command", sorted(OF_THIS_RUN))
def test_the_tests_that_it_names_are_part_of_this_run(command):
    _, quiet, *paths = command.split()
    assert quiet == "-q"
    for path in paths:
        assert list(ROOT.glob(path)), path
        assert path.startswith("tests/")


@pytest.mark.parametrize("command", sorted(SLOW))
def test_what_takes_minutes_has_options_that_exist(command):
    options = cli._parser("checks", "vae-ntk").parse_args(command.split()[1:])
    cli._complete(options)
    assert options.command == "verify"


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - SLOW - OF_THIS_RUN))
def test_the_others_print_what_the_page_says(command, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.chdir(tmp_path)
    program, *argv = command.split()
    assert {"claimtest": cli.main, "vae-ntk": vae_ntk}[program](argv) == STATUS[command]
    printed = "".join(capsys.readouterr())
    assert matches(COMMANDS[command], printed), printed


@pytest.mark.parametrize("command", sorted(RUN_AGAIN))
def test_cheap_tests_print_what_the_page_says(command):
    words = [sys.executable, "-m", *command.split(), "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"CI": "1"})
    assert done.returncode == STATUS[command], done.stdout
    assert matches(COMMANDS[command], done.stdout), done.stdout
