"""Beyond memory and one machine: a Pipeline fitted batch by batch, or on a Dask cluster, equal to `fit`.

What these models learn are sums over the rows. So a batch, or a partition of a cluster, becomes a small
state; states are added, and nothing else is kept or sent.
"""

import os
from collections.abc import Callable, Iterable
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from pipelines._common.batch_bar import check_progress
from pipelines._common.ranking import check_k
from pipelines._common.steps import steps_of
from pipelines._scaling import fitting as _fitting
from pipelines._scaling.fitting import Fitting
from pipelines._scaling.sources import scan_csv as scan_csv
from pipelines._scaling.sources import scan_ndjson as scan_ndjson
from pipelines._scaling.sources import scan_parquet as scan_parquet

__all__ = ["fit_batches", "fit_dask", "recommend_dask", "scan_csv", "scan_ndjson", "scan_parquet"]

Model = TypeVar("Model")


def fit_batches(
    model: Model,
    batches: Iterable[Any] | Callable[[], Iterable[Any]],
    y: str | list[str] | None = None,
    *,
    sample_weight: str | None = None,
    progress: Any = False,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int = 100,
) -> Model:
    """Fit a model one batch of rows at a time, equal to ``model.fit`` on all rows.

    Parameters
    ----------
    model : estimator
        OneHotEncoder, MultiHotEncoder, ComplementNB, GDRegressor or PolynomialRegressor of this library,
        StandardScaler, or a Pipeline or ColumnTransformer of these; of transformers that learn nothing, and
        of "passthrough" and "drop" too; or :func:`dough_forecaster` with ``cv=0``.

    batches : iterable, or function that returns one
        Frames of pandas or polars, or batches or tables of Arrow, all with the same columns; or tuples (X, y)
        and (X, y, sample_weight), X of shape (n_rows, n_features). They are gone through once for each pass:
        an encoder or a scaler takes one, the estimator after it another, and a PolynomialRegressor without
        `domain` one more before its own. An iterator, such as a generator, will do where one pass is enough.
        A function is called once a pass; :func:`scan_parquet` reads files. A batch may be empty.

    y : str or list of str, default=None
        The column, or the columns of several targets, to learn; they are not among the features.

    sample_weight : str, default=None
        The column of weights for the last step, as ``fit`` takes them; it is not among the features. A batch
        whose weights are all 0, which ``fit`` alone would refuse, gives the last step nothing but its labels;
        the steps before learn from it, as they do in ``fit``. All of all batches must not be 0.

    progress : bool or rich.console.Console, default=False
        Whether to show a progress bar on the standard error stream, or where.

    checkpoint : str or path, default=None
        A file that keeps the state. If it is there, the fit goes on from it, with the same batches: the
        result is that of a fit that was never interrupted, to the last bit. It is replaced in one step, and
        deleted when the model is fitted. It is a joblib file: **it runs code when it is loaded**, use your
        own only.

    every : int, default=100
        After how many batches the state is written.

    Returns
    -------
    model : the same object, fitted
        Its steps are new ones. Counts, categories and labels are exactly those of ``fit``; means and
        variances differ by rounding (Chan's formula); coefficients as
        :meth:`estimators.GDRegressor.merge` promises, to 1e-8 at a condition of 10,000.

    Raises
    ------
    TypeError
        If a step has no state that adds up, such as GDClassifier and the networks, or `batches` is an
        iterator and more than one pass is needed: nothing is read then. If there are weights, and the last
        step takes none.
    ValueError
        What a step's ``fit`` refuses; if a batch has other columns than the first, or values of another kind;
        if there are no rows, or a pass sees another number of rows than the first. The batch or file is
        named, and the model is unchanged.
    ModelFileError
        If `checkpoint` is of another model, of other versions, or of batches of another size.
    OSError
        If `checkpoint` names a folder, or its folder does not exist.

    Notes
    -----
    Time is that of the steps' own ``partial_fit``, and reading, once a pass. Memory is a batch, what the
    steps make of it, and the state, whatever the number of rows: O(d^2) for d features of least squares, the
    nonzero counts of ComplementNB, the categories of the encoders.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines import fit_batches, game_recommender, recommend
    >>> batches = [
    ...     pl.DataFrame({"title": ["Tetris"], "budget": ["cheap"], "gameplay_types": [["Puzzle"]]}),
    ...     pl.DataFrame({"title": ["Doom"], "budget": ["cheap"], "gameplay_types": [["Shooter"]]}),
    ... ]
    >>> model = fit_batches(game_recommender(), batches, "title")
    >>> recommend(model, {"budget": "cheap", "gameplay_types": ["Puzzle"]}, k=1)[0].tolist()
    [['Tetris']]
    """
    check_progress(progress)
    if not (checkpoint is None or isinstance(checkpoint, (str, os.PathLike))):
        raise TypeError(
            f"The 'checkpoint' parameter of fit_batches must be a path or None. Got {checkpoint!r} instead."
        )
    if not isinstance(every, Integral) or isinstance(every, bool) or every < 1:
        raise ValueError(
            f"The 'every' parameter of fit_batches must be an int in the range [1, inf). "
            f"Got {every!r} instead."
        )
    fitting = Fitting.of(model, y, sample_weight)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None:
        fitting = _fitting.resumed(fitting, path)
    return _became(model, _fitting.fit(fitting, batches, progress, path, int(every)))


