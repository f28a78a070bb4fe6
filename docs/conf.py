"""How the guide is built: ``python -m sphinx -W docs docs/_build``. The scripts of the course and the gallery are run."""

import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path

# before numpy is imported: on small networks two threads spend their time waiting for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib
from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from numpydoc.docscrape_sphinx import SphinxDocString

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))
matplotlib.use("agg")
logging.getLogger("matplotlib.category").setLevel(
    "WARNING"
)  # weekdays are categories, it says each time

project, author, copyright = (
    "tallygrad",
    "the tallygrad authors",
    "the tallygrad authors",
)
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "answers",
    "own_pages",
    "pictures",
]
exclude_patterns = [
    "_build",
    "_templates",
    "course",
    "gallery",
    "how_it_works",
]  # scripts: generated/ has the pages
templates_path, html_static_path = ["_templates"], ["_static"]
html_css_files, html_js_files = ["guide.css"], ["guide.js"]
html_theme, html_title = "furo", "tallygrad"
html_copy_source = html_show_sphinx = False
html_math_renderer = "mathml"
highlight_options = {
    "python": {"stripnl": True}
}  # no empty line at the end of an example
python_use_unqualified_type_names = True
python_maximum_signature_line_length = (
    70  # a line a parameter where one line has not room for all
)
nitpicky = False

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say it
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

HAS_TORCH = find_spec("torch") is not None and find_spec("skorch") is not None
SECTIONS = ["course", "gallery", "how_it_works"]
sphinx_gallery_conf = {
    "examples_dirs": SECTIONS,
    "gallery_dirs": [f"generated/{section}" for section in SECTIONS],
    "filename_pattern": r"\.py$" if HAS_TORCH else r"/(?!\w*torch)\w+\.py$",
    "within_subsection_order": "gallery_order.ByTask",
    "doc_module": ("estimators", "pipelines"),
    "reference_url": {"estimators": None, "pipelines": None},
    "backreferences_dir": "generated/uses",
    "image_scrapers": ("pictures.scrape",),
    "reset_modules": ("matplotlib", "pictures.larger_letters"),
    "default_thumb_file": str(HERE / "_static" / "no_picture.png"),
    "capture_repr": ("_repr_html_", "__repr__"),
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "plot_gallery": True,
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "write_computation_times": False,
    "image_srcset": ["2x"],
}
if tags.has("inventories"):  # noqa: F821 (Sphinx defines it): -t inventories, where there is a network
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "numpy": ("https://numpy.org/doc/stable/", None),
        "sklearn": ("https://scikit-learn.org/stable/", None),
    }


def _math(writer, node):
    """Write LaTeX as MathML, which browsers draw themselves: no script, no fonts from elsewhere."""
    writer.body.append(tex2mathml(node.astext(), as_block=node.tagname == "math_block"))
    raise SkipNode


CALLED_BY_SCIKIT_LEARN = {
    "setup",
    "teardown",
    "on_fit_task_begin",
    "on_fit_task_end",
}  # of callbacks


def _is_ours(member):
    return str(getattr(member, "__module__", "")).split(".")[0] in (
        "estimators",
        "pipelines",
    )


def _skip(app, what, name, obj, skip, options):
    """Leave out what scikit-learn's base classes bring, and what the section Attributes describes."""
    in_attributes = isinstance(obj, property)
    return (
        True
        if in_attributes or name in CALLED_BY_SCIKIT_LEARN or not _is_ours(obj)
        else None
    )


_list_of = SphinxDocString._str_param_list
# what the section Attributes says, not the first line of a property
SphinxDocString._str_param_list = lambda doc, section, fake_autosummary=False: _list_of(
    doc, section
)


def _name_the_inherited(app, what, name, obj, options, lines):
    """Name, in one line, the methods that a class has of scikit-learn."""
    if what != "class" or not hasattr(obj, "get_params"):
        return
    names = [
        each
        for each in dir(obj)
        if not each.startswith("_") and callable(getattr(obj, each, None))
    ]
    theirs = ", ".join(
        f"``{each}``" for each in names if not _is_ours(getattr(obj, each))
    )
    lines += ["", ".. rubric:: Methods of scikit-learn", "", theirs, ""]


def setup(app):
    """Register how formulas are written, and what the reference leaves out."""
    app.connect("autodoc-skip-member", _skip)
    app.connect(
        "autodoc-process-docstring", _name_the_inherited, priority=900
    )  # after numpydoc
    app.add_html_math_renderer("mathml", (_math, None), (_math, None))
