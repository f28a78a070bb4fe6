"""Compare the encoders with scikit-learn's: encoding a million rows as a CSR matrix."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import sklearn.preprocessing as peers

from benchmarks._harness import Row, compare, seconds
from estimators import MultiHotEncoder, OneHotEncoder

ROWS = 1_000_000


def run() -> list[Row]:
    """Run all benchmarks of the encoders."""
    return [*multi_hot_rows(), *one_hot_rows()]


def words(count: int, n_categories: int, *, shared: bool) -> np.ndarray:
    """Return uniformly drawn strings. If `shared`, equal strings are one object, as in an indexed column.

    Strings read from a file are separate objects, which is slower for all libraries.
    """
    names = np.array([f"category {k}" for k in range(n_categories)], dtype=object)
    drawn = names[np.random.default_rng(0).integers(n_categories, size=count)]
    return drawn if shared else np.array([word[:1] + word[1:] for word in drawn], dtype=object)


def lists(n_categories: int, *, shared: bool) -> list[list[str]]:
    """Return lists of one to four words, one list per row."""
    ends = np.cumsum(np.random.default_rng(1).integers(1, 5, size=ROWS)).tolist()
    flat = words(ends[-1], n_categories, shared=shared).tolist()
    return [flat[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def same(ours: Any, theirs: Any) -> None:
    """Check that the matrices are equal."""
    assert ours.shape == theirs.shape
    assert (ours != theirs).nnz == 0


def floor_of(strings: Callable[[], Iterable[str]]) -> str:
    """Return the time to look up each string once in a dict, which no encoder in Python can avoid.

    This includes the hash of each string and the comparison with the key, but not writing the matrix.
    """
    position = {word: k for k, word in enumerate(dict.fromkeys(strings()))}.__getitem__
    milliseconds = 1e3 * median(seconds(lambda: deque(map(position, strings()), maxlen=0)) for _ in range(7))
    return f"one dict lookup for each string takes {milliseconds:.0f} ms"


def multi_hot_rows() -> Iterator[Row]:
    """Benchmark the encoding of lists."""
    for n_categories in (50, 20_000):
        for shared in (False, True):
            cells = lists(n_categories, shared=shared)
            kind = "shared string objects" if shared else "separate string objects"
            yield compare(
                f"MultiHotEncoder, Python lists, {n_categories:,} categories, {kind}",
                lambda cells=cells: MultiHotEncoder().fit_transform(cells),
                lambda cells=cells: peers.MultiLabelBinarizer(sparse_output=True).fit_transform(cells),
                peer_name="MultiLabelBinarizer",
                aim="2x",
                repeats=7,
                agree=same,
                note="" if shared else floor_of(lambda cells=cells: chain.from_iterable(cells)),
            )
        series = pl.Series("types", cells)
        yield compare(
            f"MultiHotEncoder, polars List column, {n_categories:,} categories",
            lambda series=series: MultiHotEncoder().fit_transform(series),
            lambda cells=cells: peers.MultiLabelBinarizer(sparse_output=True).fit_transform(cells),
            peer_name="MultiLabelBinarizer, on Python lists",
            aim="4x",
            repeats=7,
            agree=same,
        )


def one_hot_rows() -> Iterator[Row]:
    """Benchmark the encoding of single words."""
    for n_categories in (50, 20_000):
        own, shared = (words(ROWS, n_categories, shared=shared) for shared in (False, True))
        for kind, X in (
            ("separate string objects", own.reshape(-1, 1)),
            ("shared string objects", shared.reshape(-1, 1)),
            ("pandas str", pd.DataFrame({"x": pd.Series(own.tolist(), dtype="str")})),
            ("polars String", pl.DataFrame({"x": own.tolist()})),
        ):
            yield compare(
                f"OneHotEncoder, {kind}, {n_categories:,} categories",
                fit_transform(OneHotEncoder, X),
                fit_transform(peers.OneHotEncoder, X),
                peer_name="scikit-learn",
                aim="3x",
                repeats=7,
                agree=same,
                note=floor_of(lambda own=own: own) if kind == "separate string objects" else "",
            )


def fit_transform(encoder: type, X: Any) -> Callable[[], Any]:
    """Return a function that calls fit_transform."""
    return lambda: encoder().fit_transform(X)
