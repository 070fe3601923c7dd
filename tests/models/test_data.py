"""Digits on the sphere, and one clear line for every file that is no matrix."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from models.data import digits, read_matrix, sphere


def test_digits_are_unit_rows_spread_over_the_classes_and_always_the_same():
    x = digits(20, seed=3)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1)
    np.testing.assert_array_equal(x, digits(20, seed=3))
    images, classes = load_digits(return_X_y=True)
    label = {tuple(row): c for row, c in zip(sphere(images).tolist(), classes, strict=True)}
    assert sorted(label[tuple(row)] for row in x.tolist()) == sorted(list(range(10)) * 2)
    assert not np.array_equal(x, digits(20, seed=4))


@pytest.mark.parametrize("count", [0, 1798])
def test_no_more_digits_than_there_are(count):
    with pytest.raises(ValueError, match="between 1 and 1797"):
        digits(count)


def test_a_vanishing_row_cannot_go_on_the_sphere():
    with pytest.raises(ValueError, match=r"row 1 has norm 0\.0"):
        sphere(np.array([[1.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize("name", ["m.npy", "m.csv", "m.CSV", "named.csv"])
def test_matrices_come_back(tmp_path, name):
    matrix = np.array([[1.0, -2.5], [0.25, 1e-3], [3.0, 4.0]])
    file = tmp_path / name
    if name.endswith("npy"):
        np.save(file, matrix)
    else:
        np.savetxt(file, matrix, delimiter=",", header="a,b" if "named" in name else "", comments="")
    np.testing.assert_array_equal(read_matrix(file), matrix)


def _written(file, content):
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        np.save(file, content, allow_pickle=True)
    return file


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.npy", None, "cannot be read"),
        ("m.txt", b"1,2", r"expected a \.npy or \.csv file"),
        ("empty.csv", b"", "at least one row"),
        ("empty.npy", b"", "not a numeric matrix"),
        ("no_rows.npy", np.empty((0, 3)), "at least one row"),
        ("vector.npy", np.ones(3), r"got shape \(3,\)"),
        ("words.csv", b"a,b\nc,d\n", "not a numeric matrix"),
        ("ragged.csv", b"1,2\n3\n", "different numbers of values"),
        ("binary.csv", bytes(range(128, 256)), "not a numeric matrix"),
        ("garbage.npy", b"hello world, no matrix here", "not a numeric matrix"),
        ("objects.npy", np.array([[{}]], dtype=object), "not a numeric matrix"),
        ("complex.npy", np.ones((2, 2)) * 1j, "not real numbers"),
    ],
)
def test_a_file_that_is_no_matrix_is_named_in_one_line(tmp_path, name, content, message):
    file = _written(tmp_path / name, content)
    with pytest.raises(ValueError, match=message) as error:
        read_matrix(file)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="cannot be read"):
        read_matrix(tmp_path / "folder.csv")
