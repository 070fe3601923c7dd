"""Exhibits in the report, the tags of readings, and the estimate that speaks for a claim."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from claimtest.claim import Provenance, Reading
from claimtest.exhibit import Estimate, Exhibit
from claimtest.listing import claim_text
from claimtest.report.figure import figure_svg
from claimtest.report.mathematics import display
from claimtest.report.wording import cell, key_criterion, number
from claimtest.report.write import write_report
from tests.claimtest.toy_pack import LLN_CHECK
from tests.claimtest.toy_run import run_with, toy_run

TABLE = {"row": ["a", "b"], "x": [Estimate(2.5e-4, 2e-4, 3e-4, marked=True), "–"], "y": [Estimate(0.5, -0.002, 1), 2.0]}
BOTH = Provenance.REPORTED, Provenance.DERIVED


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A report whose first claim has a leading table, a drawn exhibit, and a principal reading with two tags."""
    folder = tmp_path_factory.mktemp("exhibits")
    table = Exhibit("answer", "The answer", "At one look.", TABLE, leads=True)
    drawn = Exhibit("drawn", "A picture", "Points.", {"x": [1.0]}, lambda axes: axes.plot([1, 2]))
    first, *others = LLN_CHECK.claim.readings
    claim = replace(LLN_CHECK.claim, readings=(replace(first, provenance=BOTH), *others))
    write_report(run_with(replace(LLN_CHECK, claim=claim, exhibits=lambda view, profile: [drawn, table])), folder)
    return folder


def test_a_leading_exhibit_stands_before_the_readings_and_others_behind(folder):
    for file, marks in (
        ("index.html", ("figure-lln-exhibit-answer", 'id="lln-bound"', "figure-lln-exhibit-drawn")),
        ("report.md", ("### The answer", "### Upper bound", "lln-exhibit-drawn.svg")),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        places = [text.index(mark) for mark in marks]
        assert places == sorted(places), file
        assert text.count(marks[0]) == 1


def test_a_table_without_a_drawing_takes_the_whole_width(folder):
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert '<figure id="figure-lln-exhibit-answer" class="tabular">' in html
    assert '<figure id="figure-lln-exhibit-drawn">' in html


def test_a_marked_cell_is_bold_and_has_a_sign(folder):
    shown = "2.5·10⁻⁴ [2·10⁻⁴, 3·10⁻⁴]"
    assert f"<b>{shown}</b>&nbsp;◂" in (folder / "index.html").read_text(encoding="utf-8")
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert "**" + shown.replace("[", r"\[").replace("]", r"\]") + "** ◂" in markdown
    assert markdown.count("◂") == 1
    assert 'a,"0.00025 [0.0002, 0.0003]","0.5 [-0.002, 1]"' in (folder / "figures/lln-exhibit-answer.csv").read_text()


def test_numbers_that_round_to_nothing_have_no_sign():
    assert number(-0.004, 2) == "0.00"
    assert cell(Estimate(0.5, -0.002, 1.0)) == "0.50 [0.00, 1.00]"
    assert number(-0.006, 2) == "−0.01"
    assert cell(0.123456) == "0.1235"
    assert cell("–") == "–"


def test_every_tag_of_a_reading_is_shown(folder):
    html = (folder / "index.html").read_text(encoding="utf-8")
    own = html[html.index('id="lln-bound"') :]
    assert re.findall(r'class="tag" title="[^"]+">(\w+)<', own)[:2] == ["reported", "derived"]
    assert "· reported, derived ·" in (folder / "report.md").read_text(encoding="utf-8")
    readings = json.loads((folder / "report.json").read_text(encoding="utf-8"))["claims"][0]["readings"]
    assert [r["provenance"] for r in readings] == ["reported, derived", "reconstructed"]
    first, *others = LLN_CHECK.claim.readings
    claim = replace(LLN_CHECK.claim, readings=(replace(first, provenance=BOTH), *others))
    assert "Upper bound (reported, derived)" in claim_text(replace(LLN_CHECK, claim=claim), folder)


def test_a_reading_without_a_tag_is_refused():
    assert Reading("a", "A", "a", Provenance.PAPER).tags == (Provenance.PAPER,)
    with pytest.raises(ValueError, match="at least one tag"):
        Reading("a", "A", "a", ())


def test_a_claim_is_spoken_for_by_the_first_criterion_of_its_principal_reading():
    for claim in toy_run().claims:
        key, principal = key_criterion(claim), claim.readings[0]
        assert key is principal.criteria[0]
        unrun = replace(principal.criteria[0], outcome=None)
        later = replace(claim, readings=(replace(principal, criteria=(unrun, *principal.criteria[1:])),))
        assert key_criterion(later) is next(iter(principal.criteria[1:]), None)


@pytest.mark.parametrize("low", [1.0, 1.7, 2.1, 4.3, 7.2, 9.6])
@pytest.mark.parametrize("ratio", [1.5, 2.5, 5.0, 9.0, 30.0, 500.0, 1e6])
def test_a_logarithmic_axis_has_three_to_ten_labels(low, ratio):
    low *= 1e-3

    def draw(axes):
        axes.loglog([1.0, 2.0], [low, low * ratio])
        axes.set_ylim(low, low * ratio)
        axes.set_xticks([1.0, 2.0], ["", ""])

    labels = re.findall(r">([\d.·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)</text>", figure_svg("axis", draw, (4, 3)))
    assert 3 <= len(labels) <= 10, labels
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("tex", "pieces"),
    [
        (r"a = b + c", ["a=b+c"]),
        (r"\Theta_\infty = \alpha + \beta + \gamma + \delta + u + v + w + x + y + z", ["Θ∞=", "α+β+γ+δ+u+v+w+x+y+z"]),
        (
            r"f_0(x) + K(x, X)(K(X, X) + I)(y - f_0(X)) + z = 1",  # what is too wide is cut after signs
            ["f0(x)+", "K(x,X)(K(X,X)+I)(y−f0(X))+", "z=", "1"],
        ),
        (
            r"s [ \|f(x) - y\|^2 + \beta D(q(z)\,\|\,p(z)) + \beta R(w - w_0) ] = 1",  # in brackets, not in bars
            ["s[‖f(x)−y‖2+", "βD(q(z)‖p(z))+", "βR(w−w0)]=", "1"],
        ),
    ],
)
def test_a_wide_formula_is_cut_where_it_may_go_on(tex, pieces):
    shown = re.findall(r"<math.*?</math>", display(tex))
    assert [re.sub(r"<[^>]+>|\s", "", piece) for piece in shown] == pieces
