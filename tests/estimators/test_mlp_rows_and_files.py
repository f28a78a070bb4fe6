"""Rows that are accepted and refused, copies and files of networks."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from estimators import MLPClassifier, MLPRegressor
from pipelines import load_model, save_model
from tests.estimators.networks import (
    COUNTS,
    DIGITS,
    FEW,
    IMAGES,
    OURS,
    X_MANY,
    X_NUM,
    Y_MANY,
    Y_NUM,
    small,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are enough


def test_rows_that_cannot_be():
    with pytest.raises(ValueError, match="out of the valid range of the loss 'poisson'"):
        MLPRegressor(loss="poisson").fit(X_NUM, -COUNTS)
    with pytest.raises(ValueError, match="X_val was passed without y_val"):
        MLPRegressor().fit(X_NUM, Y_NUM, X_val=X_NUM)
    with pytest.raises(ValueError, match="y_val was passed without X_val"):
        MLPRegressor().fit(X_NUM, Y_NUM, y_val=Y_NUM)
    with pytest.raises(ValueError, match=r"^`y_val` has classes not in .* 'y_val' has"):
        MLPClassifier().fit(IMAGES, DIGITS % 3, X_val=IMAGES, y_val=DIGITS)
    with pytest.raises(ValueError, match="^X_val and y_val have inconsistent numbers of samples: 9 and 150"):
        MLPRegressor().fit(X_NUM, Y_NUM, X_val=X_NUM[:9], y_val=Y_NUM)
    with pytest.raises(ValueError, match="is not supported for multilabel targets"):
        MLPClassifier(class_weight="balanced").fit(X_MANY, Y_MANY)
    with pytest.raises(ValueError, match="'balanced' is not supported for partial_fit"):
        MLPClassifier(class_weight="balanced").partial_fit(IMAGES, DIGITS, classes=range(10))
    with pytest.raises(ZeroDivisionError, match="only rows with weight 0"):
        MLPRegressor(batch_size=10, shuffle=False).fit(X_NUM, Y_NUM, np.arange(150) > 20)
    with pytest.raises(TypeError, match="integer"):
        MLPRegressor(hidden_layer_sizes=(2.5,)).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="belong to a network with layers of"):
        MLPRegressor(**FEW, warm_start=True).fit(X_NUM, Y_NUM).set_params(hidden_layer_sizes=3).fit(
            X_NUM, Y_NUM
        )
    with pytest.raises(AttributeError, match="partial_fit"):
        MLPRegressor(solver="lbfgs").partial_fit(X_NUM, Y_NUM)
    for call in (MLPRegressor().predict, MLPClassifier().predict_proba):
        with pytest.raises(NotFittedError):
            call(X_NUM)
    with pytest.raises(NotFittedError):
        MLPRegressor().summary()


def test_sparse_targets_are_those_of_the_dense_ones():
    sparse, dense = (MLPRegressor(**FEW).fit(X_NUM, y) for y in (sp.csr_array(COUNTS), COUNTS))
    assert sparse.loss_curve_ == dense.loss_curve_


def test_a_failed_fit_leaves_no_old_weights_beside_new_features():
    model = MLPRegressor(**FEW).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=0).set_params(hidden_layer_sizes=(0,)).fit(X_NUM[:, :2], Y_NUM)
    np.testing.assert_allclose(model.predict(X_NUM).shape, Y_NUM.shape)
    with pytest.raises(ValueError, match="poisson"):
        model.set_params(hidden_layer_sizes=3, loss="poisson").fit(X_NUM[:, :2], -COUNTS)
    with pytest.raises(NotFittedError):
        model.predict(X_NUM[:, :2])


@pytest.mark.parametrize("estimator", OURS)
def test_numbers_that_are_strings_are_read_in_predict_too(estimator):
    X, y = small(estimator)
    model = estimator(**FEW).fit(X.astype(str), y)
    np.testing.assert_array_equal(model.predict(X.astype(str)), model.predict(X))


def test_one_row_is_answered_as_many_are():
    model = MLPClassifier(**FEW, dtype="float32").fit(IMAGES, DIGITS)
    many = model.predict_proba(IMAGES[:50])
    one_by_one = [model.predict_proba(IMAGES[[row]].astype(np.float32))[0] for row in range(50)]
    np.testing.assert_allclose(one_by_one, many, rtol=1e-5)
    with pytest.raises(ValueError, match="NaN"):
        model.predict(np.full((1, 64), np.nan, np.float32))
    with pytest.raises(ValueError, match="features"):
        model.predict(np.zeros((1, 63), np.float32))
    with pytest.raises(ValueError, match="0 sample"):
        model.predict(np.zeros((0, 64), np.float32))
    named = MLPClassifier(**FEW).fit(pd.DataFrame(IMAGES).add_prefix("pixel "), DIGITS)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        named.predict(IMAGES)


def test_a_fitted_network_answers_by_the_parameters_it_was_fitted_with():
    model = MLPRegressor(**FEW, activation="leaky_relu", dropout=0.5).fit(X_NUM, Y_NUM)
    expected, table = model.predict(X_NUM), model.summary()
    model.set_params(activation="tanh", negative_slope=0.5, dropout=0.0, loss="poisson", batch_norm=True)
    np.testing.assert_array_equal(model.predict(X_NUM), expected)
    assert model.summary() == table


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_predict_alike_and_share_no_weights(copied):
    model = MLPClassifier(**FEW, batch_norm=True, dropout=0.1).fit(IMAGES, DIGITS)
    other = copied(model)
    expected = model.predict_proba(IMAGES)
    np.testing.assert_array_equal(other.predict_proba(IMAGES), expected)
    other.coefs_[0][:] = 0
    np.testing.assert_array_equal(model.predict_proba(IMAGES), expected)
    assert not np.array_equal(other.predict_proba(IMAGES), expected)


@pytest.mark.parametrize("suffix", [".joblib", ".skops"])
def test_a_saved_model_answers_alike(suffix, tmp_path):
    model = MLPClassifier(**FEW, batch_norm=True, dropout=0.1).fit(IMAGES, DIGITS)
    save_model(model, tmp_path / f"digits{suffix}")
    loaded = load_model(tmp_path / f"digits{suffix}", expected=MLPClassifier)
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), model.predict_proba(IMAGES))


def test_a_model_file_names_no_private_module():
    X, y = load_digits(return_X_y=True)
    for solver in ("adam", "sgd", "rmsprop"):
        model = MLPClassifier((8,), dropout=0.2, solver=solver, max_iter=2, random_state=0).fit(
            X[:100], y[:100]
        )
        stored = pickle.dumps(model)
        assert b"estimators._" not in stored
        again = pickle.loads(stored)
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        again.partial_fit(X[:100], y[:100])
        model.partial_fit(X[:100], y[:100])
        np.testing.assert_array_equal(again.coefs_[0], model.coefs_[0])
