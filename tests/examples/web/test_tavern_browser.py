"""The tavern in a real browser: with and without scripts, on a phone and a desk, by keyboard, by an accessibility engine."""

import os
import shutil

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
PASSWORD = "open sesame"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    from tests.examples.conftest import RunningSite

    data = tmp_path_factory.mktemp("tavern")
    site = RunningSite("examples.games", data, 1, {"TAVERN_ADMIN_PASSWORD": PASSWORD, "DATABASE_URL": ""})
    yield site
    site.kill()


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, site):
    """Return what opens a page in a new browser's profile; what the page complains of fails the test."""
    contexts, complaints = [], []

    def visit(path="/", **options):
        context = chromium.new_context(base_url=site.home, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda request: request.url.startswith(site.home) or complaints.append(request.url)
        )
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [text for text in complaints if "status of 4" not in text] == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_visitor_asks_looks_at_another_and_rents(visit, size, scripts):
    page = visit(viewport=size, java_script_enabled=scripts)
    if scripts:
        page.evaluate("window.mark = 1")
    page.get_by_label("Budget-friendly").check()
    page.get_by_label("Adventure").check()
    page.get_by_role("button", name="Suggest a game").click()
    page.wait_for_url("**/suggest?budget=cheap&type=Adventure")
    first = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="Show me a different game").click()
    page.wait_for_url("**n=2**")
    second = page.get_by_role("heading", level=1).inner_text()
    assert first != second
    page.go_back()
    page.get_by_role("heading", level=1, name=first, exact=True).wait_for()
    page.reload() if not scripts else None
    page.get_by_role("button", name="Rent it").click()
    page.wait_for_url("**/rentals")
    page.get_by_role("heading", level=2, name=first, exact=True).wait_for()
    if scripts:
        assert page.evaluate("window.mark") == 1  # the page itself was never loaded again
        assert page.evaluate("document.activeElement.tagName") == "H1"
        assert page.locator("#announce").inner_text().startswith("Your games")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_house_works_by_keyboard_alone(visit):
    page = visit("/admin", viewport=DESK)
    page.locator("#password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin")
    page.get_by_role("link", name="Add a console").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/consoles/new")
    page.keyboard.press("Tab")
    page.keyboard.type("SNES")
    page.keyboard.press("Enter")
    page.get_by_text("There is a console called SNES already.").wait_for()
    assert page.evaluate("document.activeElement.id") == "name"
    assert page.locator("#name").input_value() == "SNES"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("End")
    page.keyboard.type(" II")
    page.keyboard.press("Enter")
    page.get_by_text("SNES II is saved.").wait_for()


def test_a_skip_link_leads_to_the_content(visit):
    page = visit("/games", viewport=DESK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accessibility_engine_finds_nothing_and_nothing_is_wider_than_a_phone(visit, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit("/login?to=/admin", viewport=PHONE, color_scheme=scheme, bypass_csp=True)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin")
    page.goto("/games/tetris")
    page.get_by_role("button", name="Rent it").click()
    page.wait_for_url("**/rentals")
    found = {}
    for path in (
        "/", "/suggest?budget=cheap&type=Adventure&type=RPG", "/suggest?n=6", "/games", "/games/tetris", "/rentals",
        "/api/docs", "/admin", "/admin/games", "/admin/games/new", "/admin/games/1", "/admin/games/1/delete",
        "/admin/rentals/1", "/admin/consoles", "/nowhere",
    ):  # fmt: skip
        page.goto(path)
        violations = Axe().run(page).response["violations"]
        found[path] = [f"{one['id']}: {one['nodes'][0]['html'][:100]}" for one in violations]
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            found[path].append("wider than a phone")
    assert {path: problems for path, problems in found.items() if problems} == {}
