"""Runs under many root seeds: contradictions, open questions and controls that live are counted and named."""

import json
from dataclasses import replace

from claimtest.check import Control
from claimtest.criteria import Constant
from claimtest.profile import PROFILES
from claimtest.seeds import SeedRun, Seeds
from tests.claimtest.shell import altered, wrong
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK


def with_control(control):
    """The coins with a control more in their last reading."""
    part = CLT_CHECK.readings[0]
    return LLN_CHECK, replace(CLT_CHECK, readings=(replace(part, controls=(*part.controls, control)),))


def test_every_seed_is_another_run(run, tmp_path):
    status, out, _ = run("seeds", "--runs", "2", "--seed", "5", "--jobs", "1")
    assert status == 0
    assert [line.split(":")[0] for line in out.splitlines()[:2]] == ["seed 5", "seed 6"]
    assert "2 runs at quick: 0 of 6 verdicts contradict (a rate of at most 0.39, at 95 %)" in out
    assert out.endswith("seeds-quick.md\n")
    entry = json.loads((tmp_path / "claims-out" / "seeds-quick.json").read_text())
    assert entry["sound"] is True
    assert [r["seed"] for r in entry["runs"]] == [5, 6]
    assert entry["runs"][0]["criteria"] == 6
    assert "seed | readings" in " ".join((tmp_path / "claims-out" / "seeds-quick.md").read_text().split())


def test_it_goes_on_where_it_stopped(run, monkeypatch):
    run("seeds", "--runs", "1", "--jobs", "1")
    measured: list = []
    monkeypatch.setattr("claimtest.runner.Runner._measure", lambda self, cells: measured.extend(cells))
    status, _, _ = run("seeds", "--runs", "1", "--jobs", "1")
    assert status == 0
    assert measured == []


def test_a_control_that_lives_is_named_and_fails(run, monkeypatch):
    altered(monkeypatch, checks=with_control(Control("true", "the variance is 1/m", "variance", {"predicted": 1.0})))
    status, out, _ = run("seeds", "--runs", "1", "--jobs", "1")
    assert status == 1
    assert "1 of 6 controls not rejected" in out
    assert "`clt/exact/true` | control not rejected | 1 of 1" in " ".join(out.split())


def test_a_wrong_expectation_is_named_with_the_criterion_that_speaks_against_it(run, monkeypatch):
    part = CLT_CHECK.readings[0]
    off = replace(part.criteria[0], law=Constant(2.0, margin=0.1))
    check = replace(CLT_CHECK, readings=(replace(part, criteria=(off, part.criteria[1]), controls=part.controls[:1]),))
    altered(monkeypatch, checks=(LLN_CHECK, check))
    status, out, _ = run("seeds", "--runs", "1", "--jobs", "1")
    assert status == 1
    assert "`clt/exact/variance` | contradicts | 1 of 1" in " ".join(out.split())


def test_a_reading_without_an_expected_verdict_does_not_count(run, monkeypatch):
    part = CLT_CHECK.readings[0]
    lives = Control("true", "the variance is 1/m", "variance", {"predicted": 1.0})
    check = replace(CLT_CHECK, readings=(replace(part, controls=(*part.controls, lives)),))
    readings = (replace(CLT_CHECK.claim.readings[0], expected=None, because="open"), *CLT_CHECK.claim.readings[1:])
    altered(monkeypatch, checks=(LLN_CHECK, replace(check, claim=replace(CLT_CHECK.claim, readings=readings))))
    status, out, _ = run("seeds", "--runs", "1", "--jobs", "1")
    assert status == 0
    assert "1 runs at quick: 0 of 2 verdicts contradict" in out
    assert "clt/exact" not in out


def test_what_is_open_fails_where_the_profile_is_strict():
    open_run = SeedRun(1, 1.0, 3, 6, 4, (), (), ("a/b",), ("a/b/c",), ())
    assert Seeds(PROFILES["quick"], [open_run]).sound
    assert not Seeds(PROFILES["standard"], [open_run]).sound
    assert "`a/b/c`" in Seeds(PROFILES["quick"], [open_run]).text()


def test_bad_usage(run):
    wrong(run("seeds", "--seed", "x"), 2, "--seed x")
    wrong(run("seeds", "--runs", "0"), 2, "--runs 0")
    wrong(run("seeds", "nothing"), 2, "unknown claim")
