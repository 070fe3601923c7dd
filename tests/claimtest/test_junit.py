"""JUnit XML, which CI servers show: a test case per reading that names claim, reading and verdict."""

from xml.etree import ElementTree

import pytest

from tests.claimtest.test_pytest_plugin import claims  # noqa: F401 (a fixture)


@pytest.fixture
def cases(claims, pytester):  # noqa: F811 (the fixture)
    """Run the claims with --junitxml; returns (name, properties, how it ended) of every test case."""

    def run(*argv, **options):
        claims("--junitxml", "junit.xml", *argv, **options)
        found = []
        for case in ElementTree.parse(pytester.path / "junit.xml").iter("testcase"):
            properties = {item.attrib["name"]: item.attrib["value"] for item in case.iter("property")}
            ends = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
            found.append((case.attrib["name"], properties, *ends))
        return found

    return run


def test_every_reading_is_a_test_case_with_its_verdict(cases):
    found = cases()
    assert [(name, p["claim"], p["reading"], p["verdict"]) for name, p in found] == [
        ("test_lln[bound]", "lln", "bound", "holds, as expected"),
        ("test_lln[too-fast]", "lln", "too-fast", "violated, as expected"),
        ("test_clt[exact]", "clt", "exact", "holds, as expected"),
    ]
    assert all(properties["criteria"].endswith("hold") for _, properties in found)


def test_a_test_case_lies_where_it_was_asked_for(claims, pytester):  # noqa: F811 (the fixture)
    claims("--junitxml", "junit.xml", "-o", "junit_family=xunit1")
    cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    asked = [(case.attrib["file"], case.attrib["line"]) for case in cases]
    assert asked == [("test_claims.py", "2"), ("test_claims.py", "2"), ("test_claims.py", "3")]  # counted from 0


def test_a_contradiction_is_a_failure_that_names_them_too(cases):
    change = "changed(criteria=(replace(part.criteria[0], law=Constant(2.0, margin=0.25)),), controls=DOUBLE)"
    ((name, properties, end),) = cases("-m", "clt", change=change)
    assert (name, end) == ("test_clt[exact]", "failure")
    assert properties["claim"] == "clt"
    assert "EXPECTED: holds" in properties["verdict"]


def test_so_is_what_could_not_run(cases):
    broken = "def boom(*a): raise RuntimeError('no coin')\nBROKEN = Experiment('broken', boom, lambda c, m: 1.0)\n"
    change = "changed(criteria=(replace(part.criteria[0], sweep=replace(SWEEP, experiment=BROKEN)),), controls=DOUBLE)"
    ((_, properties, end),) = cases("-m", "clt", change=f"None\n{broken}PACK = {change}")
    assert end == "failure"
    assert properties == {"claim": "clt", "reading": "exact", "verdict": "could not run"}
