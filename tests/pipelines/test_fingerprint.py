"""The fingerprint is that of the content, whatever holds it, and follows its documented recipe."""

import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from pipelines._saving.fingerprint import training_data
from tests.effort import effort

ROWS = {
    "budget": ["cheap", None, "dear"],
    "cost": [1, 2, None],
    "rate": [0.5, -0.0, float("nan")],
    "owned": [True, False, True],
    "types": [["Action", "Puzzle"], [], None],
    "parts": [[1, 2.5], [None], [True]],
    "when": [datetime(2020, 1, 2, 3, 4, 5, 600), None, datetime(1999, 12, 31)],
}
NAMES = ["Ico", "Braid", "F-Zero"]


def fingerprint(X, y=None):
    return training_data(X, y)["fingerprint"]


def test_recipe():
    """The documented recipe, done by hand with hashlib alone."""
    frame = pl.DataFrame({"n": [1, None], "t": [["a"], ["b", "c"]]})
    parts = [
        b'["X", 2, ["n", "t"]]',
        b"floats" + np.array([1.0, np.nan], dtype="<f8").tobytes(),
        b'cells[["a"], ["b", "c"]]',
        b'["y", 2, 1]',
        b'cells["p", "\\u00e9"]',
    ]
    framed = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    found = training_data(frame, ["p", "é"])
    assert found["fingerprint"] == hashlib.sha256(framed).hexdigest()
    assert (found["rows"], found["columns"]) == (2, ["n", "t"])


def test_pandas_and_polars_agree():
    polars = pl.DataFrame(ROWS, strict=False)
    expected = training_data(polars, pl.Series(NAMES))
    frames = [
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).convert_dtypes(),
        pd.DataFrame(ROWS).astype(object),
        pd.DataFrame(ROWS, index=[7, 8, 9]).astype({"budget": "category"}),
        polars.with_columns(pl.col("budget").cast(pl.Categorical), pl.col("cost").cast(pl.Int8)),
        polars.with_columns(pl.col("cost").cast(pl.Float32)),
    ]
    targets = [NAMES, np.array(NAMES), pd.Series(NAMES, name="game"), np.array(NAMES, dtype=object)]
    for frame in frames:
        for y in targets:
            assert training_data(frame, y) == expected
    assert len({fingerprint(frame) for frame in [*frames, polars]}) == 1


@pytest.mark.parametrize(
    "cells",
    [
        [("a", "b"), {"b", "a"}],
        [np.array(["a", "b"]), frozenset("ab")],
        [pd.Series(["a", "b"]), pl.Series(["a", "b"])],
    ],
)
def test_list_cells_may_be_held_in_anything(cells):
    expected = fingerprint(pd.DataFrame({"t": [["a", "b"], ["a", "b"]]}))
    assert fingerprint(pd.DataFrame({"t": cells})) == expected


def test_whole_numbers_floats_and_decimals_agree():
    columns = [[1, 2], [1.0, 2.0], [True, 2], [Decimal(1), np.int8(2)], np.array([1, 2], "f4")]
    assert len({fingerprint(pd.DataFrame({"n": column})) for column in columns}) == 1


def test_numpys_dates_agree_whatever_their_unit():
    days = ["2020-01-02", "NaT"]
    prints = {fingerprint(np.array(days, dtype=f"datetime64[{unit}]")) for unit in ("D", "s", "us", "ns")}
    assert len(prints) == 1
    assert prints != {fingerprint(np.array([1577923200000000000.0, np.nan]))}


def test_dates_agree():
    frames = [
        pl.DataFrame({"d": [date(2020, 1, 2), None]}),
        pl.DataFrame({"d": [datetime(2020, 1, 2), None]}),
        pd.DataFrame({"d": pd.to_datetime(["2020-01-02", None])}),
    ]
    assert len({fingerprint(frame) for frame in frames}) == 1
    aware = pl.DataFrame({"d": [datetime(2020, 1, 2, tzinfo=UTC)]})
    assert fingerprint(aware) == fingerprint(pd.DataFrame({"d": [datetime(2020, 1, 2, tzinfo=UTC)]}))


def test_arrays_lists_and_sparse():
    rows = [[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]]
    found = training_data(np.array(rows))
    assert (found["rows"], found["columns"]) == (2, 3)
    same = [rows, np.array(rows, order="F"), np.array(rows, "f4"), np.array(rows).astype(object)]
    assert {fingerprint(array) for array in same} == {found["fingerprint"]}
    explicit = sparse.coo_array(([1, 2, 1, 2, 0], ([0, 0, 1, 1, 0], [0, 2, 1, 1, 1])), (2, 3))
    matrices = [sparse.csr_matrix(rows), sparse.csc_array(rows), explicit]
    assert len({fingerprint(matrix) for matrix in matrices}) == 1
    assert training_data(explicit)["columns"] == 3
    assert explicit.nnz == 5  # and is not changed


