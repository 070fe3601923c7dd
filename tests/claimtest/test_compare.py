"""What moved between two reports."""

import copy
import json

import pytest

from claimtest.cli import main
from claimtest.compare import changes, read_report
from claimtest.errors import UsageError
from tests.claimtest.toy_run import toy_run

HUGE = json.dumps({"schema": 1, "claims": [{"id": "a", "verdict": "holds", "readings": [{
    "id": "r", "verdict": "holds", "controls": [],
    "criteria": [{"id": "c", "verdict": "holds", "interval": [0, 1], "estimate": 10**400}],
}]}]})  # fmt: skip


@pytest.fixture
def report():
    """The toy run's report.json, read back."""
    return json.loads(json.dumps(toy_run().to_json()))


def reading_of(report, claim=0, reading=0):
    """A reading of a report."""
    return report["claims"][claim]["readings"][reading]


def test_a_report_does_not_differ_from_itself(report):
    assert changes(report, copy.deepcopy(report)) == []


def test_a_verdict_that_turned_is_said_at_every_level(report):
    after = copy.deepcopy(report)
    reading_of(after)["criteria"][0]["verdict"] = reading_of(after)["verdict"] = "violated"
    after["claims"][0]["verdict"] = "violated"
    found = {(c.where, c.what): (c.before, c.after) for c in changes(report, after)}
    assert {what for _, what in found} == {"verdict of the claim", "verdict of the reading", "verdict of the criterion"}
    assert set(found.values()) == {("holds", "violated")}


def test_an_estimate_moved_if_the_intervals_are_disjoint_and_only_then(report):
    after = copy.deepcopy(report)
    criterion = next(
        c for claim in after["claims"] for r in claim["readings"] for c in r["criteria"] if c["kind"] != "identity"
    )
    low, high = criterion["interval"]
    low, high = (-1e6 if low is None else low), (1e6 if high is None else high)
    criterion["interval"] = [low + 0.9 * (high - low), high + 0.9 * (high - low)]
    assert changes(report, after) == []
    criterion["interval"] = [low + 2.1 * (high - low), high + 2.1 * (high - low)]
    assert [c.what for c in changes(report, after)] == ["estimate"]


def test_what_was_expected_or_accepted_is_a_change_too(report):
    after = copy.deepcopy(report)
    reading_of(after)["expected"] = "violated"
    reading_of(after)["criteria"][0]["accepted"] = [-1.0, 0.25]
    found = {c.what: (c.before, c.after) for c in changes(report, after)}
    assert found == {"expectation": ("holds", "violated"), "accepted region": ("[-inf, -0.35]", "[-1, 0.25]")}
    after["profile"] = "standard"  # whose margins are its own
    assert {c.what for c in changes(report, after)} == {"expectation"}


def test_so_is_a_mistake(report):
    after = report | {"failed": ["lln, exhibits: ZeroDivisionError"]}
    assert [(c.where, c.after) for c in changes(report, after)] == [("run", "lln, exhibits: ZeroDivisionError")]
    assert [c.before for c in changes(after, report)] == ["lln, exhibits: ZeroDivisionError"]


@pytest.mark.parametrize(
    "wrong", [{"verdict": "x"}, {"expected": {}}, {"expected": float("nan")}, {"accepted": [0.0, float("inf")]}]
)
def test_what_no_run_writes_is_no_report(report, tmp_path, wrong):
    reading_of(report).update(wrong)
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(UsageError, match=r"is not a report\.json"):
        read_report(tmp_path / "report.json")


@pytest.mark.parametrize("field", ["interval", "accepted"])
def test_an_interval_that_ends_before_it_begins_is_none(report, tmp_path, field):
    reading_of(report)["criteria"][0][field] = [1.0, -1.0]
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(UsageError, match="no claim that was judged"):
        read_report(tmp_path / "report.json")


def test_what_is_only_in_one_of_them(report):
    after = copy.deepcopy(report)
    gone = after["claims"].pop()
    found = changes(report, after)
    assert {c.what for c in found} == {"gone"}
    assert all(c.where.startswith(gone["id"]) and c.after == "" for c in found)
    assert {c.what for c in changes(after, report)} == {"new"}


def test_a_control_that_lives(report):
    after = copy.deepcopy(report)
    reading_of(after)["controls"][0]["rejected"] = False
    (change,) = changes(report, after)
    assert (change.what, change.before, change.after) == ("control", "rejected", "not rejected")


def test_the_command_prints_a_line_for_each_and_its_status_says_whether_anything_moved(report, tmp_path, capsys):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(report))
    new.write_text(json.dumps(report))
    assert main(["diff", str(old), str(new)], pack="toy") == 0
    assert capsys.readouterr().out == "no verdict and no estimate moved\n"
    reading_of(report)["verdict"] = "inconclusive"
    new.write_text(json.dumps(report))
    assert main(["diff", str(old), str(new)], pack="toy") == 1
    assert "holds     inconclusive" in capsys.readouterr().out


def test_runs_that_were_not_alike_say_so_without_any_change(report, tmp_path, capsys):
    other = report | {"profile": "standard", "seed": 7, "versions": {"numpy": "9.0"}}
    paths = []
    for name, content in (("old", report), ("new", other)):
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(content))
    assert main(["diff", *map(str, paths)], pack="toy") == 0
    out = capsys.readouterr().out
    assert "not the same profile: quick, now standard\n" in out
    assert f"not the same root seed: {report['seed']}, now 7\n" in out
    assert "not the same version of numpy: " in out
    assert out.endswith("\n\nno verdict and no estimate moved\n")


def test_what_a_file_says_does_not_steer_the_terminal(report, tmp_path, capsys):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(report | {"claims": [], "title": "\x1b[2J\x9b31m"}))
    (tmp_path / "y.json").write_text(json.dumps(report))
    assert main(["diff", str(path), str(tmp_path / "y.json")], pack="toy") == 1
    out = capsys.readouterr().out
    assert "not the same theory: ␛[2J�31m, now " in out
    assert not any(ord(letter) < 32 for letter in out.replace("\n", ""))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it is not JSON"),
        ("[]", "it lists no claims"),
        ('{"claims": [], "schema": 7}', "has schema 7"),
        ('{"claims": [1], "schema": 1}', "no claim that was judged"),
        ('{"claims": [{"id": "a"}], "schema": 1}', "no claim that was judged"),
        ("[" * 100_000, "it is not JSON"),
        ('{"claims": [{"id": [1], "verdict": "holds", "readings": []}], "schema": 1}', "no claim that was judged"),
        (HUGE, "no claim that was judged"),
        (None, "cannot read"),
    ],
)
def test_a_file_that_is_no_report_takes_one_line(text, says, tmp_path, capsys):
    path = tmp_path / "x.json"
    if text is not None:
        path.write_text(text)
    assert main(["diff", str(path), str(path)], pack="toy") == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_a_report_is_read_as_it_was_written(report, tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert read_report(tmp_path / "report.json") == report
