"""MultinomialNB and BernoulliNB: by hand, in exact fractions, and against scikit-learn."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import naive_bayes
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from estimators import BernoulliNB, MultinomialNB
from tests.estimators.samples import COUNTRIES, DOCUMENTS

PAIRS = {"MultinomialNB": MultinomialNB, "BernoulliNB": BernoulliNB}
every_pair = pytest.mark.parametrize(
    ("ours", "theirs"),
    [(kind, getattr(naive_bayes, name)) for name, kind in PAIRS.items()],
    ids=PAIRS,
)


def test_the_peers_are_scikit_learns():
    assert {getattr(naive_bayes, name).__module__ for name in PAIRS} == {"sklearn.naive_bayes"}


def test_multinomial_by_hand():
    """Manning et al., example 13.1: Chinese Chinese Chinese Tokyo Japan."""
    model = MultinomialNB().fit(DOCUMENTS, COUNTRIES)
    china, japan = (
        [2 / 14, 6 / 14, 1 / 14, 2 / 14, 2 / 14, 1 / 14],
        [1 / 9, 2 / 9, 2 / 9, 1 / 9, 1 / 9, 2 / 9],
    )
    assert_allclose(np.exp(model.feature_log_prob_), [china, japan], rtol=1e-14)
    joint = model.predict_joint_log_proba([[0, 3, 1, 0, 0, 1]])
    expected = [3 / 4 * (3 / 7) ** 3 / 14 / 14, 1 / 4 * (2 / 9) ** 3 * 2 / 9 * 2 / 9]
    assert_allclose(np.exp(joint), [expected], rtol=1e-13)
    assert model.predict([[0, 3, 1, 0, 0, 1]]) == ["China"]


def test_bernoulli_by_hand():
    """Manning et al., example 13.2: the same document, in which Beijing, Macao and Shanghai are absent."""
    model = BernoulliNB().fit(DOCUMENTS, COUNTRIES)
    joint = np.exp(model.predict_joint_log_proba([[0, 3, 1, 0, 0, 1]]))
    china = 3 / 4 * 4 / 5 * 1 / 5 * 1 / 5 * (1 - 2 / 5) ** 3
    japan = 1 / 4 * 2 / 3 * 2 / 3 * 2 / 3 * (1 - 1 / 3) ** 3
    assert_allclose(joint, [[china, japan]], rtol=1e-13)
    assert_array_equal(model.feature_count_, [[1, 3, 0, 1, 1, 0], [0, 1, 1, 0, 0, 1]])


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(
    "prior", [{}, {"fit_prior": False}, {"class_prior": "given"}], ids=["learnt", "uniform", "given"]
)
@pytest.mark.parametrize(("n_classes", "alpha"), list(product([1, 2, 3, 40], [1e-3, 1.0])))
@every_pair
def test_equals_scikit_learn(ours, theirs, n_classes, alpha, prior, weighted, dense):
    rng = np.random.default_rng(n_classes)
    X, y, weight = rng.poisson(0.4, (120, 30)).astype(float), rng.integers(n_classes, size=120), None
    y[:n_classes] = np.arange(n_classes)
    if weighted:
        X, weight = X * rng.random(X.shape), rng.random(120) * 3
    if prior == {"class_prior": "given"}:
        prior = {"class_prior": rng.random(n_classes)}
    X = X if dense else sp.csr_array(X)
    one, two = (kind(alpha=alpha, **prior).fit(X, y, sample_weight=weight) for kind in (ours, theirs))
    for name in ("classes_", "class_count_", "feature_count_", "class_log_prior_", "feature_log_prob_"):
        assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-13, atol=1e-13, err_msg=name)
        assert getattr(one, name).dtype == getattr(two, name).dtype
    assert_allclose(one.predict_joint_log_proba(X), two.predict_joint_log_proba(X), rtol=1e-9)
    assert_allclose(one.predict_proba(X), two.predict_proba(X), rtol=1e-8, atol=1e-12)
    assert_array_equal(one.predict(X), two.predict(X))


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("binarize", [0.0, 0.5, 1.0, None])
def test_binarize(binarize, form):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 12)) * 2, rng.integers(5, size=80)
    X = form((X > 1) * 1.0 if binarize is None else X)
    ours, theirs = (kind(binarize=binarize).fit(X, y) for kind in (BernoulliNB, naive_bayes.BernoulliNB))
    assert_array_equal(ours.feature_count_, theirs.feature_count_)
    assert_allclose(ours.predict_joint_log_proba(X), theirs.predict_joint_log_proba(X), rtol=1e-11)


def test_a_feature_at_the_threshold_is_absent():
    assert_array_equal(BernoulliNB(binarize=0.5).fit([[0.5, 0.6]], [0]).feature_count_, [[0, 1]])


def test_alpha_of_each_feature_equals_scikit_learn():
    alpha, (X, y) = [1.0, 0.1, 2, 3, 1, 0.5], (DOCUMENTS, COUNTRIES)
    ours, theirs = (kind(alpha=alpha).fit(X, y) for kind in (MultinomialNB, naive_bayes.MultinomialNB))
    assert_allclose(ours.feature_log_prob_, theirs.feature_log_prob_, rtol=1e-14)
    assert_allclose(ours.predict_joint_log_proba(X), theirs.predict_joint_log_proba(X), rtol=1e-13)


def log(fraction):
    return math.log(fraction.numerator) - math.log(fraction.denominator) if fraction else -math.inf


def exact_scores(bernoulli, X, y, alpha, questions):
    """The joint log-likelihoods, (n_questions, n_classes), from products of exact fractions."""
    alpha = [Fraction(a) for a in alpha]
    scores = []
    for label in np.unique(y):
        rows = [[Fraction(v) for v in row] for row in X[y == label].tolist()]
        if bernoulli:
            has = [sum(v > 0 for v in column) for column in zip(*rows, strict=True)]
            share = [(n + a) / (len(rows) + 2 * a) for n, a in zip(has, alpha, strict=True)]
        else:
            smooth = [sum(column) + a for column, a in zip(zip(*rows, strict=True), alpha, strict=True)]
            share = [part / sum(smooth) for part in smooth]
        of_class = []
        for question in questions.tolist():
            product = Fraction(len(rows), len(X))
            for value, p in zip(question, share, strict=True):
                factor = (p if value else 1 - p) if bernoulli else p ** int(value)
                product *= factor
            of_class.append(log(product))
        scores.append(of_class)
    return np.array(scores).T


@pytest.mark.parametrize("kind", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("alpha", [[0.0] * 6, [1e-12] * 6, [0, 0, 1, 1, 2, 0.25], [0.5, 3, 1, 1, 2, 0.25]])
@pytest.mark.parametrize("seed", range(4))
def test_scores_in_exact_fractions(kind, alpha, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(0, 3, (14, 6)) * 1.0, np.arange(14) % 3
    X[y == 0, 0] = 1  # all samples of the class have it
    X[y == 1, 1] = 0  # none has it
    questions = np.vstack([rng.integers(0, 2, (30, 6)), np.zeros((1, 6)), np.ones((1, 6))])
    expected = exact_scores(kind is BernoulliNB, X, y, alpha, questions)
    model = kind(alpha=alpha if len(set(alpha)) > 1 else alpha[0]).fit(X, y)
    for form in (questions, sp.csr_array(questions)):
        scores = model.predict_joint_log_proba(form)
        assert_array_equal(np.isneginf(scores), np.isneginf(expected))
        finite = np.isfinite(expected)
        assert_allclose(scores[finite], expected[finite], rtol=1e-11, atol=1e-11)
    assert np.isneginf(expected).any() == (min(alpha) == 0)
    chosen = questions[np.isfinite(expected).any(axis=1)]
    assert not np.isnan(model.predict_proba(chosen)).any()


@every_pair
def test_a_class_without_samples_is_never_the_best(ours, theirs):
    X = np.array([[1, 0], [0, 1.0]])
    one, two = (kind().partial_fit(X, [0, 1], classes=[0, 1, 2]) for kind in (ours, theirs))
    assert_allclose(one.predict_joint_log_proba(X), two.predict_joint_log_proba(X), rtol=1e-14)
    assert np.isneginf(one.predict_joint_log_proba(X)[:, 2]).all()
    assert one.top_k([[1, 1]], 3)[0][0, 2] == 2
    unsmoothed = ours(alpha=0, fit_prior=False).partial_fit(X, [0, 1], classes=[0, 1, 2])
    assert np.isneginf(unsmoothed.predict_joint_log_proba(X)[:, 2]).all()


def test_values_that_are_no_0_or_1_give_no_nan_without_binarizing():
    model = BernoulliNB(binarize=None).fit([[9.0, 0], [0, 1], [1, 1]], [0, 1, 2])
    assert not np.isnan(model.predict_joint_log_proba([[1.0, 1], [0, 0], [3, 1]])).any()


@pytest.mark.parametrize("kind", PAIRS.values(), ids=PAIRS)
def test_rows_that_overflow_give_no_nan(kind):
    model = kind(alpha=1e-6, **({"binarize": None} if kind is BernoulliNB else {}))
    model.fit([[1, 0], [0, 1e-5], [1e-6, 1e-6]], [0, 1, 2])
    labels, scores = model.top_k([[1e308, 0]], 3)
    assert not np.isnan(scores).any()
    assert model.predict([[1e308, 0]]) == labels[0, 0]


def test_a_row_that_counts_nothing_has_the_score_of_the_prior():
    model = MultinomialNB(alpha=0).fit([[1, 0], [0, 1], [0, 1]], [0, 1, 1])
    assert_allclose(model.predict_proba([[0, 0]]), [[1 / 3, 2 / 3]], rtol=1e-14)


@pytest.mark.parametrize("kind", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize(
    ("X", "params", "message"),
    [
        ([[np.nan, 1]], {}, "Input X contains NaN"),
        ([[1, 1]], {"alpha": -1}, r"The 'alpha' parameter of \w+NB must be a float in the range \[0"),
        ([[1, 1]], {"alpha": [1, 2, 3]}, "Got 3 elements instead of 2"),
        ([[1, 1]], {"alpha": [1, -2]}, "All values in alpha must be greater than 0"),
        ([[1, 1]], {"class_prior": [0.5, 0.5]}, "Number of priors must match number of classes"),
        ([[1, 1]], {"new_classes": "drop"}, r"The 'new_classes' parameter of \w+NB must be a str among"),
    ],
)
def test_bad_input(kind, X, params, message):
    with pytest.raises(ValueError, match=message):
        kind(**params).fit(X, [0])
    with pytest.raises(NotFittedError):
        kind(**params).predict(X)


def test_what_only_one_of_them_refuses():
    with pytest.raises(ValueError, match=r"Negative values in data passed to MultinomialNB \(input X\)"):
        MultinomialNB().fit([[-1, 1]], [0])
    assert BernoulliNB().fit([[-1, 1]], [0]).feature_count_.tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="The 'binarize' parameter of BernoulliNB must be None or a float"):
        BernoulliNB(binarize=-1.0).fit([[1, 1]], [0])


@every_pair
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_and_cross_validation(ours, theirs, frame):
    X, y = load_digits(return_X_y=True)
    table = frame({f"p{i}": X[:, i] for i in range(64)})
    assert ours().fit(table, y).feature_names_in_.tolist() == [f"p{i}" for i in range(64)]
    scores = [cross_val_score(kind(), X, y) for kind in (ours, theirs)]
    assert_allclose(*scores, atol=1e-12)