def fit_dask(
    model: Model,
    X: Any,
    y: Any = None,
    client: Any = None,
    *,
    sample_weight: str | None = None,
    retries: int = 3,
) -> Model:
    """Fit a model on a Dask collection, equal to ``model.fit`` on all rows; needs ``tallygrad[distributed]``.

    Each partition becomes a state where it lies; the states are added up as a tree on the cluster, and one
    comes back.

    Parameters
    ----------
    model : estimator
        As :func:`fit_batches` takes it.

    X : Dask DataFrame, Dask Array, or what scan_parquet, scan_csv or scan_ndjson returns
        Of a source of files each task reads some batches of one file, with polars, in bounded memory; the
        workers must see the files. A partition of a Dask collection is in the worker's memory as a whole.
        ``dd.from_pandas`` makes strings of lists unless the option "dataframe.convert-string" is False.

    y : str, list of str, or Dask Series, DataFrame or Array, default=None
        The column of X to learn, which is then not among the features; or the targets, partitioned as X.

    client : distributed.Client, str or None, default=None
        Where to compute: a client; the address of a cluster, "tcp://host:8786"; "threads", "processes" or
        "synchronous" on this machine; None for the client that is active, or Dask's own choice.

    sample_weight : str, default=None
        As of :func:`fit_batches`; a column of X.

    retries : int, default=3
        How often a task that failed is tried again, on a cluster. What a dead worker had is worked out again
        by the others in any case.

    Returns
    -------
    model : the same object, fitted
        As exactly as :func:`fit_batches`.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If a step has no state that adds up, or X is no Dask collection.
    ValueError
        As :func:`fit_batches`; the partition or file is named, and the model is unchanged.

    Notes
    -----
    Over the network go the plan, once to each worker and pass, and the states: d^2 numbers for d features of
    least squares, the nonzero counts of ComplementNB. The rows stay where they are.

    Examples
    --------
    >>> import pandas as pd
    >>> import dask.dataframe as dd
    >>> from estimators import GDRegressor
    >>> from pipelines import fit_dask
    >>> week = pd.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    >>> line = fit_dask(GDRegressor(), dd.from_pandas(week, npartitions=2), "doughs", client="threads")
    >>> print(f"{line.coef_[0]:.4f} x + {line.intercept_:.4f}")
    2.3761 x + 17.1770
    """
    cluster = _cluster()
    if not isinstance(retries, Integral) or isinstance(retries, bool) or retries < 0:
        raise ValueError(
            f"The 'retries' parameter of fit_dask must be an int in the range [0, inf). "
            f"Got {retries!r} instead."
        )
    by_name = y is None or isinstance(y, (str, list))
    fitting = Fitting.of(model, y if by_name else None, sample_weight)
    return _became(model, cluster.fit(fitting, X, None if by_name else y, client, int(retries)))


def recommend_dask(model: Any, X: Any, k: int = 5) -> Any:
    """Return the k best labels of each row of a Dask collection, lazily; needs ``tallygrad[distributed]``.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one
        As :func:`recommend` takes it. With an active client it is sent to each worker once.

    X : Dask DataFrame, Dask Array, or what scan_parquet, scan_csv or scan_ndjson returns
        The questions: a whole customer base. A file's rows are numbered from 0 in each task.

    k : int, default=5
        How many labels; all of them, if there are fewer.

    Returns
    -------
    recommendations : Dask DataFrame of shape (n_rows, 2 k)
        Columns label_1 to label_k, best first, and score_1 to score_k; a partition each of X, with its index.
        Nothing is computed yet: ``.to_parquet(folder)`` writes it where the workers are, ``.compute()``
        brings it here.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If X is no Dask collection.
    ValueError
        If `k` is not a whole number of at least 1; while it is computed, what :func:`recommend` refuses.

    Examples
    --------
    >>> import dask, pandas as pd
    >>> import dask.dataframe as dd
    >>> from pipelines import game_recommender, recommend_dask
    >>> games = pd.DataFrame({"budget": ["cheap", "premium"], "gameplay_types": [["Puzzle"], ["Racing"]]})
    >>> model = game_recommender().fit(games, ["Tetris", "Gran Turismo"])
    >>> with dask.config.set({"dataframe.convert-string": False}):  # lists stay lists
    ...     customers = dd.from_pandas(games, npartitions=2)
    >>> recommend_dask(model, customers, k=1)["label_1"].compute().tolist()
    ['Tetris', 'Gran Turismo']
    """
    cluster = _cluster()
    k = check_k(k, "recommend_dask")
    classifier = steps_of(model)[-1]
    check_is_fitted(classifier)
    if not is_classifier(classifier):
        raise TypeError(
            f"recommend_dask ranks the labels of a classifier. Got a {type(classifier).__name__} instead."
        )
    return cluster.recommended(model, X, min(k, len(classifier.classes_)), classifier.classes_)


def _became(model: Model, fitted: Any) -> Model:
    """Give the model all that the fitted copy has."""
    vars(model).clear()
    vars(model).update(vars(fitted))
    return model


def _cluster() -> Any:
    try:
        from pipelines._scaling import cluster
    except ImportError as error:
        raise ImportError(
            "fit_dask and recommend_dask need Dask: pip install 'tallygrad[distributed]'."
        ) from error
    return cluster
