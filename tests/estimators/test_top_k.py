"""The k best, ties in order: against a stable sort of everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from estimators._bayes.top_k import WIDE, top_k_indices


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
@pytest.mark.parametrize("width", [WIDE - 1, WIDE, 5000])
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
