"""pytest's door: a test per reading that passes, fails or is skipped, alone or in company, with its table."""

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INI = f"""
[pytest]
addopts = --import-mode=importlib --strict-markers -p no:cacheprovider
pythonpath = {ROOT} .
claims_pack = {{pack}}
"""
TESTS = """
from claimtest.pytest_plugin import claim_test

test_lln = claim_test("lln")
test_clt = claim_test("clt")
"""
CHANGED = """
from dataclasses import replace
from tests.claimtest.toy_pack import *
from tests.claimtest import toy_pack
(part,) = CLT_CHECK.readings
DOUBLE = part.controls[:1]
def changed(claim=CLT, **changes):
    check = replace(CLT_CHECK, claim=claim, readings=(replace(part, **changes),))
    return replace(toy_pack.PACK, module="changed", checks=(LLN_CHECK, check), packages=("changed", "tests"))
"""


@pytest.fixture
def claims(pytester):
    """Run pytest on the claims of a pack: the coins, or a changed pack whose last line is given."""

    def run(*argv, change=None, tests=TESTS, pack="tests.claimtest.toy_pack"):
        if change:
            pytester.makepyfile(changed=f"{CHANGED}\nPACK = {change}")
            pack = "changed"
        pytester.makeini(INI.format(pack=pack))
        pytester.makepyfile(test_claims=tests)
        return pytester.runpytest(*map(str, argv))

    return run


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where temporary evidence goes."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_test_per_reading_and_a_table(claims, temporary, pytester):
    before = set(pytester.path.iterdir())
    result = claims("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines_random(
        ["*test_claims.py::test_lln?bound? *PASSED*", "*::test_lln?too-fast?*PASSED*", "*::test_clt?exact?*PASSED*"]
    )
    result.stdout.fnmatch_lines(
        [
            "*claims (quick profile)*",
            "claim *reading *verdict *",
            "lln *bound *holds, as expected*3/3 hold*3/3*",
            "lln *too-fast *violated, as expected*",
            "clt *exact *",
        ]
    )
    assert list(temporary.glob("claims-*")) == []  # the evidence was temporary
    left = {path.name for path in set(pytester.path.iterdir()) - before}
    assert left - {"__pycache__"} == {"tox.ini", "test_claims.py"}


@pytest.mark.parametrize(
    ("argv", "passed"),
    [
        (("-m", "clt"), 1),
        (("-m", "lln or clt"), 3),
        (("-m", "not clt"), 2),
        (("-k", "too-fast"), 1),
        (("test_claims.py::test_lln[bound]",), 1),
    ],
)
def test_any_selection_stands_alone(claims, argv, passed):
    result = claims(*argv)
    result.assert_outcomes(passed=passed, deselected=0 if "::" in argv[-1] else 3 - passed)
    assert sum(line.startswith(("lln ", "clt ")) for line in result.outlines) == passed


def test_markers_are_listed(claims):
    claims("--markers").stdout.fnmatch_lines(["@pytest.mark.lln: Law of large numbers*", "@pytest.mark.clt: Variance"])


def test_xdist_gives_the_same_table_and_measures_once(claims, monkeypatch, pytester):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{pytester.path}")
    alone = [line for line in claims().outlines if line.startswith(("lln ", "clt "))]
    result = claims("-n", "2", "--claims-report", "out")
    result.assert_outcomes(passed=3)
    assert [line for line in result.outlines if line.startswith(("lln ", "clt "))] == alone
    report = json.loads((pytester.path / "out" / "report.json").read_text())
    assert [claim["id"] for claim in report["claims"]] == ["lln", "clt"]


def test_the_report_is_the_command_lines(claims, pytester):
    result = claims("--claims-report", "out", "-m", "clt", "--claims-seed", "3")
    result.stdout.fnmatch_lines(["report: *out/index.html"])
    from claimtest import cli

    assert cli.main(["verify", "clt", "--seed", "3", "--out", "out2", "--quiet"], pack="tests.claimtest.toy_pack") == 0
    one, other = (json.loads((pytester.path / out / "report.json").read_text()) for out in ("out", "out2"))
    assert {**one, "seconds": 0} == {**other, "seconds": 0}
    assert (pytester.path / "out" / "evidence" / "flip.csv").exists()


