"""A saved model answers as before; saving that fails leaves the old model."""

import builtins
import errno
import hashlib
import importlib.metadata
import os
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pipelines._common import description
from pipelines._saving.cards import FIELDS
from pipelines._saving.fingerprint import training_data
from pipelines.persistence import (
    ModelFileError,
    load_model,
    read_card,
    save_model,
)
from tests.pipelines.saved import QUESTION, X, Y, naive_bayes, names, search

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
    assert set(card) == set(FIELDS)
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
    description.installed_versions.cache_clear()
    card = read_card(save_model(naive_bayes(), tmp_path / "games"))
    description.installed_versions.cache_clear()
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
        ({"answer": len}, ValueError, "'answer' parameter of save_model must be None if 'questions' is None"),
        (
            {"questions": QUESTION, "answer": lambda model, q: ["one"]},
            ValueError,
            re.escape("a list of 2 answers, one per question. Got ['one'] instead."),
        ),
        (
            {"questions": QUESTION, "answer": lambda model, q: {"a": 1, "b": 2}},
            ValueError,
            "a list of 2 answers, one per question",
        ),
        (
            {"questions": QUESTION, "answer": lambda model, q: [{1}, {2}]},
            TypeError,
            re.escape("answers of a card must be JSON values") + r".*Got \{1\} of type set instead",
        ),
        (
            {"questions": QUESTION, "answer": lambda model, q: [1.0, np.nan]},
            ValueError,
            "answers of a card must be JSON values: strings, finite numbers",
        ),
        (
            {"questions": [{"when": Path("x")}], "answer": lambda model, q: [1]},
            TypeError,
            "questions of a card must be JSON values",
        ),
        ({"scores": {"f": len}}, TypeError, "scores of a card must be JSON values"),
        ({"scores": {"f": np.inf}}, ValueError, "scores of a card must be JSON values"),
        (
            {"retrain": ["python"]},
            TypeError,
            re.escape("must be a command (str) or None. Got ['python'] instead"),
        ),
        ({"y": Y}, ValueError, "'y' parameter must be None if 'X' is None"),
        (
            {"X": X, "y": Y[:4]},
            ValueError,
            "X and y must have the same number of rows. Got 6 rows of X and 4 of y",
        ),
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
    with pytest.raises(ValueError, match=f"must end in .json, .joblib or .skops, or have no suffix.*{name}"):
        function(tmp_path / name)


@pytest.mark.parametrize("name", ["..", ".json", ".joblib", "a:b", "a\\b.json"])
def test_names_that_are_none_are_refused(name):
    with pytest.raises(ValueError, match="must not be empty, start with a dot, or contain a colon"):
        save_model(naive_bayes(), name)


def test_missing_folder_is_named(tmp_path):
    message = "The folder '.*nowhere' does not exist. Create it first"
    with pytest.raises(FileNotFoundError, match=message):
        save_model(naive_bayes(), tmp_path / "nowhere" / "games.json")
    assert names(tmp_path) == []


def test_unpicklable_model_leaves_the_old_one(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    before = names(tmp_path)
    bad = make_pipeline(FunctionTransformer(lambda x: x), MultinomialNB()).fit(X, Y)
    with pytest.raises(ModelFileError, match=r"cannot be written as a \.joblib.*instead of lambdas"):
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
