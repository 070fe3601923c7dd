"""The floors of the house: which package may import which, and how long a file may be."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("claimtest", "theorems", "models", "checks", "examples")
FILES = {floor: sorted((ROOT / floor).rglob("*.py")) for floor in FLOORS}


def imports(path):
    """Full names of what a file imports: "a.b" for import a.b and for from a import b."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parent.parts
            above = package[: len(package) + 1 - node.level] if node.level else ()
            origin = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{origin}.{alias.name}" for alias in node.names}
    return names


def offenders(floor, forbidden, allowed=()):
    """What the files of a floor import from forbidden packages, but for the allowed modules."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in FILES[floor]
        for name in sorted(imports(path))
        if name.partition(".")[0] in forbidden and not any(f"{name}.".startswith(f"{a}.") for a in allowed)
    ]


def test_there_is_something_to_check():
    assert all(FILES.values())


def test_claims_know_nothing_of_what_is_simulated():
    assert offenders("theorems", {"torch", "models", "checks"}) == []


def test_simulations_know_nothing_of_what_is_claimed():
    assert offenders("models", {"theorems", "checks"}, allowed=("theorems.setting",)) == []


def test_the_machinery_knows_no_theory():
    assert offenders("claimtest", {"theorems", "models", "checks", "examples"}) == []


def test_another_theory_needs_nothing_of_this_one():
    assert offenders("examples", {"theorems", "models", "checks", "torch"}) == []


@pytest.mark.parametrize("folder", [*FLOORS, "tests", "benchmarks"])
def test_no_file_is_longer_than_250_lines(folder):
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > 250} == {}
