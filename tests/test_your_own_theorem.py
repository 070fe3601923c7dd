"""docs/your-own-theorem.md does what it says: its code, in one file, is put on trial by the command that it names."""

import json
import re
import sys
from pathlib import Path

import pytest

from claimtest import cli

TEXT = (Path(__file__).parents[1] / "docs" / "your-own-theorem.md").read_text(encoding="utf-8")
CODE = "\n\n".join(re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL))


@pytest.fixture
def trial(tmp_path, monkeypatch, capsys):
    """The code of the page in an otherwise empty folder; runs its commands and returns status and output."""
    (tmp_path / "mytheory.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])

    def run(command):
        program, *argv = command.split()
        assert program == "claimtest"
        return cli.main(argv), capsys.readouterr().out

    yield run
    sys.modules.pop("mytheory", None)


def test_the_file_has_fewer_than_a_hundred_lines():
    assert 50 < len([line for line in CODE.splitlines() if line.strip()]) < 100
    assert max(map(len, CODE.splitlines())) <= 120


def test_the_claim_holds_and_every_control_is_rejected(trial, tmp_path):
    assert "    claimtest --pack mytheory verify\n" in TEXT
    status, out = trial("claimtest --pack mytheory verify --strict")
    assert status == 0
    report = json.loads((tmp_path / "claims-out" / "report.json").read_text())
    (claim,) = report["claims"]
    controls = [control["rejected"] for reading in claim["readings"] for control in reading["controls"]]
    assert [reading["verdict"] for reading in claim["readings"]] == ["holds", "holds"]
    assert controls == [True] * 3
    printed = [line.rstrip() for line in out.splitlines() if line.startswith("convergence")]
    shown = [line.strip() for line in TEXT.splitlines() if line.startswith("    convergence")]
    assert [line.split("  ")[0:3] for line in printed] == [line.split("  ")[0:3] for line in shown]


def test_the_other_commands_that_it_names_exist(trial):
    (names,) = re.findall(r"Everything else works too: (.*?)\s+and the \[gate\]", TEXT, flags=re.DOTALL)
    commands = [
        " ".join(name.split()).removeprefix("claimtest --pack mytheory ") for name in re.findall("`(.*?)`", names)
    ]
    assert len(commands) == 4
    for command in commands[:2]:
        status, out = trial(f"claimtest --pack mytheory {command}")
        assert status == 0
        assert "convergence" in out
    for command in commands[2:]:
        options = cli._parser(None, "claimtest").parse_args(["--pack", "mytheory", *command.split()])
        assert options.command == command.split()[0]
