"""The docstrings of what is public are complete, and true: to signatures, fitted models and the errors in the code."""

import ast
import builtins
import inspect
import re
import textwrap
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate

import estimators
import pipelines

LEFT_OUT = {
    "ES01": "one line says enough of many methods",
    "SA01": "the reference lists neighbours on one page",
    "EX01": "a class shows its methods at work; what stands by itself is held below to have an example",
    "RT02": "what is returned has a name, as scikit-learn writes it",
}
CALLED_BY_SCIKIT_LEARN = {
    "setup",
    "teardown",
    "on_fit_task_begin",
    "on_fit_task_end",
}  # the protocol of callbacks
TOP = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (estimators, pipelines)
    for name in module.__all__
}


def is_ours(function):
    return str(getattr(function, "__module__", "")).split(".")[0] in ("estimators", "pipelines")


def members(cls):
    """Yield the public methods and properties of a class that are written here."""
    for name in dir(cls) if inspect.isclass(cls) else ():
        member = inspect.getattr_static(cls, name)
        function = next(
            (getattr(member, how) for how in ("fget", "__func__", "fn") if hasattr(member, how)), member
        )
        if not name.startswith("_") and name not in CALLED_BY_SCIKIT_LEARN and is_ours(function):
            yield name, inspect.unwrap(function)


METHODS = {f"{top}.{name}": method for top, cls in TOP.items() for name, method in members(cls)}
ALL = TOP | METHODS


def docs_of(what):
    return ClassDoc(what) if inspect.isclass(what) else FunctionDoc(what)


def documented(what, section):
    """Yield (name, type) of each entry, one for each of several names."""
    for entry in docs_of(what)[section]:
        for name in entry.name.split(", "):
            yield name, entry.type


@pytest.mark.parametrize("name", ALL)
def test_numpydoc_has_nothing_to_say(name):
    said = [error for error in validate(name)["errors"] if error[0] not in LEFT_OUT]
    assert not said


@pytest.mark.parametrize("name", TOP)
def test_what_stands_by_itself_has_an_example(name):
    assert ">>> " in "\n".join(docs_of(TOP[name])["Examples"])


def default_of(kind):
    """Return what the type of a parameter says is its default; empty if there is none."""
    found = re.search(r"default=(.+)$", kind)
    if not found:
        return inspect.Parameter.empty
    return getattr(np, found[1][6:]) if found[1].startswith("numpy.") else ast.literal_eval(found[1])


@pytest.mark.parametrize("name", ALL)
def test_defaults_are_those_of_the_signature(name):
    says = dict(documented(ALL[name], "Parameters"))
    takes = inspect.signature(ALL[name]).parameters if says else {}
    named = {key: default_of(kind) for key, kind in says.items() if not key.startswith("*")}
    assert named == {key: takes[key].default for key in named}


@pytest.mark.parametrize("name", ALL)
def test_arrays_have_a_shape(name):
    sections = ["Parameters", "Attributes"] if inspect.isclass(ALL[name]) else ["Parameters", "Returns"]
    arrays = [
        f"{entry} : {kind}"
        for section in sections
        for entry, kind in documented(ALL[name], section)
        if re.search(r"array|matrix|data frame", kind)
    ]
    assert [entry for entry in arrays if " shape (" not in entry] == []