def test_an_unexpected_verdict_fails_with_its_numbers(claims):
    change = "changed(criteria=(replace(part.criteria[0], law=Constant(2.0, margin=0.25)),), controls=DOUBLE)"
    result = claims(change=change)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "clt, reading exact: violated*EXPECTED: holds",
            "  criterion variance (*): violated: 1.0*, interval [[]0.*, 1.*], accepted [[]1.500, 2.500], n = 1536",
        ]
    )


def test_a_control_that_lives_fails(claims):
    change = "changed(controls=(replace(part.controls[0], ingredients={'predicted': 1.001}),))"
    result = claims(change=change)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["  control double (the variance is 2/m): not rejected: *"])


def test_what_is_open_is_skipped_at_quick_and_fails_at_standard(claims):
    change = "changed(criteria=(replace(part.criteria[0], law=Constant(1.0, margin=0.02)),), controls=DOUBLE)"
    result = claims("-rs", "-m", "clt", change=change)
    result.assert_outcomes(skipped=1, deselected=2)
    result.stdout.fnmatch_lines(
        [
            "clt *inconclusive*",
            "SKIPPED*clt, reading exact: inconclusive; criterion variance*accepted [[]0.980, 1.020]*",
        ]
    )
    claims("-m", "clt", "--claims-profile", "standard", change=change).assert_outcomes(failed=1, deselected=2)


def test_out_of_scope_is_skipped(claims):
    change = "replace(changed(), cases=lambda seed: (Coin('edge', 16, edge=True),))"
    result = claims("-rs", change=change)
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["SKIPPED*out of scope: edge: the coin stands on its edge"])


def test_a_failure_to_measure_fails_the_readings_that_need_it(claims):
    change = "changed(criteria=(replace(part.criteria[0], sweep=replace(SWEEP, experiment=BROKEN)),), controls=DOUBLE)"
    broken = (
        "def boom(*a): raise RuntimeError('no coin')\nBROKEN = Experiment('broken', boom, lambda c, m: 1.0)\nPACK = "
    )
    result = claims(change=f"None\n{broken}{change}")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["could not run: experiment 'broken' on case *: RuntimeError: no coin"])


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--claims-profile", "quik"), "unknown profile 'quik': did you mean quick?"),
        (("--claims-jobs", "0"), "--claims-jobs 0: give a whole number"),
        (("--claims-seed", "x"), "--claims-seed x"),
        (("--claims-device", "tpu"), "unknown device 'tpu'"),
        (("--claims-report", "/proc/nothing"), "cannot write into '/proc/nothing'"),
    ],
)
def test_bad_options_are_one_line(claims, argv, words):
    result = claims(*argv)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [line for line in result.errlines if words in line]


def test_an_unknown_claim_is_one_line(claims):
    result = claims(tests='from claimtest.pytest_plugin import claim_test\ntest_x = claim_test("ctl")')
    result.stdout.fnmatch_lines(["unknown claim 'ctl': did you mean clt?"])
    assert "Traceback" not in result.stdout.str()


def test_a_broken_pack_fails_the_claims_only(claims, pytester):
    pytester.makepyfile(test_other="def test_other(): pass")
    result = claims("--continue-on-collection-errors", pack="no_such_pack")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["no pack 'no_such_pack'*"])


def test_without_a_pack_nothing_happens(claims, pytester):
    result = claims(tests="def test_nothing(): pass", pack="")
    result.assert_outcomes(passed=1)
    assert "claims" not in result.stdout.str().replace("test_claims", "").replace("ntk-claims", "")


def test_data_that_cannot_be_read_fail_the_claims_that_ask_for_them(claims, temporary):
    error = "__import__('importlib').import_module('claimtest.errors').UsageError('digits.gz is truncated')"
    sweep = f"replace(SWEEP, cases=lambda book, profile: (_ for _ in ()).throw({error}))"
    result = claims(change=f"changed(criteria=(replace(part.criteria[0], sweep={sweep}),), controls=part.controls[:1])")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["digits.gz is truncated"])
    result.stdout.no_fnmatch_line("*another exception*")
