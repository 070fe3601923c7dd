"""The report of a run: what its three files must hold, and what they must never do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from claimtest.check import Exhibit
from claimtest.claim import Verdict
from claimtest.report import write_report
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK, Coin
from tests.claimtest.toy_run import run_with, toy_run

VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """Collects what the tests ask about, and checks that every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        return [a["id"] for _, a in self.tags if a.get("id")]  # type: ignore[misc]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A report of the toy run."""
    out = tmp_path_factory.mktemp("report")
    (out / "evidence").mkdir()
    (out / "evidence" / "flip.csv").write_text("case,width\n")
    assert write_report(toy_run(), out, ["flip.csv"]) == out / "index.html"
    return out


@pytest.fixture(scope="module")
def html(folder) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


def test_json_has_the_promised_shape(folder):
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert {"schema", "profile", "seed", "versions", "error_budget", "seconds", "claims"} <= report.keys()
    assert (report["schema"], report["profile"], report["seed"], report["error_budget"]) == (1, "quick", 0, 0.001)
    for claim in report["claims"]:
        assert {"id", "title", "provenance", "depends_on", "conditional_on", "verdict", "readings"} <= claim.keys()
        for reading in claim["readings"]:
            keys = {"id", "statement", "verdict", "expected", "cases", "criteria", "controls"}
            assert keys <= reading.keys()
            for criterion in reading["criteria"]:
                keys = {"id", "kind", "verdict", "estimate", "interval", "accepted", "detectable", "n"}
                assert keys <= criterion.keys()
            for control in reading["controls"]:
                assert {"id", "aimed_at", "rejected", "estimate", "interval"} <= control.keys()


def test_page_is_one_file_that_needs_no_network(page, html):
    assert not page.named("script")
    assert not page.named("img")
    assert "@import" not in html
    references = [a.get("href") or a.get("src") or "" for _, a in page.tags if a.get("href") or a.get("src")]
    for reference in references:
        assert not re.match(r"(?:[a-z]+:)?//", reference), reference
        assert not reference.startswith("javascript:")
    for target in re.findall(r"url\(([^)]*)\)", html):
        assert target.startswith("#")


def test_every_inner_link_has_a_target_and_every_id_is_unique(page):
    assert len(set(page.ids)) == len(page.ids)
    inner = [a["href"] for _, a in page.tags if (a.get("href") or "").startswith("#")]
    assert inner
    assert {href[1:] for href in inner} <= set(page.ids)


def test_every_outer_link_is_a_file_of_the_report(page, folder):
    outer = [a["href"] for a in page.named("a") if not a["href"].startswith(("#", "data:"))]
    assert "evidence/flip.csv" in outer
    assert all((folder / href).is_file() for href in outer)


def test_a_script_in_a_title_stays_text(page, html, folder):
    assert "<script" not in html
    assert "Law of large numbers <script>alert(1)</script>" in page.text
    assert "<script" not in (folder / "report.md").read_text(encoding="utf-8")


def test_every_claim_reading_criterion_control_and_exhibit_is_there(page):
    for claim, reading in toy_run().readings:
        assert claim.claim.id in page.ids
        assert f"{claim.claim.id}-{reading.reading.id}" in page.ids
        for criterion in reading.criteria:
            assert f"{claim.claim.id}-{reading.reading.id}-{criterion.criterion.id}" in page.ids
        for control in reading.controls:
            assert control.control.states.split("$")[0] in page.text
        for exhibit in claim.exhibits:
            assert f"figure-{claim.claim.id}-exhibit-{exhibit.id}" in page.ids
            assert exhibit.alt in page.text


def test_verdicts_are_words_and_marks_beside_colour(page):
    badges = [a for a in page.named("span") if (a.get("class") or "").startswith("badge")]
    assert badges
    assert all(f" {word} " in f" {page.text} " for word in ("holds", "violated"))
    assert "1 reading is violated, as the theory predicts." in page.text
    assert "Nothing contradicts what was expected" in page.text


def test_page_has_landmarks_and_every_picture_a_text(page):
    for landmark in ("header", "nav", "main", "footer"):
        assert page.named(landmark), landmark
    assert page.named("html")[0]["lang"] == "en"
    assert len(page.named("h1")) == 1
    for svg in page.named("svg"):
        assert svg.get("aria-hidden") == "true" or svg.get("aria-label"), svg
    for head in page.named("th"):
        assert head.get("scope") in ("col", "row")


def test_mathematics_is_mathml(page):
    assert len(page.named("math")) > 10
    assert any(a.get("display") == "block" for a in page.named("math"))


def test_every_picture_is_also_a_file_with_its_data(folder):
    figures = folder / "figures"
    names = {path.stem for path in figures.glob("*.svg")}
    assert {"claim-graph", "lln-bound-size", "clt-exact-variance", "lln-exhibit-size"} <= names
    for path in figures.glob("*.svg"):
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert names - {"claim-graph"} <= {path.stem for path in figures.glob("*.csv")}
    head, *rows = (figures / "lln-exhibit-table.csv").read_text(encoding="utf-8").splitlines()
    assert head == "case,width,size"
    assert len(rows) == 24


def test_markdown_starts_with_the_verdicts_then_goes_claim_by_claim(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    table, lln, clt = text.index("| Claim "), text.index("## Law of large"), text.index("## Variance")
    assert table < lln < clt
    assert "✗ violated" in text
    assert "2 of 2 rejected" in text
    for image in re.findall(r"\]\((figures/[^)]+)\)", text):
        assert (folder / image).is_file()


def test_same_run_gives_the_same_bytes(folder, tmp_path):
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "flip.csv").write_text("case,width\n")
    write_report(toy_run(), tmp_path, ["flip.csv"])
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    for file in files:
        assert (folder / file).read_bytes() == (tmp_path / file).read_bytes(), file


def test_broken_tex_and_a_broken_picture_do_not_cost_the_report(tmp_path):
    def draw(axes):
        raise RuntimeError("no <ink>")

    exhibit = Exhibit("torn", "A torn picture", "Nothing to see.", {"value": [1.5, 2.5]}, draw)
    claim = replace(LLN_CHECK.claim, formula=r"\frac{", statement=r"Broken $\nosuch{x}$ & fine.")
    run = run_with(replace(LLN_CHECK, claim=claim, exhibits=lambda view, profile: [exhibit]))
    text = write_report(run, tmp_path).read_text(encoding="utf-8")
    page = Page(text)
    assert r"\frac{" in page.text
    assert r"\nosuch{x}" in page.text
    assert "RuntimeError: no <ink>" in page.text
    assert "2.5" in page.text


def test_what_was_out_of_scope_is_shown_as_such(tmp_path):
    check = replace(CLT_CHECK, out_of_scope=lambda case: "the coin melts" if isinstance(case, Coin) else "")
    run = run_with(check)
    assert run.claims[1].verdict is Verdict.OUT_OF_SCOPE
    page = Page(write_report(run, tmp_path).read_text(encoding="utf-8"))
    assert "the coin melts" in page.text
    assert "1 of 2 claims hold" in page.text


def test_report_of_one_claim_whose_support_was_not_run(tmp_path):
    run = replace(toy_run(), claims=toy_run().claims[1:])
    page = Page(write_report(run, tmp_path).read_text(encoding="utf-8"))
    assert "lln (not in this run)" in page.text


def test_a_folder_that_cannot_be_written_is_an_oserror(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OSError, match="taken"):
        write_report(toy_run(), tmp_path / "taken")


def test_page_stays_small(folder):
    assert (folder / "index.html").stat().st_size < 300_000
