"""The k best, ties in order: against a stable sort of everything. Also for one row at a time."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from estimators import ComplementNB
from estimators._bayes.top_k import MIN_FILTERED, top_k_indices
from tests.estimators.samples import COUNTRIES, DOCUMENTS, catalogue


def by_sorting(scores, k):
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


@given(
    arrays(np.int8, st.tuples(st.integers(1, 4), st.integers(1, 40)), elements=st.integers(0, 4)),
    st.integers(1, 40),
)
def test_narrow_rows_with_many_ties(scores, k):
    k = min(k, scores.shape[1])
    scores = scores.astype(float)
    np.testing.assert_array_equal(top_k_indices(scores, k), by_sorting(scores, k))


@pytest.mark.parametrize("n_distinct", [1, 3, 50, 10**6])
@pytest.mark.parametrize("k", [1, 10, 32, 33, 1000])
@pytest.mark.parametrize("width", [MIN_FILTERED - 1, MIN_FILTERED, 5000])
def test_wide_rows(n_distinct, k, width):
    scores = np.random.default_rng(k + width).integers(n_distinct, size=(3, width)) / 7.0
    np.testing.assert_array_equal(top_k_indices(scores, k), by_sorting(scores, k))


@pytest.mark.parametrize("width", [20, 3000])
def test_minus_infinity_comes_last_and_nothing_comes_twice(width):
    scores = np.full((1, width), -np.inf)
    scores[0, [5, 7, 11]] = 0.0, 1.0, 0.0
    np.testing.assert_array_equal(top_k_indices(scores, 6), [[7, 5, 11, 0, 1, 2]])


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_scores_are_not_changed(seed, k):
    scores = np.random.default_rng(seed).random((2, 2000))
    before = scores.copy()
    top_k_indices(scores, k)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("k", [1, 3, 10, 70, 500])
@pytest.mark.parametrize("sparse_table", [True, False])
@pytest.mark.parametrize("counts", [True, False])
def test_top_k_is_the_stable_sort_of_the_scores(k, sparse_table, counts, monkeypatch):
    if sparse_table:
        monkeypatch.setattr("estimators._bayes.scores.MAX_DENSE_TABLE", 0)
    monkeypatch.setattr("estimators._bayes.scores.MAX_CHUNK_SCORES", 3000)
    monkeypatch.setattr("estimators._bayes.profiles.MAX_LISTED", 3000)
    X = catalogue(300, counts=counts)
    model = ComplementNB().fit(X, [f"game {i:03d}" for i in range(300)])
    questions = np.vstack([X[:40], np.zeros(20)])
    scores = model.predict_joint_log_proba(questions)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    labels, best = model.top_k(questions, k)
    np.testing.assert_array_equal(labels, model.classes_[order])
    np.testing.assert_array_equal(best, np.take_along_axis(scores, order, axis=1))
    np.testing.assert_array_equal(model.predict(questions), labels[:, 0])


def test_equal_games_tie_to_the_last_bit_and_keep_their_order():
    X = np.repeat([[1.0, 0, 1, 0, 0], [1, 0, 0, 1, 1], [0, 1, 1, 0, 0]], 40, axis=0)
    order = np.random.default_rng(1).permutation(120)
    names = np.array([f"{i:03d}" for i in range(120)])
    model = ComplementNB().fit(X[order], names[order])
    labels, scores = model.top_k([[1, 0, 1, 0, 0]], k=45)
    np.testing.assert_array_equal(labels[0, :40], names[:40])
    assert len(np.unique(scores[0, :40])) == 1


def test_an_empty_question_answers_in_the_order_of_the_classes():
    model = ComplementNB().fit(catalogue(3000), np.arange(3000))
    np.testing.assert_array_equal(model.top_k(np.zeros((1, 20)), 7)[0], [np.arange(7)])


@pytest.mark.parametrize("k", [0, -1, 2.5, "3", None, True])
def test_top_k_refuses_a_bad_k(k):
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    message = rf"The 'k' parameter of top_k must be an int in the range \[1, inf\). Got {k!r} instead"
    with pytest.raises(ValueError, match=message):
        model.top_k(DOCUMENTS, k)


def test_top_k_of_more_than_there_are_gives_all():
    labels, scores = ComplementNB().fit(DOCUMENTS, COUNTRIES).top_k(DOCUMENTS, 10)
    assert labels.shape == scores.shape == (4, 2)


def test_undefined_scores_are_never_the_best():
    X = catalogue(3000)
    model = ComplementNB(alpha=0, norm=True).fit(X, np.arange(3000))
    labels, scores = model.top_k(X[:20], 5)
    assert not np.isnan(scores).any()
    np.testing.assert_array_equal(labels[:, 0], model.predict(X[:20]))


def test_wide_models_with_undefined_scores_still_rank():
    X = np.hstack([np.random.default_rng(0).integers(1, 9, (1200, 8)), np.eye(1200, 1)]).astype(float)
    for model in (ComplementNB(alpha=1e-18), ComplementNB(norm=True)):
        model.fit(X if model.norm is False else X[:, :1], np.arange(1200))
        for question in (np.ones((1, model.n_features_in_)), np.full((1, model.n_features_in_), 1e308)):
            labels, scores = model.top_k(question, 3)
            assert len(set(labels[0])) == 3
            assert not np.isnan(scores).any()
            assert model.predict(question) == labels[0, 0]


@pytest.mark.parametrize("n_classes", [1, 300])
@pytest.mark.parametrize("norm", [True, False])
def test_the_scorer_of_one_row_answers_as_top_k(n_classes, norm):
    X = catalogue(300, counts=True)
    model = ComplementNB(norm=norm).fit(X, np.arange(300) % n_classes)
    scorer = pickle.loads(pickle.dumps(model.row_scorer()))
    assert scorer.n_features == 20
    for question in X[:5]:
        (labels,), (scores,) = model.top_k([question], 7)
        places = np.flatnonzero(question)
        row = scorer.row(places.tolist(), question[places].tolist())
        best, best_scores = scorer.top_k(row, min(7, n_classes))
        assert_array_equal(model.classes_[best], labels)
        assert_array_equal(best_scores, scores)
        weights = np.array([scorer.weights(place) for place in best])
        assert_array_equal(weights, model.class_weights(labels))
        prior = 0.0 if scorer.prior is None else scorer.prior[0]
        np.testing.assert_allclose(weights @ question + prior, scores, rtol=1e-12, atol=1e-12)


def test_the_scorer_of_one_row_chooses_among_some_classes():
    X = catalogue(300)
    model = ComplementNB().fit(X, np.arange(300))
    scorer, some = model.row_scorer(), np.arange(0, 300, 7)
    best, scores = scorer.top_k_among(scorer.as_row(X[[5]]), some, 4)
    joint = model.predict_joint_log_proba(X[[5]])[0]
    assert_array_equal(best, some[np.argsort(-joint[some], kind="stable")[:4]])
    assert_array_equal(scores, joint[best])
    assert len(scorer.top_k_among(scorer.as_row(X[[5]]), some[:2], 4)[0]) == 2


@pytest.mark.parametrize("container", [np.array, pd.DataFrame, sp.csr_array, sp.csr_matrix, sp.coo_array])
def test_transformed_rows_of_every_kind_become_csr(container):
    row = ComplementNB().fit(DOCUMENTS, COUNTRIES).row_scorer().as_row(container([[0, 2, 0, 0, 0, 1]]))
    assert isinstance(row, sp.csr_array)
    assert row.dtype == np.float64
    assert row.indices.tolist() == [1, 5]
    assert row.data.tolist() == [2, 1]


def test_a_scorer_keeps_what_the_model_was():
    model = ComplementNB(new_classes="add").fit(DOCUMENTS, COUNTRIES)
    scorer = model.row_scorer()
    row = scorer.as_row(DOCUMENTS[[1]])
    before = scorer.top_k(row, 2)
    model.partial_fit(DOCUMENTS, ["Peru"] * 4)
    assert_array_equal(scorer.top_k(row, 2), before)
    with pytest.raises(NotFittedError):
        ComplementNB().row_scorer()
