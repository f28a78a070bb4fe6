"""A callback that saves a network during training, so that training can resume after a crash."""

import os
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sklearn.base import BaseEstimator

from pipelines._common import files

if TYPE_CHECKING:
    from sklearn.callback import CallbackContext


class Resumable(Protocol):
    """A model, such as a network, whose training can be saved and resumed."""

    n_iter_: int

    def to_checkpoint(self) -> bytes:
        """Return the content of a file from which ``fit`` can resume."""
        ...


class Checkpoint:
    """Save a network to a file during training, after every epoch or after every few epochs.

    To continue from the file, call ``fit(X, y, resume_from=path)`` on a model with the same parameters. The
    result is the same as that of uninterrupted training, and bit-for-bit identical on a single thread. The
    file is a joblib file of the current model, which can already predict, followed by a hash. The file is
    replaced atomically, so a crash while saving leaves the previous file intact. It contains no training
    data, only fingerprints of X, y and the sample weights, so that resuming with different data or from a
    damaged file raises an error.

    Parameters
    ----------
    path : str or path
        The file to write. Its folder must exist.

    every : int, default=1
        Number of epochs between two saves.

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

    def setup(self, estimator: BaseEstimator, context: "CallbackContext") -> None:
        """Check, before training starts, that the folder exists and that the model can be resumed."""
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"The folder {str(self.path.parent)!r} does not exist. Create it first.")
        if self.path.is_dir():
            raise IsADirectoryError(
                "The 'path' parameter of Checkpoint must be a file. "
                f"Got the folder {str(self.path)!r} instead."
            )
        if not hasattr(estimator, "to_checkpoint") or estimator.solver == "lbfgs":
            raise ValueError(
                "Checkpoint can only be used with networks whose solver is 'adam', 'rmsprop' or 'sgd'. "
                f"Got {estimator!r} instead."
            )

    def teardown(self, estimator: BaseEstimator, context: "CallbackContext") -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: BaseEstimator, context: "CallbackContext") -> None:
        """Do nothing."""

    def on_fit_task_end(
        self, estimator: BaseEstimator, context: "CallbackContext", *, fitted_estimator: Resumable
    ) -> None:
        """Save the current model."""
        if context.task_name == "iteration" and fitted_estimator.n_iter_ % self.every == 0:
            files.replace(self.path, fitted_estimator.to_checkpoint())
