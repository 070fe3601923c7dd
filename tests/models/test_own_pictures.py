"""dSprites, Cars3D, CelebA and real faces from files, and one clear line for every file that is something else."""

import hashlib
import math
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from models import cars3d, celeba, dsprites, lfw
from models.cars3d import cars3d_grid
from models.celeba import LIST, celeba_faces
from models.dsprites import dsprites_grid
from models.lfw import bundled_file, real_faces

SIZES = (3, 2, 4, 2, 2)
COUNT = math.prod(SIZES)
SPRITES = np.random.default_rng(0).integers(0, 2, (COUNT, 64, 64), dtype=np.uint8)
CARS = np.random.default_rng(1).integers(0, 256, (16, 16, 3, 24, 4), dtype=np.uint8)


def refused_in_one_line(read, path, says):
    with pytest.raises(ValueError, match=says) as refused:
        read(path)
    text = str(refused.value)
    assert str(path) in text
    assert "expected" in text
    assert "\n" not in text


@pytest.fixture
def small(monkeypatch):
    """dSprites with fewer values, Cars3D with fewer pixels."""
    monkeypatch.setattr(dsprites, "SIZES", SIZES)
    monkeypatch.setattr(dsprites, "AT_ONCE", 10)
    monkeypatch.setattr(cars3d, "SHAPE", CARS.shape)


def npz(path, images=SPRITES, name="imgs"):
    np.savez_compressed(path, **{name: images, "metadata": np.array(["not pickled"])})
    return path


def test_dsprites_are_thinned_and_averaged(small, tmp_path, monkeypatch):
    path = npz(tmp_path / "sprites.npz")
    monkeypatch.setattr(dsprites, "PUBLISHED", hashlib.md5(path.read_bytes()).hexdigest())
    grid = dsprites_grid(path, (3, 2, 2, 1, 2))
    assert grid.source == "dSprites"
    whole = SPRITES.reshape(*SIZES, 64, 64)[:, :, ::2, :1]
    expected = whole.reshape(-1, 32, 2, 32, 2).mean((2, 4)) * 255
    np.testing.assert_allclose(grid.images[:, 0], expected, atol=0.5)


def test_a_file_with_another_checksum_is_not_called_dsprites(small, tmp_path):
    assert "not the published" in dsprites_grid(npz(tmp_path / "sprites.npz"), SIZES).source


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_truncated_npz_is_refused(small, tmp_path, keep):
    path = npz(tmp_path / "sprites.npz")
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    refused_in_one_line(lambda p: dsprites_grid(p, SIZES), path, "truncated or damaged")


def test_a_damaged_npz_is_refused(small, tmp_path):
    path = npz(tmp_path / "sprites.npz")
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 255
    path.write_bytes(whole)
    refused_in_one_line(lambda p: dsprites_grid(p, SIZES), path, "truncated or damaged")


def test_what_is_not_dsprites_is_refused(small, tmp_path):
    def read(path):
        return dsprites_grid(path, SIZES)

    refused_in_one_line(read, tmp_path / "nowhere.npz", "cannot read")
    refused_in_one_line(read, tmp_path, "cannot read")
    refused_in_one_line(read, npz(tmp_path / "a.npz", name="pictures"), "holds no imgs")
    refused_in_one_line(read, npz(tmp_path / "b.npz", SPRITES[:-1]), "has shape")
    refused_in_one_line(read, npz(tmp_path / "c.npz", SPRITES.astype(float)), "float64")
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("imgs.npy", "text")
    refused_in_one_line(read, tmp_path / "d.npz", "no array")


def cars(folder, count=2, name="im", images=CARS):
    folder.mkdir(exist_ok=True)
    for k in range(count):
        savemat(folder / f"car_{k:03}_mesh.mat", {name: images if images is not CARS else np.roll(CARS, k, 0)})
    return folder


@pytest.mark.parametrize("inside", [False, True])
def test_cars3d_from_a_folder(small, tmp_path, inside):
    cars(tmp_path / "cars")
    grid = cars3d_grid(tmp_path if inside else tmp_path / "cars", side=8)
    assert (grid.source, grid.sizes) == ("files laid out like Cars3D (of which no checksum is known)", (4, 24, 2))
    at = np.flatnonzero((grid.factors == [3, 20, 1]).all(axis=1))[0]
    expected = np.roll(CARS, 1, 0)[..., 20, 3].reshape(8, 2, 8, 2, 3).mean((1, 3)).transpose(2, 0, 1)
    np.testing.assert_allclose(grid.images[at], expected, atol=0.5)


