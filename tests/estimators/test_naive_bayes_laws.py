"""What holds for all four naive Bayes classifiers: sums, ties, one formula, bounded memory."""

import pickle
import tracemalloc
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB
from tests.effort import effort
from tests.estimators.samples import COUNTRIES, DOCUMENTS, catalogue

MODELS = {
    "complement": ComplementNB(new_classes="add"),
    "complement, normalised": ComplementNB(norm=True, new_classes="add"),
    "multinomial": MultinomialNB(new_classes="add"),
    "multinomial, alpha of each feature": MultinomialNB(
        alpha=[0.0, 0.5, 1, 1, 2, 3], fit_prior=False, new_classes="add"
    ),
    "bernoulli": BernoulliNB(binarize=1.0, new_classes="add"),
    "bernoulli, no smoothing": BernoulliNB(alpha=0.0, new_classes="add"),
    "bernoulli, alpha of each feature": BernoulliNB(alpha=[0.0, 0.5, 1, 1, 2, 3], new_classes="add"),
    "catalogue": CatalogueNB(),
    "catalogue, groups": CatalogueNB(groups=["a", "b", "a", "c", "b", "b"], shrinkage=10.0, match=0.3),
}
CLASSES = [BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB]
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
every_class = pytest.mark.parametrize("kind", CLASSES)

N_ROWS = 24
SEEDS = st.integers(0, 2**32 - 1)
LABELS = st.lists(st.sampled_from("abcdefg"), min_size=N_ROWS, max_size=N_ROWS).map(np.array)
WEIGHTS = st.lists(st.integers(0, 3), min_size=N_ROWS, max_size=N_ROWS).filter(any).map(np.array)


def counts(seed):
    return np.random.default_rng(seed).integers(0, 4, (N_ROWS, 6)) * 1.0


def mask(model, seed):
    """Descriptions of some rows, for the classifier that takes them."""
    if not isinstance(model, CatalogueNB):
        return {}
    return {"describes": np.random.default_rng(seed).random(N_ROWS) < 0.3}


def some(arguments, rows):
    return {name: values[rows] for name, values in arguments.items()}


def same_model(one, other):
    assert_array_equal(one.classes_, other.classes_)
    assert_array_equal(one.class_count_, other.class_count_)
    assert_array_equal(one.feature_count_, other.feature_count_)
    questions = counts(1)
    assert_array_equal(one.predict_joint_log_proba(questions), other.predict_joint_log_proba(questions))
    if isinstance(one, CatalogueNB):
        assert_array_equal(one.described_, other.described_)
        assert one.shrinkage_ == other.shrinkage_


@every_model
@settings(max_examples=effort(100, 10))
@given(SEEDS, LABELS, WEIGHTS, st.lists(st.integers(1, N_ROWS - 1), max_size=4, unique=True), st.randoms())
def test_chunks_merges_and_states_give_the_bits_of_fit(model, seed, y, weight, cuts, random):
    X, rows = counts(seed), {"sample_weight": weight, **mask(model, seed)}
    whole = clone(model).fit(X, y, **rows)
    chunks = [slice(start, end) for start, end in pairwise([0, *sorted(cuts), N_ROWS])]
    random.shuffle(chunks)
    states = [model.additive_state(X[c], y[c], **some(rows, c)) for c in chunks]
    with_weight = [c for c in chunks if weight[c].any()]
    parts = [clone(model).fit(X[c], y[c], **some(rows, c)) for c in with_weight]
    updated = clone(model)
    for c in with_weight:
        updated.partial_fit(X[c], y[c], **some(rows, c))
    while len(parts) > 1:
        parts.append(parts.pop(0).merge(pickle.loads(pickle.dumps(parts.pop(0)))))
    while len(states) > 1:
        states.append(states.pop(0).merge(pickle.loads(pickle.dumps(states.pop(0)))))
    same_model(clone(model).fit_state(states[0]), whole)
    if len(whole.classes_) == len(updated.classes_):  # labels without weight are classes of fit only
        same_model(updated, whole)
        same_model(parts[0], whole)


@every_model
@settings(max_examples=effort(100, 10))
@given(SEEDS, LABELS, WEIGHTS)
def test_a_row_of_weight_two_is_the_row_twice(model, seed, y, weight):
    X, rows = counts(seed), mask(model, seed)
    twice = np.repeat(np.arange(N_ROWS), weight)
    weighted = clone(model).fit(X, y, sample_weight=weight, **rows)
    repeated = clone(model).partial_fit(X[twice], y[twice], classes=weighted.classes_, **some(rows, twice))
    same_model(weighted, repeated)


