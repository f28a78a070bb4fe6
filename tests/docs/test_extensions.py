"""What the guide's build adds to Sphinx: it refuses pages that ask another host, and folds answers."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils.core import publish_doctree
from sphinx.errors import ExtensionError

FOLDER = Path(__file__).parents[2] / "docs" / "_extensions"


def extension(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def check(tmp_path):
    """Check a built guide of two pages and a style sheet."""

    def run(page="", sheet=""):
        (tmp_path / "other.html").write_text('<h1 id="here">Other</h1>')
        (tmp_path / "index.html").write_text(f"<html><body>{page}</body></html>")
        (tmp_path / "style.css").write_text(sheet)
        app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=str(tmp_path))
        extension("own_pages").check(app, None)

    return run


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://example.org/a.js"></script>',
        '<script src="//example.org/a.js"></script>',
        '<img src="other.html" srcset="other.html, http://example.org/b.png 2x">',
        '<link rel="stylesheet" href="https://example.org/c.css">',
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_a_page_that_asks_another_host_fails_the_build(check, page):
    with pytest.raises(ExtensionError, match=r"index.html asks another host: .*example.org"):
        check(page)


@pytest.mark.parametrize(
    "how", ["@import '//example.org/a.css';", "b {background: url( https://example.org/b.png)}"]
)
def test_a_style_sheet_that_asks_another_host_fails_the_build(check, how):
    with pytest.raises(ExtensionError, match=r"style.css asks another host"):
        check(sheet=how)


@pytest.mark.parametrize("link", ["nowhere.html", "other.html#nowhere", "#nowhere"])
def test_a_link_to_nothing_fails_the_build(check, link):
    with pytest.raises(ExtensionError, match=r"index.html points to .*not there: .*nowhere"):
        check(f'<a href="{link}">there</a>')


def test_links_to_other_hosts_and_to_places_that_are_there_are_welcome(check):
    links = ["https://example.org/x", "other.html", "other.html#here", "#top", "mailto:somebody@example.org"]
    check('<p id="top"></p>' + "".join(f'<a href="{link}">x</a>' for link in links), sheet="a {color: red}")


def test_an_answer_is_folded_and_the_foot_of_the_page_is_not():
    text = """
Title
=====

Exercise
--------
Try.

Answer
------
Forty-two.

.. class:: sphx-glr-timing

Total running time
"""
    tree = publish_doctree(text)
    extension("answers").fold(None, tree)
    html = [node.astext() for node in tree.findall() if node.tagname in ("raw", "paragraph")]
    opening = '<details class="answer"><summary>Answer</summary>'
    assert html == ["Try.", opening, "Forty-two.", "</details>", "Total running time"]
    assert "Answer" not in [node.astext() for node in tree.findall() if node.tagname == "title"]


def test_the_order_of_the_gallery_names_every_page():
    pages = {path.stem for path in (FOLDER.parent / "gallery").glob("*.py")}
    assert sorted(extension("gallery_order").GALLERY) == sorted(pages)
