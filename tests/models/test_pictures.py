"""Procedural sprites, cars and faces: factors that do what their names say, the same pixels each time."""

import math

import numpy as np
import pytest

from models import cars, sprites
from models.cars import car_boxes, car_images
from models.faces import ATTRIBUTES, face_images, procedural_faces
from models.factors import FactorGrid, combinations, thinned
from models.sprites import POSITIONS, SCALES, sprite_grid, sprite_images


def test_factors_are_those_of_dsprites_and_cars3d():
    assert dict(zip(sprites.NAMES, sprites.SIZES, strict=True)) == {
        "shape": 3, "scale": 6, "orientation": 40, "x": 32, "y": 32
    }  # fmt: skip
    assert math.prod(sprites.SIZES) == 737_280
    assert cars.SIZES[:2] == (4, 24)
    assert cars.SIZES[2] >= 20


def test_a_grid_has_an_image_for_each_combination_the_last_factor_fastest():
    grid = sprite_grid((3, 2, 4, 2, 2), side=16)
    assert grid.factors[:3].tolist() == [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0]]
    one = sprite_images(np.array([[2, 3, 10, 16, 0]]), side=16)  # shape 2, scale 1 of 2, orientation 1 of 4, x 1, y 0
    at = np.flatnonzero((grid.factors == [2, 1, 1, 1, 0]).all(axis=1))
    np.testing.assert_array_equal(grid.images[at], one)
    with pytest.raises(ValueError, match="5 images for 6 combinations"):
        FactorGrid("x", ("a", "b"), (2, 3), (True, False), np.zeros((5, 1, 2, 2), np.uint8))


def test_thinned_factors_are_evenly_spaced():
    assert thinned(40, 10).tolist() == list(range(0, 40, 4))
    with pytest.raises(ValueError, match="7 values of a factor that has 6"):
        thinned(6, 7)


def test_sprites_lie_where_their_factors_say_and_grow_with_scale():
    factors = combinations((3, 6, 40, 2, 2))[::7] * [1, 1, 1, 31, 31]
    images = sprite_images(factors, side=64)[:, 0] / 255
    mass = images.sum((1, 2))
    at = (np.arange(64) + 0.5) / 64
    x = (images.sum(1) * at).sum(1) / mass
    y = (images.sum(2) * at).sum(1) / mass
    even = factors[:, 0] < 2  # a heart's centre of mass is not its centre
    np.testing.assert_allclose(x[even], POSITIONS[factors[even, 3]], atol=0.002)
    np.testing.assert_allclose(y[even], POSITIONS[factors[even, 4]], atol=0.002)
    square = factors[:, 0] == 0
    side = math.sqrt(2) * sprites.REACH * SCALES[factors[square, 1]]
    np.testing.assert_allclose(mass[square] / 64**2, side**2, rtol=0.04)
    assert images[:, 0].max() == images[:, -1].max() == images[:, :, 0].max() == images[:, :, -1].max() == 0
    assert ((images > 0) & (images < 1)).any(axis=(1, 2)).mean() > 0.9  # antialiased


def test_covered_shares_are_those_of_many_points():
    """The share of each pixel that the ellipse covers, counted on 16 × 16 points in it."""
    factors = np.array([[1, 5, 7, 13, 20]])
    side, fine = 32, 16
    at = (np.arange(side * fine) + 0.5) / (side * fine)
    dx, dy = at[None, :] - POSITIONS[13], at[:, None] - POSITIONS[20]
    angle = 2 * np.pi * 7 / 39
    u = (np.cos(angle) * dx + np.sin(angle) * dy) / sprites.REACH
    v = (np.cos(angle) * dy - np.sin(angle) * dx) / sprites.REACH
    share = (u**2 + (2 * v) ** 2 <= 1).reshape(side, fine, side, fine).mean((1, 3))
    np.testing.assert_allclose(sprite_images(factors, side)[0, 0] / 255, share, atol=0.12)


def test_pictures_do_not_depend_on_how_many_are_drawn_at_once(monkeypatch):
    factors = combinations((3, 6, 5, 2, 2)) * [1, 1, 7, 9, 9]
    whole = sprite_images(factors)
    monkeypatch.setattr(sprites, "BATCH", 7)
    np.testing.assert_array_equal(sprite_images(factors), whole)
    few = np.array([[0, 3, 5], [3, 20, 5], [2, 11, 17]])
    np.testing.assert_array_equal(car_images(few)[1:2], car_images(few[1:2]))


def nearest_face(kind, point, towards):
    """One ray, box by box and face by face: the number of the face seen, or None."""
    best, seen = -math.inf, None
    for number, box in enumerate(car_boxes(kind)):
        for axis in range(3):
            for end, plane in enumerate((box.low[axis], box.high[axis])):
                if abs(towards[axis]) < 1e-9:
                    continue
                t = (plane - point[axis]) / towards[axis]
                hit = point + t * towards
                others = [k for k in range(3) if k != axis]
                if all(box.low[k] - 1e-9 <= hit[k] <= box.high[k] + 1e-9 for k in others) and t > best:
                    best, seen = t, 6 * number + 2 * axis + end
    return seen


def test_rays_see_the_face_that_is_nearest():
    elevation, azimuth, kind, side = 2, 5, 15, 12
    e, a = cars.ELEVATIONS[elevation], cars.AZIMUTHS[azimuth]
    towards = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    up = np.cross(towards, right)
    lit = np.vstack([cars._lit(car_boxes(kind), np.array([a]))[0], np.ones(3)])
    slow = np.zeros((2 * side, 2 * side, 3))
    for row in range(2 * side):
        for column in range(2 * side):
            s, t = (((k + 0.5) / (2 * side) - 0.5) * cars.SPAN for k in (column, row))
            face = nearest_face(kind, s * right - t * up + [0, 0, 0.4], towards)
            slow[row, column] = lit[-1 if face is None else face]
    expected = np.rint(255 * slow.reshape(side, 2, side, 2, 3).mean((1, 3))).transpose(2, 0, 1)
    drawn = car_images(np.array([[elevation, azimuth, kind]]), side)[0].astype(float)
    assert (abs(drawn - expected) > 1).mean() < 0.01  # rays that graze an edge may differ in the last bit


def test_every_factor_of_a_car_shows():
    base = np.array([1, 3, 4])
    for factor, size in enumerate(cars.SIZES):
        row = np.repeat(base[None], size, axis=0)
        row[:, factor] = np.arange(size)
        images = car_images(row).reshape(size, -1)
        assert len(np.unique(images, axis=0)) == size


@pytest.mark.parametrize("attribute", range(len(ATTRIBUTES)), ids=ATTRIBUTES)
def test_every_attribute_shows_whatever_the_others_are(attribute):
    """Of faces that differ in it alone some pixel differs by 20 of 255 or more; the other attributes are random."""
    rng = np.random.default_rng(attribute)
    without = rng.random((12, len(ATTRIBUTES))) < 0.5
    without[:, attribute] = False
    having = without.copy()
    having[:, attribute] = True
    pair = [face_images(labels, np.random.default_rng(7)).astype(float) for labels in (without, having)]
    assert (abs(pair[0] - pair[1]).max(axis=(1, 2, 3)) >= 20).all()


def test_faces_are_the_same_each_time_and_attributes_are_independent():
    first, again, other = (procedural_faces(300, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.attributes, other.attributes)
    assert len(first.names) >= 16
    correlations = np.corrcoef(first.attributes.T) - np.eye(len(first.names))
    assert abs(correlations).max() < 5 / math.sqrt(300)