WEEK = pd.DataFrame({"reservations": [12, 20, 18, 30, 24, 15], "guests": [1.0, 2, 2, 3, 2, 1]})
DOUGHS, KINDS = np.array([36, 72, 68, 82, 75, 50]), np.array(["few", "many", "many", "many", "many", "few"])
NETS = [{}, {"early_stopping": True, "batch_norm": True}, {"solver": "lbfgs"}]
FITS = {
    "GDRegressor": ([{}, {"learning_rate": 1e-4}], DOUGHS),
    "PolynomialRegressor": ([{}, {"domain": [0, 50]}], DOUGHS),
    "GDClassifier": ([{}, {"learning_rate": 1e-4}], KINDS),
    "BernoulliNB": ([{}, {"binarize": None}], KINDS),
    "CatalogueNB": ([{}, {"shrinkage": 10.0}], KINDS),
    "MultinomialNB": ([{}, {"new_classes": "add"}], KINDS),
    "ComplementNB": ([{}, {"new_classes": "add"}], KINDS),
    "MLPClassifier": ([{"max_iter": 5, **more} for more in NETS], np.tile(KINDS, 4)),
    "MLPRegressor": ([{"max_iter": 5, **more} for more in NETS], np.tile(DOUGHS, 4)),
    "BinEncoder": ([{}, {"n_bins": 3}], None),
    "OneHotEncoder": ([{}, {"min_frequency": 2}], None),
    "MultiHotEncoder": ([{}, {"max_categories": 2}], None),
}


def fitted_attributes(model):
    """Return the public names of a fitted model that end in an underscore, properties included."""
    properties = [name for name, what in inspect.getmembers(type(model)) if isinstance(what, property)]
    names = {name for name in [*vars(model), *properties] if re.fullmatch(r"[a-z]\w*_", name)}
    return {name for name in names if hasattr(model, name)}


@pytest.mark.parametrize("name", [name for name in estimators.__all__ if name != "LossCurveDisplay"])
def test_attributes_are_those_of_fitted_models(name):
    settings, y = FITS[name]
    X = pd.concat([WEEK] * (1 if y is None else len(y) // len(WEEK)), ignore_index=True)
    found = set()
    with warnings.catch_warnings(action="ignore"):  # few epochs and steps will do
        for parameters in settings:
            found |= fitted_attributes(getattr(estimators, name)(**parameters).fit(X, y))
    assert found == {key for key, _ in documented(getattr(estimators, name), "Attributes")}


MADE = {
    "estimators.LossCurveDisplay": lambda: estimators.LossCurveDisplay([1.0]).plot(ax=Figure().subplots()),
    "pipelines.CompiledRecommender": lambda: pipelines.compile_recommender(
        pipelines.game_recommender().fit(
            pd.DataFrame({"budget": ["cheap"], "gameplay_types": [["Puzzle"]]}), ["Tetris"]
        )
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_attributes_are_those_of_what_is_made(name):
    made, says = MADE[name](), {key for key, _ in documented(TOP[name], "Attributes")}
    assert all(hasattr(made, key) for key in says)
    assert fitted_attributes(made) <= says


ERRORS = ValueError, TypeError, OSError


def raised(function, cls, seen):
    """Yield the errors that a function raises, itself or by a function of ours that it calls."""
    function = inspect.unwrap(getattr(function, "__func__", function))
    if function in seen or not is_ours(function) or not inspect.isfunction(function):
        return
    seen.add(function)
    known = vars(builtins) | function.__globals__
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if not isinstance(node, ast.Call):
            continue
        on, name = getattr(getattr(node.func, "value", None), "id", None), getattr(node.func, "attr", None)
        if isinstance(node.func, ast.Name):
            called = known.get(node.func.id)
        elif on == "self" and cls:
            called = inspect.getattr_static(cls, name, None)
        else:
            called = getattr(known[on], name, None) if inspect.ismodule(known.get(on)) else None
        if inspect.isfunction(called):  # some return the error that their caller raises
            made = called.__annotations__.get("return")
            yield from [made] if is_error(made) else []
        if is_error(called):
            yield called
        elif called is not None:
            yield from raised(called, cls, seen)


def is_error(what):
    return inspect.isclass(what) and issubclass(what, ERRORS)


@pytest.mark.parametrize(
    "name", [name for name in ALL if not inspect.isclass(ALL[name]) and not name.endswith("_")]
)
def test_errors_are_documented(name):
    errors = set(raised(ALL[name], TOP.get(name.rpartition(".")[0]), set()))
    says = " ".join(entry.type for entry in docs_of(ALL[name])["Raises"])
    missing = [e.__name__ for e in errors if not any(base.__name__ in says for base in e.__mro__[:-3])]
    assert missing == []
