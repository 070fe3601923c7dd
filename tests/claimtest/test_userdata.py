"""Reading the user's matrices: what they hold comes out, what is wrong with them is said in one line."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from claimtest.errors import UsageError
from claimtest.userdata import read_matrix, read_widths


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.floats(-1e6, 1e6)))
def test_npy_and_csv_round_trip(tmp_path_factory, matrix):
    folder = tmp_path_factory.mktemp("data")
    np.save(folder / "x.npy", matrix)
    np.savetxt(folder / "x.csv", matrix, delimiter=",", fmt="%.17g")
    np.testing.assert_array_equal(read_matrix(folder / "x.npy"), matrix)
    np.testing.assert_array_equal(read_matrix(folder / "x.csv"), matrix)


@pytest.mark.parametrize("kind", [np.int8, np.float32, bool, ">f8"])
def test_any_real_numbers_will_do(tmp_path, kind):
    np.save(tmp_path / "x.npy", np.eye(3).astype(kind))
    found = read_matrix(tmp_path / "x.npy")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.eye(3))


def test_a_vector_is_a_column(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3.0))
    assert read_matrix(tmp_path / "x.npy").shape == (3, 1)


def test_a_header_empty_lines_and_a_byte_order_mark_are_no_trouble(tmp_path):
    (tmp_path / "x.csv").write_text("first, second\r\n1, 2\r\n\r\n3, 4e-1\r\n", encoding="utf-8-sig")
    np.testing.assert_array_equal(read_matrix(tmp_path / "x.csv"), [[1, 2], [3, 0.4]])


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("none.npy", None, "cannot read .*: No such file"),
        ("x.txt", b"1,2", "unknown kind of file '.txt'"),
        ("x.npy", b"", "no .npy file"),
        ("x.npy", b"rubbish", "no .npy file"),
        ("x.npy", b"\x93NUMPYrubbish", "not an array of numbers"),
        ("x.npy", np.array([{}]), "not an array of numbers"),
        ("x.npy", np.array(["a"]), "holds <U1, not real numbers"),
        ("x.npy", np.array([1j]), "holds complex128"),
        ("x.npy", np.zeros((0, 3)), "is empty"),
        ("x.npy", np.zeros((2, 2, 2)), "has shape"),
        ("x.npy", np.float64(1.0), "has shape"),
        ("x.npy", np.array([[1.0, np.nan]]), "row 0, column 1 .* is nan"),
        ("x.csv", b"", "is empty"),
        ("x.csv", b"only,a,header\n", "is empty"),
        ("x.csv", b"1;0\n", "line 1: separate the columns by commas"),
        ("x.csv", b"1 0\n0 1\n", "line 1: separate the columns by commas"),
        ("x.csv", b"1,2\n3\n", "line 2: 1 columns where the first row has 2"),
        ("x.csv", b"1,2\n3,four\n", "line 2: 'four' is not a number"),
        ("x.csv", b"1,2\n3,inf\n", "row 1, column 1 .* is inf"),
        ("x.csv", b"\xff\xfe\x00", "not a text"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, name, content, complaint):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(UsageError, match=complaint) as failure:
        read_matrix(path)
    assert "\n" not in str(failure.value)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "x.npy").mkdir()
    with pytest.raises(UsageError, match="cannot read"):
        read_matrix(tmp_path / "x.npy")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.npy")
    with pytest.raises(UsageError, match="it is no file"):
        read_matrix(tmp_path / "x.npy")


def test_an_array_that_claims_to_be_too_large_takes_one_line(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 1000), }".ljust(117) + b"\n"
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(UsageError, match=r"more than there is memory for|is not an array of numbers"):
        read_matrix(tmp_path / "x.npy")


@pytest.mark.parametrize(("text", "widths"), [("64:2048", (64, 2048)), (" 1 : 1 ", (1, 1)), ("+2:4", (2, 4))])
def test_widths(text, widths):
    assert read_widths(text) == widths


@pytest.mark.parametrize("text", ["", "64", "64:", "a:b", "1:2:3", "1.5:2", "0:4", "-4:4", "8:4", "1:" + "9" * 100])
def test_widths_that_are_none(text):
    with pytest.raises(UsageError, match="widths"):
        read_widths(text)
