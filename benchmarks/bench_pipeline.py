"""Compare a query through the pipeline with scikit-learn's parts, and a compiled query with the pipeline."""

import pickle
from collections.abc import Callable
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.testing import assert_equal
from scipy.sparse import csr_array
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder as TheirOneHotEncoder

from benchmarks._harness import Row, compare
from benchmarks.bench_naive_bayes import their_model
from pipelines import compile_recommender, game_recommender, recommend

BUDGETS = np.array(["cheap", "standard", "premium"])


def games(n_games: int, n_types: int) -> pd.DataFrame:
    """Return games with one budget and one to four types."""
    rng = np.random.default_rng(0)
    names = np.array([f"type {i:03d}" for i in range(n_types)])
    budgets = BUDGETS[rng.integers(3, size=n_games)].astype(object)
    types = [names[rng.permutation(n_types)[: rng.integers(1, 5)]].tolist() for _ in range(n_games)]
    return pd.DataFrame({"budget": budgets, "gameplay_types": types})


def same_list(types: list[str]) -> list[str]:
    """Return the list unchanged, as the analyzer of CountVectorizer, which expects text."""
    return types


def their_pipeline(ours: Pipeline, X: pd.DataFrame) -> Pipeline:
    """Return scikit-learn's fitted encoders, and its classifier with our counts: fit would build n x K."""
    encode = ColumnTransformer(
        [
            ("budget", TheirOneHotEncoder(handle_unknown="ignore"), ["budget"]),
            ("gameplay_types", CountVectorizer(analyzer=same_list, binary=True), "gameplay_types"),
        ],
        sparse_threshold=1.0,
    ).fit(X)
    return Pipeline([("encode", encode), ("classify", their_model(ours["classify"]))])


def run() -> list[Row]:
    """Run the benchmarks with catalogues of 300 and 100,000 games."""
    return [
        *one_question(300, 25, "1x"),
        *one_question(100_000, 25, "10x"),
        *one_question(100_000, 197, "10x"),
        *compiled_question(300, 25, "10x, 0.1 ms"),
        *compiled_question(100_000, 25, "0.7 ms"),
        *compiled_question(100_000, 197, "0.7 ms"),
    ]


def one_question(n_games: int, n_types: int, aim: str) -> list[Row]:
    """Benchmark one query, and report the time taken by each part."""
    X = games(n_games, n_types)
    model = game_recommender().fit(X, np.arange(n_games))
    theirs = their_pipeline(model, X)
    question = pd.DataFrame({"budget": ["cheap"], "gameplay_types": [["type 003", "type 007"]]})

    def ours() -> np.ndarray:
        return recommend(model, question, 10)[1][0]

    def their_answer() -> np.ndarray:
        proba = theirs.predict_proba(question)
        best = np.argsort(-proba, axis=1)[:, :10]
        return proba[0, best[0]]

    def their_best() -> np.ndarray:
        dense = theirs[:-1].transform(question).toarray()
        scores = theirs[-1].predict_joint_log_proba(dense)[0]
        best = np.argpartition(scores, -10)[-10:]
        return np.sort(scores[best])[::-1]

    def same(mine: np.ndarray, proba: np.ndarray) -> None:
        np.testing.assert_allclose(np.exp(mine - mine[0]), proba / proba[0], rtol=1e-9)

    encoded = model[:-1].transform(question)
    encoding = median_ms(lambda: model[:-1].transform(question))
    ranking = median_ms(lambda: model[-1].top_k(encoded, 10))
    claim = f"recommend, one row through the pipeline, K = {n_games:,}, {n_types} types"
    parts = "scikit-learn's parts, predict_proba, argsort"
    rows = [compare(claim, ours, their_answer, peer_name=parts, aim=aim, repeats=25, agree=same)]
    rows[0].note = f"encoding {encoding:.2f} ms, top_k {ranking:.2f} ms"
    best_use = "scikit-learn's parts, dense row, argpartition"
    rows.append(
        compare(claim, ours, their_best, peer_name=best_use, repeats=25, agree=np.testing.assert_allclose)
    )
    return rows


def compiled_question(n_games: int, n_types: int, aim: str) -> list[Row]:
    """Benchmark the same query with a compiled model, and report its overhead in addition to the scoring."""
    X = games(n_games, n_types)
    model = game_recommender().fit(X, np.arange(n_games))
    compiled, scorer = compile_recommender(model), model[-1].row_scorer()
    question = {"budget": "cheap", "gameplay_types": ["type 003", "type 007"]}
    row = csr_array(model[:-1].transform(pd.DataFrame([question])))

    def ours() -> tuple[list, list[float]]:
        return compiled.recommend(question, 10)

    def by_the_pipeline() -> tuple[list, list[float]]:
        labels, scores = recommend(model, question, 10)
        return labels[0].tolist(), scores[0].tolist()

    def by_top_k() -> tuple[list, list[float]]:
        labels, scores = model[-1].top_k(row, 10)
        return labels[0].tolist(), scores[0].tolist()

    claim = f"one request, compiled, K = {n_games:,}, {n_types} types"
    rows = [
        compare(claim, ours, by_the_pipeline, peer_name="recommend", aim=aim, agree=assert_equal),
        compare(claim, ours, by_top_k, peer_name="ComplementNB.top_k of an encoded row", agree=assert_equal),
    ]
    fresh = iter([pickle.loads(pickle.dumps(model)) for _ in range(5)])  # not queried yet
    compiling = median_ms(lambda: compile_recommender(next(fresh)), 5)
    pairs = [(median_ms(ours, 11), median_ms(lambda: scorer.top_k(row, 10), 11)) for _ in range(101)]
    beside = 1e3 * np.median([whole - scoring for whole, scoring in pairs])
    rows[0].note = f"{beside:.0f} µs without the scoring; compiling takes {compiling:.2g} ms"
    return rows


def median_ms(function: Callable[[], object], calls: int = 101) -> float:
    """Return the median time of the calls."""
    times = []
    for _ in range(calls):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return 1e3 * float(np.median(times))
