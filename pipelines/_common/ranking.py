"""Rank the labels of any classifier: find the allowed labels of each row, their scores and the k best."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import gen_batches

from estimators.naive_bayes import top_k_indices
from pipelines._common.frames import Rows, n_rows_of
from pipelines._common.labels import as_objects, comparable_array, comparable_labels, places_of, plain_labels

MAX_SCORES = 1 << 20  # scores in memory at once: 8 MB of float64
MAX_EXCLUDED = 1000  # above this number, all scores are ranked instead of the k + n_excluded best
SCORE_METHODS = ("predict_joint_log_proba", "decision_function", "predict_log_proba", "predict_proba")
LOWEST = -np.finfo(np.float64).max


class TopK(Protocol):
    """A classifier with its own method for finding the best classes."""

    def top_k(self, X: Rows, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best labels of each row and their scores, both of shape (n_rows, k)."""
        ...


def labels_per_row(name: str, labels: Iterable | None, n_rows: int) -> list[set] | None:
    """Return one set of labels per row. If all rows share the labels, they share one set object."""
    if labels is None:
        return None
    if not _is_kind_of_collection(type(labels)) or hasattr(labels, "columns"):
        got = "a data frame; pass one of its columns" if hasattr(labels, "columns") else repr(labels)
        raise ValueError(f"The {name!r} parameter of recommend must be a collection of labels. Got {got}.")
    rows = plain_labels(labels)
    collections = [_is_kind_of_collection(kind) for kind in set(map(type, rows))]
    if not any(collections):
        return [set(comparable_labels(rows))] * n_rows
    if not all(collections) or len(rows) != n_rows:
        raise ValueError(
            f"The {name!r} parameter of recommend must contain only labels, or one collection of labels "
            f"for each of the {n_rows} rows. Got {len(rows)} items, at least one of which is a collection."
        )
    return [set(comparable_labels(row)) for row in rows]


def _is_kind_of_collection(kind: type) -> bool:
    return issubclass(kind, Iterable) and not issubclass(kind, (str, bytes, dict))


def rank(
    classifier: BaseEstimator,
    X: Rows,
    k: int,
    excluded: list[set] | None = None,
    allowed: list[set] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best labels of each row and their scores, computed in batches of rows."""
    X = X.tocsr() if hasattr(X, "tocsr") else X
    if allowed is None and hasattr(classifier, "top_k"):
        if not excluded:
            return classifier.top_k(X, k)
        n_more = max(map(len, excluded))
        if n_more <= MAX_EXCLUDED:
            return _fill(_rank_more(classifier, X, k, n_more, excluded))
    return _fill(_rank_scores(classifier, X, k, excluded, allowed))


def _rank_more(
    classifier: TopK, X: Rows, k: int, n_more: int, excluded: list[set]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Like :func:`_rank_scores`, but choose from the k + n_more best labels of each row."""
    take = np.take_along_axis
    for rows in gen_batches(n_rows_of(X), max(1, MAX_SCORES // (k + n_more))):
        labels, scores = classifier.top_k(X[rows], k + n_more)
        pairs = zip(comparable_array(labels).tolist(), excluded[rows], strict=True)
        kept = np.array([[label not in out for label in row] for row, out in pairs])
        order = np.argsort(~kept, axis=1, kind="stable")[:, :k]  # labels that are not excluded come first
        yield take(labels, order, axis=1), take(scores, order, axis=1), take(kept, order, axis=1)


def _rank_scores(
    classifier: BaseEstimator, X: Rows, k: int, excluded: list[set] | None, allowed: list[set] | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each batch of rows, yield the k best labels, their scores, and a mask of the allowed ones."""
    if not hasattr(classifier, "classes_"):
        raise _no_scores(classifier)
    classes = np.asarray(classifier.classes_)
    position = places_of(classes)
    k = min(k, len(classes))
    for rows in gen_batches(n_rows_of(X), max(1, MAX_SCORES // len(classes))):
        scores = score(classifier, X[rows], len(classes))
        mask = np.full(scores.shape, allowed is None)
        if allowed is not None:
            _mark(mask, True, allowed[rows], position)
        if excluded is not None:
            _mark(mask, False, excluded[rows], position)
        best = top_k_indices(np.where(mask, finite_scores(scores), -np.inf), k)
        yield classes[best], np.take_along_axis(scores, best, axis=1), np.take_along_axis(mask, best, axis=1)


def _mark(mask: np.ndarray, value: bool, labels: list[set], position: dict) -> None:
    """Set the cells of each row's labels in `mask`. Labels that are not classes are ignored."""
    cells: dict[int, list[int]] = {}
    for row, some in zip(mask, labels, strict=True):
        if id(some) not in cells:  # several rows may share one set
            cells[id(some)] = [position[label] for label in some if label in position]
        row[cells[id(some)]] = value


def finite_scores(scores: np.ndarray) -> np.ndarray:
    """Return finite scores for ranking: NaN and -inf rank last, but above labels that are not allowed."""
    return scores if np.isfinite(scores).all() else np.nan_to_num(scores, nan=LOWEST)


def score(classifier: BaseEstimator, X: Rows, n_classes: int) -> np.ndarray:
    """Return the scores of all classes from the first suitable method, of shape (n_rows, n_classes)."""
    for name in SCORE_METHODS:
        if not hasattr(classifier, name):
            continue
        if name == "decision_function" and n_classes > 2 and _is_one_vs_one(classifier):
            continue
        with np.errstate(divide="ignore"):  # the logarithm of a probability of 0, which trees return
            scores = np.asarray(getattr(classifier, name)(X), dtype=np.float64)
        if scores.ndim == 1:  # binary decision_function: positive values mean the second class
            scores = np.column_stack((-scores, scores))
        if scores.shape[1] == n_classes:
            return scores
    raise _no_scores(classifier)


def _is_one_vs_one(classifier: BaseEstimator) -> bool:
    """Return whether decision_function has one column per pair, not per class (3 classes have 3 pairs)."""
    shapes = classifier.get_params(deep=True).items() if hasattr(classifier, "get_params") else ()
    return any(name.endswith("decision_function_shape") and shape == "ovo" for name, shape in shapes)


def _no_scores(classifier: BaseEstimator) -> TypeError:
    return TypeError(
        "The classifier must have a method that returns one score per class: one of top_k, "
        f"{', '.join(SCORE_METHODS)}. Got {type(classifier).__name__}, which has no such method."
    )


def _fill(
    parts: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Join the batches, drop columns that are empty in all rows, and pad short rows with None and -inf."""
    labels, scores, kept = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    n_places = int(kept.sum(axis=1).max(initial=0))
    labels, scores, kept = labels[:, :n_places], scores[:, :n_places], kept[:, :n_places]
    if not kept.all():
        labels = as_objects(labels)
        labels[~kept] = None
    return labels, np.where(kept, scores, -np.inf)
