"""A progress bar that shows the training loss, which scikit-learn's progress bar cannot show."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from sklearn.callback import CallbackContext


class LossBar:
    """Show a progress bar with the loss while a network is fitted.

    The bar shows the loss of the last epoch (with "lbfgs", of the last iteration), and the loss on the
    held-out rows if there are any. To see the progress of a search, use scikit-learn's
    ``ProgressBar`` instead. It does not show the loss.

    Parameters
    ----------
    console : rich.console.Console, default=None
        Where to show the bar. If None, it appears on the standard error stream.

    Examples
    --------
    >>> import io
    >>> from rich.console import Console
    >>> from estimators import MLPRegressor
    >>> from pipelines import LossBar
    >>> shown = Console(file=io.StringIO(), width=80)
    >>> net = MLPRegressor(tol=0.01, random_state=0).set_callbacks(LossBar(shown))
    >>> net = net.fit([[0.0], [1.0]], [0.0, 1.0])
    >>> f"loss {net.loss_:.4g}" in shown.file.getvalue()
    True
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console
        self._bars: dict[
            CallbackContext, Progress
        ] = {}  # one bar per running fit, since several threads may share this object

    def setup(self, estimator: BaseEstimator, context: "CallbackContext") -> None:
        """Show an empty bar."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        bar = Progress(
            *columns, TextColumn("{task.fields[losses]}"), console=self.console or Console(stderr=True)
        )
        bar.add_task(type(estimator).__name__, total=context.max_subtasks, losses="")
        self._bars[context] = bar
        bar.start()

    def on_fit_task_begin(self, estimator: BaseEstimator, context: "CallbackContext") -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: BaseEstimator, context: "CallbackContext") -> None:
        """Advance the bar by one epoch and show its loss."""
        if bar := self._bars.get(context.parent):
            history = getattr(estimator, "history_", {})
            if history:  # resumed training does not start at epoch 0
                bar.update(bar.task_ids[0], losses=losses(history), completed=estimator.n_iter_)
            else:
                bar.advance(bar.task_ids[0])

    def teardown(self, estimator: BaseEstimator, context: "CallbackContext") -> None:
        """Stop the bar, which stays visible."""
        self._bars.pop(context).stop()


def losses(history: Mapping[str, list[float]]) -> str:
    """Return the most recent losses in ``history_`` as text."""
    names = {"loss": "loss", "val_loss": "held out"}
    return ", ".join(f"{name} {history[key][-1]:.4g}" for key, name in names.items() if history.get(key))
