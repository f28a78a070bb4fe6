"""A real browser, and the sites that it visits.

CHROMIUM names the browser if it is not called chromium or google-chrome.
"""

import os
import shutil

import pytest

from tests.examples.sites import RunningSite
from tests.examples.web.pages import PASSWORD

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium():
    """Return the browser. An event loop runs as long as it does, and tests of other files must not find that."""
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
def start_for_browsers(chromium, tmp_path_factory):
    """Return a function that starts a site, on SQLite: start_for_browsers("examples.games", "tavern")."""
    started = []

    def start(package, name):
        variables = {f"{name.upper()}_ADMIN_PASSWORD": PASSWORD, "DATABASE_URL": ""}
        started.append(RunningSite(package, tmp_path_factory.mktemp(name), 1, variables))
        return started[-1]

    yield start
    for site in started:
        site.kill()
