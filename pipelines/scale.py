"""Data beyond memory or beyond one machine: fit a Pipeline batch by batch, or on a Dask cluster.

These models learn sums over the rows. So each batch, or each partition on a cluster, is reduced to a small
state, and only the states are added up, kept and sent.
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
    """Fit a model one batch of rows at a time, equal to ``model.fit`` on all rows.

    Parameters
    ----------
    model : estimator
        OneHotEncoder, MultiHotEncoder, ComplementNB, GDRegressor or PolynomialRegressor of this library,
        scikit-learn's StandardScaler, or a Pipeline or ColumnTransformer of these, which may also contain
        transformers that learn nothing, "passthrough" and "drop"; or :func:`dough_forecaster` with ``cv=0``.

    batches : iterable, or function that returns one
        Frames of pandas or polars, or batches or tables of Arrow, all with the same columns; or tuples (X, y)
        and (X, y, sample_weight) with X of shape (n_rows, n_features). They are read once per pass: an
        encoder or a scaler needs one pass, the estimator after it another, and a PolynomialRegressor without
        `domain` an additional one before its own. An iterator, such as a generator, suffices if one pass is
        enough. A function is called once per pass; :func:`scan_parquet` reads files. Batches may be empty.

    y : str or list of str, default=None
        The column of the target, or the columns of several targets. They are not used as features.

    sample_weight : str, default=None
        The column of sample weights for the last step. It is not used as a feature. If all weights of a batch
        are 0, the last step learns nothing but its labels, and the other steps learn from the batch, as they
        do in ``fit``. At least one weight of all batches must not be 0.

    progress : bool or rich.console.Console, default=False
        Whether to show a progress bar on the standard error stream, or the console on which to show it.

    checkpoint : str or path, default=None
        A file in which to save the state. If it exists, the fit continues from it, with the same batches; the
        result is bit for bit that of an uninterrupted fit. It is replaced atomically and deleted when the
        model is fitted. It is a joblib file, which **runs code when it is loaded**: use only your own.

    every : int, default=100
        The number of batches after which the state is saved.

    Returns
    -------
    model : the same object, fitted
        The fitted model. Its steps are new objects. Counts, categories and labels equal those of ``fit``
        exactly; means and variances differ by rounding (Chan's formula); coefficients differ as documented
        for :meth:`estimators.GDRegressor.merge`, by at most 1e-8 at a condition number of 10,000.

    Raises
    ------
    TypeError
        If a step has no state that adds up, such as GDClassifier and the networks, or if `batches` is an
        iterator and more than one pass is needed; then nothing is read. Also if there are weights and the
        last step does not accept any.
    ValueError
        If a step rejects a batch; if a batch has other columns than the first one, or values of another kind;
        if there are no rows; or if a pass reads another number of rows than the first one. The message names
        the batch or file, and the model is unchanged.
    ModelFileError
        If `checkpoint` belongs to another model, to other versions, or to batches of another size.
    OSError
        If `checkpoint` is a folder, or its folder does not exist.

    Notes
    -----
    Each pass takes the time to read the batches and to fit the steps to them. Memory holds one batch, its
    transformed rows and the state, and does not depend on the number of rows. The state has O(d^2) numbers
    for d features of least squares, the nonzero counts of ComplementNB, and the categories of the encoders.

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
    """Fit a model on a Dask collection, equal to ``model.fit`` on all rows. Needs ``tallygrad[distributed]``.

    Each worker reduces its partitions to states. The states are added up as a tree on the cluster, and only
    their sum is returned.

    Parameters
    ----------
    model : estimator
        The model to fit, as for :func:`fit_batches`.

    X : Dask DataFrame, Dask Array, or what scan_parquet, scan_csv or scan_ndjson returns
        The rows. If they come from files, each task reads a few batches of one file with polars, in bounded
        memory; the workers need access to the files. A partition of a Dask collection is loaded into memory
        as a whole. ``dd.from_pandas`` converts lists to strings unless Dask's option
        "dataframe.convert-string" is False.

    y : str, list of str, or Dask Series, DataFrame or Array, default=None
        The column of the target, or the columns of several targets, which are then not used as features; or
        the targets themselves, partitioned like X.

    client : distributed.Client, str or None, default=None
        Where to compute: a client; the address of a cluster, such as "tcp://host:8786"; or "threads",
        "processes" or "synchronous" on this machine. None means the active client, or else Dask's default.

    sample_weight : str, default=None
        The column of X with sample weights, as for :func:`fit_batches`.

    retries : int, default=3
        The number of times that a failed task is retried on a cluster. The tasks of a dead worker are always
        computed again by other workers.

    Returns
    -------
    model : the same object, fitted
        The fitted model, as exact as that of :func:`fit_batches`.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If a step has no state that adds up, or X is not a Dask collection.
    ValueError
        In the cases listed for :func:`fit_batches`. The message names the partition or file, and the model is
        unchanged.

    Notes
    -----
    Only the plan, once per worker and pass, and the states are sent over the network: d^2 numbers for d
    features of least squares, the nonzero counts of ComplementNB. The rows are never moved.

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
    """Return the k best labels of each row of a Dask collection, lazily. Needs ``tallygrad[distributed]``.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one
        The model to ask, as for :func:`recommend`. If a client is active, the model is sent to each worker
        once.

    X : Dask DataFrame, Dask Array, or what scan_parquet, scan_csv or scan_ndjson returns
        The questions, for example one for each customer. Rows of files are numbered from 0 in each task.

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
        If X is not a Dask collection.
    ValueError
        If `k` is not an integer of at least 1; during the computation, if :func:`recommend` rejects a row.

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
            f"The last step of the model must be a classifier. Got a {type(classifier).__name__} instead."
        )
    return cluster.recommended(model, X, min(k, len(classifier.classes_)), classifier.classes_)


def _replaced(model: Model, fitted: BaseEstimator) -> Model:
    """Give the model the attributes of the fitted copy."""
    attributes = vars(fitted)
    vars(model).clear()
    vars(model).update(attributes)
    return model


def _import_cluster() -> ModuleType:
    try:
        from pipelines._scaling import cluster
    except ImportError as error:
        raise ImportError(
            "fit_dask and recommend_dask need Dask: pip install 'tallygrad[distributed]'."
        ) from error
    return cluster