@every_model
@settings(max_examples=effort(100, 10))
@given(SEEDS, LABELS)
def test_fractional_weights_add_up_but_for_rounding(model, seed, y):
    X, weight = counts(seed), np.random.default_rng(seed).random(N_ROWS) + 0.01
    rows = {"sample_weight": weight, **mask(model, seed)}
    whole, (one, two) = clone(model).fit(X, y, **rows), (slice(10), slice(10, N_ROWS))
    parts = [clone(model).fit(X[part], y[part], **some(rows, part)) for part in (one, two)]
    scores = parts[0].merge(parts[1]).predict_joint_log_proba(X)
    assert_allclose(scores, whole.predict_joint_log_proba(X), rtol=1e-9, atol=1e-9)


@every_model
@pytest.mark.parametrize("sparse_table", [False, True])
def test_one_formula_for_one_row_and_many_dense_and_sparse(model, sparse_table, monkeypatch):
    X, y = catalogue(300, 6, counts=True), np.arange(300) % 120
    dense = clone(model).fit(X, y).predict_joint_log_proba(X)
    if sparse_table:
        monkeypatch.setattr("estimators._bayes.scores.MAX_DENSE_TABLE", 0)
    fitted = clone(model).fit(X, y)
    expected = fitted.predict_joint_log_proba(X)
    assert_allclose(expected, dense, rtol=1e-12)
    for questions in (X, sp.csr_array(X), sp.csc_array(X), X.tolist(), X.astype(np.float32), X.astype(int)):
        assert_array_equal(fitted.predict_joint_log_proba(questions), expected)
    one_by_one = [fitted.predict_joint_log_proba(X[[row]])[0] for row in range(40)]
    assert_array_equal(one_by_one, expected[:40])
    order = np.argsort(-expected, axis=1, kind="stable")[:, :7]
    labels, scores = fitted.top_k(X, 7)
    assert_array_equal(labels, fitted.classes_[order])
    assert_array_equal(scores, np.take_along_axis(expected, order, axis=1))
    assert_array_equal(fitted.predict(X), labels[:, 0])


@every_model
def test_equal_classes_tie_to_the_last_bit_and_keep_their_order(model):
    X = np.repeat([[1.0, 0, 3, 0, 0, 2], [1, 0, 0, 1, 1, 2], [2, 1, 1, 0, 0, 1]], 40, axis=0)
    order = np.random.default_rng(1).permutation(120)
    fitted = clone(model).fit(X[order], np.array([f"{i:03d}" for i in range(120)])[order])
    labels, scores = fitted.top_k([[1.0, 0, 3, 0, 0, 2]], k=45)
    assert labels[0, :40].tolist() == [f"{i:03d}" for i in range(40)]
    assert len(np.unique(scores[0, :40])) == 1


@every_model
def test_the_scorer_of_one_row_answers_and_explains_as_the_model_does(model):
    X, y = catalogue(200, 6, counts=True) + 0.0, np.arange(200) % 50
    rows = {"describes": np.arange(200) < 60} if isinstance(model, CatalogueNB) else {}
    fitted = clone(model).fit(X, y, **rows)
    scorer = pickle.loads(pickle.dumps(fitted.row_scorer()))
    for question in X[:20]:
        row = scorer.row(np.flatnonzero(question).tolist(), question[question != 0].tolist())
        (labels,), (scores,) = fitted.top_k([question], 50)
        best, best_scores = scorer.top_k(row, 50)
        assert_array_equal(fitted.classes_[best], labels)
        assert_array_equal(best_scores, scores)
        for place, score in zip(best[np.isfinite(scores)], scores[np.isfinite(scores)], strict=True):
            with np.errstate(invalid="ignore"):
                adds = scorer.contributions(row, place)
            if np.isfinite(adds).all():
                assert_allclose(scorer.intercept(place) + adds.sum(), score, rtol=1e-12, atol=1e-12)
        among = np.arange(0, 50, 3)
        chosen, chosen_scores = scorer.top_k_among(row, among, 4)
        joint = fitted.predict_joint_log_proba([question])[0]
        assert_array_equal(chosen, among[np.argsort(-joint[among], kind="stable")[:4]])
        assert_array_equal(chosen_scores, joint[chosen])


@pytest.mark.parametrize("kind", [BernoulliNB, ComplementNB, MultinomialNB])
def test_class_weights_are_what_the_features_add(kind):
    X, y = catalogue(60) + 0.0, np.arange(60) % 40
    model = kind().fit(X, [f"g{i:02d}" for i in y])
    scorer = model.row_scorer()
    weights = model.class_weights(["g07", "g03"])
    assert_array_equal(weights, [scorer.weights(7), scorer.weights(3)])
    intercepts = [scorer.intercept(7), scorer.intercept(3)]
    joint = model.predict_joint_log_proba(X)[:, [7, 3]]
    assert_allclose(X @ weights.T + intercepts, joint, rtol=1e-11)
    with pytest.raises(ValueError, match=r"\['g99'\], which are not among the 40 classes"):
        model.class_weights(["g99"])


