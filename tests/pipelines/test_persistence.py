"""A saved model answers as before, and no fault of a file goes unnoticed."""

import builtins
import errno
import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from pipelines._saving import cards as _cards
from pipelines._saving.fingerprint import training_data
from pipelines._saving.formats import _is_trusted
from pipelines.persistence import (
    ModelFileError,
    ModelVersionWarning,
    load_model,
    read_card,
    save_model,
    version_differences,
)

X = np.array([[2, 0, 1], [0, 1, 3], [3, 1, 0], [0, 2, 2], [4, 0, 0], [1, 5, 1]])
Y = np.array(["action", "puzzle", "action", "puzzle", "action", "puzzle"])
QUESTION = np.array([[1, 1, 0], [0, 3, 0]])


def naive_bayes(alpha=1.0):
    return MultinomialNB(alpha=alpha).fit(X, Y)


def search():
    pipeline = Pipeline([("scale", StandardScaler()), ("learn", LogisticRegression())])
    grid = {"learn__C": np.array([0.1, 1.0])}
    return GridSearchCV(pipeline, grid, cv=2, scoring="accuracy").fit(X, Y)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def edit_card(path, **changes):
    card = json.loads(path.read_text(encoding="utf-8"))
    card.update(changes)
    path.write_text(json.dumps(card), encoding="utf-8")
    return card


# What is saved comes back


@pytest.mark.parametrize("suffix", ["", ".json", ".joblib", ".skops"])
@pytest.mark.parametrize("make", [naive_bayes, search], ids=["naive_bayes", "search"])
def test_round_trip(tmp_path, suffix, make):
    model = make()
    card_path = save_model(model, tmp_path / f"games{suffix}")
    assert card_path == tmp_path / "games.json"
    card = read_card(tmp_path / f"games{suffix}")
    data = (tmp_path / card["file"]).read_bytes()
    assert card["sha256"] == hashlib.sha256(data).hexdigest()
    assert card["size"] == len(data)
    kind = "skops" if suffix == ".skops" else "joblib"
    assert card["file"] == f"games-{card['sha256'][:16]}.{kind}"
    assert names(tmp_path) == sorted([card["file"], "games.json"])
    loaded = load_model(tmp_path / f"games{suffix}")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict_proba(QUESTION), model.predict_proba(QUESTION))


def test_card_describes_the_model(tmp_path):
    model = search()
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    path = save_model(model, str(tmp_path / "games"), X=frame, y=Y, retrain="python -m train")
    card = read_card(path)
    assert set(card) == set(_cards._FIELDS)
    assert (card["format"], card["name"], card["retrain"]) == (1, "games", "python -m train")
    assert card["class"] == "sklearn.model_selection.GridSearchCV"
    assert card["final_class"] == "sklearn.linear_model.LogisticRegression"
    (scale, learn) = card["parameters"]["estimator"]["steps"]
    assert scale[1] == {
        "class": "sklearn.preprocessing.StandardScaler",
        "copy": True,
        "with_mean": True,
        "with_std": True,
    }
    assert learn[0] == "learn"
    assert learn[1]["C"] == 1.0
    assert card["parameters"]["param_grid"] == {"learn__C": "array([0.1, 1. ])"}
    assert card["parameters"]["error_score"] == "nan"
    assert card["versions"]["numpy"] == np.__version__
    assert card["versions"]["python"].split(".")[:2] == [str(n) for n in sys.version_info[:2]]
    assert card["trained"] == training_data(frame, Y)
    assert card["trained"]["rows"] == 6
    assert card["trained"]["columns"] == ["a", "b", "c"]
    assert card["saved"].endswith("+00:00")


def test_functions_among_the_parameters_are_named(tmp_path):
    model = make_pipeline(SelectKBest(f_classif, k=2), GaussianNB()).fit(X, Y)
    steps = read_card(save_model(model, tmp_path / "games"))["parameters"]["steps"]
    assert steps[0][1]["score_func"].endswith("feature_selection._univariate_selection.f_classif")
    model = LogisticRegression(random_state=np.random.RandomState(0)).fit(X, Y)
    described = read_card(save_model(model, tmp_path / "games"))["parameters"]
    assert described["random_state"] == "RandomState(MT19937)"


def test_nothing_given_is_nothing_claimed(tmp_path):
    card = read_card(save_model(naive_bayes(), tmp_path / "games"))
    assert (card["trained"], card["scores"], card["questions"]) == (None, {}, [])
    assert card["retrain"] is None


