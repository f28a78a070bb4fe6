"""What mypy reports to a user who has installed only the packages and mypy."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MISTAKES = {  # a line of a user's script, and the kind of error that mypy has to find in it
    "MLPClassifier(drop_out=0.1)": "call-arg",
    'MLPClassifier(activation="rellu")': "arg-type",
    'MLPRegressor(solver="adma")': "arg-type",
    "MLPRegressor().fit([[0]], [0], sample_wait=[1])": "call-arg",
    "GDRegressor(lerning_rate=1)": "call-arg",
    'GDRegressor(learning_rate="automatic")': "arg-type",
    "PolynomialRegressor(degre=2)": "call-arg",
    'GDClassifier(class_weight="balance")': "arg-type",
    "GDClassifier(max_itr=5)": "call-arg",
    'ComplementNB(new_classes="ad")': "arg-type",
    'MultinomialNB(new_classes="ad")': "arg-type",
    "BernoulliNB(binarise=0.5)": "call-arg",
    'CatalogueNB(shrinkage="automatic")': "arg-type",
    "CatalogueNB().fit([[0]], [0], described=[True])": "call-arg",
    'OneHotEncoder(handle_unknown="eror")': "arg-type",
    "BinEncoder(n_bin=5)": "call-arg",
    'BinEncoder(edges="quantile")': "arg-type",
    'OneHotEncoder(missing="none")': "arg-type",
    'OneHotEncoder(drop="last")': "arg-type",
    'MultiHotEncoder(handle_unknwon="error")': "call-arg",
    'MultiHotEncoder(drop="first")': "call-arg",
}
FITS = {  # what reveal_type says of it
    "MLPClassifier().fit([[0]], [0])": "estimators.mlp.MLPClassifier",
    "MLPRegressor().fit([[0]], [0]).partial_fit([[0]], [0])": "estimators.mlp.MLPRegressor",
    "GDRegressor().fit([[0]], [0])": "estimators.linear.GDRegressor",
    "PolynomialRegressor().fit([[0]], [0])": "estimators.polynomial.PolynomialRegressor",
    "GDClassifier().fit([[0]], [0])": "estimators.logistic.GDClassifier",
    "ComplementNB().fit([[0]], [0])": "estimators.naive_bayes.ComplementNB",
    "MultinomialNB().fit([[0]], [0])": "estimators.naive_bayes.MultinomialNB",
    "BernoulliNB().fit([[0]], [0]).merge(BernoulliNB())": "estimators.naive_bayes.BernoulliNB",
    "CatalogueNB().fit([[0]], [0], describes=[True])": "estimators.naive_bayes.CatalogueNB",
    "BinEncoder().fit([[0]])": "estimators.encoders.BinEncoder",
    "OneHotEncoder().fit([[0]])": "estimators.encoders.OneHotEncoder",
    "MultiHotEncoder().fit([[0]])": "estimators.encoders.MultiHotEncoder",
}
CORRECT = """
import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from estimators import *

X, y = np.eye(3), np.arange(3)
pandas, polars = pd.DataFrame(X), pl.DataFrame(X)
MLPClassifier(dropout=0.1, activation="relu", solver="adam", class_weight="balanced").fit(pandas, y)
MLPRegressor(hidden_layer_sizes=(3, 2)).fit(polars, [0.0, 1.0, 2.0], sample_weight=[1, 2, 3])
GDRegressor(learning_rate="auto").fit(X, pd.Series(y))
GDRegressor(learning_rate=0.1).fit([[0], [1]], [0, 1]).predict([[2]])
PolynomialRegressor(degree=2).fit(X[:, :1], y).predict(X[:, :1])
GDClassifier(class_weight={"a": 2.0}, learning_rate=0.1).fit(sp.csr_array(X), ["a", "b", "c"])
GDClassifier(class_weight="balanced").partial_fit(polars, pl.Series(y), classes=range(3)).predict_proba(X)
ComplementNB(alpha=0.5).fit(sp.csr_array(X), np.array(["a", "b", "c"])).top_k(X, k=2)
MultinomialNB(alpha=[1.0, 2.0, 3.0]).fit(polars, pl.Series(["a", "b", "c"])).class_weights(["a"])
BernoulliNB(binarize=None).additive_state(X, y).merge(BernoulliNB().additive_state(X, y))
CatalogueNB(groups=["a", "a", "b"], shrinkage=30, match=0).fit(X, y, describes=y < 1).top_k(pandas)
OneHotEncoder(handle_unknown="ignore").fit(pandas).transform(polars)
BinEncoder(edges=[1980, 1990.5], feature_name_combiner="equals").fit(polars).transform(X)
MultiHotEncoder().fit([[["a", "b"]], [["a"]]]).get_feature_names_out()
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory, request):
    """Run mypy once on all scripts, with what it kept of an earlier run. Return what it says: (script, line number, kind, message)."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "mistakes.py").write_text("\n".join(["from estimators import *", *MISTAKES]))
    (folder / "fits.py").write_text(
        "\n".join(["from estimators import *", *(f"reveal_type({fit})" for fit in FITS)])
    )
    (folder / "correct.py").write_text(CORRECT)
    scripts = ["mistakes.py", "fits.py", "correct.py"]
    options = [
        "--ignore-missing-imports",
        "--follow-imports=silent",
        "--cache-dir",
        str(request.config.cache.mkdir("mypy")),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", *options, *scripts],
        cwd=folder,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return re.findall(r"^(\w+)\.py:(\d+): (\w+): (.*)$", done.stdout, flags=re.M)


def told_of(said, script, number):
    return [(kind, message) for where, line, kind, message in said if (where, line) == (script, str(number))]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(said, mistake):
    errors = told_of(said, "mistakes", list(MISTAKES).index(mistake) + 2)
    assert [message.rpartition(" ")[2] for kind, message in errors if kind == "error"] == [
        f"[{MISTAKES[mistake]}]"
    ]


@pytest.mark.parametrize("fit", FITS)
def test_fit_reveals_the_class(said, fit):
    notes = told_of(said, "fits", list(FITS).index(fit) + 2)
    assert notes == [("note", f'Revealed type is "{FITS[fit]}"')]


def test_a_correct_script_passes(said):
    assert [line for line in said if line[0] == "correct"] == []