def test_what_is_not_cars3d_is_refused(small, tmp_path):
    refused_in_one_line(cars3d_grid, tmp_path / "nowhere", "no such folder")
    (tmp_path / "cars.tar").write_bytes(b"")
    refused_in_one_line(cars3d_grid, tmp_path / "cars.tar", "a file")
    refused_in_one_line(cars3d_grid, tmp_path, "0 .mat files")
    for name, changes, says in (("a", {"name": "mask"}, "holds no im"), ("b", {"images": CARS[:8]}, "has shape")):
        folder = cars(tmp_path / name, **changes)
        refused_in_one_line(lambda p, folder=folder: cars3d_grid(folder), folder / "car_000_mesh.mat", says)
    folder = cars(tmp_path / "c")
    damaged = folder / "car_001_mesh.mat"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    refused_in_one_line(lambda p: cars3d_grid(folder, 8), damaged, "cannot read")
    damaged.write_text("no car")
    refused_in_one_line(lambda p: cars3d_grid(folder, 8), damaged, "cannot read")


@pytest.fixture
def people(tmp_path):
    """200 images of one colour each, every other one labelled, an attribute of the first ones and one of nobody."""
    folder = tmp_path / "img_align_celeba"
    folder.mkdir()
    rows = []
    for k in range(200):
        Image.new("RGB", (178, 218), (k, 255 - k, 40)).save(folder / f"{k + 1:06}.jpg")
        rows.append(f"{k + 1:06}.jpg {1 if k % 2 else -1:2d} {1 if k < 40 else -1:2d} -1")
    (tmp_path / LIST).write_text("\n".join(["200", "Odd Early Winged", *rows]) + "\n")
    return tmp_path


@pytest.mark.parametrize("inside", [False, True])
def test_celeba_from_a_folder(people, inside, monkeypatch):
    monkeypatch.setattr(celeba, "PUBLISHED", hashlib.md5((people / LIST).read_bytes()).hexdigest())
    faces = celeba_faces(people / "img_align_celeba" if inside else people, 1000)
    assert (faces.source, faces.names, faces.images.shape) == ("CelebA", ("Odd",), (200, 3, 32, 32))
    np.testing.assert_array_equal(faces.attributes[:, 0], np.arange(200) % 2 == 1)
    np.testing.assert_allclose(faces.images[:, 0].mean((1, 2)), np.arange(200), atol=3)


def test_blank_lines_at_the_end_of_the_list_are_no_rows(people):
    listed = people / LIST
    listed.write_text(listed.read_text() + "\n\n")
    assert len(celeba_faces(people, 1000).images) == 200


def test_a_face_is_cut_from_the_middle(people):
    x, y = np.meshgrid(np.arange(178), np.arange(218))
    picture = np.stack([x, y, 0 * x], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(people / "img_align_celeba" / "000001.jpg", quality=95)
    cut = celeba_faces(people, 200).images[0].astype(float)
    at = (np.arange(32) + 0.5) / 32 * 148
    np.testing.assert_allclose(cut[0].mean(0), 15 + at, atol=2)
    np.testing.assert_allclose(cut[1].mean(1), 35 + at, atol=2)


def test_what_is_not_celeba_is_refused(people):
    def read(path):
        return celeba_faces(people, 200)

    image = people / "img_align_celeba" / "000007.jpg"
    body = image.read_bytes()
    image.write_text("not a picture")
    refused_in_one_line(read, image, "is not an image")
    image.write_bytes(body[:400])
    refused_in_one_line(read, image, "cannot read|is not an image")
    Image.new("1", (12000, 12000)).save(image, "PNG")
    refused_in_one_line(read, image, "far more pixels than an image of a face")
    Image.new("RGB", (31, 218)).save(image, "PNG")
    refused_in_one_line(read, image, "of 31 × 218 pixels, fewer than 32 across")
    image.unlink()
    refused_in_one_line(read, image, "cannot read")
    listed = people / LIST
    text = listed.read_text()
    for broken in ("", "200\n", text.replace(" -1\n", " 7\n", 1), text.replace(" -1\n", "\n", 1)):
        listed.write_text(broken)
        refused_in_one_line(read, listed, "no list of attributes|lists 0 images")
    refused_in_one_line(lambda p: celeba_faces(p, 200), listed, "a file; expected CelebA, a folder")
    listed.write_text(text.replace(" -1\n", "\n", 1))
    refused_in_one_line(read, listed, "row 1 does not hold a file name and 3 attributes")
    listed.unlink()
    refused_in_one_line(read, people, "no list of attributes")
    refused_in_one_line(lambda p: celeba_faces(p, 200), people / "nowhere", "no such folder")


@pytest.mark.skipif(bundled_file() is None, reason="scikit-image is not installed: pip install '.[faces]'")
def test_scikit_image_carries_a_hundred_faces_and_is_not_imported():
    faces = real_faces(bundled_file())
    assert faces.images.shape == (100, 1, 25, 25)
    assert faces.names == ()
    assert "skimage" not in sys.modules


def test_other_faces_than_those_are_refused(tmp_path, monkeypatch):
    (tmp_path / "lfw_subset.npy").write_bytes(b"faces")
    with pytest.raises(ValueError, match="checksum differs"):
        real_faces(tmp_path / "lfw_subset.npy")
    monkeypatch.setattr(lfw.importlib.util, "find_spec", lambda name: None)
    assert bundled_file() is None
