"""The plan: sizes, effects and times, before a run and after it, from the store or from what a pack ships."""

import json
import re

import numpy as np
import pytest

from claimtest.cli import main
from claimtest.criteria import AtLeast, Constant, OrderBound, Probability
from claimtest.profile import PROFILES
from claimtest.reference import Reference, Seen
from tests.claimtest.shell import altered


def line(text, criterion):
    """The cells of a criterion's line."""
    (found,) = (row for row in text.splitlines() if row.startswith(criterion))
    return re.split(r"\s{2,}", found)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_profiles_state_what_they_detect(profile):
    assert profile.effects == {name: (2.5 if name == "constant" else 2) * m for name, m in profile.margins.items()}
    assert OrderBound(-1.0, margin="reciprocal").must_detect(profile) == profile.effects["reciprocal"]
    assert Constant(2.0).must_detect(profile) == 2 * profile.effects["constant"]
    assert Constant(2.0, margin=0.1).must_detect(profile) == pytest.approx(0.5)
    assert AtLeast(0.0, effect=0.3).must_detect(profile) == 0.3
    assert AtLeast(0.0).must_detect(profile) is None
    assert Probability(0.9).must_detect(profile) == 0.3


def test_before_and_after_a_run(run, tmp_path):
    _, before, _ = run("plan")
    assert not list(tmp_path.iterdir())
    assert "time unknown before a first run" in before
    assert line(before, "lln/bound/size")[2:] == ["4 × 6 × 64", "1536", "[-inf, -0.35]", "0.3", "unknown"]
    drop = line(before, "lln/bound/inside")[5]
    run("verify")
    status, after, _ = run("plan")
    assert status == 0
    assert line(after, "lln/bound/inside")[5] == drop  # a probability needs no noise to know what it detects
    report = json.loads((tmp_path / "claims-out/report.json").read_text())
    size = report["claims"][0]["readings"][0]["criteria"][0]
    assert line(after, "lln/bound/size")[6] == f"{size['detectable']:.3g}"
    assert "about 0.0 s" in after


def test_another_profile_is_planned_from_the_noise_of_the_one_that_ran(run):
    run("verify")
    _, quick, _ = run("plan")
    _, standard, _ = run("plan", "--profile", "standard")
    assert re.search(r"about \d+\.\d s", standard)
    detects = line(standard, "clt/exact/variance")[6]
    assert detects.endswith("(from quick)")
    beyond = float(detects.split()[0]) - 0.25
    assert beyond == pytest.approx((float(line(quick, "clt/exact/variance")[6]) - 0.25) * (6 / 8) ** 0.5, rel=0.01)


def test_what_is_recorded_is_what_a_pack_may_ship(run, tmp_path, monkeypatch):
    run("verify")
    file = tmp_path / "reference.json"
    assert run("plan", "--record", file)[0] == 0
    assert set(Reference.read(file).speeds) == {"flip", "flip/drifting"}
    altered(monkeypatch, reference=file)
    _, fresh, _ = run("plan", "--out", "elsewhere")
    assert "by the times of another machine" in fresh
    assert line(fresh, "lln/bound/size")[6].endswith("(from quick)")
    needed = int(line(fresh, "lln/bound/size")[7])
    _, stored, _ = run("plan")
    assert needed == pytest.approx(int(line(stored, "lln/bound/size")[7]), rel=0.02)


def test_the_needed_replicates_detect_what_must_be(run):
    """Where two margins are more than can be seen, fewer replicates do, in proportion to the squares."""
    run("verify")
    _, text, _ = run("plan")
    *_, must, detects, needed = line(text, "lln/bound/size")
    assert int(needed) / 1536 == pytest.approx(((float(detects) - 0.15) / (float(must) - 0.15)) ** 2, rel=0.05)


def test_a_variant_is_as_fast_as_what_it_varies():
    assert Reference({"flip": 2.0}).speed("flip/drifting") == 2.0
    assert Reference({"flip": 2.0}).with_speeds({"flip/drifting": 3.0}).speed("flip/drifting") == 3.0
    assert np.isnan(Reference().speed("flip"))


def test_a_record_that_cannot_be_written_takes_one_line(run, tmp_path, capsys):
    assert main(["plan", "--record", str(tmp_path / "no" / "where.json")], pack="tests.claimtest.toy_pack") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_noise_is_recorded_by_profile_and_the_largest_serves_another(tmp_path):
    seen = [Seen("quick", 10, 1.0), Seen("standard", 20, 2.0)]
    Reference({"flip": 1.0}, {"claim/reading/size": seen}).write(tmp_path / "reference.json")
    known = Reference.read(tmp_path / "reference.json")
    assert [known.seen_at("claim/reading/size", p) for p in ("quick", "standard", "thorough")] == [*seen, seen[1]]
    assert known.seen_at("claim/reading/other", "quick") is None


def test_noise_recorded_at_a_profile_comes_before_evidence_of_another(run, tmp_path, monkeypatch):
    """But after evidence of that profile itself."""
    run("verify")
    file, name = tmp_path / "reference.json", "lln/bound/size"
    Reference({}, {name: [Seen("quick", 768, 99.0), Seen("standard", 1024, 5.0)]}).write(file)
    altered(monkeypatch, reference=file)
    _, standard, _ = run("plan", "--profile", "standard")
    assert line(standard, name)[6].endswith("(from standard)")
    _, quick, _ = run("plan")
    assert float(line(quick, name)[6]) < 1
