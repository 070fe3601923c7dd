"""Work done in another process while the caller goes on."""

import os
from pathlib import Path

import pytest

from claimtest.alongside import alongside
from claimtest.errors import RunError


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
