"""The pizzeria in a real browser: with and without scripts, on a phone and a desk, by keyboard."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest

from examples.pizza.clock import Clock, read_zone
from tests.examples.sites import wait_for
from tests.examples.web.browsing import SIZES, WAYS, Tour, problems_on, unseen_stops, visiting
from tests.examples.web.pages import PASSWORD

FILE = "date,reservations,doughs\n2021-05-03,12,36\n2021-05-04,20,72\n"


TOUR = Tour(
    "examples.pizza",
    "pizzeria",
    (
        "/",
        "/?service=0.9",
        "/analytics",
        "/analytics?from=2026-01-01&to=2026-01-31",
        "/login",
        "/api/docs",
    ),
    (
        "/admin",
        "/admin/reservations/several",
        "/admin/reservations",
        "/admin/reservations/1",
        "/admin/reservations/new",
        "/admin/reservations/1/delete",
        "/admin/orders",
        "/admin/orders/1",
        "/admin/orders/new",
        "/admin/evenings",
        "/admin/evenings/1",
        "/admin/import",
        "/admin/tokens",
        "/admin/close",
        "/admin/settings",
        "/admin/demonstration",
    ),
    ("/?date=1999-12-31&service=0.9", "/analytics?from=2026-02-01&to=2026-01-01"),
)


@pytest.fixture(scope="module")
def pizzeria(start_for_browsers):
    return start_for_browsers("examples.pizza", "pizzeria")


@pytest.fixture
def visit(chromium, pizzeria):
    """Return what opens a page as a new visitor; see `visiting`."""

    @contextmanager
    def visit(path="/", size="desktop", refused=(), **options):
        with visiting(chromium, pizzeria, size, refused, **options) as page:
            page.goto(path)
            yield page

    return visit


def test_every_page_is_accessible_and_fits_the_window(chromium, pizzeria):
    assert problems_on(chromium, pizzeria, TOUR) == {}


def test_every_stop_of_the_tab_key_shows_that_it_has_the_focus(chromium, pizzeria):
    assert unseen_stops(chromium, pizzeria, TOUR) == []


def log_in(page):
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def doughs_of(page):
    return int(re.search(r"\d+(?= doughs)", page.title())[0])


@pytest.mark.parametrize(("size", "scripts"), WAYS)
def test_the_cook_asks_for_another_evening_and_level(visit, size, scripts):
    with visit(size=size, java_script_enabled=scripts) as page:
        if scripts:
            page.evaluate("window.mark = 1")
        tomorrow = Clock(read_zone()).today() + timedelta(1)
        page.get_by_label("Evening", exact=True).fill(str(tomorrow))
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(f"**/?date={tomorrow}**")
        page.get_by_role("heading", level=1, name=f"{tomorrow:%A}").wait_for()
        expected = doughs_of(page)
        assert page.get_by_label("9 in 10").is_checked()
        page.get_by_label("19 in 20").check()
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**service=0.95**")
        page.get_by_text("enough on 19 in 20 such evenings").wait_for()
        assert doughs_of(page) > expected
        page.go_back()
        page.get_by_text("enough on 9 in 10 such evenings").wait_for()
        page.get_by_role("link", name="How it went").click()
        page.wait_for_url("**/analytics")
        page.get_by_role("heading", level=1, name="How it went").wait_for()
        for chart in page.locator(".chart img").all():
            chart.scroll_into_view_if_needed()
            assert chart.get_attribute("alt")
        if scripts:
            assert page.evaluate("window.mark") == 1
            wait_for(
                lambda: page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_house_books_a_table_and_imports_evenings(visit, scripts):
    with visit("/admin/reservations/new", refused=[422], java_script_enabled=scripts) as page:
        log_in(page)
        page.wait_for_url("**/admin/reservations/new")
        page.get_by_label("Name").fill("Anna Conti")
        page.get_by_label("Evening").fill(str(Clock(read_zone()).today()))
        page.get_by_label("Guests").fill("4")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Anna Conti is saved.").wait_for()
        page.get_by_role("link", name="Import").click()
        page.get_by_role("heading", level=1, name="Import evenings").wait_for()
        bad = FILE.replace("12,36", "many,36").encode()
        page.locator("#file").set_input_files({"name": "x.csv", "mimeType": "text/csv", "buffer": bad})
        page.get_by_role("button", name="Look at it").click()
        page.get_by_text("1 thing has to be put right").wait_for()
        assert page.get_by_role("row", name="line 2").inner_text().split("\t")[1:3] == [
            "reservations",
            "'many'",
        ]
        page.locator("#file").set_input_files(
            {"name": "x.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
        )
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("button", name="Keep 2 evenings").click()
        page.get_by_text("2 evenings are kept.").wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_night_is_closed_in_three_taps_on_a_phone(visit, scripts):
    with visit("/login?to=/", size="small phone", java_script_enabled=scripts) as page:
        log_in(page)
        page.wait_for_url("**/")
        for label, doughs in (("Used", "52"), ("Left over", "8")):
            field = page.get_by_label(label, exact=True)
            field.click()
            field.clear()
            page.keyboard.type(doughs)
        made = page.get_by_label("Made", exact=True)
        if made.input_value():
            made.fill("")  # the third number follows from the other two
        page.get_by_role("button", name=re.compile("Close the night|Correct the numbers")).click()
        page.get_by_text("is closed: 60 doughs made, 52 used, 8 left over.").wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_deleted_reservation_comes_back_by_one_tap(visit, scripts):
    with visit("/login?to=/admin/reservations/new", size="phone", java_script_enabled=scripts) as page:
        log_in(page)
        page.wait_for_url("**/admin/reservations/new")
        assert page.get_by_label("Evening").input_value() == str(Clock(read_zone()).today())
        page.get_by_label("Name").fill("Undone Guest")
        page.get_by_label("Guests").fill("4")
        page.get_by_role("button", name="Save").click()
        page.get_by_label("Search").fill("Undone Guest")
        page.get_by_role("button", name="Search").click()
        page.get_by_label("Delete Undone Guest").first.click()
        page.get_by_role("button", name="Delete").click()
        page.get_by_text("Undone Guest is deleted.").wait_for()
        page.get_by_role("button", name="Undo the deletion").click()
        page.get_by_text("Undone Guest is restored.").wait_for()


def test_the_house_works_by_keyboard_alone(visit):
    with visit("/admin/orders/new", refused=[422]) as page:
        page.locator("#password").focus()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/orders/new")
        page.get_by_label("For").wait_for()
        page.locator("main .desks a").last.focus()
        page.keyboard.press("Tab")
        page.keyboard.type("table 7")
        page.keyboard.press("Tab")
        today = Clock(read_zone()).today()
        page.keyboard.type(f"{today:%m%d%Y}")
        page.locator("#pizzas").focus()
        page.keyboard.type("501")
        page.keyboard.press("Enter")
        page.get_by_text("Must be at most 500, got '501'.").wait_for()
        assert page.evaluate("document.activeElement.id") == "pizzas"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert page.locator("#name").input_value() == "table 7"
        page.keyboard.press("Control+A")
        page.keyboard.type("5")
        page.keyboard.press("Enter")
        page.get_by_text("table 7 is saved.").wait_for()


def test_on_a_phone_rows_are_cards_and_no_date_wraps(visit):
    with visit("/login?to=/admin/reservations", size="phone") as page:
        log_in(page)
        page.get_by_role("heading", level=1, name="Reservations").wait_for()
        for path in ("/admin/reservations", "/admin/orders", "/admin/evenings", "/analytics"):
            page.goto(path)
            table = page.locator(".scroll").last
            is_card = table.locator("tr").last.evaluate("it => getComputedStyle(it).display") == "flex"
            assert is_card == (path != "/analytics")
            cells = table.locator("tbody th, tbody td").all()[:8]
            dates = [cell for cell in cells if re.search(r"^(evening )?\w{3} \d", cell.inner_text())]
            assert dates
            for cell in dates:
                range_of = "it => { const r = document.createRange(); r.selectNodeContents(it); return r; }"
                lines = f"it => new Set([...({range_of})(it).getClientRects()].map(r => Math.round(r.bottom))).size"
                assert cell.evaluate(lines) == 1, cell.inner_text()
        assert page.locator(".tall").evaluate("it => it.scrollWidth <= it.clientWidth")