@every_class
def test_as_many_classes_as_rows_fit_in_bounded_memory(kind):
    rng, n = np.random.default_rng(0), effort(500_000, 30_000)  # dense: 200 x 8 bytes for each class
    X = sp.csr_array(
        (np.ones(4 * n), rng.integers(200, size=4 * n), np.arange(0, 4 * n + 1, 4)), shape=(n, 200)
    )
    X.sum_duplicates()
    tracemalloc.start()
    model = kind().fit(X, np.arange(n))
    labels, _ = model.top_k(X[[12_345]], 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1200 * n
    assert labels.shape == (1, 3)
    assert kind.__name__ in repr(model)
    assert "feature_count_" not in model._repr_html_()
    assert len(pickle.dumps(model)) < 160 * n


@every_class
def test_merge_refuses_what_does_not_add_up(kind):
    model = kind().fit(DOCUMENTS, COUNTRIES)
    before = pickle.dumps(model)
    other = next(each for each in CLASSES if each is not kind)
    with pytest.raises(
        TypeError, match=f"{kind.__name__} can only be merged with an estimators.{kind.__name__}"
    ):
        model.merge(other().fit(DOCUMENTS, COUNTRIES))
    with pytest.raises(ValueError, match="same number of features. Got 6 and 5"):
        model.merge(kind().fit(DOCUMENTS[:, :5], COUNTRIES))
    with pytest.raises(ValueError, match="feature names differ: None and array"):
        model.merge(kind().fit(pd.DataFrame(DOCUMENTS, columns=list("abcdef")), COUNTRIES))
    with pytest.raises(ValueError, match="Got int64 and str"):
        model.merge(kind().fit(DOCUMENTS, [1, 1, 2, 2]))
    with pytest.raises(NotFittedError):
        model.merge(kind())
    assert pickle.dumps(model) == before


PARAMETERS = {
    MultinomialNB: {"alpha": 2.0, "fit_prior": False, "class_prior": [0.5, 0.5], "force_alpha": False},
    BernoulliNB: {"alpha": [1, 1, 1, 1, 1, 2.0], "binarize": None, "fit_prior": False},
    CatalogueNB: {
        "shrinkage": 3.0,
        "weight": 1.0,
        "popularity": 0.0,
        "match": 0.0,
        "smoothing": 2.0,
        "groups": [0, 0, 0, 1, 1, 1],
        "new_classes": "error",
    },
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, parameters in PARAMETERS.items() for name in parameters]
)
def test_models_with_different_parameters_are_not_merged(kind, name):
    other = kind(**{name: PARAMETERS[kind][name]}).fit(DOCUMENTS, COUNTRIES)
    with pytest.raises(ValueError, match=f"'{name}' parameter differ"):
        kind().fit(DOCUMENTS, COUNTRIES).merge(other)


def test_states_of_catalogues_and_of_others_do_not_add_up():
    one, other = (kind().additive_state(DOCUMENTS, COUNTRIES) for kind in (CatalogueNB, MultinomialNB))
    with pytest.raises(ValueError, match="Only one of these states comes from CatalogueNB"):
        one.merge(other)


@every_class
def test_new_labels_are_added_or_refused(kind):
    model = kind(new_classes="add").partial_fit([[1, 0]], ["m"])
    model.partial_fit([[0, 1], [1, 1]], ["a", "z"], classes=["q"])
    assert model.classes_.tolist() == ["a", "m", "q", "z"]
    assert_array_equal(model.class_count_, [1, 1, 0, 1])
    assert_array_equal(model.feature_count_, [[0, 1], [1, 0], [0, 0], [1, 1]])
    strict = kind(new_classes="error")
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        strict.partial_fit([[1, 0]], ["m"])
    strict.partial_fit([[1, 0]], ["m"], classes=["a", "m"])
    with pytest.raises(ValueError, match=r"\['z'\] in y do not exist in the initial classes"):
        strict.partial_fit([[1, 0]], ["z"])


@every_class
def test_saved_models_answer_alike_and_keep_the_parameters_of_their_fit(kind):
    model = kind().fit(DOCUMENTS, COUNTRIES)
    expected = model.predict_joint_log_proba(DOCUMENTS)
    model.set_params(new_classes="error", **({"weight": 9.0} if kind is CatalogueNB else {"alpha": 9.0}))
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_joint_log_proba(DOCUMENTS), expected)


@every_class
def test_computed_attributes_are_listed_once_they_exist(kind):
    model = kind()
    assert not set(model._derived) & set(dir(model))
    for name in model._derived:
        with pytest.raises(AttributeError, match=f"'{kind.__name__}' object has no attribute '{name}'"):
            getattr(model, name)
    model.fit(DOCUMENTS, COUNTRIES)
    assert set(model._derived) <= set(dir(model))


@every_class
def test_a_refit_that_fails_leaves_no_old_counts_behind(kind):
    model = kind().fit(DOCUMENTS, COUNTRIES)
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        model.fit(DOCUMENTS, COUNTRIES, sample_weight=[1, 1, 1, -1])
    with pytest.raises(NotFittedError):
        model.predict(DOCUMENTS)
