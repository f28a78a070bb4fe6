"""TimeWithinGroupSplit: earlier rows of each group train, later ones test."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

from estimators import ComplementNB
from pipelines import TimeWithinGroupSplit, hit_rate_scorer

GROUPS = list("abaababa")  # a: rows 0 2 3 5 7, b: 1 4 6


def splits(splitter, X=GROUPS, groups=GROUPS):
    return [(train.tolist(), test.tolist()) for train, test in splitter.split(X, groups=groups)]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [([0, 1, 2, 3, 4], [5, 6, 7])]),
        ({"test_size": 1}, [([0, 1, 2, 3, 4, 5], [6, 7])]),
        ({"test_size": 2}, [([0, 1, 2, 3], [4, 5, 6, 7])]),
        ({"test_size": 0.4}, [([0, 1, 2, 3, 4], [5, 6, 7])]),
        ({"test_size": 0.2}, [([0, 1, 2, 3, 4, 5, 6], [7])]),  # a fifth of three rows is none
        ({"test_size": 3}, [([0, 2], [3, 5, 7])]),  # b would have no row to train on
        ({"n_splits": 2}, [([0, 1, 2, 3], [4, 5]), ([0, 1, 2, 3, 4, 5], [6, 7])]),  # a third is one row
        ({"n_splits": 2, "test_size": 2}, [([0], [2, 3]), ([0, 1, 2, 3], [4, 5, 6, 7])]),
    ],
)
def test_splits_by_hand(parameters, expected):
    assert splits(TimeWithinGroupSplit(**parameters)) == expected


@pytest.mark.parametrize(("n", "n_splits", "test_size"), [(20, 5, None), (23, 4, None), (17, 3, 2)])
def test_one_group_is_split_as_a_time_series(n, n_splits, test_size):
    X = np.zeros((n, 1))
    theirs = TimeSeriesSplit(n_splits, test_size=test_size).split(X)
    ours = TimeWithinGroupSplit(n_splits, test_size=test_size).split(X, groups=np.zeros(n))
    for (train, test), (their_train, their_test) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(train, their_train)
        np.testing.assert_array_equal(test, their_test)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize("kind", [int, "datetime64[ms]"])
def test_rows_are_ordered_by_a_column(frame, kind):
    rng = np.random.default_rng(0)
    groups, time = rng.integers(0, 9, 100), rng.integers(0, 40, 100)
    X = frame({"when": time.astype(kind)})
    for train, test in TimeWithinGroupSplit(3, time="when").split(X, groups=groups):
        assert not set(train) & set(test)
        for group in range(9):
            before, after = (time[rows[groups[rows] == group]] for rows in (train, test))
            if len(after):
                assert before.max() <= after.min()


def test_the_contract_of_a_splitter():
    splitter = TimeWithinGroupSplit(2, time="when")
    assert splitter.get_n_splits() == splitter.get_n_splits([0], [0], [0]) == 2
    assert repr(splitter) == "TimeWithinGroupSplit(n_splits=2, test_size=None, time='when')"
    X, y, groups = np.tile(np.eye(2), (6, 1)), ["a", "b"] * 6, np.repeat([0, 1, 2], 4)
    scores = cross_val_score(
        ComplementNB(), X, y, groups=groups, cv=TimeWithinGroupSplit(), scoring=hit_rate_scorer(1)
    )
    assert scores.tolist() == [1.0]
    with config_context(enable_metadata_routing=True):
        routed = cross_val_score(ComplementNB(), X, y, params={"groups": groups}, cv=TimeWithinGroupSplit())
    assert routed.tolist() == [1.0]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: TimeWithinGroupSplit(0), "'n_splits' parameter of TimeWithinGroupSplit must be an int"),
        *(
            (
                lambda size=size: TimeWithinGroupSplit(test_size=size),
                "'test_size' parameter of TimeWithinGroupSplit",
            )
            for size in (0, -1, 1.0, 1.5, True, "half", np.nan)
        ),
        (
            lambda: splits(TimeWithinGroupSplit(), groups=None),
            "'groups' parameter of TimeWithinGroupSplit must",
        ),
        (lambda: splits(TimeWithinGroupSplit(), groups=["a"]), "inconsistent numbers of samples"),
        (lambda: splits(TimeWithinGroupSplit(), "abc", "abc"), "found no row to test on .* at most 1"),
        (lambda: splits(TimeWithinGroupSplit(time="when")), "'time' parameter must be the name of a column"),
        (
            lambda: splits(TimeWithinGroupSplit(time="when"), pd.DataFrame({"when": [1, None]}), "aa"),
            "column 'when' of X must not have missing values",
        ),
    ],
)
def test_refusals(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
