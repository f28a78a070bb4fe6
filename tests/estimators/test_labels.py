"""Class labels of every kind: each keeps its value exactly, in every classifier, or is refused."""

import datetime as dt
import importlib.metadata
import subprocess
import sys
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators
from estimators import (
    ComplementNB,
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    MLPRegressor,
    MultiHotEncoder,
    OneHotEncoder,
    PolynomialRegressor,
)
from tests.estimators.samples import objects

BIG = 2**53  # from here on floats skip integers
HUGE = 2**63  # beyond int64, but not beyond uint64
INT, UINT, OBJECT = np.dtype(np.int64), np.dtype(np.uint64), np.dtype(object)
ARROW = pd.ArrowDtype(pa.int64())


def network(**params):
    """A network that memorises rows of the identity quickly."""
    return MLPClassifier((), solver="sgd", learning_rate_init=1.0, max_iter=20, random_state=0, **params)


CLASSIFIERS = [ComplementNB, GDClassifier, network]
EXACT = {
    "list": ([BIG, BIG + 1], INT),
    "integers and floats": ([1.0, BIG, BIG + 1], INT),
    "objects": (objects([1.0, BIG, BIG + 1]), INT),
    "small integers and floats": ([1, 2.0], np.dtype(float)),
    "booleans": ([False, True], np.dtype(bool)),
    "booleans and integers": ([True, 2], INT),
    "beyond int64": ([HUGE + 1, HUGE + 3], UINT),
    "negative and beyond int64": ([-1, HUGE + 1, HUGE + 3], OBJECT),
    "beyond uint64": ([2**64 + 1, 2**64 + 3], OBJECT),
    "numpy integers of two types": ([np.int64(BIG), np.uint64(BIG + 1)], INT),
    "fractions that are whole": (objects([Fraction(1), Fraction(BIG + 1)]), INT),
    "Int64": (pd.Series([BIG, BIG + 1], dtype="Int64"), INT),
    "UInt64": (pd.Series([HUGE + 1, HUGE + 3], dtype="UInt64"), UINT),
    "boolean": (pd.Series([False, True], dtype="boolean"), np.dtype(bool)),
    "index": (pd.Index([BIG, BIG + 1], dtype="Int64"), INT),
    "pandas array": (pd.array([BIG, BIG + 1], dtype="Int64"), INT),
    "frame": (pd.DataFrame({"y": pd.array([BIG, BIG + 1], dtype="Int64")}), INT),
    "Arrow in pandas": (pd.Series([BIG, BIG + 1], dtype=ARROW), INT),
    "Arrow": (pa.chunked_array([[BIG], [BIG + 1]]), INT),
    "categories": (pd.Series(pd.Categorical(pd.array([BIG, BIG + 1], dtype="Int64"))), INT),
    "polars": (pl.Series([BIG, BIG + 1]), INT),
    "sparse": (pd.Series(pd.arrays.SparseArray(np.array([0, HUGE + 1], np.uint64))), UINT),
    "polars UInt64": (pl.Series([HUGE + 1, HUGE + 3], dtype=pl.UInt64), UINT),
    "polars Int128": (pl.Series([1, 2**64 + 1], dtype=pl.Int128), OBJECT),
    "scalars of numpy": (objects([np.float64(BIG), np.int64(BIG + 1), np.uint64(BIG + 3)]), INT),
    "texts": (["", "a", "a\0b"], np.dtype("<U3")),
    "numpy texts of any length": (np.array(["a", "bc"], np.dtypes.StringDType()), np.dtype("<U2")),
    "dates": (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), np.dtype("M8[D]")),
    "polars dates": (pl.Series([dt.date(2020, 1, 1), dt.date(2020, 1, 2)]), np.dtype("M8[D]")),
}
SURROGATES = ["".join(("\ud800", letter)) for letter in "abab"]  # equal, but not the same objects
BYTES = "labels represented as bytes is not supported"
IN_ROME = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])).dt.tz_localize("Europe/Rome")
ZONE = "Class labels that are dates must not have a time zone, because NumPy removes it. Got .*Europe/Rome"
NUL = r"must not end with a NUL character, because NumPy removes it. Got 'a\\x00'"
REFUSED = {
    "list": (["a", "a\0"], ValueError, NUL),
    "objects": (objects(["a", "a\0"]), ValueError, NUL),
    "pandas": (pd.Series(["a", "a\0"]), ValueError, NUL),
    "categories": (pd.Series(["a", "a\0"], dtype="category"), ValueError, NUL),
    "polars": (pl.Series(["a", "a\0"]), ValueError, NUL),
    "polars categories": (pl.Series(["a", "a\0"], dtype=pl.Categorical), ValueError, NUL),
    "numpy texts of any length": (np.array(["a", "a\0"], np.dtypes.StringDType()), ValueError, NUL),
    "bytes": ([b"a", b"a\0"], TypeError, BYTES),
    "bytes as objects": (objects([b"a", b"a\0"]), TypeError, BYTES),
    "text and number": (["1", 1], ValueError, "NumPy array. Got int and str"),
    "text and NaN": (["nan", np.nan], ValueError, "contains NaN|missing label"),
    "text and None": (["None", None], ValueError, r"missing label: y\[1\] is None"),
    "infinity": (objects([1, np.inf]), ValueError, "infinity"),
    "missing date": (np.array(["2020-01-01", "NaT"], "M8[D]"), ValueError, "missing label"),
    "missing integer": (
        pd.Series([BIG + 1, None], dtype="Int64"),
        ValueError,
        r"missing label: y\[1\] is <NA>",
    ),
    "missing text": (pd.Series(["a", None], dtype="string"), ValueError, r"missing label: y\[1\] is <NA>"),
    "missing Arrow text": (
        pd.Series(["a", None], dtype=pd.ArrowDtype(pa.string())),
        ValueError,
        r"missing label: y\[1\] is <NA>",
    ),
    "missing value in a list": (["a", pd.NA], ValueError, r"missing label: y\[1\] is <NA>"),
    "dates that have no unit in common": (
        [np.datetime64("9999-01-01"), np.datetime64(1, "ns")],
        ValueError,
        r"common type datetime64\[ns\] without changing values",
    ),
    "durations that have no unit in common": (
        [np.timedelta64(1, "Y"), np.timedelta64(1, "D")],
        ValueError,
        r"timedelta64\[D\] and timedelta64\[Y\] cannot be compared",
    ),
    "integer and duration": ([5, np.timedelta64(1, "D")], ValueError, "Got int and timedelta64"),
    "integer and date": (objects([5, np.datetime64(1, "ns")]), ValueError, "Got datetime64 and int"),
    "date and duration": (
        [np.datetime64(1, "D"), np.timedelta64(1, "D")],
        ValueError,
        "datetime64 and timed",
    ),
    "missing date in a list": ([np.datetime64(1, "D"), np.datetime64("NaT")], ValueError, "missing label: y"),
    "pandas dates with a zone": (IN_ROME, ValueError, ZONE),
    "polars dates with a zone": (pl.from_pandas(IN_ROME), ValueError, ZONE),
    "a polars frame of dates with a zone": (pl.DataFrame({"y": IN_ROME}), ValueError, ZONE),
    "Arrow dates with a zone": (pa.array(IN_ROME), ValueError, ZONE),
    "Arrow dates with a zone in pandas": (pd.Series(pa.array(IN_ROME).to_pandas()), ValueError, ZONE),
    "dates of Python": ([dt.date(2020, 1, 1), dt.date(2020, 1, 2)], ValueError, "Got date"),
    "continuous": (objects([1, 2.5]), ValueError, "Unknown label type: continuous"),
    "lists": (objects([[], [1]]), ValueError, "Got list"),
}


