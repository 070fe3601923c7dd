"""What the commands do: verdicts and exit statuses, reports from stored evidence, the list, a claim, the plan."""

import json
from dataclasses import replace

from claimtest.claim import Verdict
from tests.claimtest import toy_pack
from tests.claimtest.shell import altered, wrong


def with_reading(check, **changes):
    """The check with its first reading stating something else."""
    first, *others = check.claim.readings
    return replace(check, claim=replace(check.claim, readings=(replace(first, **changes), *others)))


class TestVerify:
    def test_everything_as_expected(self, full_run, tmp_path):
        status, out, err = full_run("verify")
        assert status == 0
        lines = out.splitlines()
        assert lines[0].split()[:3] == ["claim", "reading", "verdict"]
        assert [line.split()[:2] for line in lines[2:5]] == [["lln", "bound"], ["lln", "too-fast"], ["clt", "exact"]]
        assert lines[-2:] == ["claims-out/index.html", "0 inconclusive"]
        assert err == ""
        found = {path.relative_to(tmp_path / "claims-out").as_posix() for path in tmp_path.rglob("*.*")}
        assert {"index.html", "report.md", "report.json", "evidence.sqlite", "evidence/flip.csv"} <= found

    def test_the_second_run_measures_nothing_and_says_the_same(self, run, tmp_path, monkeypatch):
        run("verify")
        first = json.loads((tmp_path / "claims-out/report.json").read_text())
        monkeypatch.setattr("claimtest.pool.LocalPool.measure", None)
        status, *_ = run("verify", "--jobs", "1")
        second = json.loads((tmp_path / "claims-out/report.json").read_text())
        assert status == 0
        assert {**first, "seconds": 0} == {**second, "seconds": 0}

    def test_claims_can_be_chosen(self, run, tmp_path):
        status, out, _ = run("verify", "clt", "--quiet", "--out", "else where")
        assert (status, out) == (0, "else where/index.html\n")
        report = json.loads((tmp_path / "else where" / "report.json").read_text())
        assert [claim["id"] for claim in report["claims"]] == ["clt"]

    def test_another_seed_gives_other_numbers(self, run, tmp_path):
        estimates = []
        for seed in (0, 1):
            run("verify", "clt", "--seed", seed)
            report = json.loads((tmp_path / "claims-out/report.json").read_text())
            estimates.append(report["claims"][0]["readings"][0]["criteria"][0]["estimate"])
        assert estimates[0] != estimates[1]

    def test_a_verdict_against_its_expectation_is_status_1(self, run, monkeypatch):
        (part,), (reading,) = toy_pack.CLT_CHECK.readings, toy_pack.CLT.readings
        wrong = replace(reading, expected=Verdict.VIOLATED, because="a test says so")
        bare = {"claim": replace(toy_pack.CLT, readings=(wrong,)), "readings": (replace(part, controls=()),)}
        check = replace(toy_pack.CLT_CHECK, **bare)
        altered(monkeypatch, checks=(toy_pack.LLN_CHECK, check))
        status, out, _ = run("verify")
        assert status == 1
        assert "EXPECTED: violated" in out

    def test_a_control_that_lives_is_status_1(self, run, monkeypatch):
        (part,) = toy_pack.CLT_CHECK.readings
        tame = replace(part.controls[0], ingredients={"predicted": 1.001})
        check = replace(toy_pack.CLT_CHECK, readings=(replace(part, controls=(tame,)),))
        altered(monkeypatch, checks=(toy_pack.LLN_CHECK, check))
        status, out, _ = run("verify", "clt")
        assert status == 1
        assert "0/1" in out

    def test_inconclusive_alone_fails_only_where_strict(self, run, monkeypatch):
        (part,) = toy_pack.CLT_CHECK.readings
        variance = replace(part.criteria[0], law=replace(part.criteria[0].law, margin=0.02))
        check = replace(toy_pack.CLT_CHECK, readings=(replace(part, criteria=(variance,), controls=part.controls[:1]),))
        altered(monkeypatch, checks=(toy_pack.LLN_CHECK, check))
        status, out, _ = run("verify", "clt")
        assert (status, out.splitlines()[-1]) == (0, "1 inconclusive")
        assert run("verify", "clt", "--strict")[0] == 1
        assert run("verify", "clt", "--profile", "standard")[0] == 1


class TestReport:
    def test_nothing_stored(self, run):
        wrong(run("report"), 3, "nothing is stored in claims-out")

    def test_the_same_report_again_without_measuring(self, run, tmp_path, monkeypatch):
        run("verify")
        report = tmp_path / "claims-out" / "report.json"
        before = json.loads(report.read_text())
        report.unlink()
        monkeypatch.setattr("claimtest.pool.LocalPool.measure", None)
        assert run("report")[0] == 0
        assert {**json.loads(report.read_text()), "seconds": 0} == {**before, "seconds": 0}

    def test_what_is_missing_is_said(self, run, tmp_path):
        run("verify", "clt")
        status, out, _ = run("report")
        assert status == 0
        assert out.startswith("lln: 192 of 384 cells are not measured")
        assert [c["id"] for c in json.loads((tmp_path / "claims-out/report.json").read_text())["claims"]] == ["clt"]

    def test_a_damaged_store_leaves_the_report_as_it_is(self, run, tmp_path):
        run("verify")
        folder = tmp_path / "claims-out"
        before, store = (folder / "report.json").read_text(), folder / "evidence.sqlite"
        with store.open("r+b") as file:
            file.seek(store.stat().st_size // 2)
            file.write(b"damage" * 100)
        status, out, err = run("report")
        assert (status, out) == (3, "")
        assert "nothing is written: the evidence was damaged and is now in claims-out/evidence.sqlite.damaged-" in err
        assert (folder / "report.json").read_text() == before

    def test_nothing_complete(self, run):
        run("verify", "clt")
        status, _, err = run("report", "--seed", "7")
        assert status == 3
        assert err == "claimtest: error: no claim has all its evidence in claims-out at this profile, seed and device\n"


class TestReading:
    def test_list(self, run):
        status, out, _ = run("list")
        assert status == 0
        assert [line.split()[0] for line in out.splitlines()] == ["claim", "-------", "lln", "clt"]

    def test_show_before_and_after(self, run):
        _, before, _ = run("show", "lln")
        run("verify", "lln")
        _, after, _ = run("show", "lln")
        assert "last verdict: none in claims-out" in before
        assert "last verdict: violated (quick profile)" in after
        for words in ("independent", "Bernoulli 1713", "expected: violated, because the variance is exactly"):
            assert words in after
