"""Compare a query through the pipeline with scikit-learn's parts, and a compiled query with the pipeline.

The lower limit of a compiled query is the product of an encoded row with the dense weights of all classes, and
the best ten of the result.
"""

import pickle
from collections.abc import Callable
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.testing import assert_equal
from scipy.sparse import csr_array
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder as TheirOneHotEncoder

from benchmarks._harness import Row, compare
from benchmarks.bench_naive_bayes import their_model
from estimators import CatalogueNB
from pipelines import compile_recommender, game_recommender, recommend

FLOOR = "numpy, row @ dense weights, argpartition"
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
        *compiled_classifier("CatalogueNB", 618, 25, "0.1 ms"),
        *compiled_classifier("CatalogueNB", 100_000, 25, "0.4 ms"),
        *compiled_classifier("CatalogueNB", 100_000, 197, "0.4 ms"),
        *compiled_classifier("LogisticRegression", 618, 25, "0.1 ms"),
        *compiled_classifier("LogisticRegression", 100_000, 25, "0.4 ms"),
    ]


def one_question(n_games: int, n_types: int, aim: str) -> list[Row]:
    """Benchmark one query, and report the time taken by each part."""
    X = games(n_games, n_types)
    model = game_recommender(classifier="complement").fit(X, np.arange(n_games))
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
    model = game_recommender(classifier="complement").fit(X, np.arange(n_games))
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


def compiled_classifier(name: str, n_games: int, n_types: int, aim: str) -> list[Row]:
    """Benchmark a query with a compiled model of another classifier, against the pipeline and the floor.

    The floor of CatalogueNB leaves out what it adds for matches, which are counted by column.
    """
    model = catalogue_model(n_games, n_types) if name == "CatalogueNB" else linear_model(n_games, n_types)
    compiled = compile_recommender(model)
    question = {"budget": "cheap", "gameplay_types": ["type 003", "type 007"]}
    row = model[:-1].transform(pd.DataFrame([question])).toarray()[0]
    weights, intercepts = dense_weights(model)

    def ours() -> tuple[list, list[float]]:
        return compiled.recommend(question, 10)

    def by_the_pipeline() -> tuple[list, list[float]]:
        labels, scores = recommend(model, question, 10)
        return labels[0].tolist(), scores[0].tolist()

    def floor() -> tuple[np.ndarray, np.ndarray]:
        scores = row @ weights + intercepts
        best = np.argpartition(scores, -10)[-10:]
        best = best[np.argsort(-scores[best])]
        return model.classes_[best], scores[best]

    def same(mine: tuple, theirs: tuple) -> None:
        np.testing.assert_allclose(mine[1], theirs[1], rtol=1e-9)

    claim = f"one request, compiled, {name}, K = {n_games:,}, {n_types} types"
    return [
        compare(claim, ours, by_the_pipeline, peer_name="recommend", aim=aim, agree=same),
        compare(claim, ours, floor, peer_name=FLOOR, agree=None if name == "CatalogueNB" else same),
    ]


def catalogue_model(n_games: int, n_types: int) -> Pipeline:
    """Return a recommender of described games and three rentals a game."""
    X, titles, rng = games(n_games, n_types), np.arange(n_games), np.random.default_rng(1)
    model = game_recommender(classifier=CatalogueNB(), catalogue=X.assign(title=titles), label="title")
    rented = rng.integers(n_games, size=3 * n_games)
    return model.fit(X.iloc[rented], titles[rented])


def linear_model(n_games: int, n_types: int) -> Pipeline:
    """Return a recommender with random coefficients: a fit of so many classes takes scikit-learn hours."""
    X, rng = games(n_games, n_types), np.random.default_rng(1)
    encode = game_recommender()[0].fit(X)
    n_features, classifier = len(encode.get_feature_names_out()), LogisticRegression()
    classifier.classes_, classifier.n_features_in_ = np.arange(n_games), n_features
    classifier.coef_ = rng.normal(size=(n_games, n_features))
    classifier.intercept_ = rng.normal(size=n_games)
    return Pipeline([("encode", encode), ("classify", classifier)])


def dense_weights(model: Pipeline) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of all classes, (n_features, n_classes), and their intercepts."""
    classifier = model[-1]
    if isinstance(classifier, LogisticRegression):
        return np.ascontiguousarray(classifier.coef_.T), classifier.intercept_
    scorer, places = classifier.row_scorer(), range(len(classifier.classes_))
    rows = np.array([scorer.weights(place) for place in places])
    return np.ascontiguousarray(rows.T), np.array([scorer.intercept(place) for place in places])


def median_ms(function: Callable[[], object], calls: int = 101) -> float:
    """Return the median time of the calls."""
    times = []
    for _ in range(calls):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return 1e3 * float(np.median(times))