def values_of(labels):
    """The labels as Python objects, sorted."""
    labels = labels.to_list() if isinstance(labels, pl.Series) else labels
    return sorted(np.asarray(labels, dtype=object).ravel().tolist())


@pytest.mark.filterwarnings(
    "ignore:A column-vector y was passed", "ignore::sklearn.exceptions.ConvergenceWarning"
)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize(("y", "dtype"), EXACT.values(), ids=EXACT)
def test_labels_keep_their_values(classifier, y, dtype):
    X = np.eye(len(y))
    if classifier is network and dtype == OBJECT:
        with pytest.raises(
            ValueError, match=r"must fit into one integer type of 64 bits. Got labels from .* to"
        ):
            classifier().fit(X, y)
        return
    fitted = classifier().fit(X, y)
    chunked = classifier().partial_fit(X, y, classes=y)
    for model in (fitted, chunked):
        assert model.classes_.dtype == dtype
        assert model.classes_.astype(object).tolist() == values_of(y)
    assert fitted.predict(X).astype(object).tolist() == values_of(y)
    assert fitted.score(X, y) == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize(
    "expected", [np.array([1, 2], "M8[ns]"), np.array([1, 2], "m8[ns]")], ids=["dates", "durations"]
)
def test_dates_in_nanoseconds_keep_their_values(classifier, expected):
    coarse = expected.astype(expected.dtype.char + "8[D]")[0]
    mixed = [coarse, expected[1]]
    for y in (expected, list(expected), objects(expected), pd.Series(expected), mixed, objects(mixed)):
        model = classifier().fit(np.eye(2), y)
        assert model.classes_.dtype == expected.dtype
        assert model.predict(np.eye(2)).tolist() == [
            int(label.astype(expected.dtype)) for label in np.asarray(y)
        ]


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize(("y", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_labels_that_cannot_be_kept_are_refused(classifier, y, error, message):
    with pytest.raises(error, match=message):
        classifier().fit(np.eye(2), y)
    with pytest.raises(error, match=message):
        classifier().partial_fit(np.eye(2), y, classes=[0, 1])


SETS = {
    "int64 and uint64": (np.array([2**60 + 1]), np.array([2**60 + 3, 2**60 + 7], np.uint64), INT),
    "uint64 and int64": (np.array([HUGE + 1], np.uint64), np.array([3, 5]), UINT),
    "negative and uint64": (np.array([-1]), np.array([HUGE + 1, HUGE + 3], np.uint64), OBJECT),
    "zero of two types": (np.array([0]), np.array([0], np.uint64), INT),
    "floats and integers": (np.array([float(BIG)]), np.array([BIG + 1]), INT),
    "integers and floats": (np.array([BIG + 1]), np.array([float(BIG)]), INT),
    "small integers and floats": (np.array([1]), np.array([2.0]), np.dtype(float)),
    "half precision": (np.array([2049], np.int16), np.array([1.0, 2048.0], np.float16), np.dtype(np.float32)),
    "booleans and integers": (np.array([True]), np.array([2], np.int8), np.dtype(np.int8)),
    "integers beyond 64 bits": (np.array([1]), np.array([2**64, 2**64 + 1], object), OBJECT),
    "nullable": (pd.Series([BIG], dtype="Int64"), pd.Series([BIG + 1], dtype="Int64"), INT),
    "texts of two lengths": (np.array(["a"]), np.array(["b", "bc"]), np.dtype("<U2")),
    "dates of two units": (np.array(["2020"], "M8[Y]"), np.array(["2020-01-02"], "M8[D]"), np.dtype("M8[D]")),
}


@pytest.mark.parametrize(("one", "other", "dtype"), SETS.values(), ids=SETS)
def test_labels_of_two_types_are_united_exactly(one, other, dtype):
    expected = {*np.asarray(one, object).tolist(), *np.asarray(other, object).tolist()}
    chunked = ComplementNB(new_classes="add")
    for y in (one, other):
        chunked.partial_fit(np.ones((len(y), 2)), y)
    merged = ComplementNB().fit(np.ones((len(one), 2)), one)
    merged.merge(ComplementNB().fit(np.ones((len(other), 2)), other))
    for model in (chunked, merged):
        assert model.classes_.dtype == dtype
        assert len(model.classes_) == len(expected)
        assert model.class_count_.sum() == len(one) + len(other)
        assert dtype.kind in "mM" or set(model.classes_.tolist()) == expected


NUMBERS = st.lists(
    st.one_of(
        st.integers(-3, 3), st.integers(BIG - 2, BIG + 3), st.integers(HUGE - 2, HUGE + 2), st.just(-HUGE)
    ),
    min_size=1,
    max_size=5,
)
FORMS = st.sampled_from(["list", "objects", "Int64", "UInt64", "int64", "uint64", "floats"])


def in_form(labels, form):
    """Labels in a form, or as a list if it cannot hold them."""
    try:
        if form == "floats":
            return np.array([float(label) for label in labels])
        if form in ("Int64", "UInt64"):
            return pd.Series(pd.array(labels, dtype=form))
        return objects(labels) if form == "objects" else labels if form == "list" else np.array(labels, form)
    except (OverflowError, TypeError, ValueError):
        return labels


@given(st.lists(st.tuples(NUMBERS, FORMS), min_size=1, max_size=3))
def test_counts_of_integer_labels_are_those_of_a_dictionary(batches):
    counts, merged = {}, None
    model = ComplementNB(new_classes="add")
    for labels, form in batches:
        y = in_form(labels, form)
        for label in np.asarray(y, dtype=object).tolist():
            counts[label] = counts.get(label, 0) + 1
        X = np.ones((len(labels), 1))
        model.partial_fit(X, y)
        part = ComplementNB().fit(X, y)
        merged = part if merged is None else merged.merge(part)
    for each in (model, merged):
        assert dict(zip(each.classes_.tolist(), each.class_count_.tolist(), strict=True)) == counts


UNKNOWN = "not among the classes|do not exist in the initial classes|`y` has classes not in"


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize(
    ("classes", "label"),
    [
        ([float(BIG), 1.0], BIG + 1),
        ([BIG + 1, 1], float(BIG)),
        (np.array([1, HUGE + 2], np.uint64), HUGE + 1),
        ([1, BIG], pd.Series([BIG + 1], dtype="Int64")),
    ],
    ids=["integer", "float", "uint64", "nullable"],
)
def test_partial_fit_refuses_a_label_that_is_almost_a_class(classifier, classes, label):
    y = label if isinstance(label, pd.Series) else [label]
    with pytest.raises(ValueError, match=UNKNOWN):
        classifier().partial_fit([[1.0]], y, classes=classes)
    model = classifier().partial_fit([[1.0]], [1], classes=classes)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        model.partial_fit([[1.0]], [1], classes=[1, np.asarray(y, object)[0]])
    assert model.partial_fit([[1.0]], [1.0], classes=np.array(classes, object)) is model


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_dates_after_numbers_say_what_is_wrong(classifier):
    dates = np.array(["2020-01-01", "2020-01-02"], "M8[D]")
    model = classifier().partial_fit(np.eye(2), dates, classes=dates)
    with pytest.raises(ValueError, match="all dates of a NumPy array. Got datetime64 and int64"):
        model.partial_fit(np.eye(2), [1, 2])


def test_dates_that_have_no_unit_in_common_are_refused():
    model = ComplementNB(new_classes="add").partial_fit([[1.0]], np.array(["2020-01-01T00"], "M8[ns]"))
    with pytest.raises(ValueError, match=r"common type datetime64\[ns\] without changing values"):
        model.partial_fit([[1.0]], np.array(["9999-01-01"], "M8[D]"))


def test_class_weights_are_those_of_the_exact_label():
    model = ComplementNB().fit(np.eye(3), [BIG, BIG + 1, 3])
    rows = model.feature_log_prob_[[2, 0]]
    np.testing.assert_array_equal(model.class_weights([BIG + 1, 3.0]), rows)
    np.testing.assert_array_equal(model.class_weights(pd.Series([BIG + 1, 3], dtype="Int64")), rows)
    with pytest.raises(ValueError, match="which are not among the 3 classes"):
        model.class_weights([BIG + 2])


def test_a_warm_start_compares_classes_exactly():
    model = GDClassifier(warm_start=True, max_iter=50).fit(np.eye(2), [1.0, float(BIG)])
    with pytest.raises(ValueError, match="the classes and the number of features must be the same"):
        model.fit(np.eye(2), [1, BIG + 1])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("unit", ["D", "us", "ns"])
@pytest.mark.parametrize("classifier", [GDClassifier, network])
@pytest.mark.parametrize(
    "key",
    [dt.datetime, pd.Timestamp, lambda *day: np.datetime64(dt.date(*day))],
    ids=["Python", "pandas", "NumPy"],
)
def test_weights_of_classes_that_are_dates(classifier, unit, key):
    X, y = np.eye(3), np.array(["2020-01-01", "2020-01-02", "2020-01-02"], f"M8[{unit}]")
    model = classifier(class_weight={key(2020, 1, 1): 3}).fit(X, y)
    expected = classifier(class_weight={0: 3}).fit(X, [0, 1, 1])
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    with pytest.raises(ValueError, match=r"keys of the 'class_weight' .* not among the 2 classes"):
        classifier(class_weight={key(2021, 1, 1): 3}).fit(X, y)
    with pytest.raises(ValueError, match="non-negative and finite"):
        classifier(class_weight={key(2020, 1, 1): -3}).fit(X, y)


def test_balanced_weights_of_labels_beyond_64_bits():
    X, y = np.eye(3), [2**64 + 1, 2**64 + 1, 2**64 + 3]
    model = GDClassifier(class_weight="balanced").fit(X, y)
    expected = GDClassifier(class_weight="balanced").fit(X, [0, 0, 1])
    np.testing.assert_array_equal(model.coef_, expected.coef_)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_score_compares_labels_exactly(classifier):
    model = classifier().fit(np.eye(2), [BIG, BIG + 1])
    assert model.score(np.eye(2), pd.Series([BIG + 1, BIG + 1], dtype="Int64")) == 0.5
    assert model.score(np.eye(2), [float(BIG), BIG + 2], sample_weight=[3, 1]) == 0.75
    with pytest.raises(ValueError, match="NUL"):
        model.score(np.eye(2), ["a", "a\0"])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_compares_later_labels_exactly():
    X, y = np.eye(2), [BIG, BIG + 1]
    model = network(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
        model.fit(X, [float(BIG), BIG + 2.0])
    validated = network(early_stopping=True).fit(X, y, X_val=X, y_val=pd.Series(y, dtype="Int64"))
    assert validated.best_validation_score_ == 1
    with pytest.raises(ValueError, match="`y_val` has classes not in"):
        network().fit(X, y, X_val=X, y_val=pd.Series([BIG, BIG + 2], dtype="Int64"))


@pytest.mark.parametrize(
    "kind", [ComplementNB, GDClassifier, MLPClassifier, GDRegressor, PolynomialRegressor, MLPRegressor]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lazy_frames_are_collected(kind):
    X, y = pl.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]}), pl.DataFrame({"y": [1, 2, 1]})
    params = {"random_state": 0, "max_iter": 3} if kind in (MLPClassifier, MLPRegressor) else {}
    model, expected = kind(**params).fit(X.lazy(), y["y"]), kind(**params).fit(X, y["y"])
    np.testing.assert_array_equal(model.predict(X.lazy()), expected.predict(X))
    if hasattr(model, "partial_fit"):
        model.partial_fit(X.lazy(), y["y"])
    with warnings.catch_warnings(action="ignore"):  # some say that y is a column
        assert model.fit(X, y.lazy()).predict(X).shape[0] == 3


@pytest.mark.parametrize(
    ("encoder", "X"),
    [
        (OneHotEncoder(), pl.DataFrame({"budget": ["cheap", "premium"]})),
        (MultiHotEncoder(), pl.DataFrame({"types": [["Puzzle"], ["Puzzle", "Racing"]]})),
    ],
    ids=["OneHotEncoder", "MultiHotEncoder"],
)
def test_encoders_collect_lazy_frames(encoder, X):
    encoder.set_params(sparse_output=False).set_output(transform="polars")
    encoded = encoder.fit(X).transform(X)
    assert encoder.fit(X.lazy()).transform(X.lazy()).equals(encoded)
    assert encoder.partial_fit(X.lazy()).fit_transform(X.lazy()).equals(encoded)
    assert encoder.additive_state(X.lazy()).n_rows == 2
    assert encoder.inverse_transform(encoded.lazy()).tolist() == encoder.inverse_transform(encoded).tolist()


def test_a_regressor_whose_layers_are_taken_for_its_loss_says_so():
    with pytest.raises(
        ValueError, match=r"Pass the sizes of the layers by name, as hidden_layer_sizes=\(32,\)"
    ):
        MLPRegressor((32,)).fit(np.eye(2), [0.0, 1.0])
    with pytest.raises(ValueError, match=r"Got 'absolute' instead\.$"):
        MLPRegressor("absolute").fit(np.eye(2), [0.0, 1.0])


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_equal_strings_with_lone_surrogates_are_one_class(classifier):
    model = classifier().fit(np.eye(4), SURROGATES)
    assert model.classes_.tolist() == ["\ud800a", "\ud800b"]
    assert model.predict(np.eye(4)).tolist() == SURROGATES


def test_the_version_is_that_of_the_distribution():
    installed = [found.version for found in importlib.metadata.distributions(name="tallygrad")]
    assert estimators.__version__ == (installed or ["0+unknown"])[0]
    hidden = (
        "import importlib.metadata as m; m.Distribution.discover = classmethod(lambda *a, **k: iter(())); "
    )
    asked = f"{hidden}import estimators; print(estimators.__version__)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0+unknown"
