"""The steps of a fitted pipeline: the classifier, its input rows and their feature names."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from pipelines._common.frames import Rows, check_columns, check_keys, dicts_as_frame


def steps_of(model: BaseEstimator) -> list[BaseEstimator]:
    """Return the steps of a pipeline, or of the best pipeline of a search, with the classifier last."""
    if hasattr(model, "best_estimator_"):
        return steps_of(model.best_estimator_)
    if hasattr(model, "cv_results_"):
        raise ValueError(
            f"This {type(model).__name__} was fitted with refit=False, so it has no best_estimator_. "
            "Fit it with refit=True."
        )
    if not isinstance(model, Pipeline):
        return [model]
    steps = [step for _, step in model.steps if step is not None and step != "passthrough"]
    return [*steps[:-1], *steps_of(steps[-1])]


def parameter_of(model: BaseEstimator, name: str) -> Any:
    """Return a parameter of the outermost of the nested pipelines in which it is not None, else None."""
    if hasattr(model, "best_estimator_"):
        return parameter_of(model.best_estimator_, name)
    if getattr(model, name, None) is not None:
        return getattr(model, name)
    return parameter_of(model.steps[-1][1], name) if isinstance(model, Pipeline) else None


def transform(model: BaseEstimator, X: Rows) -> tuple[BaseEstimator, Rows]:
    """Return the classifier and its input. Calling the steps one by one saves 0.5 ms per query."""
    *transformers, classifier = steps_of(model)
    check_is_fitted(classifier)
    columns = columns_of((*transformers, classifier)[0])
    check_keys(X, columns)
    X = dicts_as_frame(X, columns)
    if transformers and isinstance(transformers[0], ColumnTransformer):
        check_columns(X, columns_read_by(transformers[0]))
    for transformer in transformers:
        X = transformer.transform(X)
    return classifier, X


def columns_of(step: BaseEstimator) -> np.ndarray | None:
    """Return the names of the columns that a step was fitted on, or None if they have no names."""
    return getattr(step, "feature_names_in_", None)


def columns_read_by(encode: ColumnTransformer) -> list[str]:
    """Return the names of the columns that a fitted ColumnTransformer reads, each once."""
    of_steps = [
        given for _, step, given in encode.transformers_ if not (isinstance(step, str) and step == "drop")
    ]
    names = [[given] if isinstance(given, str) else given for given in of_steps]
    some = [name for part in names if isinstance(part, list) for name in part]
    return [name for name in dict.fromkeys(some) if isinstance(name, str)]


def feature_names_of(model: BaseEstimator) -> np.ndarray | None:
    """Return the names of the classifier's features, or None if a step provides no names."""
    *transformers, classifier = steps_of(model)
    if not transformers:
        return columns_of(classifier)
    names = None
    for transformer in transformers:
        if not hasattr(transformer, "get_feature_names_out"):
            return None
        names = transformer.get_feature_names_out(names)
    return names
