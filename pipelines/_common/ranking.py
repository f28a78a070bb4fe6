"""Rank the labels of any classifier: which a row allows, what scores them, the k best of those."""

from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import gen_batches

from estimators.naive_bayes import top_k_indices

SCORES_AT_ONCE = 1 << 20  # 8 MB of float64, where a classifier's top_k cannot help
MOST_EXCLUDED = 1000  # labels that top_k is asked for beyond k; with more, all scores are ranked
SCORE_METHODS = ("predict_joint_log_proba", "decision_function", "predict_log_proba", "predict_proba")
LOWEST = -np.finfo(np.float64).max


def check_k(k: Any, of: str) -> int:
    """Return k as an int of at least 1, or raise."""
    if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
        raise ValueError(
            f"The 'k' parameter of {of} must be an int in the range [1, inf). Got {k!r} instead."
        )
    return int(k)


def labels_per_row(name: str, labels: Iterable | None, n_rows: int) -> list[set] | None:
    """Return a set of labels for each row; one and the same set if all rows share it."""
    if labels is None:
        return None
    if not _is_collection(labels) or hasattr(labels, "columns"):
        kind = "a data frame: name its column" if hasattr(labels, "columns") else repr(labels)
        raise ValueError(f"The {name!r} parameter of recommend must hold labels. Got {kind}.")
    rows = list(labels)
    collections = [_is_kind_of_collection(kind) for kind in set(map(type, rows))]
    if not any(collections):
        return [set(rows)] * n_rows
    if not all(collections) or len(rows) != n_rows:
        raise ValueError(
            f"The {name!r} parameter of recommend must hold labels, or one collection of labels "
            f"for each of the {n_rows} rows. Got {len(rows)} entries, some of them collections."
        )
    return [set(row) for row in rows]


def _is_collection(value: Any) -> bool:
    return _is_kind_of_collection(type(value))


def _is_kind_of_collection(kind: type) -> bool:
    return issubclass(kind, Iterable) and not issubclass(kind, (str, bytes, dict))


def rank(
    classifier: Any, X: Any, k: int, excluded: list[set] | None, allowed: list[set] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best labels of each row and their scores, a bounded number of rows at a time."""
    X = X.tocsr() if hasattr(X, "tocsr") else X
    n_more = max(map(len, excluded)) if excluded else 0
    if allowed is None and hasattr(classifier, "top_k") and n_more <= MOST_EXCLUDED:
        if not excluded:
            return classifier.top_k(X, k)
        parts = []
        for rows in gen_batches(n_rows_of(X), max(1, SCORES_AT_ONCE // (k + n_more))):
            labels, scores = classifier.top_k(X[rows], k + n_more)
            parts.append(_without(labels, scores, excluded[rows], k))
    else:
        parts = list(_rank_scores(classifier, X, k, excluded, allowed))
    return _fill(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _without(
    labels: np.ndarray, scores: np.ndarray, excluded: list[set], k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Move the labels that are not excluded to the front of each row; return k, and which are kept."""
    kept = np.array(
        [[label not in out for label in row] for row, out in zip(labels.tolist(), excluded, strict=True)]
    )
    order = np.argsort(~kept, axis=1, kind="stable")[:, :k]
    take = np.take_along_axis
    return take(labels, order, axis=1), take(scores, order, axis=1), take(kept, order, axis=1)


def _rank_scores(
    classifier: Any, X: Any, k: int, excluded: list[set] | None, allowed: list[set] | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield for each batch of rows the k best labels, their scores, and which of them are allowed."""
    if not hasattr(classifier, "classes_"):
        raise _no_scores(classifier)
    classes = np.asarray(classifier.classes_)
    position = {label: i for i, label in enumerate(classes.tolist())}
    k = min(k, len(classes))
    for rows in gen_batches(n_rows_of(X), max(1, SCORES_AT_ONCE // len(classes))):
        scores = _score(classifier, X[rows], len(classes))
        mask = np.ones(scores.shape, dtype=bool)
        if allowed is not None:
            mask[:] = False
            _mark(mask, True, allowed[rows], position)
        if excluded is not None:
            _mark(mask, False, excluded[rows], position)
        # Finite scores rank NaN and -inf last, but before what is not allowed.
        finite = np.nan_to_num(scores, nan=LOWEST)
        best = top_k_indices(np.where(mask, finite, -np.inf), k)
        yield classes[best], np.take_along_axis(scores, best, axis=1), np.take_along_axis(mask, best, axis=1)


def _mark(mask: np.ndarray, value: bool, labels: list[set], position: dict) -> None:
    """Set the cells of each row's labels; what is not among the classes has no cell."""
    cells: dict[int, list[int]] = {}
    for row, some in zip(mask, labels, strict=True):
        if id(some) not in cells:  # rows may share one set
            cells[id(some)] = [position[label] for label in some if label in position]
        row[cells[id(some)]] = value


def _score(classifier: Any, X: Any, n_classes: int) -> np.ndarray:
    """Return the scores of all classes, (n_rows, n_classes), by the first method that has them."""
    for name in SCORE_METHODS:
        if not hasattr(classifier, name):
            continue
        if name == "decision_function" and n_classes > 2 and _is_one_vs_one(classifier):
            continue
        with np.errstate(divide="ignore"):  # the log of a probability of 0, as trees have them
            scores = np.asarray(getattr(classifier, name)(X), dtype=np.float64)
        if scores.ndim == 1:  # a binary decision_function: positive for the second class
            scores = np.column_stack((-scores, scores))
        if scores.shape[1] == n_classes:
            return scores
    raise _no_scores(classifier)


def _is_one_vs_one(classifier: Any) -> bool:
    """Tell whether decision_function has a column a pair of classes; of three classes there are three too."""
    shapes = classifier.get_params(deep=True).items() if hasattr(classifier, "get_params") else ()
    return any(name.endswith("decision_function_shape") and shape == "ovo" for name, shape in shapes)


def _no_scores(classifier: Any) -> TypeError:
    return TypeError(
        f"recommend needs a classifier with top_k or one of {', '.join(SCORE_METHODS)}, with a score "
        f"for each class. {type(classifier).__name__} has none."
    )


def _fill(labels: np.ndarray, scores: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut the places that no row fills; put None and -inf where one row has fewer than another."""
    n_places = int(kept.sum(axis=1).max(initial=0))
    labels, scores, kept = labels[:, :n_places], scores[:, :n_places], kept[:, :n_places]
    if not kept.all():
        labels = labels.astype(object)
        labels[~kept] = None
    return labels, np.where(kept, scores, -np.inf)


def n_rows_of(X: Any) -> int:
    """Return the number of rows of an array, matrix, frame or list."""
    return X.shape[0] if hasattr(X, "shape") else len(X)
