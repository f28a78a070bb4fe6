"""Fail the build if a page asks another host for anything, points to what is not there, or has a picture without a text."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
}
RELS = {
    "stylesheet",
    "icon",
    "preload",
    "preconnect",
    "dns-prefetch",
    "prefetch",
    "modulepreload",
    "manifest",
}
ELSEWHERE = re.compile(
    r"""(?:url\(|@import)\s*["']?(?:https?:)?//"""
)  # in a style sheet


class Page(HTMLParser):
    """What a page loads, where it points to, and what in it can be pointed to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.untold: list[str] = []  # pictures
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of a tag."""
        given = {name: value or "" for name, value in attrs}
        self.names |= {given[name] for name in ("id", "name") if name in given}
        if tag == "img" and given.get("alt") in (None, file_words(given["src"])):
            self.untold.append(given["src"])
        if tag in LOADS:
            self.loads += [
                given.get(LOADS[tag], ""),
                *(
                    part.split()[0]
                    for part in given.get("srcset", "").split(",")
                    if part.strip()
                ),
            ]
        elif tag == "link" and RELS & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "span" and "xref myst" in given.get(
            "class", ""
        ):  # Markdown's link to what no page has
            self.links.append("a link in Markdown that became none")


def file_words(address: str) -> str:
    """Return what sphinx-gallery says of a picture of which it knows nothing: the words of its file's name."""
    return re.sub("[-_]", " ", Path(address).stem[len("sphx_glr_") : -len("_001")])


def check(app: Sphinx, exception: Exception | None) -> None:
    """Read every page that was built."""
    if exception or app.builder.format != "html":
        return
    root = Path(app.outdir)
    pages = {
        path: Page(path.read_text("utf-8"))
        for path in root.rglob("*.html")
        if "_static" not in path.parts
    }
    faults = [
        fault
        for path, page in pages.items()
        for fault in faults_of(path, page, pages, root)
    ]
    for sheet in root.rglob("*.css"):
        if ELSEWHERE.search(sheet.read_text("utf-8")):
            faults.append(f"{sheet.relative_to(root)} asks another host")
    if faults:
        raise ExtensionError("\n".join(faults))


def faults_of(path: Path, page: Page, pages: dict[Path, Page], root: Path) -> list[str]:
    """Return what is wrong with a page's addresses."""
    name = path.relative_to(root)
    faults = [
        f"{name} has a picture without a text: {address}" for address in page.untold
    ]
    for address in page.loads:
        if urlsplit(address).netloc:
            faults.append(f"{name} asks another host: {address}")
    for address in page.loads + page.links:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not address:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.exists():
            faults.append(f"{name} points to what is not there: {address}")
        elif (
            parts.fragment
            and target in pages
            and unquote(parts.fragment) not in pages[target].names
        ):
            faults.append(f"{name} points to a place that is not there: {address}")
    return faults


def setup(app: Sphinx) -> dict:
    """Check when all is built, the theme's own last steps too."""
    app.connect("build-finished", check, priority=900)
    return {"parallel_read_safe": True}
