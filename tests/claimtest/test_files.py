"""Files that are there whole or not at all."""

import pytest

from claimtest.files import replaced, write_text


def test_what_is_written_takes_the_place_of_what_was_there(tmp_path):
    write_text(tmp_path / "a.txt", "one\r\n√")
    write_text(tmp_path / "a.txt", "two\n√")
    assert (tmp_path / "a.txt").read_bytes() == "two\n√".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_was_there_stays_until_the_new_is_whole(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    seen = []

    def interrupted():
        with replaced(tmp_path / "a.txt") as file:
            file.write("half")
            file.flush()
            seen.append((tmp_path / "a.txt").read_text())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen == ["old"]
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_that_is_not_there_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "a.txt", "x")
