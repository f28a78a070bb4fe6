"""Fold the answers of exercises: a section titled "Answer" becomes a box that opens."""

from docutils import nodes
from sphinx.application import Sphinx

FOOT = "sphx-glr-timing"  # where sphinx-gallery's own foot of a page begins


def fold(app: Sphinx, doctree: nodes.document) -> None:
    """Put each section called Answer into <details>, and leave the foot of the page outside."""
    for section in list(doctree.findall(nodes.section)):
        if section[0].astext() != "Answer":
            continue
        children = section.children[1:]
        foot = next(
            (i for i, child in enumerate(children) if FOOT in child.get("classes", ())),
            len(children),
        )
        opening = '<details class="answer"><summary>Answer</summary>'
        box = [
            nodes.raw("", opening, format="html"),
            *children[:foot],
            nodes.raw("", "</details>", format="html"),
        ]
        section.parent.children[section.parent.index(section) :] = []
        section.parent.extend([*box, *children[foot:]])


def setup(app: Sphinx) -> dict:
    """Fold as soon as a page is read, so that no table of contents lists the answers."""
    app.connect("doctree-read", fold, priority=400)  # 500 gathers the table of contents
    return {"parallel_read_safe": True}