CHANGES = [
    lambda frame: frame.head(2),
    lambda frame: frame.reverse(),
    lambda frame: frame.rename({"cost": "costs"}),
    lambda frame: frame.select(reversed(frame.columns)),
    lambda frame: frame.with_columns(pl.col("rate") + 1e-9),
    lambda frame: frame.with_columns(pl.col("budget").fill_null("")),
    lambda frame: frame.with_columns(pl.col("types").list.reverse()),
    lambda frame: frame.with_columns(pl.col("types").fill_null([])),
    lambda frame: frame.with_columns(pl.col("when") + pl.duration(microseconds=1)),
]


def test_every_change_of_content_shows():
    frame = pl.DataFrame(ROWS, strict=False)
    prints = [fingerprint(frame)] + [fingerprint(change(frame)) for change in CHANGES]
    assert len(set(prints)) == len(CHANGES) + 1
    y = [fingerprint(frame, labels) for labels in (NAMES, NAMES[::-1], [1, 2, 3], ["1", "2", "3"])]
    assert len({*y, prints[0]}) == 5
    cells = ([["a", "b"], ["c"]], [["a"], ["b", "c"]], [["ab"], ["c"]], ["ab", "c"])
    assert len({fingerprint(pd.DataFrame({"t": column})) for column in cells}) == 4


ITEMS = st.one_of(st.none(), st.text(max_size=3), st.integers(-9, 9), st.floats())


@settings(max_examples=effort(100, 20), deadline=None)
@given(st.lists(st.lists(ITEMS, max_size=3), max_size=4))
def test_missing_and_numbers_are_canonical(rows):
    """The cells as one writes them down are told apart as JSON tells them apart."""

    def canonical(item):
        if isinstance(item, str) or item is None or item != item:
            return item if isinstance(item, str) else None
        return float(item) + 0.0

    plain = [[canonical(item) for item in row] for row in rows]
    digest = fingerprint(pd.DataFrame({"t": pd.Series(rows, dtype=object)}))
    parts = [json.dumps(["X", len(rows), ["t"]]).encode(), b"cells" + json.dumps(plain).encode()]
    if not rows:
        parts[1] = b"floats"
    framed = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    assert digest == hashlib.sha256(framed).hexdigest()


def test_other_processes_agree():
    code = (
        "import pandas as pd\n"
        "from pipelines._saving.fingerprint import training_data\n"
        "frame = pd.DataFrame({'t': [{'a', 'b', 'c'}, {'z', 'y'}]})\n"
        "print(training_data(frame)['fingerprint'])\n"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(prints) == 1


@pytest.mark.parametrize("cell", [object, {"a": 1}, b"bytes", 1j])
def test_cells_without_a_canonical_form(cell):
    with pytest.raises(TypeError, match=r"cell of the training data must be .* Got .* of type \w+"):
        training_data(pd.DataFrame({"t": ["a", [cell]]}))


def test_bad_shapes():
    with pytest.raises(ValueError, match="one or two dimensions. Got an array with 3"):
        training_data(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="X and y must have the same number of rows. Got 2 rows of X and 3"):
        training_data(np.zeros((2, 2)), [1, 2, 3])
    with pytest.raises(ValueError, match="'y' parameter must be None if 'X' is None"):
        training_data(None, [1])
    assert training_data(None) is None


def test_duplicate_names_empty_frames_and_several_targets():
    twice = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    assert training_data(twice)["columns"] == ["a", "a"]
    assert fingerprint(twice) != fingerprint(twice.iloc[:, ::-1])
    empty = training_data(pl.DataFrame({"a": []}, schema={"a": pl.List(pl.String)}))
    assert empty["fingerprint"] == fingerprint(pd.DataFrame({"a": []}))
    assert empty["rows"] == 0
    X = np.eye(2)
    assert fingerprint(X, np.array([[1, 2], [3, 4]])) == fingerprint(X, [[1, 2], [3, 4]])
    assert fingerprint(X, np.array([[1, 2], [3, 4]])) != fingerprint(X, [[1, 3], [2, 4]])


def test_one_column_at_a_time_is_held_as_bytes():
    X = np.ones((20_000, 50))
    tracemalloc.start()
    training_data(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.nbytes / 4


def test_polars_integers_that_numpy_does_not_have():
    values = [1, 2**64, -(2**70)]
    assert training_data(pl.DataFrame({"id": pl.Series(values, dtype=pl.Int128)})) == training_data(
        pl.DataFrame({"id": [float(value) for value in values]})
    )
