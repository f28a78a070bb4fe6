"""A real browser, and the sites that it visits.

CHROMIUM names the browser where it is not called chromium or google-chrome.
"""

import os
import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.examples.conftest import RunningSite
from tests.examples.web.pages import PASSWORD

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium():
    """Return the browser; while it runs, so does an event loop, which tests elsewhere must not find."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sites(chromium, tmp_path_factory):
    """Return what starts a site, once: sites("examples.games", "tavern")."""
    running = {}

    def of(package, name):
        if name not in running:
            variables = {f"{name.upper()}_ADMIN_PASSWORD": PASSWORD, "DATABASE_URL": ""}
            running[name] = RunningSite(package, tmp_path_factory.mktemp(name), 1, variables)
        return running[name]

    yield of
    for site in running.values():
        site.kill()


@contextmanager
def visiting(chromium, site, size="desktop", refused=(), **context):
    """Give a page of a new visitor's; at the end nothing may have been asked of another host, or gone wrong.

    `refused` are the statuses above 399 that are expected.
    """
    opened = chromium.new_context(base_url=site.home, viewport=SIZES[size], **context)
    page, asked, wrong, statuses = opened.new_page(), [], [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("response", lambda answer: statuses.append(answer.status))
    page.set_default_timeout(10_000)
    try:
        yield page
    finally:
        opened.close()
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {
        urlsplit(site.home).netloc
    }
    assert sorted(status for status in statuses if status > 399) == sorted(refused)
    assert [words for words in wrong if not words.startswith("Failed to load resource")] == []
