"""The report in a real Chromium: at the widths of a phone and a desk, in light and dark, by keyboard, on paper."""

from __future__ import annotations

import base64
import csv
import io
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from claimtest.claim import Verdict
from claimtest.report.wording import anchor
from tests.browser.pages import PAGES
from tests.browser.scripts import FAINT, FLAT, OUTSIDE, TARGETS, VISIBLE

EVERYWHERE = pytest.mark.parametrize("width", ["phone", "desktop"])
UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"


def run_of(page: Path):
    """The run that a page shows."""
    return next(run() for name, run in PAGES.items() if page.parent.name.startswith(name))


def permalinks(page: Path) -> list[str]:
    """The ids of all claims and readings."""
    run = run_of(page)
    claims = [anchor(claim.claim.id) for claim in run.claims]
    return claims + [anchor(claim.claim.id, reading.reading.id) for claim, reading in run.readings]


def keys(browser, *pressed: str) -> None:
    """Press keys, one after the other, wherever the focus is."""
    for key in pressed:
        ActionChains(browser.driver, duration=0).send_keys(key).perform()


@pytest.mark.parametrize("width", ["narrow", "phone", "desktop"])
def test_nothing_scrolls_sideways_or_complains(shown, width):
    browser = shown(width)
    browser.run(UNFOLD)
    assert browser.run(OUTSIDE) == []
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.said() == []


@EVERYWHERE
def test_every_permalink_of_a_claim_and_a_reading_leads_there(shown, page, width):
    browser = shown(width)
    assert browser.run(TARGETS, permalinks(page)) == []
    links = browser.run("return [...document.querySelectorAll('.permalink')].map(a => a.getAttribute('href').slice(1))")
    assert set(permalinks(page)) <= set(links)


def test_a_permalink_opens_at_its_reading(browser, page):
    target = permalinks(page)[-1]
    browser.open(page)
    browser.driver.get("about:blank")
    browser.driver.get(f"{page.as_uri()}#{target}")
    assert browser.run("return document.querySelector(':target').id") == target
    assert browser.run("return document.querySelector(':target').getBoundingClientRect().top < innerHeight")


def test_every_link_leads_somewhere(shown, page):
    browser = shown()
    links = browser.run("return [...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    ids = set(browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)"))
    inner = {unquote(link[1:]) for link in links if link.startswith("#")}
    files = {unquote(link) for link in links if not link.startswith(("#", "data:"))}
    assert inner <= ids
    assert files
    assert [name for name in files if not (page.parent / name).is_file()] == []


def test_the_filter_works_by_keyboard(shown, page):
    browser = shown()
    verdicts = {anchor(claim.claim.id, r.reading.id): r.verdict for claim, r in run_of(page).readings}
    offered = [verdict for verdict in Verdict if verdict in verdicts.values()]
    assert set(browser.run(VISIBLE)) == set(verdicts)
    browser.driver.find_element(By.ID, "show-all").send_keys("")
    for verdict in offered:
        keys(browser, Keys.ARROW_RIGHT)
        assert browser.run("return document.activeElement.id") == f"show-{verdict.replace(' ', '-')}"
        assert set(browser.run(VISIBLE)) == {name for name, found in verdicts.items() if found is verdict}
    others = next(name for name, found in verdicts.items() if found is not offered[-1])
    assert browser.run(TARGETS, [others]) == [], "a link to a reading that the filter hides should show it"
    browser.run("location.hash = ''; document.activeElement.blur(); document.querySelector(':checked').focus()")
    keys(browser, *[Keys.ARROW_LEFT] * len(offered))
    assert set(browser.run(VISIBLE)) == set(verdicts)


