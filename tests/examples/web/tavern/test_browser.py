"""The tavern in a real browser: every page, a visitor's way, the admin's, with and without scripts."""

import re
from urllib.parse import urlsplit

import pytest

from tests.examples.web.browsing import (
    WAYS,
    Tour,
    heading,
    log_in,
    press_to,
    problems_on,
    unseen_stops,
    violations,
    visiting,
)
from tests.examples.web.pages import PASSWORD

TOUR = Tour(
    "examples.games",
    "tavern",
    (
        "/",
        "/?budget=cheap&type=Puzzle",
        "/suggest?budget=cheap&type=Adventure&type=Platform",
        "/suggest",
        "/suggest?n=6",
        "/games?type=Racing",
        "/games?q=nothingislikethat",
        "/games/tetris",
        "/rentals",
        "/login",
        "/api/docs",
    ),
    (
        "/admin",
        "/admin/games/several",
        "/admin/games",
        "/admin/games/1",
        "/admin/games/1/photo",
        "/admin/games/new",
        "/admin/games/1/delete",
        "/admin/consoles",
        "/admin/consoles/1",
        "/admin/rentals",
        "/admin/rentals/1",
    ),
    ("/suggest?budget=cheap&type=Puzzel", "/games?type=Puzzel"),
)


@pytest.fixture(scope="module")
def tavern(start_for_browsers):
    return start_for_browsers("examples.games", "tavern")


def test_every_page_is_accessible_and_fits_the_window(chromium, tavern):
    assert problems_on(chromium, tavern, TOUR) == {}


def test_every_stop_of_the_tab_key_shows_that_it_has_the_focus(chromium, tavern):
    assert unseen_stops(chromium, tavern, TOUR) == []


def ask(page, budget, *types):
    page.goto("/")
    page.locator(f"input[name=budget][value='{budget}']").check()
    for name in types:
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Suggest a game").click()
    page.wait_for_url("**/suggest?*")


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_a_visitor_asks_looks_further_goes_back_and_rents(chromium, tavern, size, script):
    with visiting(chromium, tavern, size, java_script_enabled=script) as page:
        ask(page, "cheap", "Adventure", "Platform")
        query = urlsplit(page.url).query
        assert query == "budget=cheap&type=Adventure&type=Platform"
        first = heading(page)
        page.reload()
        assert heading(page) == first
        page.get_by_role("link", name="Show me a different game").click()
        page.wait_for_url("**n=2*")
        second = heading(page)
        assert second != first
        page.go_back()
        page.wait_for_url(f"**/suggest?{query}")
        page.get_by_role("heading", level=1, name=first).wait_for()
        page.go_forward()
        page.get_by_role("heading", level=1, name=second).wait_for()
        for n in range(3, 6):
            page.get_by_role("link", name="Show me a different game").click()
            page.wait_for_url(f"**n={n}*")
        page.get_by_role("link", name="Is there nothing else?").click()
        page.get_by_role("heading", level=1, name="These were the five best I have for that").wait_for()
        page.get_by_role("link", name="Change my criteria").click()
        page.get_by_role("button", name="Suggest a game").wait_for()
        assert page.locator("input[name=budget][value=cheap]").is_checked()
        assert page.locator("input[name=type]:checked").count() == 2
        page.goto(f"/suggest?{query}")
        page.get_by_role("button", name="Rent it").click()
        page.wait_for_url("**/rentals")
        assert page.get_by_role("status").inner_text() == f"{first} is yours for tonight."
        page.reload()
        assert page.locator(".said").count() == 0
        page.get_by_role("link", name="Suggest another").click()
        page.wait_for_url("**/suggest?*")
        assert heading(page) != first


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mistyped_address_gets_a_form_that_everybody_can_go_on_from(chromium, tavern, scheme):
    with visiting(chromium, tavern, "phone", [422], color_scheme=scheme) as page:
        page.goto("/suggest?budget=cheap&type=Puzzel&type=RPG")
        assert "Did you mean Puzzle?" in page.get_by_role("alert").inner_text()
        assert violations(page) == []
        page.get_by_label("Puzzle", exact=True).check()
        page.get_by_role("button", name="Suggest a game").click()
        page.wait_for_url("**/suggest?budget=cheap&type=Puzzle&type=RPG")


def test_the_script_swaps_the_page_in_place_and_moves_the_focus(chromium, tavern):
    with visiting(chromium, tavern) as page:
        page.goto("/")
        page.evaluate("window.kept = true")
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="The shelves").click()
        page.get_by_role("heading", level=1, name="The shelves").wait_for()
        assert page.evaluate("window.kept")
        assert page.evaluate("document.activeElement.tagName") == "H1"
        assert page.title() == "The shelves · The Tally Tavern"
        assert page.locator(".top [aria-current=page]").inner_text() == "The shelves"
        assert page.locator("#announce").inner_text() == page.title()
        page.get_by_label("Title or maker").fill("zelda")
        page.get_by_label("Title or maker").press("Enter")
        page.wait_for_url("**/games?q=zelda")
        page.locator(".shelf a").first.click()
        page.wait_for_url("**/games/*zelda*")
        page.go_back()
        page.wait_for_url("**/games?q=zelda")
        page.get_by_role("heading", level=1, name="The shelves").wait_for()
        assert page.get_by_label("Title or maker").input_value() == "zelda"
        assert page.evaluate("window.kept")


