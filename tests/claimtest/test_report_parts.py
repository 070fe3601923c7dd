"""The parts of the report, one by one."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from claimtest.claim import Verdict
from claimtest.criteria import Constant, Identity, OrderBound, Samples
from claimtest.errors import RunError
from claimtest.profile import PROFILES
from claimtest.report.controls import tally
from claimtest.report.figure import figure_svg, safe_label
from claimtest.report.gauge import gauge
from claimtest.report.graph import _label, claim_graph_svg, layers, reduced
from claimtest.report.mathematics import display, plain, prose
from claimtest.report.points import gather
from claimtest.report.wording import (
    anchor,
    estimate,
    expectation,
    headline,
    interval,
    number,
    region,
    summary,
)
from tests.claimtest.toy_run import toy_run

QUICK = PROFILES["quick"]


def ladder(exponent: float, seed: int = 0, cases: int = 3) -> Samples:
    """Values x^exponent with a little noise, 8 replicates at 5 widths of each case."""
    rng = np.random.default_rng(seed)
    strata = np.repeat(np.arange(cases), 40)
    abscissa = np.tile(np.repeat(2.0 ** np.arange(6, 11), 8), cases)
    return Samples(abscissa**exponent * np.exp(0.01 * rng.standard_normal(40 * cases)), strata, abscissa)


def test_prose_escapes_words_and_converts_mathematics():
    html = prose(r"a < b & $x_1 < 2$ costs \$3 `code <i>`")
    assert "a &lt; b &amp; <math" in html
    assert "costs $3 <code>code &lt;i&gt;</code>" in html


@pytest.mark.parametrize(
    "tex", [r"\frac{", r"\nosuch{x}", r"a & b", r"\begin{matrix} a", r"x \over", "", r"\left( x", r"{{{"]
)
def test_broken_tex_never_raises(tex):
    assert "<script" not in display(tex)
    assert prose(f"so ${tex}$ it goes").startswith("so ")


@pytest.mark.parametrize("tex", [r"\frac{", r"\nosuch{x}", r"a & b"])
def test_unreadable_tex_shows_its_source(tex):
    assert display(tex).unescape().removeprefix('<code class="tex">').removesuffix("</code>") == tex


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//evil)}{x}",
        r"\text{&lt;img src=x onerror=alert(1)&gt;}",
        r"\mathrm{</math><img src=x>}",
    ],
)
def test_tex_cannot_smuggle_html(tex):
    html = str(display(tex))
    assert not re.search(r"<(script|img|a)\b", html)
    assert not re.search(r"<[^>]*(href|style|onerror)\s*=", html.replace('alttext="', "").split(">", 1)[1])


def test_mathematics_is_typeset_as_in_tex():
    assert '<mi>log</mi><mspace width="0.167em" /><mfrac>' in display(r"\log\frac{n}{d}")
    assert "mspace" not in display(r"\log(n)")
    assert "<mo>∼</mo>" in display(r"w \sim N")
    assert '<mi mathvariant="normal">Θ</mi>' in display(r"\Theta")
    assert '<span class="nowrap">(<math' in prose("so ($x$) it is")


def pieces(html):
    return [re.sub(r"<[^>]+>", "", formula) for formula in re.findall(r"<math.*?</math>", str(html))]


def test_long_formulas_may_go_on_in_the_next_line():
    long = r"f_\infty(x) = f_0(x) + K(x, X)(K(X, X) + \beta I)^{-1}(y - f_0(X))"
    assert pieces(prose(f"so ${long}$.")) == ["f∞(x)=", "f0(x)+", "K(x,X)(K(X,X)+", "βI)−1(y−", "f0(X))"]
    assert pieces(display(long)) == ["f∞(x)=", "f0(x)+", "K(x,X)(K(X,X)+βI)−1(y−f0(X))"]
    assert pieces(prose("$a + b = c$")) == ["a+b=c"]
    assert pieces(prose(r"$\|a - b\|_2 = \mathrm{KL}(p \| q + r) + \|c - d\|^2 - e$")) == [
        "‖a−b‖2=",
        "KL(p‖q+r)+",
        "‖c−d‖2−",
        "e",
    ]


def test_mathematics_is_core_that_every_browser_shows():
    assert r"\boxed{x}" in display(r"\boxed{x}").unescape()
    html = display(r"\begin{cases} a & b \\ c & d \end{cases}")
    assert html.count('<mtd class="to-left">') == 4
    assert "columnalign" not in html


def test_plain_drops_the_dollars():
    assert plain(r"size of $m^{-1/2}$ and `x`") == "size of m^{-1/2} and x"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.5, "−0.5"), (1e-10, "1·10⁻¹⁰"), (2.5e7, "2.5·10⁷"), (1536.0, "1536"), (0.0, "0"),
        (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "not a number"),
    ],
)  # fmt: skip
def test_numbers_are_written_by_hand(value, text):
    assert number(value) == text


def test_regions_and_intervals_in_words():
    outcome = Constant(1.0).judge(replace(ladder(0.0)), QUICK)
    assert re.fullmatch(r"1\.00\d\d?|0\.99\d+|1\.0000", estimate(outcome))
    assert " … " in interval(outcome)
    assert region((-math.inf, -0.35)) == "≤ −0.35"
    assert region((0.9, math.inf)) == "≥ 0.9"
    assert region((0.95, 1.05)) == "0.95 … 1.05"
    assert region((0.0, 1e-10)) == "≤ 1·10⁻¹⁰"


def test_anchor_is_safe_in_urls_and_file_names():
    assert anchor("theorem1", "mean-output-flow") == "theorem1-mean-output-flow"
    assert re.fullmatch(r"[\w-]+", anchor("a/b", 'x" onload="y', "../..", "é ü"))


def test_expectations_and_summary():
    run = toy_run()
    words = {f"{c.claim.id}/{r.reading.id}": expectation(r) for c, r in run.readings}
    assert set(words.values()) == {"as expected"}
    turned = replace(run.readings[1][1], reading=replace(run.readings[1][1].reading, expected=Verdict.HOLDS))
    assert expectation(turned) == "unexpected"
    claims = (replace(run.claims[0], readings=(run.claims[0].readings[0], turned)), run.claims[1])
    assert "1 verdict contradicts the expectation: lln/too-fast." in summary(replace(run, claims=claims))
    assert headline(run) == (Verdict.HOLDS, "Nothing contradicts what was expected")
    assert headline(replace(run, claims=claims))[0] is Verdict.VIOLATED
    assert summary(run)[0] == "2 claims hold in the principal reading."


def test_a_check_that_failed_is_what_a_reader_sees_first():
    run = replace(toy_run(), failed=(RunError("clt, reading 'exact': a mistake"),))
    assert headline(run) == (Verdict.VIOLATED, "A check failed: its claim has no verdict")
    assert summary(run)[0] == "Without a verdict: clt, reading 'exact': a mistake."


def test_tally_counts_only_what_was_judged():
    controls = [control for _, reading in toy_run().readings for control in reading.controls]
    count = tally(controls)
    assert (count.rejected, count.judged, count.idle, count.complete) == (5, 5, 0, True)


def test_gauge_places_the_interval_inside_the_region_iff_it_holds():
    inside = gauge(Constant(1.0).judge(ladder(0.0), QUICK), "constant")
    outside = gauge(Constant(2.0).judge(ladder(0.0), QUICK), "constant")
    assert inside is not None
    assert outside is not None
    assert inside.accepted[0] < inside.interval[0] <= inside.interval[1] < inside.accepted[1]
    assert outside.interval[1] < outside.accepted[0]


def test_gauge_of_bounds_and_identities_is_open_on_one_side():
    bound = gauge(OrderBound(-0.5).judge(ladder(-0.5), QUICK), "order bound")
    exact = gauge(Identity(1e-10).judge(ladder(-20.0), QUICK), "identity")
    assert bound is not None
    assert exact is not None
    assert (bound.open_low, bound.open_high) == (True, False)
    assert exact.open_low


def test_graph_keeps_only_arrows_that_no_longer_way_implies():
    parents = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("c", "a")}
    assert reduced(parents) == {"a": (), "b": ("a",), "c": ("b",), "d": ("c",)}
    assert layers(parents) == {"a": 0, "b": 1, "c": 2, "d": 3}


def test_graph_links_every_claim_of_the_run_and_shows_those_left_out():
    svg = claim_graph_svg(toy_run())
    assert 'href="#lln"' in svg
    assert 'href="#clt"' in svg
    alone = claim_graph_svg(replace(toy_run(), claims=toy_run().claims[1:]))
    assert 'href="#lln"' not in alone
    assert "not in this run" in alone
    assert svg.count("holds") > 4  # said in words, not by colour alone


def test_points_are_few_whatever_the_samples():
    points = gather(ladder(-0.5), logarithmic=True)
    assert len(points.stratum) == 15
    assert set(points.count) == {8}
    rng = np.random.default_rng(1)
    scattered = Samples(rng.random(20_000), rng.integers(0, 4, 20_000), rng.random(20_000) + 0.1)
    assert len(gather(scattered, logarithmic=False).stratum) <= 4 * 24


def test_figures_are_reproducible_and_keep_their_ids_to_themselves():
    def draw(axes):
        axes.plot([1, 2], [0.12345, 3])
        axes.text(1, 1, "0.12345 <b>#000000</b>")

    first, second, other = (figure_svg(name, draw, (3, 2)) for name in ("one", "one", "two"))
    assert first == second
    ids = set(re.findall(r' id="([^"]+)"', first))
    assert ids
    assert not ids & set(re.findall(r' id="([^"]+)"', other))
    assert set(re.findall(r"url\(#([^)]+)\)", first)) <= ids
    assert "0.12345 &lt;b&gt;#000000&lt;/b&gt;" in first  # text is not touched
    assert "currentColor" in first
    assert "<style" not in first


def test_a_label_with_broken_tex_is_shown_as_typed():
    assert safe_label(r"$\|\Theta\|$") == r"$\|\Theta\|$"
    assert safe_label(r"$\frac{$") == r"\$\frac{\$"


def test_a_node_says_what_the_title_says_before_its_colon():
    found = _label("lemma31", "Lemma 3.1: the Gram matrix at initialisation")
    assert (found, _label("theorem1", "theorem1"), _label("convergence", "A long head of a title: this one")) == (
        "Lemma 3.1",
        "Theorem 1",
        "convergence",
    )
