"""Figures 3 and 4: what runs when, on which data, that criteria see what they are asked and controls do not pass."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from checks import PACK, picture_cases
from checks.case import CaseBook
from checks.experiments.attributes import REAL_TRAVERSALS, STEPS
from checks.picture_cases import CARS3D, CELEBA, DSPRITES, faces, grids, photographs
from checks.picture_sweeps import AREAS_SWEEP, GRID_SWEEP, LARGE, SMALL
from claimtest.claim import Verdict
from claimtest.cli import main
from claimtest.engine import Engine
from claimtest.profile import PROFILES
from claimtest.results import RunResult
from models.faces import procedural_faces
from theorems.figure3 import METRIC_NAMES
from theorems.figure4 import BEYOND_LUCK

BOOK = CaseBook((), root=0)
QUICK, STANDARD = PROFILES["quick"], PROFILES["standard"]
LATENTS = (10, 50, 200)


@pytest.fixture(autouse=True)
def procedural(monkeypatch):
    """No data of the user's own."""
    for variable in (DSPRITES, CARS3D, CELEBA):
        monkeypatch.delenv(variable, raising=False)


def judged(check, quantities, profile=STANDARD):
    """The engine's results on evidence that ``quantities(cell, rng)`` makes up, one dictionary per cell."""

    def measure(cells):
        seeded = {cell.identity: np.random.default_rng([cell.width, cell.first]) for cell in cells}
        return {cell.identity: quantities(cell, seeded[cell.identity]) for cell in cells}

    return Engine(PACK, profile, BOOK, measure).judge([check])[0]


def scores(cell, rng, slope=0.1):
    """Scores that rise with the dimension, baselines far below them."""
    rise = {"": 0.4 + slope * np.log(cell.width / 10), "_untrained": 0.2, "_shuffled": 0.1}
    made = {f"{m}{kind}": level + 0.005 * rng.standard_normal(1) for m in METRIC_NAMES for kind, level in rise.items()}
    return made | {"active": np.array([9.0]), "divergence": np.array([12.0])}


def test_at_quick_nothing_of_them_runs():
    engine = Engine(PACK, QUICK, BOOK, lambda cells: pytest.fail(f"{cells} at quick") if cells else {})
    for claim in engine.judge(["figure3", "figure4"]):
        assert {reading.verdict for reading in claim.readings} == {Verdict.NOT_RUN}
    assert grids(CaseBook(()), STANDARD) == faces(CaseBook(()), STANDARD) == photographs(CaseBook(()), STANDARD) == ()


def test_the_data_are_named_as_what_they_are():
    sprites, cars = grids(BOOK, STANDARD)
    (people,) = faces(BOOK, STANDARD)
    assert [c.source for c in (sprites, cars, people)] == [
        "procedural sprites",
        "procedural box cars",
        "procedural faces",
    ]
    assert sprites.summary["images"] == "3 × 6 × 10 × 8 × 8 = 11520"
    assert len({c.digest for profile in ("standard", "thorough") for c in grids(BOOK, PROFILES[profile])}) == 4
    assert {c.width for c in GRID_SWEEP.cells([sprites], STANDARD)} == set(LATENTS)
    assert {c.width for c in GRID_SWEEP.cells([sprites], PROFILES["thorough"])} == {10, 20, 50, 100, 200}
    assert {c.width for c in AREAS_SWEEP.cells([people], STANDARD)} == {SMALL, LARGE} == {10, 256}