def test_scores_may_be_numpy_numbers_and_arrays(tmp_path):
    scores = {"hit": np.float64(0.5), "folds": np.array([1, 2]), "polars": pl.Series([0.25])}
    card = read_card(save_model(naive_bayes(), tmp_path / "games", scores=scores))
    assert card["scores"] == {"hit": 0.5, "folds": [1, 2], "polars": [0.25]}


def test_not_installed_is_recorded_as_such(monkeypatch, tmp_path):
    def version(name):
        if name == "tallygrad":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    _cards.installed_versions.cache_clear()
    card = read_card(save_model(naive_bayes(), tmp_path / "games"))
    _cards.installed_versions.cache_clear()
    assert card["versions"]["tallygrad"] == "not installed"
    assert card["versions"]["polars"] == "1.0"


# Questions


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, list])
def test_questions_are_answered_and_stored(tmp_path, library):
    rows = [{"budget": "cheap", "types": ["Action"]}, {"budget": None, "types": None}]

    def answer(model, questions):
        assert isinstance(questions, pd.DataFrame if library is list else library)
        assert list(questions.columns) == ["budget", "types"]
        return [model.classes_[:1], pl.Series(["puzzle"])]

    card = save_model(naive_bayes(), tmp_path / "g", questions=library(rows), answer=answer)
    assert read_card(card)["questions"] == [
        {"question": rows[0], "answer": ["action"]},
        {"question": rows[1], "answer": ["puzzle"]},
    ]


