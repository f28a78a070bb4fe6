"""Cards and files that cannot be trusted, other classes, other versions, skops."""

import hashlib
import json
import os
import re
import subprocess
import sys
from functools import partial

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from pipelines._common.formats import _is_trusted
from pipelines._saving.cards import FIELDS
from pipelines.persistence import (
    ModelFileError,
    ModelVersionWarning,
    load_model,
    read_card,
    save_model,
    version_differences,
)
from tests.pipelines.saved import X, Y, edit_card, naive_bayes, names, search

# Cards and files that cannot be believed


def test_missing_card(tmp_path):
    for error in (FileNotFoundError, ModelFileError):
        with pytest.raises(error, match=r"There is no model card '.*games\.json'"):
            load_model(tmp_path / "games.joblib")


@pytest.mark.parametrize("text", ['{"format": 1,', "", "\xff", "[" * 100_000])
def test_unreadable_card(tmp_path, text):
    (tmp_path / "games.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelFileError, match=r"card '.*games\.json' is not valid JSON"):
        load_model(tmp_path / "games")


@pytest.mark.parametrize("text", ["[]", "7", "{}"])
def test_other_json_is_no_card(tmp_path, text):
    (tmp_path / "games.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelFileError, match="not a model card: the field 'format' is missing"):
        read_card(tmp_path / "games")


@pytest.mark.parametrize("field", FIELDS)
def test_missing_and_wrong_fields(tmp_path, field):
    path = save_model(naive_bayes(), tmp_path / "games")
    whole = edit_card(path, **{field: object.__name__ if field == "size" else 1.5})
    with pytest.raises(ModelFileError, match=f"The field '{field}' of the card .* must be"):
        load_model(path)
    del whole[field]
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(ModelFileError, match=f"the field '{field}' is missing"):
        load_model(path)


def test_newer_format(tmp_path):
    (tmp_path / "games.json").write_text('{"format": 2, "new": true}', encoding="utf-8")
    with pytest.raises(ModelFileError, match="has format 2, but this version .* up to 1. Upgrade"):
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
        with pytest.raises(error, match=r"file '.*games-.*' is missing, although its card refers to it"):
            load_model(path)


class Bomb:
    def __reduce__(self):
        return os._exit, (3,)


def test_altered_files_are_not_unpickled(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    file = tmp_path / read_card(path)["file"]
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    message = f"must have {len(whole)} bytes, as stated on its card. It has {len(whole) - 1} bytes"
    with pytest.raises(ModelFileError, match=message):
        load_model(path)
    joblib.dump(Bomb(), file)
    file.write_bytes(file.read_bytes().ljust(len(whole), b"\0"))
    with pytest.raises(ModelFileError, match="does not match the hash on its card"):
        load_model(path)


def sign(path, data, **changes):
    """Forge a card for other bytes, as somebody else could."""
    card = read_card(path)
    (path.parent / card["file"]).write_bytes(data)
    edit_card(path, sha256=hashlib.sha256(data).hexdigest(), size=len(data), **changes)


def test_bytes_that_are_no_model(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games", retrain="python -m train")
    sign(path, b"no pickle")
    with pytest.raises(ModelFileError, match=r"cannot be loaded \(the versions match its card"):
        load_model(path)
    skops = save_model(naive_bayes(), tmp_path / "safe.skops")
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
        r"must be a sklearn\.naive_bayes\.MultinomialNB, .*Got a sklearn\.pipeline\.Pipeline "
        r"ending in a sklearn\.naive_bayes\.GaussianNB"
    )
    with pytest.raises(ModelFileError, match=message):
        load_model(path, expected=MultinomialNB)
    with pytest.raises(
        TypeError, match="'expected' parameter of load_model must be a class. Got 'Pipeline' instead"
    ):
        load_model(path, expected="Pipeline")


def test_another_class_is_refused_before_unpickling(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    joblib.dump(Bomb(), tmp_path / "bomb")
    sign(path, (tmp_path / "bomb").read_bytes())
    with pytest.raises(ModelFileError, match="Got a sklearn.naive_bayes.MultinomialNB instead"):
        load_model(path, expected=GaussianNB)


def test_a_lying_card_is_noticed_after_unpickling(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    edit_card(path, **{"class": "sklearn.naive_bayes.GaussianNB"})
    with pytest.raises(
        ModelFileError, match=r"is a .*MultinomialNB \(final .*\), but its card lists the class"
    ):
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
    edit_card(path, **dict.fromkeys(("class", "final_class"), "sklearn.naive_bayes.MultinomialNB"))
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
    message = r"only types of this library, of scikit-learn and of scipy.* Got .*(system|call)"
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
    with pytest.raises(ModelFileError, match=r"must be a \.skops file, .* Its card refers to 'games-.*jo"):
        load_model(tmp_path / "games.skops")
    with pytest.raises(ModelFileError, match=r"which would be replaced by a \.skops file"):
        save_model(naive_bayes(), tmp_path / "games.skops")
    assert [n for n in names(tmp_path) if n.endswith(".skops")] == []
    path.unlink()
    save_model(naive_bayes(), tmp_path / "games.skops")
    with pytest.raises(ModelFileError, match=r"must be a \.joblib file, .* Its card refers to 'games-.*s"):
        load_model(tmp_path / "games.joblib")
    assert [n for n in names(tmp_path) if n.endswith(".joblib")] == []
    assert isinstance(load_model(path), MultinomialNB)
    with pytest.raises(ModelFileError, match=r"which would be replaced by a \.joblib file"):
        save_model(naive_bayes(), tmp_path / "games")


@pytest.mark.parametrize("kind", ["folder", "FIFO"])
@pytest.mark.parametrize("what", ["file", "card"])
def test_neither_a_folder_nor_a_fifo_is_read(tmp_path, kind, what):
    path = save_model(naive_bayes(), tmp_path / "games")
    place = path if what == "card" else tmp_path / read_card(path)["file"]
    place.unlink()
    place.mkdir() if kind == "folder" else os.mkfifo(place)
    with pytest.raises(ModelFileError, match=r"Is a directory|must be a regular file"):
        load_model(path)
    assert save_model(naive_bayes(), tmp_path / "others").name == "others.json"


def test_a_card_names_a_file_that_no_system_allows(tmp_path):
    path = save_model(naive_bayes(), tmp_path / "games")
    edit_card(path, file="g" * 300 + ".joblib")
    with pytest.raises(ModelFileError, match="cannot be read: .*File name too long"):
        load_model(path)


@pytest.mark.parametrize("value", [True, False, 0, -1])
def test_a_format_is_a_number_from_1(tmp_path, value):
    path = save_model(naive_bayes(), tmp_path / "games")
    edit_card(path, format=value)
    with pytest.raises(ModelFileError, match="The field 'format' of the card .* must be"):
        load_model(path)


@pytest.mark.parametrize("field", ["class", "final_class"])
def test_the_class_on_the_card_is_that_of_the_file(tmp_path, field):
    path = save_model(naive_bayes(), tmp_path / "games")
    edit_card(path, **{field: "sklearn.naive_bayes.GaussianNB"})
    with pytest.raises(
        ModelFileError, match=r"is a .*MultinomialNB \(final .*\), but its card lists the class"
    ):
        load_model(path)


def test_without_skops_the_extra_is_named(tmp_path, monkeypatch):
    path = save_model(naive_bayes(), tmp_path / "games.skops")
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for call in (partial(save_model, naive_bayes(), tmp_path / "a.skops"), partial(load_model, path)):
        with pytest.raises(ImportError, match=re.escape('pip install ".[skops]"')):
            call()
