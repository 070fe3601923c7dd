"""What a run says at its end: the table, what fails the gate by name, the page."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from claimtest.check import Control
from claimtest.finish import told
from tests.claimtest.toy_pack import CLT_CHECK
from tests.claimtest.toy_run import run_with, toy_run

PAGE = Path("out/index.html")


def said(run, capsys, *, quiet=False):
    status = told(run, PAGE, Namespace(quiet=quiet, out=Path("out")))
    return status, capsys.readouterr().out


@pytest.mark.parametrize("quiet", [False, True])
def test_a_control_that_is_not_rejected_is_named(capsys, quiet):
    part = CLT_CHECK.readings[0]
    true = Control("not-false", "the variance is what it is", "variance", margins=0.0)
    run = run_with(replace(CLT_CHECK, readings=(replace(part, controls=(true,)),)))
    status, out = said(run, capsys, quiet=quiet)
    assert status == 1
    assert (
        "clt/exact: holds, as expected\n  control not-false (the variance is what it is): not rejected" in out
    ) is not quiet
    assert str(PAGE) in out


def test_nothing_is_named_where_nothing_fails(capsys):
    status, out = said(toy_run(), capsys)
    assert status == 0
    assert "control" not in out.split("\n\n", 1)[1]
