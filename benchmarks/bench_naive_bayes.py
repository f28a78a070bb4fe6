"""Compare naive Bayes with scikit-learn, and top-k with scikit-learn, implicit and copying the scores."""

import numpy as np
import scipy.sparse as sp
from implicit.cpu.topk import topk as implicit_topk
from sklearn import naive_bayes as theirs
from sklearn.naive_bayes import ComplementNB as TheirComplementNB

from benchmarks._harness import Row, compare
from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB


def catalogue(n_games: int, n_features: int = 200, per_game: int = 5, seed: int = 0) -> sp.csr_array:
    """Return games with about five of 200 uniformly drawn features each. Hardly any two are alike."""
    features = np.sort(np.random.default_rng(seed).integers(n_features, size=(n_games, per_game)))
    parts = np.ones(features.size), features.ravel(), np.arange(0, features.size + 1, per_game)
    X = sp.csr_array(parts, shape=(n_games, n_features))
    X.sum_duplicates()
    X.data[:] = 1
    return X


def tavern(n_games: int, seed: int = 0) -> sp.csr_array:
    """Return games with one of 3 budgets and one to four of 25 types from Zipf's law. Many are alike."""
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, 26)
    types = 3 + rng.choice(25, size=(n_games, 4), p=shares / shares.sum())
    has = np.arange(4) < rng.integers(1, 5, n_games)[:, np.newaxis]
    game = np.repeat(np.arange(n_games), 4)[has.ravel()]
    rows = np.concatenate([np.arange(n_games), game])
    columns = np.concatenate([rng.integers(3, size=n_games), types[has]])
    X = sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_games, 28))
    X.data[:] = 1
    return X


def their_model(ours: ComplementNB) -> TheirComplementNB:
    """Return scikit-learn's model with our counts, because its fit would build an n x K matrix."""
    model = TheirComplementNB()
    for name in ("classes_", "class_count_", "feature_count_", "feature_all_", "n_features_in_"):
        setattr(model, name, getattr(ours, name))
    model.feature_log_prob_ = ours.feature_log_prob_
    return model


def run() -> list[Row]:
    """Run all benchmarks of the naive Bayes classifiers."""
    return [
        *fit_rows(),
        *fit_others(),
        *fit_half_a_million(),
        *one_question(),
        one_catalogue_question(),
        half_a_million_profiles(),
        *many_questions(),
    ]


def fit_rows() -> list[Row]:
    """Benchmark fits of ComplementNB to 10,000 games."""
    X, y = catalogue(10_000), np.arange(10_000)

    def with_dense_attributes() -> tuple[np.ndarray, np.ndarray]:
        model = ComplementNB().fit(X, y)
        return model.feature_count_, model.feature_log_prob_

    def with_one_question() -> ComplementNB:
        model = ComplementNB().fit(X, y)
        model.top_k(X[[0]], 10)
        return model

    def same(ours: ComplementNB, theirs: TheirComplementNB) -> None:
        np.testing.assert_array_equal(ours.feature_count_, theirs.feature_count_)
        np.testing.assert_allclose(ours.feature_log_prob_, theirs.feature_log_prob_, rtol=1e-13)

    def same_attributes(ours: tuple, theirs: TheirComplementNB) -> None:
        np.testing.assert_array_equal(ours[0], theirs.feature_count_)
        np.testing.assert_allclose(ours[1], theirs.feature_log_prob_, rtol=1e-13)

    def peer() -> TheirComplementNB:
        return TheirComplementNB().fit(X, y)

    def ours() -> ComplementNB:
        return ComplementNB().fit(X, y)

    what = "ComplementNB.fit, K = n = 10,000, d = 200"
    return [
        compare(what, ours, peer, peer_name="scikit-learn", aim="80x", repeats=9, agree=same),
        compare(
            f"{what}, and reading the dense attributes",
            with_dense_attributes,
            peer,
            peer_name="scikit-learn",
            aim="25x",
            repeats=9,
            agree=same_attributes,
        ),
        compare(
            f"{what}, and the first request",
            with_one_question,
            peer,
            peer_name="scikit-learn, without a request",
            repeats=9,
            agree=same,
        ),
    ]


