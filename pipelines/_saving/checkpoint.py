"""A callback that keeps a training on the disk, so that it can go on after the process has died."""

import copy
import os
from numbers import Integral
from pathlib import Path
from typing import Any

from estimators._network.sealed import seal
from pipelines._common import files as _files
from pipelines._common import formats as _formats

_OF_CALLBACKS = ("_callback_fit_ctx", "_parent_callback_ctx", "_skl_callbacks", "_skl_callbacks_to_teardown")


class Checkpoint:
    """Save a network while it is fitted, after every epoch or every few.

    ``fit(X, y, resume_from=path)`` of an equal model goes on from the file: the result is that of a training
    that was never interrupted, bit for bit on one thread. The file is a joblib file of the model as it was,
    which predicts too, with its hash behind it, and is replaced in one step: a crash leaves the one before.
    It holds no data, only fingerprints of X, y and weights: other data are refused, as is a damaged file.

    Parameters
    ----------
    path : str or path
        The file; its folder must exist.

    every : int, default=1
        After how many epochs.

    Examples
    --------
    >>> import tempfile, warnings
    >>> from pathlib import Path
    >>> from estimators import MLPRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0]
    >>> settings = {"hidden_layer_sizes": 4, "random_state": 0}
    >>> with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
    ...     path = Path(folder, "net.joblib")
    ...     half = MLPRegressor(**settings, max_iter=3).set_callbacks(Checkpoint(path)).fit(X, y)
    ...     resumed = MLPRegressor(**settings, max_iter=6).fit(X, y, resume_from=path)
    ...     whole = MLPRegressor(**settings, max_iter=6).fit(X, y)
    >>> resumed.loss_curve_ == whole.loss_curve_
    True
    """

    def __init__(self, path: str | os.PathLike[str], every: int = 1) -> None:
        if not isinstance(every, Integral) or isinstance(every, bool) or every < 1:
            raise ValueError(
                "The 'every' parameter of Checkpoint must be an int in the range [1, inf). "
                f"Got {every!r} instead."
            )
        self.path: Path = Path(path)
        self.every: int = int(every)

    def setup(self, estimator: Any, context: Any) -> None:
        """Refuse a folder that does not exist, and a model whose training cannot go on, before it begins."""
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"The folder {str(self.path.parent)!r} does not exist; make it first.")
        if self.path.is_dir():
            raise IsADirectoryError(
                f"Checkpoint needs the path of a file. Got that of a folder, {str(self.path)!r}."
            )
        if getattr(estimator, "solver", "lbfgs") == "lbfgs":
            raise ValueError("Checkpoint is for networks with the solvers adam, rmsprop and sgd.")

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any = None) -> None:
        """Save the model as it is after this epoch."""
        if context.task_name != "iteration" or fitted_estimator.n_iter_ % self.every:
            return
        kept = copy.copy(fitted_estimator)
        for name in _OF_CALLBACKS:
            vars(kept).pop(name, None)
        _files.replace(self.path, seal(_formats.to_bytes(kept, ".joblib")))
