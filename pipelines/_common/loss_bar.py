"""A progress bar of a training that shows its loss, which scikit-learn's bar has no place for."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class LossBar:
    """Show a progress bar with the loss while a network is fitted, on the standard error stream.

    The loss is that of the last epoch (iteration of "lbfgs"), and beside it that of the held-out rows where
    there are any. scikit-learn's ``ProgressBar`` names its bars once, when they appear, and looks at no loss;
    use it for the progress of a search.

    Parameters
    ----------
    console : rich.console.Console, default=None
        Where to show it; on the standard error stream if None.

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
        self._bars: dict[Any, Progress] = {}  # of the fits that run, by their context: threads may share it

    def setup(self, estimator: Any, context: Any) -> None:
        """Show an empty bar."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        bar = Progress(
            *columns, TextColumn("{task.fields[told]}"), console=self.console or Console(stderr=True)
        )
        bar.add_task(type(estimator).__name__, total=context.max_subtasks, told="")
        self._bars[context] = bar
        bar.start()

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Go on by one epoch, and show its loss."""
        if bar := self._bars.get(context.parent):
            history = getattr(estimator, "history_", {})
            step = {"completed": estimator.n_iter_} if history else {"advance": 1}  # one resumed began before
            bar.update(bar.task_ids[0], told=losses(history), **step)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Leave the bar as it is."""
        self._bars.pop(context).stop()


def losses(history: dict[str, list[float]]) -> str:
    """Write the last losses of a ``history_``."""
    names = {"loss": "loss", "val_loss": "held out"}
    return ", ".join(f"{name} {history[key][-1]:.4g}" for key, name in names.items() if history.get(key))