def fit_others() -> list[Row]:
    """Benchmark fits of the two other classifiers in scikit-learn to 10,000 games."""
    X, y = catalogue(10_000), np.arange(10_000)

    def same(ours: MultinomialNB | BernoulliNB, peer: theirs.MultinomialNB | theirs.BernoulliNB) -> None:
        np.testing.assert_array_equal(ours.feature_count_, peer.feature_count_)
        np.testing.assert_allclose(ours.feature_log_prob_, peer.feature_log_prob_, rtol=1e-13)

    return [
        compare(
            f"{kind.__name__}.fit, K = n = 10,000, d = 200",
            lambda kind=kind: kind().fit(X, y),
            lambda peer=peer: peer().fit(X, y),
            peer_name="scikit-learn",
            aim="30x",
            repeats=3,
            agree=same,
        )
        for kind, peer in ((MultinomialNB, theirs.MultinomialNB), (BernoulliNB, theirs.BernoulliNB))
    ]


def fit_half_a_million() -> list[Row]:
    """Benchmark fits for which scikit-learn would need 4 TB of memory."""
    X, y = catalogue(500_000), np.random.default_rng(1).permutation(500_000)
    rented = np.random.default_rng(2).zipf(1.3, size=500_000) % 500_000
    both, items = sp.vstack([X, X[rented]], format="csr"), np.append(y, y[rented])
    describes = np.arange(len(items)) < len(y)

    def row(kind: type, aim: str) -> Row:
        return compare(
            f"{kind.__name__}.fit, K = n = 500,000, d = 200",
            lambda: kind().fit(X, y),
            None,
            peer_name="none (scikit-learn would need 4 TB)",
            aim=aim,
            repeats=5,
        )

    return [
        row(ComplementNB, "1 s and 2 GB"),
        row(MultinomialNB, "2 s and 2 GB"),
        row(BernoulliNB, "2 s and 2 GB"),
        compare(
            "CatalogueNB.fit, K = 500,000 items described, 500,000 rentals, d = 200",
            lambda: CatalogueNB().fit(both, items, describes=describes),
            None,
            peer_name="none (scikit-learn would need 4 TB)",
            aim="1.5 s and 2 GB",
            repeats=3,
        ),
        compare(
            "CatalogueNB.fit, the same, and the first request",
            lambda: CatalogueNB().fit(both, items, describes=describes).top_k(X[[7]], 10),
            None,
            repeats=3,
        ),
    ]


def same_scores(ours: tuple, theirs: tuple) -> None:
    """Check only the scores, because scikit-learn's sort returns equal scores in any order."""
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-11)


def one_question() -> list[Row]:
    """Benchmark one query over 100,000 games."""
    X = catalogue(100_000)
    model = ComplementNB().fit(X, np.arange(100_000))
    peer_model = their_model(model)
    sparse, dense = X[[5]], X[[5]].toarray()
    joint = model.predict_joint_log_proba(sparse)[0]

    def proba_and_argsort() -> tuple:
        best = np.argsort(-peer_model.predict_proba(sparse), axis=1)[:, :10]
        return best, joint[best]

    def best_use() -> tuple:
        scores = peer_model.predict_joint_log_proba(dense)[0]
        best = np.argpartition(scores, -10)[-10:]
        best = best[np.argsort(-scores[best], kind="stable")]
        return best, scores[best]

    def ours() -> tuple:
        return model.top_k(sparse, 10)

    what = "top 10 of K = 100,000, one request"
    rows = [
        (proba_and_argsort, "scikit-learn predict_proba, argsort", "100x"),
        (best_use, "scikit-learn with a dense row, argpartition", "10x"),
    ]
    return [
        compare(
            what,
            ours,
            peer,
            peer_name=name,
            aim=aim,
            repeats=51,
            agree=lambda mine, other: same_scores((0, mine[1].ravel()), (0, other[1].ravel())),
        )
        for peer, name, aim in rows
    ]


