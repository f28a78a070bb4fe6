"""Columns of numbers as columns of bins."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from estimators import BinEncoder

EDGES = [1980, 1990]


@pytest.fixture(params=[pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def frame(request):
    return request.param


def test_bins_by_hand(frame):
    years = frame({"year": [1979, 1980, 1989, 1990, None], "score": [1.0, 2.5, None, 0.0, 9.0]})
    encoder = BinEncoder(edges=[EDGES, [2.5]], feature_name_combiner="equals").fit(years)
    expected = [[1, 0, 0, 1, 0], [0, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]]
    assert encoder.transform(years).toarray().tolist() == expected
    assert encoder.get_feature_names_out().tolist() == [
        "year=1979 or less",
        "year=1980 to 1989",
        "year=1990 or more",
        "score=below 2.5",
        "score=2.5 or more",
    ]


@pytest.mark.parametrize(
    ("edges", "names"),
    [
        ([3, 4, 6], ["2 or less", "3", "4 to 5", "6 or more"]),
        ([3.0, 4.5], ["below 3", "3 to 4.5", "4.5 or more"]),
        ([], ["any number"]),
        (np.array([-1, 0]), ["-2 or less", "-1", "0 or more"]),
    ],
)
def test_names_of_given_edges(edges, names):
    assert BinEncoder(edges=edges).fit([[0.0]]).bin_names_[0].tolist() == names


def test_found_bins_have_about_equal_numbers_of_rows():
    values = np.random.default_rng(0).lognormal(size=(10_000, 1))
    for n_bins in (2, 4, 7):
        sizes = BinEncoder(n_bins=n_bins, sparse_output=False).fit_transform(values).sum(axis=0)
        assert len(sizes) == n_bins
        np.testing.assert_allclose(sizes / len(values), 1 / n_bins, atol=0.03)


@pytest.mark.parametrize("unit", [1.0, np.float32(0.1), 1e-310, 1e300])
def test_rounding_the_edges_does_not_move_frequent_values_to_another_bin(unit):
    values = np.repeat(np.array([1 / 3, 2 / 3, 4 / 3, 7, 9]) * unit, 20)[:, np.newaxis]
    sizes = BinEncoder(n_bins=5, sparse_output=False).fit_transform(values).sum(axis=0)
    assert sizes.tolist() == [20, 20, 20, 20, 20]


def test_edges_of_numbers_from_the_smallest_to_the_largest_are_finite():
    values = np.repeat([1e-300, 1e-200, 1.5, 1e200, 1e300], 20)[:, np.newaxis]
    encoder = BinEncoder(n_bins=5, sparse_output=False)
    assert encoder.fit_transform(values).sum(axis=0).tolist() == [20, 20, 20, 20, 20]
    assert np.isfinite(encoder.edges_[0]).all()


def test_found_edges_of_whole_numbers_are_whole_and_others_are_short():
    whole = BinEncoder(n_bins=4).fit(np.arange(1900, 2000)[:, np.newaxis])
    assert whole.bin_names_[0].tolist() == ["1924 or less", "1925 to 1949", "1950 to 1974", "1975 or more"]
    short = BinEncoder(n_bins=3).fit(np.linspace(0, 1, 1000)[:, np.newaxis])
    assert short.bin_names_[0].tolist() == ["below 0.33", "0.33 to 0.67", "0.67 or more"]


@pytest.mark.parametrize(
    ("values", "sizes"),
    [([5.0] * 9, [9]), ([None, None], [0]), ([1.0] * 6 + [2.0], [6, 1]), ([3.0, 3.0, 1.0, 9.5], [1, 2, 1])],
)
def test_frequent_values_leave_fewer_bins_and_none_is_empty(values, sizes):
    X = np.array(values, dtype=float)[:, np.newaxis]
    encoded = BinEncoder(n_bins=8, sparse_output=False).fit_transform(X)
    assert encoded.sum(axis=0).tolist() == sizes


def test_a_single_cell_is_encoded_as_the_table_is():
    encoder = BinEncoder(edges=[0.5, 2.0, 7.25], sparse_output=False).fit([[1.0]])
    cells = encoder.cell_encoder(start=3)
    for value in [-4, 0, 0.5, 1, 2, 2.0, 7.24, 7.25, 10**9]:
        assert cells.places(value) == [3 + encoder.transform([[value]])[0].argmax()]
    assert cells.places(None) == cells.places(np.nan) == []
    assert cells.places("2") is cells.places(np.inf) is cells.places(10**400) is None
    assert (cells.name, cells.end) == ("x0", 7)
    assert cells.categories == ("below 0.5", "0.5 to 2", "2 to 7.25", "7.25 or more")


def test_output_is_sparse_dense_or_a_frame(frame):
    years = frame({"year": [1979, 1985]})
    dense = BinEncoder(edges=EDGES, sparse_output=False, dtype=np.int8)
    assert dense.fit_transform(years).dtype == np.int8
    named = dense.set_output(transform="pandas").fit_transform(years)
    assert named.columns.tolist() == ["year_1979 or less", "year_1980 to 1989", "year_1990 or more"]
    with pytest.raises(ValueError, match="Pandas output does not support sparse data"):
        BinEncoder(edges=EDGES).set_output(transform="pandas").fit(years).transform(years)
    combined = BinEncoder(edges=[5], feature_name_combiner=lambda name, of_bin: f"{of_bin} {name}").fit([[1]])
    assert combined.get_feature_names_out().tolist() == ["4 or less x0", "5 or more x0"]


@pytest.mark.parametrize("edges", [[2, 1], [1, 1], [1, np.nan], [[1], [2]], "quantile", [["a"]], 5])
def test_edges_that_are_none(edges):
    with pytest.raises(ValueError, match="'edges' parameter of BinEncoder must be"):
        BinEncoder(edges=edges).fit([[1.0], [2.0]])


def test_infinite_numbers_and_other_columns_are_refused():
    encoder = BinEncoder(edges=EDGES).fit([[1.0]])
    with pytest.raises(ValueError, match="Column 0 must contain only finite numbers. Got inf in row 1"):
        encoder.transform([[1.0], [np.inf]])
    with pytest.raises(ValueError, match="2 features, but BinEncoder is expecting 1"):
        encoder.transform([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("cells", "error", "message"),
    [
        ([1990, None, "cheap"], ValueError, "only numbers or missing values. Got 'cheap' in row 2.$"),
        ([None, [1990]], TypeError, r"Got \[1990\] in row 1: float.. argument must be .* not 'list'"),
        ([2.5, -np.inf], ValueError, "only finite numbers. Got -inf in row 1"),
        ([10**400], ValueError, "only finite numbers. Got 1000.* in row 0"),
    ],
    ids=["text", "a list", "infinite", "huge"],
)
def test_a_cell_that_is_no_number_is_named(cells, error, message):
    encoder = BinEncoder(edges=[[5], EDGES])
    rows = pd.DataFrame({"length": [1.0] * len(cells), "year": pd.Series(cells, dtype=object)})
    fitted = encoder.fit(pd.DataFrame({"length": [1.0], "year": [1990]}))
    for method in (encoder.fit, fitted.transform):
        with pytest.raises(error, match=f"^Column 'year' must contain .*{message}"):
            method(rows)


def test_a_text_in_polars_and_arrays_is_named():
    encoder = BinEncoder(edges=EDGES)
    with pytest.raises(ValueError, match="Column 'year' must contain only numbers.*Got 'old' in row 1"):
        encoder.fit(pl.DataFrame({"year": ["1990", "old"]}))
    with pytest.raises(ValueError, match="Column 0 must contain only numbers.*Got 'old' in row 1"):
        encoder.fit([["1990"], ["old"]])


def test_a_pickle_encodes_the_same():
    X = np.random.default_rng(0).normal(size=(50, 2))
    encoder = BinEncoder(n_bins=5).fit(X)
    again = pickle.loads(pickle.dumps(encoder))
    assert (encoder.transform(X) != again.transform(X)).nnz == 0
