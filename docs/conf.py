"""How the guide is built: ``python -m sphinx -W docs docs/_build``. The scripts of the course and the gallery are run."""

import sys
from importlib.util import find_spec
from pathlib import Path

import matplotlib
from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))
matplotlib.use("agg")

project, author, copyright = "tallygrad", "the tallygrad authors", "the tallygrad authors"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "answers",
    "own_pages",
]
exclude_patterns = [
    "_build",
    "_templates",
    "course",
    "gallery",
    "how_it_works",
]  # scripts: generated/ has the pages
templates_path, html_static_path, html_css_files = ["_templates"], ["_static"], ["guide.css"]
html_theme, html_title = "furo", "tallygrad"
html_copy_source = html_show_sphinx = False
html_math_renderer = "mathml"
python_use_unqualified_type_names = True
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
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("estimators", "pipelines"),
    "reference_url": {"estimators": None, "pipelines": None},
    "backreferences_dir": "generated/uses",
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


def _skip(app, what, name, obj, skip, options):
    """Leave out what scikit-learn's base classes bring: it is described there."""
    return True if str(getattr(obj, "__module__", "")).startswith("sklearn.") else None


def setup(app):
    """Register how formulas are written, and what the reference leaves out."""
    app.connect("autodoc-skip-member", _skip)
    app.add_html_math_renderer("mathml", (_math, None), (_math, None))
