"""The documents say what is so: the README's commands, claims and Python examples, and the links between documents."""

import re
from pathlib import Path

import pytest

from checks import PACK

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def claims_table():
    """The README's table of claims: a row per reading, the claim named in the first of its rows."""
    rows = ["| claim | reading | expected |", "|---|---|---|"]
    for claim in (check.claim for check in PACK.checks):
        for reading in claim.readings:
            name = f"**{claim.title}** (`{claim.id}`)" if reading is claim.principal else ""
            rows.append(f"| {name} | {reading.title} (`{reading.id}`) | {reading.expected or 'open'} |")
    return "\n".join(rows)


def test_the_readme_begins_with_the_two_commands():
    title, *lines = [line for line in README.splitlines() if line.strip()]
    assert title.startswith("# ")
    assert [line.partition("#")[0].strip() for line in lines[:2]] == ["make verify", "make test"]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^ +make (\w+)", README, flags=re.MULTILINE))))
def test_every_make_target_that_is_named_exists(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
    assert re.search(rf"^\.PHONY:.*\b{target}\b", makefile, flags=re.MULTILINE)


def test_the_table_of_claims_is_that_of_the_pack():
    table = claims_table()
    assert table in README, f"the README's table of claims should be\n{table}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_python_examples_run(example, capsys):
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    assert capsys.readouterr().out.strip()
    errors = [names["errors"][width] for width in sorted(names["errors"])]
    assert names["rate"] > 0
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.05


def test_there_is_an_example():
    assert EXAMPLES


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_nothing_was_left_to_be_filled_in(document):
    lines = document.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.fullmatch(r"[A-Z]{4,}", line.strip())] == []
