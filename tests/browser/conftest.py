"""A headless Chromium, and the folder of a report to open in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.pages import PAGES

FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars
"""
WIDTHS = {"narrow": 320, "phone": 390, "desktop": 1280}  # 320: the width at which WCAG asks pages to reflow

# a machine with much else to do says that a page is loaded when half of it is
ALL_THERE = "return document.readyState === 'complete' && location.href === arguments[0]"


class Browser:
    """A Chromium that shows one page at a time, at the width of a phone or of a desk, in light or dark."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self.run = driver.execute_script
        self.order = driver.execute_cdp_cmd

    def open(self, page: Path, width: str = "desktop", *, dark: bool = False, media: str = "") -> None:
        """Show the page afresh; ``media="print"`` lays it out as on paper."""
        self.order(
            "Emulation.setDeviceMetricsOverride",
            {"width": WIDTHS[width], "height": 844, "deviceScaleFactor": 1, "mobile": False},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.order("Emulation.setEmulatedMedia", {"media": media, "features": [scheme, still]})
        self.driver.get("about:blank")  # else an address that differs in its fragment only would not be loaded
        self.driver.get(page.as_uri())
        WebDriverWait(self.driver, 60).until(lambda _: self.run(ALL_THERE, page.as_uri()))

    def said(self) -> list[str]:
        """What the console has said since the last question."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[Browser]:
    """Debian's Chromium with its driver, or one of the usual names; without either the test is skipped."""
    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("there is no chromium with a chromedriver on this machine (Debian: chromium, chromium-driver)")
    options = Options()
    options.binary_location = binary
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        found = webdriver.Chrome(options=options, service=Service(driver))
    except WebDriverException as error:
        pytest.skip(f"chromium does not start here: {(error.msg or '').splitlines()[0]}")
    found.set_script_timeout(120)
    yield Browser(found)
    found.quit()


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> dict[str, Path]:
    """The pages by name, each in a folder of its own with all that a report holds."""
    return {name: written(tmp_path_factory.mktemp(name), run()) for name, run in PAGES.items()}


def written(folder: Path, run) -> Path:
    """The page of a report that has evidence beside it."""
    from claimtest.report import write_report  # brings matplotlib: not while pytest collects

    (folder / "evidence").mkdir()
    (folder / "evidence" / "flip.csv").write_text("case,width\n")
    return write_report(run, folder, ["flip.csv"])


@pytest.fixture(params=PAGES)
def page(request, pages) -> Path:
    """Each page in turn."""
    return pages[request.param]


@pytest.fixture
def shown(browser, page):
    """Open the page: ``shown(width, dark=…, media=…)`` gives the browser."""

    def show(*where, **how) -> Browser:
        browser.open(page, *where, **how)
        return browser

    return show