@pytest.mark.parametrize(("variable", "claim"), [(DSPRITES, "figure3"), (CARS3D, "figure3"), (CELEBA, "figure4")])
def test_a_wrong_path_is_bad_usage_in_one_line(variable, claim, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(variable, str(tmp_path / "nowhere"))
    options = ["verify", claim, "--profile", "standard", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(options, pack="checks", prog="vae-ntk") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert variable in err
    assert "nowhere" in err
    assert main(["verify", claim, "--out", str(tmp_path / "out"), "--quiet"], pack="checks", prog="vae-ntk") == 0


def test_rising_scores_hold_and_every_control_is_rejected():
    result = judged("figure3", scores)
    for reading in result.readings:
        assert reading.verdict is Verdict.HOLDS, reading.reading.id
        assert all(control.counts and control.told for control in reading.controls), reading.reading.id
    falling = judged("figure3", lambda cell, rng: scores(cell, rng, -0.1))
    verdicts = {reading.reading.id: reading.verdict for reading in falling.readings}
    assert verdicts["mig"] is Verdict.VIOLATED
    assert all(control.told is not None for reading in falling.readings for control in reading.controls)


def test_an_encoder_as_good_before_training_is_seen():
    def idle(cell, rng):
        made = scores(cell, rng)
        return made | {f"{m}_untrained": made[m] for m in METRIC_NAMES}

    (instruments,) = [r for r in judged("figure3", idle).readings if r.reading.id == "instruments"]
    assert instruments.verdict is Verdict.VIOLATED
    assert {c.criterion.id for c in instruments.criteria if c.verdict is Verdict.VIOLATED} == {
        f"{m}-over-untrained" for m in METRIC_NAMES
    }


def areas(cell, rng, gain=6, learned=6):
    """Of 18 attributes the small space knows 3, the large one ``gain`` more, ``learned`` of which training added."""
    luck = 0.56 if cell.width == LARGE else 0.54
    count = {"": 3 + gain * (cell.width == LARGE), "_untrained": 3 + (gain - learned) * (cell.width == LARGE)}
    made = {
        "luck": np.full((1, 18), luck),
        "luck_untrained": np.full((1, 18), luck),
        "luck_one": np.full((1, 18), 0.52),
    }
    for kind, known in count.items():
        known += rng.integers(2) if not kind and cell.width == LARGE else 0
        made[f"area{kind}"] = np.where(np.arange(18) < known, luck + BEYOND_LUCK + 0.1, luck)[None]
    return made | {
        "latent": np.zeros((1, 18)),
        "active": np.array([cell.width / 2]),
        "permuted": luck - 0.03 + 0.05 * (rng.random((1, 18, 20)) < 0.01),
    }


def nothing_shown(cell, rng):
    """Traversals and real faces, made up."""
    if cell.experiment.id == "attribute-areas":
        return areas(cell, rng)
    side, rows = (25, 6) if cell.experiment.id == REAL_TRAVERSALS.id else (32, 18)
    made = {name: np.full((1, 18), value) for name, value in (("area", 0.8), ("luck", 0.55), ("latent", 2.0))}
    made |= {"active": np.array([5.0]), "divergence": np.linspace(2, 1, 6)[None]}
    return made | {"pictures": rng.integers(0, 2**24, (1, rows, len(STEPS), side**2)).astype(float)}


def test_a_larger_space_that_learns_more_holds_and_every_control_is_rejected():
    result = judged("figure4", nothing_shown)
    for reading in result.readings:
        assert reading.verdict is Verdict.HOLDS, reading.reading.id
        assert all(control.counts and control.told for control in reading.controls), reading.reading.id
    (listed,) = [e for e in result.exhibits if e.id == "attributes"]
    starred = [name.startswith("★") for name in listed.data["attribute"]]
    assert starred == sorted(starred, reverse=True)
    assert 6 <= sum(starred) <= 7
    assert "Wearing_Necktie" not in listed.alt


def test_a_gain_that_the_encoder_had_before_training_is_not_called_training():
    def idle(cell, rng):
        return areas(cell, rng, learned=-3) if cell.experiment.id == "attribute-areas" else nothing_shown(cell, rng)

    more, training = judged("figure4", idle).readings
    assert more.verdict is Verdict.HOLDS
    assert training.verdict is Verdict.VIOLATED


def test_gains_have_the_intervals_that_observations_usually_have():
    """The made-up scores rise by 0.1 ln D: 0.3 over a factor of 20; of eight 95 % intervals not two should miss it."""
    gains = next(exhibit for exhibit in judged("figure3", scores).exhibits if exhibit.id == "gains").data
    assert len(gains["score"]) == len(METRIC_NAMES) * 2
    true = 0.1 * np.log(20)
    assert all(abs(gain.value - true) < 0.02 and gain.high - gain.low < 0.05 for gain in gains["gain"])
    assert sum(gain.low <= true <= gain.high for gain in gains["gain"]) >= 7


def test_no_verdict_of_theirs_affects_the_gate():
    for quantities in (scores, lambda cell, rng: scores(cell, rng, -0.1), lambda cell, rng: scores(cell, rng, 0.0)):
        result = judged("figure3", quantities)
        assert RunResult("", STANDARD, 0, (result,), {}, 0.0).exit_status(strict=True) == 0
        assert all(reading.reading.expected is None and not reading.gated for reading in result.readings)


@pytest.mark.parametrize(("claim", "quantities"), [("figure3", scores), ("figure4", nothing_shown)])
def test_every_picture_can_be_drawn_and_says_what_it_shows(claim, quantities):
    result = judged(claim, quantities)
    assert len(result.exhibits) >= 3
    for exhibit in result.exhibits:
        assert len(exhibit.alt) > 40
        assert len({len(column) for column in exhibit.data.values()}) == 1
        if exhibit.draw:
            exhibit.draw(Figure().add_subplot())
    assert "procedural" in " ".join(exhibit.title for exhibit in result.exhibits)


def test_a_user_who_names_celeba_gets_celeba(monkeypatch, tmp_path):
    own = replace(procedural_faces(200), source="CelebA")
    monkeypatch.setattr(picture_cases, "celeba_faces", lambda path, count, side: own)
    monkeypatch.setenv(CELEBA, str(tmp_path / "people"))
    (case,) = faces(BOOK, STANDARD)
    assert (case.origin, case.source, case.count) == ("celeba", "CelebA", 200)
    assert case.training(case.data()) == 150


def test_other_images_under_the_same_list_are_another_case(monkeypatch, tmp_path):
    """Evidence of one folder must not stand for the other."""
    monkeypatch.setenv(CELEBA, str(tmp_path))
    digests = set()
    for seed in (0, 1):
        own = replace(procedural_faces(200), images=procedural_faces(200, seed).images)
        monkeypatch.setattr(picture_cases, "_faces", lambda origin, path, count, own=own: own)
        digests |= {case.digest for case in faces(BOOK, STANDARD)}
    assert len(digests) == 2