def test_the_first_tab_offers_to_skip_to_the_claims(shown):
    browser = shown("phone")
    keys(browser, Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    assert browser.run("return document.activeElement.getBoundingClientRect().left >= 0")
    keys(browser, Keys.ENTER)
    assert browser.run("return document.querySelector(':target').tagName") == "MAIN"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_told_from_its_ground(shown, dark):
    browser = shown(dark=dark)
    browser.run(UNFOLD)
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    red, green, blue = map(int, re.findall(r"\d+", ground)[:3])
    assert (red + green + blue < 3 * 64) if dark else (red + green + blue > 3 * 192)
    assert browser.run(FAINT) == []


def test_verdicts_are_told_by_shape_and_word_not_by_colour_alone(shown):
    marks = shown().run(
        "return [...document.querySelectorAll('.badge, .overview-table li')]"
        ".map(e => [e.textContent.replace(/\\s+/g, ' ').trim(), !!e.querySelector('svg')])"
    )
    assert marks
    words = "|".join(Verdict)
    assert [text for text, icon in marks if not icon or not re.search(words, text)] == []


def tree(browser) -> list[dict]:
    """What a screen reader is told: role, name and properties of every node."""
    nodes = browser.order("Accessibility.getFullAXTree", {})["nodes"]
    return [
        {"role": n["role"]["value"], "name": n.get("name", {}).get("value", "").strip()}
        | {p["name"]: p["value"].get("value") for p in n.get("properties", [])}
        for n in nodes
        if not n["ignored"]
    ]


def test_a_screen_reader_finds_its_way(shown):
    nodes = tree(shown())
    roles = [node["role"] for node in nodes]
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        assert roles.count(landmark) == 1, landmark
    levels = [node["level"] for node in nodes if node["role"] == "heading"]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    named = ("image", "img", "link", "radio", "region", "navigation", "table", "figure", "DisclosureTriangle")
    nameless = [node for node in nodes if node["role"] in named and not node["name"]]
    assert [node["role"] for node in nameless if node["role"] not in ("table", "figure")] == []
    assert "MathMLMath" in roles or "math" in roles


def test_every_figure_has_a_text_and_its_data_one_click_away(shown, page):
    figures = shown().run(
        "return [...document.querySelectorAll('figure')].map(f => ["
        "f.id, f.querySelector('.plate svg')?.getAttribute('aria-label') ?? f.querySelector('.caption').textContent, "
        "f.querySelector('a[download]').getAttribute('href'), f.querySelectorAll('.data th').length])"
    )
    assert figures or "words" in page.parent.name
    for name, text, href, columns in figures:
        assert len(text) > 15, name
        assert columns > 0, name
        data = base64.b64decode(href.partition("base64,")[2]).decode() if href.startswith("data:") else ""
        rows = list(csv.reader(io.StringIO(data or (page.parent / href).read_text(encoding="utf-8"))))
        assert len(rows) > 1, name
        assert len(rows[0]) == columns, name


@EVERYWHERE
def test_mathematics_is_laid_out(shown, width):
    browser = shown(width)
    browser.run(UNFOLD)
    assert browser.run("return document.querySelectorAll('math').length") > 10
    assert browser.run(FLAT) == []


def test_it_can_be_touched(shown):
    small = shown("phone").run(
        "return [...document.querySelectorAll('.filter label, summary')].filter(e => e.getClientRects().length)"
        ".filter(e => e.getBoundingClientRect().height < 24).map(e => e.textContent)"
    )
    assert small == [], "at least 24 pixels high"


def test_on_paper_it_is_whole(browser, page):
    browser.open(page, media="print", dark=True)
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    paper = {"width": 688, "height": 1000, "deviceScaleFactor": 1, "mobile": False}  # A4 within its margins
    browser.order("Emulation.setDeviceMetricsOverride", paper)
    assert browser.run(OUTSIDE) == []
    seen = "return [...document.querySelectorAll(arguments[0])].filter(e => e.getClientRects().length).length"
    assert browser.run(seen, ".filter, .skip, .permalink, .legend") == 0
    controls = sum(len(reading.controls) for _, reading in run_of(page).readings)
    assert browser.run(seen, ".controls tbody tr") == controls > 0
    browser.order("Emulation.setEmulatedMedia", {"media": ""})
    sheet = browser.order("Page.printToPDF", {"preferCSSPageSize": True, "paperWidth": 8.27, "paperHeight": 11.69})
    printed = base64.b64decode(sheet["data"])
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
