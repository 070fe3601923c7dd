"""Files that are there whole or not at all."""

import pytest

from claimtest.files import appear, replaced, write_text


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


def test_what_appears_is_whole_and_the_first_one_stays(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"

    def another_was_faster(part):
        write_text(part, "late")
        path.write_text("first")

    appear(path, another_was_faster)
    appear(path, lambda part: write_text(part, "later still"))
    assert (path.read_text(), len(list(tmp_path.iterdir()))) == ("first", 1)

    def no_links(*_):
        raise PermissionError

    monkeypatch.setattr("os.link", no_links)
    appear(tmp_path / "b.txt", lambda part: write_text(part, "x"))
    assert ((tmp_path / "b.txt").read_text(), len(list(tmp_path.iterdir()))) == ("x", 2)


def test_a_folder_that_is_not_there_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "a.txt", "x")
