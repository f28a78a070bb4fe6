"""The networks against scikit-learn's: weights, curves, predictions, warnings and errors."""

import inspect
import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import neural_network as theirs
from sklearn.model_selection import train_test_split

import estimators
from estimators import MLPClassifier, MLPRegressor
from tests.estimators.networks import (
    COUNTS,
    DATA,
    DIGITS,
    FEW,
    IMAGES,
    WEIGHT,
    X_MANY,
    X_NUM,
    Y_MANY,
    Y_NUM,
    assert_same,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are enough


SETTINGS = [
    {},
    {"activation": "tanh", "batch_size": 32},
    {"activation": "logistic"},
    {"activation": "identity", "hidden_layer_sizes": 7},
    {"alpha": 0.5, "shuffle": False, "batch_size": 7},
    {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "learning_rate_init": 0.01},
    {"early_stopping": True, "learning_rate_init": 0.01, "max_iter": 40, "n_iter_no_change": 3},
    {"early_stopping": True, "validation_fraction": 0.3},
    {"solver": "sgd", "learning_rate_init": 0.01, "tol": 1e-2, "max_iter": 60, "n_iter_no_change": 2},
    {"solver": "sgd", "learning_rate_init": 0.05, "learning_rate": "invscaling", "power_t": 0.3},
    {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0.5, "nesterovs_momentum": False},
    {
        "solver": "sgd",
        "learning_rate_init": 0.05,
        "learning_rate": "adaptive",
        "tol": 0.05,
        "n_iter_no_change": 1,
        "max_iter": 60,
    },
    {"solver": "lbfgs", "max_iter": 30},
    {"hidden_layer_sizes": ()},
]


def fit_both(name, weight=None, **settings):
    mine, other, X, y = DATA[name]
    weight = None if weight is None else weight[: len(X)]
    both = [model(**{**FEW, **settings}).fit(X, y, sample_weight=weight) for model in (mine, other)]
    assert_same(*both)
    return X, *both


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", DATA)
def test_weights_and_curves_are_scikit_learns(name, settings):
    X, mine, other = fit_both(name, **settings)
    found, expected = mine.predict(X), other.predict(X)
    if expected.dtype.kind == "f" and name.startswith("number"):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    else:
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), rtol=1e-6, atol=1e-9)
        with np.errstate(divide="ignore"):
            found, expected = mine.predict_log_proba(X), other.predict_log_proba(X)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert mine.score(X, DATA[name][3]) == pytest.approx(other.score(X, DATA[name][3]), rel=1e-6)


@pytest.mark.parametrize("settings", [SETTINGS[1], SETTINGS[6], SETTINGS[8], SETTINGS[-2]], ids=str)
@pytest.mark.parametrize("name", ["digits", "two classes", "labels", "numbers"])
def test_weighted_rows_are_scikit_learns(name, settings):
    fit_both(name, WEIGHT, **settings)


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"activation": "tanh"}], ids=str)
def test_poisson_is_scikit_learns(settings):
    settings = {**FEW, **settings, "loss": "poisson"}
    mine, other = (model(**settings).fit(X_NUM, COUNTS) for model in (MLPRegressor, theirs.MLPRegressor))
    assert_same(mine, other)
    np.testing.assert_allclose(mine.predict(X_NUM), other.predict(X_NUM), rtol=1e-6)


def test_with_a_tolerance_of_0_the_same_loss_again_is_no_failure():
    still = {
        **FEW,
        "solver": "sgd",
        "learning_rate_init": 1e-30,
        "tol": 0,
        "n_iter_no_change": 1,
        "shuffle": False,
    }
    mine, other = (model(**still).fit(X_NUM, Y_NUM) for model in (MLPRegressor, theirs.MLPRegressor))
    assert len(set(mine.loss_curve_)) == 1
    assert_same(mine, other)
    assert mine.n_iter_ == 12


@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix, sp.csc_array])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_rows_are_scikit_learns(container, solver):
    X = container(IMAGES)
    mine, other = (
        model(solver=solver, **FEW).fit(X, DIGITS) for model in (MLPClassifier, theirs.MLPClassifier)
    )
    assert_same(mine, other)
    np.testing.assert_array_equal(mine.predict(X), other.predict(X))