def test_back_returns_to_where_the_reader_was(chromium, tavern):
    with visiting(chromium, tavern, "phone") as page:
        page.goto("/games")
        page.locator(".shelf a").nth(15).scroll_into_view_if_needed()
        place = page.evaluate("scrollY")
        assert place > 500
        page.locator(".shelf a").nth(15).click()
        page.wait_for_url("**/games/*")
        page.get_by_role("button", name="Rent it").wait_for()
        assert page.evaluate("scrollY") < 100
        page.go_back()
        page.get_by_role("heading", level=1, name="The shelves").wait_for()
        page.wait_for_function(f"Math.abs(scrollY - {place}) < 60")


def test_two_clicks_rent_once(chromium, tavern):
    with visiting(chromium, tavern) as page:
        page.goto("/games/celeste")
        page.get_by_role("button", name="Rent it").dblclick()
        page.wait_for_url("**/rentals")
        assert page.locator(".taken li").count() == 1


def sent_without_a_token(page):
    """Send a suggestion's form when the browser has forgotten its cookies."""
    page.goto("/suggest?type=Horror")
    page.context.clear_cookies()
    page.get_by_role("button", name="Rent it").click()
    page.get_by_role("heading", level=1, name="Not allowed").wait_for()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_after_an_error_the_page_leads_back_to_the_form_which_then_works(chromium, tavern, script):
    with visiting(chromium, tavern, refused=[403], java_script_enabled=script) as page:
        sent_without_a_token(page)
        page.get_by_role("link", name="Back to the form").click()
        page.wait_for_url("**/suggest?type=Horror")
        page.get_by_role("button", name="Rent it").click()
        page.wait_for_url("**/rentals")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_address_of_an_error_can_be_asked_for_again(chromium, tavern, script):
    with visiting(chromium, tavern, refused=[403], java_script_enabled=script) as page:
        sent_without_a_token(page)
        form = f"{tavern.home}/suggest?type=Horror"
        assert page.url == (form if script else f"{tavern.home}/rent")
        page.reload() if script else page.goto(page.url)  # a reload without scripts would send the form again
        assert page.url == (form if script else f"{tavern.home}/")
        assert page.locator("button").first.is_visible()


def test_the_keyboard_is_enough(chromium, tavern):
    with visiting(chromium, tavern) as page:
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        press_to(page, "input[name=budget]:checked")
        press_to(page, "input[value=cheap]", "ArrowDown")
        for name in ("Adventure", "Platform"):
            press_to(page, f"input[value={name}]")
            page.keyboard.press("Space")
        press_to(page, "main button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/suggest?budget=cheap&type=Adventure&type=Platform")
        page.wait_for_function("document.activeElement.tagName === 'H1'")
        press_to(page, "main a.button")
        page.keyboard.press("Enter")
        page.wait_for_url("**n=2*")
        page.wait_for_function("document.activeElement.tagName === 'H1'")
        title = heading(page)
        press_to(page, "form button")
        page.keyboard.press("Space")
        page.wait_for_url("**/rentals")
        assert title in page.locator(".taken").inner_text()


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_the_admin_is_told_what_is_wrong_beside_the_field_and_keeps_what_was_typed(
    chromium, tavern, size, script
):
    with visiting(chromium, tavern, size, [403, 422], java_script_enabled=script) as page:
        page.goto("/admin/games/3")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("That is not the password.").wait_for()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/admin/games/3")
        page.get_by_label("Year").fill("12")
        page.get_by_label("Developer").fill("Someone else")
        page.get_by_label("Stealth").check()
        page.get_by_role("button", name="Save").click()
        error = page.locator("#year-error")
        error.wait_for()
        assert "at least 1970" in error.inner_text()
        field = page.get_by_label("Year")
        assert "year-error" in field.get_attribute("aria-describedby")
        assert error.bounding_box()["y"] - field.bounding_box()["y"] < 120
        assert field.input_value() == "12"
        assert page.get_by_label("Developer").input_value() == "Someone else"
        assert page.get_by_label("Stealth").is_checked()
        if script:
            assert page.evaluate("document.activeElement.id") == "year"
        field.fill("2019")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/admin/games")
        assert "is saved" in page.get_by_role("status").inner_text()


def test_the_admin_needs_no_more_than_the_keyboard(chromium, tavern):
    with visiting(chromium, tavern, refused=[422]) as page:
        page.goto("/admin")
        press_to(page, "#password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin")
        press_to(page, "a[href='/admin/consoles/new']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/consoles/new")
        press_to(page, "#name")
        page.keyboard.type("SNES")
        page.keyboard.press("Enter")
        page.get_by_text("There is a console called SNES already.").wait_for()
        assert page.evaluate("document.activeElement.id") == "name"
        assert page.locator("#name").input_value() == "SNES"
        page.keyboard.press("End")
        page.keyboard.type(" II")
        page.keyboard.press("Enter")
        page.get_by_text("SNES II is saved.").wait_for()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_type_that_the_admin_adds_can_soon_be_asked_for(chromium, tavern, script):
    name = "Quiz" if script else "Chess"
    with visiting(chromium, tavern, java_script_enabled=script) as page:
        log_in(page)
        page.goto("/admin/games/2")
        page.get_by_label("New types").fill(name)
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/admin/games")
        tavern.wait_for(lambda: name in tavern.get("/api/criteria")["gameplay_types"])
        ask(page, "", name)
        assert re.search(name, page.locator(".types").inner_text())
        page.goto("/admin")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(tavern.home + "/")
        page.goto("/admin/games/2")
        assert urlsplit(page.url).path == "/login"
