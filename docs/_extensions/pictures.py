"""How the pictures of the scripts are drawn and described: no cut labels, larger letters, a text for who cannot see them."""

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from sphinx.application import Sphinx
from sphinx_gallery import scrapers


def larger_letters(gallery_conf: dict, script: str) -> None:
    """Enlarge all letters: a telephone shows a picture at half its size."""
    matplotlib.rcParams.update(
        {"font.size": 11.5, "axes.titlesize": "medium", "legend.fontsize": 10.5}
    )


def scrape(block: tuple, block_vars: dict, gallery_conf: dict) -> str:
    """Save a block's figures, cut to what is drawn: no label is lost, and no margin makes the rest small."""
    return scrapers.matplotlib_scraper(
        block, block_vars, gallery_conf, bbox_inches="tight", pad_inches=0.08
    )


def describe(figure: Figure) -> str:
    """Say what a figure shows: its titles, what its axes are, what its legends name."""
    panels = [panel(axes) for axes in figure.axes if axes.get_label() != "<colorbar>"]
    legends = [names_of(legend.texts) for legend in figure.legends]
    parts = [figure.get_suptitle(), *panels, *legends]
    return ". ".join(dict.fromkeys(filter(None, parts))).replace("\n", " ")


def panel(axes: Axes) -> str:
    """Say what one panel of a figure shows."""
    title = axes.get_title() or axes.get_title("left")
    depth = [axes.zaxis] if hasattr(axes, "zaxis") else []
    labels = map(name_of, [*depth, axes.yaxis, axes.xaxis])
    legend = axes.get_legend()
    parts = [
        title,
        " against ".join(filter(None, labels)),
        names_of(legend.texts) if legend else "",
    ]
    return ": ".join(filter(None, parts))


def name_of(axis: Axis) -> str:
    """Return an axis's label, or the words at its ticks where it has none."""
    texts = [text for text in axis.get_ticklabels() if text.get_text()[:1].isalpha()]
    return axis.get_label_text() or names_of(texts)


def names_of(texts: list[Text]) -> str:
    """Join what is written."""
    return "; ".join(text.get_text() for text in texts)


def setup(app: Sphinx) -> dict:
    """Let sphinx-gallery write our texts to the pictures."""
    scrapers._matplotlib_fig_titles = describe
    return {"parallel_read_safe": True}
