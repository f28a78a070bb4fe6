"""Pickles of fitted models and the files in models/ hold public classes and plain data only.

A pickle names each class and function that it needs. Private modules may then move without breaking files.
"""

import pickle
import pickletools
import warnings
from pathlib import Path

import joblib
import joblib.numpy_pickle
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import estimators
import pipelines
from estimators import (
    BernoulliNB,
    BinEncoder,
    CatalogueNB,
    ComplementNB,
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    MLPRegressor,
    MultiHotEncoder,
    MultinomialNB,
    OneHotEncoder,
    PolynomialRegressor,
)
from estimators._common.labels import encode_labels

FILES = sorted((Path(__file__).parents[1] / "models").glob("*.joblib"))
X = np.random.default_rng(0).integers(0, 4, size=(40, 3)).astype(float)
NUMBERS, KINDS = X @ [1.0, 2, 3], np.where(X[:, 0] > 1, "many", "few")
GAMES = pd.DataFrame(
    {"budget": ["cheap", "expensive"] * 3, "gameplay_types": [["Puzzle"], ["Puzzle", "Sport"]] * 3}
)
TITLES = ["Tetris", "Pong"] * 3
EVENINGS = pd.DataFrame({"reservations": [12, 20, 18, 30, 24, 15], "guests": [1, 2, 2, 3, 2, 1]})
DOUGHS = [36, 72, 68, 82, 75, 50]
NETWORKS = {
    "sgd": {"solver": "sgd", "learning_rate": "adaptive"},
    "adam": {"early_stopping": True, "batch_norm": True, "dropout": 0.2},
    "lbfgs": {"solver": "lbfgs"},
}


def searched():
    recommender = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["budget"]), (MultiHotEncoder(), ["gameplay_types"])),
        ComplementNB(),
    )
    return GridSearchCV(recommender, {"complementnb__alpha": [0.1, 1.0]}, cv=2).fit(GAMES, TITLES)


MODELS = {
    "ComplementNB.fit": lambda: ComplementNB().fit(X, KINDS),
    "ComplementNB.partial_fit": lambda: (
        ComplementNB(new_classes="add").fit(X, KINDS).partial_fit(X[:1], ["none"])
    ),
    "MultinomialNB": lambda: MultinomialNB().fit(X, KINDS),
    "BernoulliNB": lambda: BernoulliNB(alpha=[1.0, 2, 3]).fit(X, KINDS),
    "CatalogueNB.fit": lambda: CatalogueNB(groups=["a", "a", "b"]).fit(X, KINDS, describes=X[:, 0] > 2),
    "CatalogueNB.partial_fit": lambda: CatalogueNB().partial_fit(X, KINDS).partial_fit(X[:1], ["none"]),
    "BinEncoder": lambda: BinEncoder(n_bins=3).fit(X),
    "OneHotEncoder": lambda: OneHotEncoder(handle_unknown="other").fit(GAMES[["budget"]]),
    "MultiHotEncoder": lambda: MultiHotEncoder().fit(GAMES[["gameplay_types"]]),
    "GDRegressor.fit": lambda: GDRegressor().fit(X, NUMBERS),
    "GDRegressor.partial_fit": lambda: GDRegressor(alpha=0.1, l1_ratio=1.0).partial_fit(X, NUMBERS),
    "PolynomialRegressor.fit": lambda: PolynomialRegressor(degree=2).fit(X, NUMBERS),
    "PolynomialRegressor.partial_fit": lambda: PolynomialRegressor(degree=2, domain=[0, 4]).partial_fit(
        X, NUMBERS
    ),
    "GDClassifier.fit": lambda: GDClassifier().fit(X, KINDS),
    "GDClassifier.partial_fit": lambda: GDClassifier().partial_fit(X, KINDS, classes=["few", "many"]),
    **{
        f"{network.__name__}, {name}": lambda network=network, y=y, more=more: network(
            max_iter=3, **more
        ).fit(X, y)
        for network, y in ((MLPClassifier, KINDS), (MLPRegressor, NUMBERS))
        for name, more in NETWORKS.items()
    },
    "MLPClassifier.partial_fit": lambda: MLPClassifier().partial_fit(X, KINDS, classes=["few", "many"]),
    "forecaster": lambda: pipelines.forecaster(numbers=["reservations"]).fit(EVENINGS, DOUGHS),
    "dough_forecaster": lambda: pipelines.dough_forecaster().fit(EVENINGS, DOUGHS),
    "recommender": lambda: pipelines.recommender(
        categories="budget",
        lists="gameplay_types",
        catalogue=GAMES[:2].assign(title=TITLES[:2]),
        label="title",
        numbers="size",
    ).fit(GAMES.assign(size=range(6)), TITLES),
    "game_recommender": lambda: pipelines.game_recommender().fit(GAMES, TITLES),
    "GridSearchCV of a Pipeline": searched,
}


def names_in(pickled):
    """Return the (module, name) of each class and function that a pickle names, from its opcodes."""
    names, memo, strings, pushed = [], [], [], None
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "STACK_GLOBAL":  # takes the last two strings
            names.append((strings[-2], strings[-1]))
        elif opcode.name == "GLOBAL":
            names.append(tuple(argument.split(" ")))
        elif opcode.name == "MEMOIZE":
            memo.append(pushed)
        pushed = memo[argument] if opcode.name.endswith("BINGET") else argument
        if isinstance(pushed, str) and ("UNICODE" in opcode.name or "BINGET" in opcode.name):
            strings.append(pushed)
    return names


def private(names):
    """Return the names that stand in a private module of ours."""
    paths = [
        f"{module}.{name}" for module, name in names if module.split(".")[0] in ("estimators", "pipelines")
    ]
    return sorted({path for path in paths if any(part.startswith("_") for part in path.split("."))})


@pytest.mark.parametrize("model", MODELS)
def test_a_pickle_names_public_classes_only(model):
    with warnings.catch_warnings(action="ignore"):  # few iterations are enough
        fitted = MODELS[model]()
    names = names_in(pickle.dumps(fitted))
    assert (type(fitted).__module__, type(fitted).__name__) in names
    assert private(names) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split("-")[0])
def test_a_saved_model_names_public_classes_only(path, monkeypatch):
    """Arrays stand between the opcodes of joblib's files, so each name is noted as it is looked up."""
    names, find = [], joblib.numpy_pickle.NumpyUnpickler.find_class

    def note(unpickler, module, name):
        names.append((module, name))
        return find(unpickler, module, name)

    monkeypatch.setattr(joblib.numpy_pickle.NumpyUnpickler, "find_class", note)
    joblib.load(path)
    assert names
    assert private(names) == []


def test_every_estimator_and_every_saved_model_is_looked_at():
    assert {name for name in estimators.__all__ if not any(model.startswith(name) for model in MODELS)} == {
        "LossCurveDisplay"
    }
    assert len(FILES) == 3


def test_private_names_are_found():
    model = GDClassifier().fit(X, KINDS)
    model.alpha = [np.float64, model.coef_, encode_labels]
    assert private(names_in(pickle.dumps(model))) == ["estimators._common.labels.encode_labels"]
