"""Cells of Figures 3 and 4 on tiny cases: they repeat, go on where they were killed, and pack their pictures."""

import numpy as np
import pytest

from checks.attribute_pictures import sheet, unpacked
from checks.experiments.attributes import ATTRIBUTE_AREAS, STEPS, TRAVERSALS, packed
from checks.experiments.autoencoders import CHECKPOINTS, checkpoint_folder
from checks.experiments.disentanglement import DISENTANGLEMENT
from checks.measures.pictures import advantage, found, trained, untrained
from checks.picture_cases import FacesCase, GridCase
from claimtest.cells import Cell, CellData
from models import vae_training
from models.vae import Design
from models.vae_training import Schedule
from theorems.figure3 import METRIC_NAMES


@pytest.fixture(autouse=True)
def checkpoints(monkeypatch, tmp_path):
    """Checkpoints in a folder of the test."""
    monkeypatch.setenv(CHECKPOINTS, str(tmp_path / "checkpoints"))


TINY = Schedule(6, batch=8, save_every=3)


def tiny_grid():
    return GridCase("sprites", "procedural sprites", Design((1, 32, 32), 1, hidden=8), TINY, sizes=(3, 2, 5, 4, 4))


def tiny_faces():
    return FacesCase("faces", "procedural faces", Design((3, 32, 32), 1, "conv", "gaussian", hidden=8), TINY, count=200)


def test_cells_of_disentanglement_repeat_and_hold_every_score():
    first, again, other = (Cell(DISENTANGLEMENT, tiny_grid(), 3, start, 1).run(0) for start in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["divergence"], other["divergence"])
    assert {f"{m}{kind}" for m in METRIC_NAMES for kind in ("", "_untrained", "_shuffled")} <= first.keys()


def test_cells_of_attributes_repeat_and_traversals_are_pictures():
    first, again = (Cell(ATTRIBUTE_AREAS, tiny_faces(), 3, 0, 1).run(0) for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert first["permuted"].shape == (1, 18, 20)
    assert (first["luck"] > first["luck_one"]).mean() > 0.5
    shown = Cell(TRAVERSALS, tiny_faces(), 3, 0, 1).run(0)
    pictures = unpacked(shown["pictures"][0], (3, 32, 32))
    assert pictures.shape == (18, len(STEPS), 32, 32, 3)
    assert (pictures != pictures[:, :1]).any()


def test_pixels_survive_packing_and_a_sheet_puts_them_where_it_says():
    bytes_ = np.random.default_rng(0).integers(0, 256, (10, 3, 4, 4))
    numbers = packed(bytes_ / 255).reshape(2, 5, 16)
    rows = unpacked(numbers, (3, 4, 4))
    np.testing.assert_array_equal(rows.reshape(10, 4, 4, 3), bytes_.transpose(0, 2, 3, 1))
    whole, places = sheet(rows)
    left, top = places[1]
    np.testing.assert_array_equal(whole[top : top + 4, left + 4 : left + 8, :3], rows[1, 1])


def test_a_killed_cell_goes_on_from_its_checkpoint(monkeypatch, tmp_path):
    whole = Cell(DISENTANGLEMENT, tiny_grid(), 3, 0, 1).run(0)
    step, taken = vae_training._Run.step, []

    def dying(run, x):
        if run.done == 5 and len(taken) < 6:
            raise KeyboardInterrupt
        taken.append(run.done)
        return step(run, x)

    monkeypatch.setattr(vae_training._Run, "step", dying)
    with pytest.raises(KeyboardInterrupt):
        Cell(DISENTANGLEMENT, tiny_grid(), 3, 0, 1).run(0)
    assert len(list((tmp_path / "checkpoints").iterdir())) == 1
    taken.append(-1)
    resumed = Cell(DISENTANGLEMENT, tiny_grid(), 3, 0, 1).run(0)
    assert taken == [0, 1, 2, 3, 4, -1, 3, 4, 5]
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_checkpoints_lie_where_the_variables_say(monkeypatch, tmp_path):
    assert checkpoint_folder() == tmp_path / "checkpoints"
    monkeypatch.setenv(CHECKPOINTS, "")
    assert checkpoint_folder() is None
    monkeypatch.delenv(CHECKPOINTS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert checkpoint_folder() == tmp_path / "vae-ntk-claims"


def test_measures_read_like_their_formulas():
    cell = CellData(tiny_grid(), 10, {"mig": np.array([0.3, 0.0]), "mig_untrained": np.array([0.1, 0.0])})
    np.testing.assert_allclose(advantage(cell, "mig", untrained), [0.5, 0.0])
    np.testing.assert_allclose(advantage(cell, "mig", untrained, of=untrained), [0.0, 0.0])
    assert trained(cell, "mig")[0] == 0.3
    known = CellData(tiny_faces(), 10, {"area": np.array([[0.76, 0.74, 0.9]]), "luck": np.array([[0.55, 0.55, 0.6]])})
    assert found(known).tolist() == [2.0]