def test_questions_are_predicted_by_default(tmp_path):
    model = naive_bayes()
    card = read_card(save_model(model, tmp_path / "games", questions=QUESTION))
    assert [q["question"] for q in card["questions"]] == QUESTION.tolist()
    assert [q["answer"] for q in card["questions"]] == model.predict(QUESTION).tolist()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"questions": X[:4]}, ValueError, "at most 3 questions. Got 4 instead"),
        ({"answer": len}, ValueError, "answer was given without questions"),
        (
            {"questions": QUESTION, "answer": lambda model, q: ["one"]},
            ValueError,
            re.escape("a list of 2 answers, one for each question. Got ['one'] instead."),
        ),
        (
            {"questions": QUESTION, "answer": lambda model, q: {"a": 1, "b": 2}},
            ValueError,
            "a list of 2 answers, one for each question",
        ),
        (
            {"questions": QUESTION, "answer": lambda model, q: [{1}, {2}]},
            TypeError,
            re.escape("answers of a card must be JSON values") + r".*Got \{1\} of type set instead",
        ),
        (
            {"questions": QUESTION, "answer": lambda model, q: [1.0, np.nan]},
            ValueError,
            "answers of a card must be JSON values: text, finite numbers",
        ),
        (
            {"questions": [{"when": Path("x")}], "answer": lambda model, q: [1]},
            TypeError,
            "questions of a card must be JSON values",
        ),
        ({"scores": {"f": len}}, TypeError, "scores of a card must be JSON values"),
        ({"scores": {"f": np.inf}}, ValueError, "scores of a card must be JSON values"),
        ({"retrain": ["python"]}, TypeError, re.escape("as a str. Got ['python'] instead")),
        ({"y": Y}, ValueError, "y was given without X"),
        ({"X": X, "y": Y[:4]}, ValueError, "X has 6 rows and y has 4"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(tmp_path, given, error, message):
    with pytest.raises(error, match=message):
        save_model(naive_bayes(), tmp_path / "games", **given)
    assert names(tmp_path) == []


# Models and paths that cannot be saved


def test_unfitted_models_are_refused(tmp_path):
    with pytest.raises(NotFittedError, match="MultinomialNB instance is not fitted yet"):
        save_model(MultinomialNB(), tmp_path / "games")
    with pytest.raises(TypeError, match="is not an estimator instance"):
        save_model({"a": 1}, tmp_path / "games")
    assert names(tmp_path) == []


@pytest.mark.parametrize("function", [save_model, load_model, read_card])
@pytest.mark.parametrize("name", ["games.pkl", "games.v2", "games.JSON"])
def test_other_suffixes_are_refused(tmp_path, function, name):
    function = partial(save_model, naive_bayes()) if function is save_model else function
    with pytest.raises(ValueError, match=f"must end in .json, .joblib, .skops or no.*{name}"):
        function(tmp_path / name)


@pytest.mark.parametrize("name", ["..", ".json", ".joblib", "a:b", "a\\b.json"])
def test_names_that_are_none_are_refused(name):
    with pytest.raises(ValueError, match="cannot be empty, begin with a dot or hold a colon"):
        save_model(naive_bayes(), name)


def test_missing_folder_is_named(tmp_path):
    message = "The folder '.*nowhere' does not exist; make it first"
    with pytest.raises(FileNotFoundError, match=message):
        save_model(naive_bayes(), tmp_path / "nowhere" / "games.json")
    assert names(tmp_path) == []


def test_unpicklable_model_leaves_the_old_one(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    before = names(tmp_path)
    bad = make_pipeline(FunctionTransformer(lambda x: x), MultinomialNB()).fit(X, Y)
    with pytest.raises(ModelFileError, match=r"cannot be written as \.joblib.*not lambdas"):
        save_model(bad, path)
    assert names(tmp_path) == before
    assert isinstance(load_model(path), MultinomialNB)


def failing(function, when):
    """Make a function that fails as a full disk does, on the calls for which `when` is true."""

    def fail(*args, **kwargs):
        if when(*args):
            raise OSError(errno.ENOSPC, "No space left on device")
        return function(*args, **kwargs)

    return fail


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_full_disk_leaves_the_old_model(tmp_path, monkeypatch, step, call):
    path = save_model(naive_bayes(1.0), tmp_path / "games")
    before = names(tmp_path)
    calls = iter(range(1, 100))
    with monkeypatch.context() as patch:
        patch.setattr(os, step, failing(getattr(os, step), lambda *_: next(calls) == call))
        if (step, call) == ("replace", 3):  # there are two: nothing fails
            save_model(naive_bayes(2.0), path)
        else:
            with pytest.raises(OSError, match="No space left"):
                save_model(naive_bayes(2.0), path)
    assert load_model(path).alpha == (2.0 if (step, call) == ("replace", 3) else 1.0)
    assert (names(tmp_path) == before) == ((step, call) != ("replace", 3))


def test_full_disk_while_writing(tmp_path, monkeypatch):
    path = save_model(naive_bayes(1.0), tmp_path / "games")
    before = names(tmp_path)
    is_temporary = lambda file, *_: str(file).endswith(".tmp")  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", failing(open, is_temporary))
        with pytest.raises(OSError, match="No space left"):
            save_model(naive_bayes(2.0), path)
    assert names(tmp_path) == before
    assert load_model(path).alpha == 1.0


# Cards and files that cannot be believed


def test_missing_card(tmp_path):
    for error in (FileNotFoundError, ModelFileError):
        with pytest.raises(error, match=r"There is no model card '.*games\.json'"):
            load_model(tmp_path / "games.joblib")


@pytest.mark.parametrize("text", ['{"format": 1,', "", "\xff", "[" * 100_000])
def test_unreadable_card(tmp_path, text):
    (tmp_path / "games.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelFileError, match=r"card '.*games\.json' is not JSON"):
        load_model(tmp_path / "games")


@pytest.mark.parametrize("text", ["[]", "7", "{}"])
def test_other_json_is_no_card(tmp_path, text):
    (tmp_path / "games.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelFileError, match="not a model's card: the field 'format' is missing"):
        read_card(tmp_path / "games")


@pytest.mark.parametrize("field", _cards._FIELDS)
def test_missing_and_wrong_fields(tmp_path, field):
    path = save_model(naive_bayes(), tmp_path / "games")
    whole = edit_card(path, **{field: object.__name__ if field == "size" else 1.5})
    with pytest.raises(ModelFileError, match=f"has a wrong value in '{field}'"):
        load_model(path)
    del whole[field]
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(ModelFileError, match=f"the field '{field}' is missing"):
        load_model(path)


def test_newer_format(tmp_path):
    (tmp_path / "games.json").write_text('{"format": 2, "new": true}', encoding="utf-8")
    with pytest.raises(ModelFileError, match="has format 2; this version .* up to 1: upgrade"):
        load_model(tmp_path / "games")


@pytest.mark.parametrize(
    "file", ["../x.joblib", "/etc/x.joblib", "a/x.joblib", "..\\x.joblib", "C:x.joblib", "x.pkl",
             "\0.joblib", ".."],
)  # fmt: skip
def test_files_outside_the_folder_are_refused(tmp_path, file):
    path = save_model(naive_bayes(), tmp_path / "games")
    edit_card(path, file=file)
    with pytest.raises(ModelFileError, match=r"in its own folder\. Got " + re.escape(repr(file))):
        load_model(path)


def test_missing_file(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    (tmp_path / read_card(path)["file"]).unlink()
    for error in (FileNotFoundError, ModelFileError):
        with pytest.raises(error, match=r"file '.*games-.*', which its card names, is missing"):
            load_model(path)


class Bomb:
    def __reduce__(self):
        return os._exit, (3,)


def test_altered_files_are_not_unpickled(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    file = tmp_path / read_card(path)["file"]
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    message = f"has {len(whole) - 1} bytes; its card says {len(whole)}"
    with pytest.raises(ModelFileError, match=message):
        load_model(path)
    joblib.dump(Bomb(), file)
    file.write_bytes(file.read_bytes().ljust(len(whole), b"\0"))
    with pytest.raises(ModelFileError, match="is not the one which its card names"):
        load_model(path)


def sign(path, data, **changes):
    """Forge a card for other bytes, as somebody else could."""
    card = read_card(path)
    (path.parent / card["file"]).write_bytes(data)
    edit_card(path, sha256=hashlib.sha256(data).hexdigest(), size=len(data), **changes)


def test_bytes_that_are_no_model(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games", retrain="python -m train")
    sign(path, b"no pickle")
    with pytest.raises(ModelFileError, match=r"cannot be loaded \(the versions are those of its"):
        load_model(path)
    skops = save_model(naive_bayes(), tmp_path / "games.skops")
    sign(skops, b"no zip")
    with pytest.raises(ModelFileError, match="cannot be loaded .*BadZipFile"):
        load_model(skops)


# Expected classes


def test_expected_is_the_model_or_its_final_estimator(tmp_path):
    path = save_model(search(), tmp_path / "games")
    assert isinstance(load_model(path, expected=GridSearchCV), GridSearchCV)
    assert isinstance(load_model(path, expected=LogisticRegression), GridSearchCV)
    path = save_model(make_pipeline(StandardScaler(), GaussianNB()).fit(X, Y), tmp_path / "games")
    assert isinstance(load_model(path, expected=GaussianNB), Pipeline)
    message = (
        r"is a sklearn\.pipeline\.Pipeline ending in a sklearn\.naive_bayes\.GaussianNB; "
        r"expected was a sklearn\.naive_bayes\.MultinomialNB"
    )
    with pytest.raises(ModelFileError, match=message):
        load_model(path, expected=MultinomialNB)
    with pytest.raises(TypeError, match="expected must be a class. Got 'Pipeline' instead"):
        load_model(path, expected="Pipeline")


def test_another_class_is_refused_before_unpickling(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    joblib.dump(Bomb(), tmp_path / "bomb")
    sign(path, (tmp_path / "bomb").read_bytes())
    with pytest.raises(ModelFileError, match="is a sklearn.naive_bayes.MultinomialNB; expected"):
        load_model(path, expected=GaussianNB)


def test_a_lying_card_is_noticed_after_unpickling(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    edit_card(path, **{"class": "sklearn.naive_bayes.GaussianNB"})
    with pytest.raises(ModelFileError, match="is a MultinomialNB, which its card does not say"):
        load_model(path, expected=GaussianNB)


def test_final_steps_without_an_estimator(tmp_path):
    model = Pipeline([("scale", StandardScaler()), ("last", "passthrough")]).fit(X)
    card = read_card(save_model(model, tmp_path / "games"))
    assert card["final_class"] == card["class"] == "sklearn.pipeline.Pipeline"


# Versions


def test_other_versions_warn_with_the_command(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games", retrain="python -m train")
    card = read_card(path)
    assert version_differences(card) == []
    here = card["versions"]
    old = {
        "python": "3.1.4",
        "numpy": "1.9.0",
        "scipy": "1.0",
        "scikit-learn": "0.1",
        "joblib": here["joblib"],
        "polars": "0.0.1",
    }
    edit_card(path, versions=old)
    expected = [
        f"trained with python 3.1, here {'.'.join(here['python'].split('.')[:2])}",
        f"trained with numpy 1.9.0, here {here['numpy']}",
        f"trained with scipy 1.0, here {here['scipy']}",
        f"trained with scikit-learn 0.1, here {here['scikit-learn']}",
        f"trained with tallygrad None, here {here['tallygrad']}",
    ]
    assert version_differences(read_card(path)) == expected
    message = re.escape("; ".join(expected) + ". To be safe, retrain it with: python -m train")
    with pytest.warns(ModelVersionWarning, match=message) as caught:
        load_model(path)
    assert caught[0].filename == __file__
    assert issubclass(ModelVersionWarning, UserWarning)


def test_a_patch_of_python_is_no_difference(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    card = read_card(path)
    minor = ".".join(card["versions"]["python"].split(".")[:2])
    edit_card(path, versions=card["versions"] | {"python": f"{minor}.99", "pandas": "0"})
    load_model(path)


def test_one_warning_instead_of_scikit_learns(tmp_path):
    model = naive_bayes()
    state = model.__getstate__() | {"_sklearn_version": "1.2.0"}
    model.__class__ = type("MultinomialNB", (MultinomialNB,), {"__getstate__": lambda self: state})
    model.__class__.__reduce__ = lambda self: (MultinomialNB, (), state)
    path = save_model(model, tmp_path / "games")
    with pytest.warns(InconsistentVersionWarning):
        load_model(path)  # the card says that all is well
    edit_card(path, versions=read_card(path)["versions"] | {"scikit-learn": "1.2.0"})
    with pytest.warns(ModelVersionWarning, match=r"1\.2\.0.*To be safe, retrain it$") as caught:
        load_model(path)
    assert len(caught) == 1


def test_a_failure_to_unpickle_names_the_versions(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    joblib.dump(joblib.hash, tmp_path / "gone")
    data = (tmp_path / "gone").read_bytes().replace(b"joblib.hashing", b"joblib.hashinx")
    sign(path, data, versions=read_card(path)["versions"] | {"numpy": "1.0"})
    message = r"cannot be loaded \(trained with numpy 1.0, here .*\): ModuleNotFoundError"
    with pytest.raises(ModelFileError, match=message), pytest.warns(ModelVersionWarning):
        load_model(path)


# skops


def test_skops_loads_forests_and_scorers(tmp_path):
    selected = make_pipeline(SelectKBest(f_classif, k=2), RandomForestClassifier(2))
    model = GridSearchCV(selected, {"selectkbest__k": [1, 2]}, cv=2).fit(X, Y)
    loaded = load_model(save_model(model, tmp_path / "games.skops"))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_skops_loads_sparse_arrays(tmp_path):
    model = KNeighborsClassifier(1).fit(sparse.csr_array(X), Y)
    loaded = load_model(save_model(model, tmp_path / "games.skops"))
    assert isinstance(loaded._fit_X, sparse.csr_array)
    np.testing.assert_array_equal(loaded.predict(X), Y)


@pytest.mark.parametrize("function", [os.system, subprocess.call, partial(os.system, "true")])
def test_skops_refuses_other_types(tmp_path, function):
    pytest.importorskip("skops")
    model = make_pipeline(FunctionTransformer(), MultinomialNB()).fit(X, Y)
    model[0].func = function
    message = r"only the types of this library, of scikit-learn and of scipy.* Got .*(system|call)"
    with pytest.raises(ModelFileError, match=message):
        save_model(model, tmp_path / "games.skops")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.datasets._base.urlretrieve",  # of urllib
        "sklearn.datasets._base.load_files",  # scikit-learn's, reads files
        "sklearn.utils._testing.assert_run_python_script_without_output",
        "sklearn.utils._testing.subprocess",
        "sklearn.nowhere.Estimator",
        "sklearn.naive_bayes.Nothing",
        "sklearnlike.Estimator",
        "pipelines.persistence.save_model",
        "os.system",
    ],
)
def test_trust_ends_at_functions_that_do_not_score(name):
    assert not _is_trusted(name)
    assert _is_trusted("sklearn.metrics._classification.accuracy_score")
    assert _is_trusted("sklearn.tree._tree.Tree")


def test_loading_skops_refuses_what_a_forger_saved(tmp_path):
    skops = pytest.importorskip("skops.io")
    path = save_model(naive_bayes(), tmp_path / "games.skops")
    model = make_pipeline(FunctionTransformer(os.system), MultinomialNB())
    sign(path, skops.dumps(model))
    with pytest.raises(ModelFileError, match=r"Got \w+\.system"):
        load_model(path)


def test_a_path_insists_on_its_kind(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    joblib.dump(Bomb(), tmp_path / "bomb")
    sign(path, (tmp_path / "bomb").read_bytes())
    with pytest.raises(ModelFileError, match=r"is not a \.skops file: its card names 'games-.*jo"):
        load_model(tmp_path / "games.skops")
    save_model(naive_bayes(), tmp_path / "games.skops")
    with pytest.raises(ModelFileError, match=r"is not a \.joblib file: its card names 'games-.*s"):
        load_model(tmp_path / "games.joblib")
    assert [n for n in names(tmp_path) if n.endswith(".joblib")] == []
    assert isinstance(load_model(path), MultinomialNB)


def test_without_skops_the_extra_is_named(tmp_path, monkeypatch):
    path = save_model(naive_bayes(), tmp_path / "games.skops")
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for call in (partial(save_model, naive_bayes(), tmp_path / "a.skops"), partial(load_model, path)):
        with pytest.raises(ImportError, match=re.escape('pip install ".[skops]"')):
            call()