def test_sparse_labels_are_answered_sparse():
    Y = sp.csr_array(Y_MANY)
    mine, other = (
        model(**FEW).fit(X_MANY, Y).predict(X_MANY) for model in (MLPClassifier, theirs.MLPClassifier)
    )
    assert sp.issparse(mine)
    np.testing.assert_array_equal(mine.toarray(), other.toarray())


@pytest.mark.parametrize("settings", [{}, {"solver": "sgd"}, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("name", ["digits", "numbers"])
def test_warm_start_is_scikit_learns(name, settings):
    mine, other, X, y = DATA[name]
    models = [model(**{**FEW, "max_iter": 5, "warm_start": True, **settings}) for model in (mine, other)]
    for _ in range(3):
        for model in models:
            model.fit(X, y)
        assert_same(*models)


@pytest.mark.parametrize("settings", [{}, {"solver": "sgd", "learning_rate": "invscaling"}], ids=str)
@pytest.mark.parametrize("name", ["digits", "two classes", "labels", "numbers"])
def test_partial_fit_is_scikit_learns(name, settings):
    mine, other, X, y = DATA[name]
    classes = (
        {} if mine is MLPRegressor else {"classes": np.unique(y) if y.ndim == 1 else np.arange(y.shape[1])}
    )
    models = [model(**{**FEW, **settings}) for model in (mine, other)]
    for start in range(0, len(X), 60):
        for model in models:
            model.partial_fit(X[start : start + 60], y[start : start + 60], **classes)
        assert_same(*models)
    assert pickle.loads(pickle.dumps(models[0])).partial_fit(X, y).loss_ == models[0].partial_fit(X, y).loss_


def test_the_first_rows_need_not_have_every_class():
    models = [model(**FEW) for model in (MLPClassifier, theirs.MLPClassifier)]
    for rows in (DIGITS < 2, DIGITS > 7, DIGITS >= 0):
        for model in models:
            model.partial_fit(IMAGES[rows], DIGITS[rows], classes=range(10))
        assert_same(*models)


@pytest.mark.parametrize("estimator", [MLPClassifier, theirs.MLPClassifier])
def test_a_warm_start_needs_the_same_classes(estimator):
    model = estimator(**FEW, warm_start=True).fit(IMAGES, DIGITS)
    for y in (DIGITS % 3, DIGITS + 1):
        with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
            model.fit(IMAGES, y)


@pytest.mark.parametrize("estimator", [MLPClassifier, theirs.MLPClassifier])
def test_a_probability_of_a_half_is_the_first_class(estimator):
    model = estimator(**FEW).fit(IMAGES, DIGITS > 4)
    for array in model.coefs_ + model.intercepts_:
        array[...] = 0
    assert not model.predict(IMAGES).any()


@pytest.mark.parametrize("estimator", [MLPRegressor, theirs.MLPRegressor])
def test_one_row_is_too_few_to_be_held_out(estimator):
    with pytest.raises(ValueError, match="The validation set is too small. Increase 'validation_fraction'"):
        estimator(early_stopping=True).fit(X_NUM[:10], Y_NUM[:10])


def test_float32_is_scikit_learns_to_its_rounding():
    X = IMAGES.astype(np.float32)
    mine, other = (model(**FEW).fit(X, DIGITS) for model in (MLPClassifier, theirs.MLPClassifier))
    np.testing.assert_allclose(mine.loss_curve_, other.loss_curve_, rtol=1e-5)
    assert {array.dtype for array in mine.coefs_ + mine.intercepts_} == {np.dtype(np.float32)}
    assert mine.predict_proba(X).dtype == np.float32


@pytest.mark.parametrize("early_stopping", [False, True])
def test_one_class_is_always_right(early_stopping):
    mine, other = (
        model(**FEW, early_stopping=early_stopping).fit(IMAGES, np.full(240, "a"))
        for model in (MLPClassifier, theirs.MLPClassifier)
    )
    assert_same(mine, other)
    assert set(mine.predict(IMAGES)) == {"a"}
    assert set(mine.history_["score"]) == {1.0}
    mine.intercepts_[-1][:] = 9  # however sure it is of there being another
    assert set(mine.predict(IMAGES)) == {"a"}


@pytest.mark.parametrize("estimator", [MLPClassifier, theirs.MLPClassifier])
def test_several_labels_are_no_classes(estimator):
    several = np.column_stack([k == DIGITS % 3 for k in range(3)]).astype(int)
    model = estimator(**FEW, warm_start=True).fit(IMAGES, DIGITS % 3)
    for train in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="not fitted with multilabel input"):
            train(IMAGES, several)


def test_weights_that_someone_sets_are_used():
    mine, other = (model(**FEW).fit(IMAGES, DIGITS) for model in (MLPClassifier, theirs.MLPClassifier))
    for model in (mine, other):
        model.coefs_[1] = model.coefs_[1] * 0.5
        model.intercepts_ = [b + 0.1 for b in model.intercepts_]
    np.testing.assert_allclose(mine.predict_proba(IMAGES), other.predict_proba(IMAGES))
    for model in (mine, other):
        model.partial_fit(IMAGES, DIGITS)
    np.testing.assert_allclose(
        pickle.loads(pickle.dumps(mine)).coefs_[1], other.coefs_[1], rtol=1e-6, atol=1e-9
    )


def test_verbose_prints_what_scikit_learn_prints(capsys):
    printed = []
    for model in (MLPClassifier, theirs.MLPClassifier):
        settings = {
            "tol": 0.05,
            "n_iter_no_change": 1,
            "max_iter": 30,
            "learning_rate": "adaptive",
            "solver": "sgd",
        }
        model(**{**FEW, **settings, "verbose": True}).fit(IMAGES, DIGITS)
        model(**FEW, verbose=True, early_stopping=True).fit(IMAGES, DIGITS)
        model(**{**FEW, "tol": 1.0, "n_iter_no_change": 1, "verbose": True}).fit(IMAGES, DIGITS)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Setting learning rate" in printed[0]


@pytest.mark.parametrize("estimator", [MLPRegressor, theirs.MLPRegressor])
def test_held_out_rows_must_have_a_weight(estimator):
    model = estimator(early_stopping=True, random_state=0, validation_fraction=0.1)
    _, held_out = train_test_split(np.arange(150), random_state=after_the_weights(6, 100, 3), test_size=0.1)
    weight = np.ones(150)
    weight[held_out] = 0
    with pytest.raises(ValueError, match="Sample weights must contain at least one non-zero number"):
        model.fit(X_NUM, Y_NUM, weight)
    weight[held_out[0]] = 1
    model.set_params(max_iter=2).fit(X_NUM, Y_NUM, weight)


def after_the_weights(*sizes):
    """Return the random state that is left when the weights of such layers have been drawn."""
    random_state = np.random.RandomState(0)
    for n_in, n_out in itertools.pairwise(sizes):
        random_state.uniform(size=(n_in + 1) * n_out)
    return random_state


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_the_signature_is_scikit_learns_and_errors_name_the_class(name):
    mine, other = (getattr(module, name) for module in (estimators, theirs))
    expected = inspect.signature(other).parameters
    kinds = [(p, v.kind) for p, v in inspect.signature(mine).parameters.items() if p in expected]
    assert kinds == [(p, v.kind) for p, v in expected.items()]
    for model in (mine, other):
        with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\) got an unexpected .* 'droput'"):
            model(droput=0.1)
        with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\) .* positional arguments"):
            model("poisson", (5,), "relu", "adam")
    with pytest.raises(TypeError, match=rf"^{name}\.fit\(\) got an unexpected .* 'validation_data'"):
        mine().fit(X_NUM, Y_NUM, validation_data=(X_NUM, Y_NUM))
    for sizes in (True, [True], (5, True)):
        for model in (mine, other):
            with pytest.raises(TypeError):
                model(hidden_layer_sizes=sizes).fit(X_NUM, COUNTS[:, 0])
        with pytest.raises(TypeError, match=rf"of {name} must be an int or an array-like of int"):
            mine(hidden_layer_sizes=sizes).fit(X_NUM, COUNTS[:, 0])