def one_catalogue_question() -> Row:
    """Benchmark one query over 100,000 described items, some of which were rented."""
    X, rng = catalogue(100_000), np.random.default_rng(3)
    rented = rng.zipf(1.3, size=100_000) % 100_000
    rows, items = sp.vstack([X, X[rented]], format="csr"), np.append(np.arange(100_000), rented)
    groups = np.arange(200) // 50
    model = CatalogueNB(groups=groups).fit(rows, items, describes=np.arange(len(items)) < 100_000)
    question = X[[5]]
    return compare(
        "CatalogueNB.top_k, top 10 of K = 100,000, one request",
        lambda: model.top_k(question, 10),
        None,
        aim="1 ms",
        repeats=51,
    )


def half_a_million_profiles() -> Row:
    """Benchmark one query over 500,000 games, many of which are alike."""
    X = tavern(500_000)
    model = ComplementNB().fit(X, np.arange(500_000))
    question = X[[7]]
    scores = model.predict_joint_log_proba(question)[0]
    copy = np.empty_like(scores)

    def check(mine: tuple, _: object) -> None:
        best = np.argsort(-scores, kind="stable")[:10]
        np.testing.assert_array_equal(mine[0][0], best)
        np.testing.assert_array_equal(mine[1][0], scores[best])

    row = compare(
        "top 10 of K = 500,000, one request, 3 budgets x 25 types",
        lambda: model.top_k(question, 10),
        lambda: np.copyto(copy, scores),
        peer_name="copying K float64 scores",
        aim="0.67x (1.5 copies)",
        repeats=101,
        agree=check,
    )
    row.note = f"{len({row.tobytes() for row in X.toarray().astype(bool)}):,} distinct profiles"
    return row


def many_questions() -> list[Row]:
    """Benchmark 1,000 queries over 100,000 games."""
    X = catalogue(100_000)
    model = ComplementNB().fit(X, np.arange(100_000))
    peer_model = their_model(model)
    questions = X[np.random.default_rng(2).integers(100_000, size=1000)]
    dense, weights = questions.toarray(), peer_model.feature_log_prob_
    dense_32, weights_32 = dense.astype(np.float32), weights.astype(np.float32)

    def sklearn_in_chunks() -> tuple:
        labels, best = [], []
        for start in range(0, 1000, 100):
            scores = peer_model.predict_joint_log_proba(dense[start : start + 100])
            chosen = np.argpartition(scores, -10, axis=1)[:, -10:]
            order = np.argsort(-np.take_along_axis(scores, chosen, axis=1), axis=1, kind="stable")
            labels.append(np.take_along_axis(chosen, order, axis=1))
            best.append(np.take_along_axis(scores, labels[-1], axis=1))
        return np.concatenate(labels), np.concatenate(best)

    def ours() -> tuple:
        return model.top_k(questions, 10)

    what = "top 10 of K = 100,000, 1,000 requests"
    return [
        compare(
            what,
            ours,
            sklearn_in_chunks,
            peer_name="scikit-learn, in batches of 100",
            aim="5x",
            repeats=5,
            agree=same_scores,
        ),
        compare(
            what,
            ours,
            lambda: implicit_topk(weights, dense, 10, num_threads=1),
            peer_name="implicit topk, float64",
            aim="3x",
            repeats=5,
            agree=same_scores,
        ),
        compare(
            what,
            ours,
            lambda: implicit_topk(weights_32, dense_32, 10, num_threads=1),
            peer_name="implicit topk, float32",
            repeats=5,
            agree=lambda mine, other: np.testing.assert_allclose(mine[1], other[1], rtol=1e-5),
        ),
    ]
