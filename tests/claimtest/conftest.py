"""The command line in the process of the test, on the coins, in a folder of its own."""

import json

import pytest

from claimtest import cli
from tests.claimtest.toy_pack import PACK


@pytest.fixture
def full_run(tmp_path, monkeypatch, capsys):
    """Run a command; returns status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def command(*argv, pack=PACK.module):
        status = cli.main([str(a) for a in argv], pack=pack)
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def run(full_run, monkeypatch):
    """The same, but of the report only report.json is written: pages and figures take time and have their own tests."""

    def write_json(result, folder, evidence=(), formats=("json",), jobs=1):
        (folder / "report.json").write_text(json.dumps(result.to_json()))
        return folder / "index.html"

    monkeypatch.setattr("claimtest.report.write_report", write_json)
    return full_run
