"""Visits with a real browser: chromium, headless, driven by playwright, with axe-core's accessibility rules."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from tests.effort import effort
from tests.examples.web.pages import PASSWORD

SIZES = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 800},
    "small phone": {"width": 320, "height": 640},
    "middle phone": {"width": 360, "height": 740},
}
COLOURS = ("color-contrast", "link-in-text-block")
LAYOUT = ("target-size", "scrollable-region-focusable", *COLOURS)
# How each page is looked at, and the rules to check; all rules if none is named. Other rules depend on the
# elements, which are the same in each window. The quick setting checks all rules once, on a phone, and then in
# each other window what depends on its width; dark colours are checked in one window.
LOOKS = effort(
    {
        ("phone", "light"): (),
        ("phone", "dark"): COLOURS,
        ("desktop", "light"): (),
        ("desktop", "dark"): COLOURS,
        ("small phone", "light"): (),
        ("small phone", "dark"): (),
        ("middle phone", "light"): ("target-size",),
    },
    {
        ("phone", "light"): (),
        ("desktop", "dark"): LAYOUT,
        ("small phone", "light"): ("target-size", "scrollable-region-focusable"),
        ("middle phone", "light"): ("target-size",),
    },
)
CUT = """() => [...document.querySelectorAll("main .scroll")]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.getAttribute("aria-label"))"""
# The windows in which a visitor's way is tried with scripts (True) and without; each of the four is tried once
# in the quick setting.
WAYS = effort(
    [(size, script) for size in ("phone", "desktop") for script in (True, False)],
    [("phone", False), ("desktop", True)],
)


@dataclass(frozen=True)
class Tour:
    """A site's pages: for everybody, behind the login, and those that answer a mistyped address."""

    package: str
    name: str
    open: tuple[str, ...]
    closed: tuple[str, ...]
    wrong: tuple[str, ...]


@contextmanager
def visiting(chromium, site, size="desktop", refused=(), **context):
    """Give a new visitor's page; check at the end that nothing was asked of another host and nothing went wrong.

    `refused` lists the statuses above 399 that are expected.
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


def log_in(page):
    page.goto("/login")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin")


def heading(page):
    return page.locator("h1").inner_text()


@cache
def axe_script():
    from axe_playwright_python.sync_playwright import Axe

    return Axe().axe_script


def violations(page, rules=()):
    """Return what axe-core finds wrong, contrast included, with the elements; all rules, or some."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_script())
    return page.evaluate(
        """async rules => {
          const some = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
          const { violations } = await axe.run({ resultTypes: ["violations"], ...some });
          return violations.map(one => [one.id, one.impact, one.nodes.map(node => node.html.slice(0, 200))]);
        }""",
        list(rules),
    )


def problems_on(chromium, site, tour):
    """Visit every page once, look at it in both windows and colour schemes, and return what is wrong."""
    refused = [404, *(422 for _ in tour.wrong)]
    problems = {}
    with visiting(chromium, site, refused=refused) as page:
        log_in(page)
        for path in (*tour.open, *tour.closed, *tour.wrong, "/nowhere"):
            page.goto(path)
            if (n_headings := page.locator("h1").count()) != 1:
                problems[f"{path}: headings"] = n_headings
            for (size, scheme), rules in LOOKS.items():
                page.set_viewport_size(SIZES[size])
                page.emulate_media(color_scheme=scheme)
                if found := violations(page, rules):
                    problems[f"{path}, {size}, {scheme}"] = found
                widest = page.evaluate("document.documentElement.scrollWidth")
                if widest > SIZES[size]["width"]:
                    problems[f"{path}, {size}, {scheme}: width"] = widest
                is_read_on_phones = "phone" in size and path != "/api/docs"
                if is_read_on_phones and (cut := page.evaluate(CUT)):
                    problems[f"{path}, {size}, {scheme}: cut"] = cut
    return problems


def unseen_stops(chromium, site, tour):
    """Press Tab through some pages; return the stops that do not show that they have the focus."""
    with visiting(chromium, site) as page:
        log_in(page)
        unseen = []
        for path in (*tour.open[:4], *tour.closed[:4]):
            page.goto(path)
            unseen += [(path, stop["what"]) for stop in stops(page) if not stop["seen"]]
    return unseen


def stops(page):
    """Press Tab through a page, 40 times at most; return where the focus went, and whether that is seen."""
    found = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const one = document.activeElement;
              if (!one || one === document.body) return null;
              const shown = one.matches(".chip input") ? one.nextElementSibling : one;
              const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
              const isInside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
              const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
              return { what: one.outerHTML.slice(0, 120), seen: isInside && isOutlined };
            }"""
        )
        if stop is None:
            break
        found.append(stop)
    assert len(found) > 5
    return found


def press_to(page, selector, key="Tab", most=60):
    """Press a key until the element has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by {key}")
