"""fit_batches: batches in any split and order give what `fit` gives on all rows."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

from estimators import (
    ComplementNB,
    GDRegressor,
    MultiHotEncoder,
    OneHotEncoder,
    PolynomialRegressor,
)
from pipelines import (
    dough_forecaster,
    fit_batches,
    forecast,
    game_recommender,
    load_model,
    recommend,
    save_model,
    weights_in_words,
)
from tests.effort import effort
from tests.pipelines.batches import (
    REGRESSORS,
    WHOLE,
    N,
    as_arrow_batch,
    as_arrow_table,
    as_pandas,
    as_polars,
    numbers,
)


@st.composite
def splits(draw, n=N):
    """Rows in any order, cut into any parts, some of them empty."""
    order = draw(st.permutations(range(n)))
    cuts = sorted(draw(st.lists(st.integers(0, n), max_size=6)))
    return [list(order[start:end]) for start, end in zip([0, *cuts], [*cuts, n], strict=True)]


@given(splits())
@settings(max_examples=effort(25, 5))
def test_any_split_in_any_order_counts_exactly_as_fit(parts):
    games = game_recommender(classifier="complement")
    expected = clone(games).fit(WHOLE.drop(columns="title"), WHOLE["title"])
    model = fit_batches(games, [WHOLE.iloc[part] for part in parts], "title")
    assert_array_equal(model[-1].classes_, expected[-1].classes_)
    assert_array_equal(model[-1].feature_count_, expected[-1].feature_count_)
    assert_array_equal(model[-1].class_count_, expected[-1].class_count_)
    assert_array_equal(model[-1].feature_log_prob_, expected[-1].feature_log_prob_)
    assert_array_equal(model[0].get_feature_names_out(), expected[0].get_feature_names_out())


@given(splits(), st.sampled_from(sorted(REGRESSORS)))
@settings(max_examples=effort(40, 8))
def test_any_split_in_any_order_gives_the_coefficients_of_fit(parts, name):
    expected = numbers(REGRESSORS[name]).fit(WHOLE.drop(columns="doughs"), WHOLE["doughs"])
    model = fit_batches(numbers(REGRESSORS[name]), [WHOLE.iloc[part] for part in parts], "doughs")
    size = np.abs(expected[-1].coef_).max()
    assert_allclose(model[-1].coef_, expected[-1].coef_, rtol=0, atol=1e-8 * size)
    assert_allclose(model.predict(WHOLE), expected.predict(WHOLE), rtol=1e-8)
    assert model[-1].get_params() == expected[-1].get_params()


@given(splits())
@settings(max_examples=effort(25, 5))
def test_means_and_variances_merge_by_chans_formula(parts):
    columns = ["reservations", "temperature"]
    X = WHOLE[columns].assign(constant=0.1, missing=np.where(np.arange(N) % 3, WHOLE["weight"], np.nan))
    expected = StandardScaler().fit(X)
    model = fit_batches(StandardScaler(), [X.iloc[part] for part in parts])
    for name in ("mean_", "var_", "scale_"):
        assert_allclose(getattr(model, name), getattr(expected, name), rtol=1e-12, atol=1e-15)
    assert_array_equal(model.n_samples_seen_, expected.n_samples_seen_)
    assert model.scale_[2] == 1  # the constant


@pytest.mark.parametrize(
    "params", [{"with_mean": False}, {"with_std": False}, {"with_mean": False, "with_std": False}]
)
def test_a_scaler_without_mean_or_variance(params):
    X = np.random.default_rng(0).normal(3, 2, (40, 3))
    expected = StandardScaler(**params).fit(X)
    model = fit_batches(StandardScaler(**params), [(X[:13],), (X[13:],)])
    assert_allclose(model.transform(X), expected.transform(X), rtol=1e-13, atol=1e-14)
    assert vars(model).keys() == vars(expected).keys()


def test_a_column_that_is_missing_in_a_batch_or_in_all():
    X = np.array([[np.nan, np.nan, 1.0], [np.nan, np.nan, 2.0], [3.0, np.nan, 5.0], [5.0, np.nan, 7.0]])
    with np.errstate(invalid="ignore"):  # scikit-learn divides by no rows
        expected = StandardScaler().fit(X)
    model = fit_batches(StandardScaler(), [(X[:2],), (X[2:],)])
    assert_allclose(model.mean_, expected.mean_)
    assert_allclose(model.var_, expected.var_)
    assert_array_equal(model.n_samples_seen_, [2, 0, 4])


@pytest.mark.parametrize("kind", [as_pandas, as_polars, as_arrow_batch, as_arrow_table])
@pytest.mark.parametrize("batches", [list, tuple, lambda b: lambda: iter(b)])
def test_batches_of_any_kind_in_any_container(kind, batches):
    parts = [kind(WHOLE[:1]), kind(WHOLE[1:1]), kind(WHOLE[1:])]
    model = fit_batches(game_recommender(), batches(parts), "title")
    expected = game_recommender().fit(WHOLE.drop(columns="title"), WHOLE["title"])
    assert_array_equal(model[-1].feature_count_, expected[-1].feature_count_)


def test_tuples_of_arrays_with_weights_and_csr():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(30, 4)), rng.normal(size=(30, 2)), rng.integers(0, 3, 30).astype(float)
    expected = GDRegressor().fit(X, y, w)
    parts = [(X[at], y[at], w[at]) for at in (slice(0, 9), slice(9, 10), slice(10, 30))]
    model = fit_batches(GDRegressor(), parts)
    assert_allclose(model.coef_, expected.coef_, rtol=1e-11)
    assert model.coef_.shape == (2, 4)
    counts = rng.integers(0, 3, (30, 4))
    labels = rng.integers(0, 5, 30)
    from scipy.sparse import csr_array

    model = fit_batches(
        ComplementNB(), [(csr_array(counts[:7]), labels[:7]), (csr_array(counts[7:]), labels[7:])]
    )
    assert_array_equal(model.feature_count_, ComplementNB().fit(counts, labels).feature_count_)


def test_weights_and_several_targets_by_name():
    expected = GDRegressor().fit(
        WHOLE[["reservations"]], WHOLE[["doughs", "temperature"]], sample_weight=WHOLE["weight"]
    )
    frame = WHOLE[["reservations", "doughs", "temperature", "weight"]]
    model = fit_batches(
        GDRegressor(), [frame[:20], frame[20:]], ["doughs", "temperature"], sample_weight="weight"
    )
    assert_allclose(model.coef_, expected.coef_, rtol=1e-9)
    assert model.feature_names_in_.tolist() == ["reservations"]


def test_weights_go_to_the_last_step_only():
    frame = WHOLE.drop(columns="doughs")
    expected = game_recommender().fit(
        frame.drop(columns=["title", "weight"]), frame["title"], classify__sample_weight=frame["weight"]
    )
    model = fit_batches(game_recommender(), [frame[:31], frame[31:]], "title", sample_weight="weight")
    assert_array_equal(model[-1].feature_count_, expected[-1].feature_count_)


def test_a_batch_whose_weights_are_all_zero_counts_for_nothing():
    frame = WHOLE.assign(weight=np.where(np.arange(N) < 10, 0.0, 1.0))[["reservations", "doughs", "weight"]]
    model = fit_batches(GDRegressor(), [frame[:10], frame[10:]], "doughs", sample_weight="weight")
    assert_allclose(model.coef_, GDRegressor().fit(frame[["reservations"]][10:], frame["doughs"][10:]).coef_)


def test_rows_without_weight_count_as_in_fit_in_every_step():
    frame = WHOLE.assign(weight=np.where(np.arange(N) < 10, 0.0, WHOLE["weight"]))
    frame.loc[:9, ["reservations", "title", "budget"]] = [99, "never bought", "a budget"]
    parts = [frame[:4], frame[4:10], frame[10:]]
    columns = ["reservations", "temperature"]
    for regressor in (GDRegressor(), PolynomialRegressor(2)):
        expected = make_pipeline(StandardScaler(), clone(regressor))
        weights = {f"{expected.steps[-1][0]}__sample_weight": frame["weight"]}
        expected.fit(frame[columns], frame["doughs"], **weights)
        model = make_pipeline(StandardScaler(), clone(regressor))
        numeric = [part[[*columns, "doughs", "weight"]] for part in parts]
        fit_batches(model, numeric, "doughs", sample_weight="weight")
        assert_allclose(model[0].mean_, expected[0].mean_)
        assert_allclose(model[-1].coef_, expected[-1].coef_, rtol=1e-8, atol=1e-10)
    games = game_recommender(classifier="complement").fit(
        frame.drop(columns="title"), frame["title"], classify__sample_weight=frame["weight"]
    )
    model = fit_batches(game_recommender(classifier="complement"), parts, "title", sample_weight="weight")
    assert "never bought" in model[-1].classes_
    assert_array_equal(model[-1].classes_, games[-1].classes_)
    assert_array_equal(model[-1].feature_count_, games[-1].feature_count_)
    assert_array_equal(model[-1].class_log_prior_, games[-1].class_log_prior_)
    scaler = fit_batches(
        StandardScaler(), [part[["temperature", "weight"]] for part in parts], sample_weight="weight"
    )
    expected = StandardScaler().fit(frame[["temperature"]], sample_weight=frame["weight"])
    assert_allclose(scaler.mean_, expected.mean_)


@pytest.mark.parametrize(
    "model",
    [GDRegressor(), PolynomialRegressor(2), make_pipeline(StandardScaler(), GDRegressor()), ComplementNB()],
)
def test_weights_that_are_all_zero_in_all_batches(model):
    X, y = np.ones((3, 2)), np.array([1, 2, 3])
    with pytest.raises(ValueError, match="must contain at least one row with a nonzero weight"):
        fit_batches(model, [(X, y, np.zeros(3)), (X, y, np.zeros(3))])


@pytest.mark.parametrize(
    "model",
    [
        OneHotEncoder(),
        ColumnTransformer([("a", StandardScaler(), [0])]),
        make_pipeline(StandardScaler(), "passthrough"),
        Normalizer(),
    ],
)
def test_weights_for_a_step_that_takes_none(model):
    with pytest.raises(
        TypeError, match="In batch 0: The last step of this model does not accept sample weights"
    ):
        fit_batches(model, [(np.ones((3, 2)), None, np.ones(3))])


def test_rows_of_no_weight_have_no_say_in_the_domain():
    X, y = np.array([[0.0], [1.0], [2.0], [3.0], [100.0]]), np.array([0.0, 1.0, 4.0, 9.0, 5.0])
    weight = np.array([1.0, 1.0, 1.0, 1.0, 0.0])
    expected = PolynomialRegressor(2).fit(X, y, weight)
    model = fit_batches(PolynomialRegressor(2), [(X[:2], y[:2], weight[:2]), (X[2:], y[2:], weight[2:])])
    assert_array_equal(model.domain_, expected.domain_)
    assert_allclose(model.coef_, expected.coef_, atol=1e-10)


def test_a_missing_label_in_a_polars_column():
    frame = pl.from_pandas(WHOLE).with_columns(title=pl.when(pl.col("budget") == "cheap").then("title"))
    with pytest.raises(ValueError, match="In batch 0: .*missing label"):
        fit_batches(game_recommender(), [frame], "title")


def test_a_column_that_says_nothing_at_first_is_compared_with_the_first_that_does():
    says = "In batch 2: Column 'budget' must contain values of type 'text'.*Got values of type 'number'"
    with pytest.raises(ValueError, match=says):
        fit_batches(game_recommender(), [WHOLE[:0], WHOLE, WHOLE.assign(budget=1)], "title")


def test_a_label_that_one_batch_has_and_parameters_that_need_all_classes():
    X, y = np.eye(3, dtype=int), np.array(["a", "b", "c"])
    params = {"alpha": 0.0, "force_alpha": False, "norm": True, "class_prior": [0.2, 0.3, 0.5]}
    with pytest.warns(UserWarning, match="alpha too small") as told:
        model = fit_batches(ComplementNB(**params), [(X[:1], y[:1]), (X[1:], y[1:])])
    assert len(told) == 1
    with pytest.warns(UserWarning, match="alpha too small"):
        expected = ComplementNB(**params).fit(X, y)
    assert_array_equal(model.class_log_prior_, expected.class_log_prior_)
    assert_array_equal(model.feature_log_prob_, expected.feature_log_prob_)
    assert model.get_params() == expected.get_params()


def test_a_rate_that_diverges_on_all_rows_is_refused_and_one_that_does_on_a_batch_is_not():
    X, y = np.array([[10.0], [0.1], [0.1], [0.1]]), np.array([10.0, 0.0, 0.1, 0.2])
    parts = [(X[:1], y[:1]), (X[1:], y[1:])]
    safe = GDRegressor(learning_rate=0.02, max_iter=10_000)  # of the first row alone 0.005 is the largest
    assert_allclose(fit_batches(safe, parts).coef_, GDRegressor(**safe.get_params()).fit(X, y).coef_)
    with pytest.raises(ValueError, match="diverge on this data with learning_rate=0.1"):
        fit_batches(GDRegressor(learning_rate=0.1), parts)


def test_descent_that_has_not_converged_warns_as_fit_does():
    X, y = np.arange(10.0)[:, np.newaxis], np.arange(10.0) + 1
    model = GDRegressor(learning_rate=0.001, max_iter=3)
    with pytest.warns(ConvergenceWarning):
        fit_batches(model, [(X, y)])


def test_float32_stays_only_if_all_batches_are():
    X, y = np.arange(8.0)[:, np.newaxis], np.arange(8.0)
    assert (
        fit_batches(GDRegressor(), [(X[:4].astype("f4"), y[:4]), (X[4:].astype("f4"), y[4:])]).coef_.dtype
        == "f4"
    )
    assert fit_batches(GDRegressor(), [(X[:4].astype("f4"), y[:4]), (X[4:], y[4:])]).coef_.dtype == "f8"


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.45, 1.0])
@pytest.mark.parametrize("rows", [1, 7, N])
def test_columns_are_put_together_as_fit_does(threshold, rows):
    def encode():
        steps = [
            ("types", MultiHotEncoder(handle_unknown="ignore"), "gameplay_types"),
            ("budget", OneHotEncoder(), ["budget"]),
            ("nothing", StandardScaler(), []),
            ("gone", "drop", ["title"]),
        ]
        return ColumnTransformer(
            steps, remainder=StandardScaler(), sparse_threshold=threshold, transformer_weights={"budget": 2.0}
        )

    frame = WHOLE.drop(columns=["weekday", "weight"])
    expected = encode().fit(frame)
    model = fit_batches(encode(), [frame[at : at + rows] for at in range(0, N, rows)])
    assert model.sparse_output_ == expected.sparse_output_
    assert model.output_indices_ == expected.output_indices_
    assert vars(model).keys() == vars(expected).keys()
    assert str(model.transformers_) == str(expected.transformers_)
    assert repr(model) == repr(expected)
    made_of = [
        np.asarray(each.transform(frame).todense() if each.sparse_output_ else each.transform(frame))
        for each in (model, expected)
    ]
    assert_allclose(*made_of, rtol=1e-10, atol=1e-10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(frame)  # an ordinary ColumnTransformer, which can be fitted again


@pytest.mark.parametrize("threshold", [0.5, 0.74, 0.75, 0.76])
def test_sparse_or_dense_at_the_threshold_itself(threshold):
    frame = pd.DataFrame({"types": [["a", "b", "c"], ["b", "c", "d"], ["c", "d", "a", "a"], ["d", "a", "b"]]})

    def encode():
        return ColumnTransformer([("types", MultiHotEncoder(), "types")], sparse_threshold=threshold)

    model = fit_batches(encode(), [frame[:1], frame[1:]])  # three of four columns are 1
    assert model.sparse_output_ == encode().fit(frame).sparse_output_ == (threshold > 0.75)


def test_columns_by_selector_and_passthrough_and_output_as_frames():
    def encode():
        parts = [
            ("n", StandardScaler(), make_column_selector(dtype_include=float)),
            ("w", "passthrough", ["holiday"]),
        ]
        return ColumnTransformer(parts).set_output(transform="pandas")

    expected = encode().fit(WHOLE)
    model = fit_batches(encode(), [WHOLE[:9], WHOLE[9:]])
    pd.testing.assert_frame_equal(model.transform(WHOLE), expected.transform(WHOLE))


def test_a_pipeline_in_a_column_transformer_in_a_pipeline():
    def nested():
        inner = make_pipeline(StandardScaler(), FunctionTransformer(np.abs), StandardScaler())
        encode = ColumnTransformer([("n", inner, ["reservations", "temperature"])], remainder="drop")
        return make_pipeline(encode, Normalizer(), "passthrough", PolynomialRegressor(2))

    calls = []

    def batches():
        calls.append(1)
        return iter([WHOLE[:17], WHOLE[17:]])

    expected = nested().fit(WHOLE, WHOLE["doughs"])
    model = fit_batches(nested(), batches, "doughs")
    assert_allclose(model.predict(WHOLE), expected.predict(WHOLE), rtol=1e-7)
    assert len(calls) == 4  # two scalers, the domain, the regression


def test_the_dough_forecaster():
    features = ["reservations", "temperature", "weekday", "holiday"]
    expected = dough_forecaster(features, cv=0).fit(WHOLE, WHOLE["doughs"])
    model = fit_batches(dough_forecaster(features, cv=0), [WHOLE[:1], WHOLE[1:33], WHOLE[33:]], "doughs")
    assert vars(model["read"]) == vars(expected["read"])
    assert_allclose(model.predict(WHOLE), expected.predict(WHOLE), rtol=1e-8)
    evening = WHOLE.iloc[0][features].to_dict()
    assert_array_equal(forecast(model, evening), forecast(expected, evening))
    assert weights_in_words(model) == weights_in_words(expected)
    assert vars(model["forecast"]).keys() == vars(expected["forecast"]).keys()


def test_too_many_values_for_a_median(monkeypatch):
    monkeypatch.setattr("pipelines._forecasting.values.MAX_VALUES", 10)
    with pytest.raises(
        ValueError, match="Column 'temperature' has more than 10 distinct values.*Round the values"
    ):
        fit_batches(dough_forecaster(["temperature"], cv=0), [WHOLE[:30], WHOLE[30:]], "doughs")


def test_the_model_is_changed_in_place_and_can_be_saved(tmp_path):
    model = game_recommender()
    assert fit_batches(model, [WHOLE[:30], WHOLE[30:]], "title") is model
    again = load_model(save_model(model, tmp_path / "games"))
    question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
    assert recommend(again, question)[0].tolist() == recommend(model, question)[0].tolist()


def test_a_pipeline_with_nothing_to_learn():
    model = Pipeline([("nothing", "passthrough")])
    assert fit_batches(model, [WHOLE[:30], WHOLE[30:]]) is model
    assert model.steps == [("nothing", "passthrough")]
    assert model.transform(WHOLE) is WHOLE
    with pytest.raises(ValueError, match="The batches must contain at least one row"):
        fit_batches(model, [])
    assert model.steps == [("nothing", "passthrough")]
