"""Fit models on data larger than memory, batch by batch, or on a Dask cluster.

These models depend on the rows only through sums. Each batch, or each partition on a cluster, is therefore
reduced to a small state, and only the states are merged, stored and sent.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.validation import check_is_fitted

from pipelines._common.frames import Rows
from pipelines._common.parameters import check_int
from pipelines._common.steps import steps_of
from pipelines._scaling.batch_bar import Shown, check_progress
from pipelines._scaling.batches import check_y_and_weight
from pipelines._scaling.fitting import Fitting, fit, resumed
from pipelines._scaling.sources import scan_csv, scan_ndjson, scan_parquet

if TYPE_CHECKING:
    from pipelines._scaling.cluster import Collection, DaskCollection, Scheduler, dd

__all__ = ["fit_batches", "fit_dask", "recommend_dask", "scan_csv", "scan_ndjson", "scan_parquet"]

Model = TypeVar("Model", bound=BaseEstimator)


def fit_batches(
    model: Model,
    batches: Iterable[Rows] | Callable[[], Iterable[Rows]],
    y: str | list[str] | None = None,
    *,
    sample_weight: str | None = None,
    progress: Shown = False,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int = 100,
) -> Model:
    """Fit a model one batch of rows at a time. The result equals that of ``model.fit`` on all rows.

    Parameters
    ----------
    model : estimator
        The model to fit: this library's OneHotEncoder, MultiHotEncoder, ComplementNB, GDRegressor or
        PolynomialRegressor; scikit-learn's StandardScaler; or a Pipeline or ColumnTransformer of these, which
        may also contain stateless transformers, "passthrough" and "drop". :func:`dough_forecaster` is
        supported with ``cv=0``.

    batches : iterable, or function that returns one
        The batches: pandas or polars frames, or Arrow record batches or tables, all with the same columns; or
        tuples (X, y) or (X, y, sample_weight) with X of shape (n_rows, n_features). Batches may be empty. All
        batches are read once per pass. Encoders and scalers need one pass, the estimator after them needs
        another, and a PolynomialRegressor without `domain` needs one more. An iterator, such as a
        generator, can be read only once, so it can be used only for models that need one pass. A function
        is called once per pass. To read the batches from files, use :func:`scan_parquet`.

    y : str or list of str, default=None
        The name of the target column, or the names of several target columns. Target columns are not used as
        features.

    sample_weight : str, default=None
        The name of the column with the sample weights for the last step. This column is not used as a
        feature. If all weights in a batch are 0, the last step learns only the labels of the batch, whereas
        the earlier steps learn from all its rows, as in ``fit``. At least one weight overall must be nonzero.

    progress : bool or rich.console.Console, default=False
        Whether to show a progress bar on the standard error stream, or the console on which to show the bar.

    checkpoint : str or path, default=None
        The file in which to save the state of the fit. If the file exists, the fit resumes from it; pass the
        same batches again. The result is bit-for-bit identical to that of an uninterrupted fit. The file is
        replaced atomically at each save and deleted once the model is fitted. It is a joblib file, which
        **runs code when it is loaded**, so use only your own files.

    every : int, default=100
        The number of batches between two saves of the state.

    Returns
    -------
    model : the same object, fitted
        The fitted model. Its steps are new objects. Counts, categories and labels equal those of ``fit``
        exactly; means and variances differ only by rounding (Chan's formula); coefficients differ as
        documented for :meth:`estimators.GDRegressor.merge`, by at most 1e-8 at a condition number of 10,000.

    Raises
    ------
    TypeError
        If a step, such as GDClassifier or a neural network, cannot be fitted by merging the states of
        batches; if `batches` is an iterator but more than one pass is needed (no batch is read in this case);
        or if there are sample weights but the last step does not accept any.
    ValueError
        If a step rejects a batch; if the columns of a batch, or the kinds of their values, differ from those
        of the first batch; if there are no rows; or if a pass reads a different number of rows from the first
        pass. The message states the batch or file, and the model is left unchanged.
    ModelFileError
        If `checkpoint` was written for a different model, with different package versions, or with batches of
        a different size.
    OSError
        If `checkpoint` is a folder, or is in a folder that does not exist.

    Notes
    -----
    Each pass takes the time needed to read the batches and to fit the steps to them. Memory is needed for one
    batch, its transformed rows and the state, regardless of the total number of rows. The state holds O(d^2)
    numbers for least squares with d features, the nonzero counts for ComplementNB, and the categories for the
    encoders.

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
    every = check_int("every", every, "fit_batches")
    check_y_and_weight(y, sample_weight, "fit_batches")
    fitting = Fitting.of(model, y, sample_weight)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None:
        fitting = resumed(fitting, path)
    return _replaced(model, fit(fitting, batches, progress, path, every))


def fit_dask(
    model: Model,
    X: "Collection",
    y: "str | list[str] | DaskCollection | None" = None,
    client: "Scheduler" = None,
    *,
    sample_weight: str | None = None,
    retries: int = 3,
) -> Model:
    """Fit a model on a Dask collection. Requires ``tallygrad[distributed]``.

    Each worker reduces its partitions to states. The states are merged in a tree on the cluster, and only the
    merged state is returned.

    Parameters
    ----------
    model : estimator
        The model to fit, as in :func:`fit_batches`.

    X : Dask DataFrame, Dask Array, or return value of scan_parquet, scan_csv or scan_ndjson
        The rows. If they come from files, each task reads a few batches of one file with polars, in bounded
        memory, so the workers need access to the files. A partition of a Dask collection is loaded into
        memory as a whole. ``dd.from_pandas`` converts lists to strings unless Dask's option
        "dataframe.convert-string" is False.

    y : str, list of str, or Dask Series, DataFrame or Array, default=None
        The name of the target column or the names of several target columns, which are then not used as
        features; or the targets themselves, partitioned like X.

    client : distributed.Client, str or None, default=None
        Where to compute: a client; the address of a cluster, such as "tcp://host:8786"; or "threads",
        "processes" or "synchronous" to use this machine. None means the active client or, if there is none,
        Dask's default scheduler.

    sample_weight : str, default=None
        The name of the column of X with the sample weights, as in :func:`fit_batches`.

    retries : int, default=3
        The number of times that a failed task is retried on a cluster. The tasks of a dead worker are always
        rerun by other workers.

    Returns
    -------
    model : the same object, fitted
        The fitted model, with the same accuracy as in :func:`fit_batches`.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If a step cannot be fitted by merging the states of partitions, or if X has any other type.
    ValueError
        As in :func:`fit_batches`. The message states the partition or file, and the model is left unchanged.

    Notes
    -----
    Only the plan and the states are sent over the network. The plan is sent once per worker and pass. A state
    holds d^2 numbers for least squares with d features, and the nonzero counts for ComplementNB. The rows are
    never moved.

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
    cluster = _import_cluster()
    retries = check_int("retries", retries, "fit_dask", lowest=0)
    names, targets = (y, None) if y is None or isinstance(y, (str, list)) else (None, y)
    check_y_and_weight(names, sample_weight, "fit_dask")
    fitting = Fitting.of(model, names, sample_weight)
    return _replaced(model, cluster.fit(fitting, X, targets, client, retries))


def recommend_dask(model: BaseEstimator, X: "Collection", k: int = 5) -> "dd.DataFrame":
    """Return the k best labels of each row of a Dask collection, lazily. Requires ``tallygrad[distributed]``.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one
        The model, as in :func:`recommend`. If a client is active, the model is sent to each worker once.

    X : Dask DataFrame, Dask Array, or return value of scan_parquet, scan_csv or scan_ndjson
        The queries, for example one per customer. Rows read from files are numbered from 0 within each task.

    k : int, default=5
        The number of labels per row. If there are fewer labels, all of them are returned.

    Returns
    -------
    recommendations : Dask DataFrame of shape (n_rows, 2 k)
        The columns label_1 to label_k, best first, and score_1 to score_k, with the partitions and the index
        of X. Nothing is computed yet: ``.to_parquet(folder)`` makes the workers write the result, and
        ``.compute()`` returns it.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If X has any other type, or if `model` does not end in a classifier.
    ValueError
        If `k` is not a positive integer. During the computation, also if :func:`recommend` rejects a row.

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
    cluster = _import_cluster()
    k = check_int("k", k, "recommend_dask")
    classifier = steps_of(model)[-1]
    check_is_fitted(classifier)
    if not is_classifier(classifier):
        raise TypeError(
            "The last step of the 'model' parameter of recommend_dask must be a classifier. "
            f"Got a {type(classifier).__name__} instead."
        )
    return cluster.recommended(model, X, min(k, len(classifier.classes_)), classifier.classes_)


def _replaced(model: Model, fitted: BaseEstimator) -> Model:
    """Replace the attributes of the model with those of the fitted copy."""
    attributes = vars(fitted)
    vars(model).clear()
    vars(model).update(attributes)
    return model


def _import_cluster() -> ModuleType:
    try:
        from pipelines._scaling import cluster
    except ImportError as error:
        raise ImportError(
            "fit_dask and recommend_dask require Dask. Install it with: pip install 'tallygrad[distributed]'."
        ) from error
    return cluster
