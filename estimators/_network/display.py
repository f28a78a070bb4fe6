"""Plot of the loss curves of a network."""

from typing import TYPE_CHECKING, Any, Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D


class LossCurveDisplay:
    """Plot of the training and validation loss of each epoch.

    Use :meth:`from_estimator` to create a display, as with scikit-learn's displays. This class requires
    matplotlib, which can be installed with ``pip install matplotlib``, or with ``pip install ".[plot]"`` in a
    clone of tallygrad.

    Parameters
    ----------
    loss : list of float
        The training loss of each epoch.

    val_loss : list of float, default=None
        The validation loss of each epoch. If None, only the training loss is plotted.

    estimator_name : str, default=None
        Name of the estimator to show in the legend. If None, no name is shown.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the curves.

    figure_ : matplotlib Figure
        The figure that contains the axes.

    lines_ : list of matplotlib Line2D
        The curve of the training loss, followed by the curve of the validation loss if there is one.

    Examples
    --------
    >>> from estimators import LossCurveDisplay, MLPRegressor
    >>> from matplotlib.figure import Figure, SubFigure
    >>> net = MLPRegressor(tol=0.01, random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> display = LossCurveDisplay.from_estimator(net, ax=Figure().subplots(), linewidth=1)
    >>> display.ax_.get_ylabel()
    'Loss'
    """

    ax_: "Axes"
    figure_: "Figure | SubFigure"
    lines_: list["Line2D"]

    def __init__(
        self, loss: list[float], val_loss: list[float] | None = None, estimator_name: str | None = None
    ) -> None:
        self.loss, self.val_loss, self.estimator_name = loss, val_loss, estimator_name

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, *, ax: "Axes | None" = None, name: str | None = None, **line_kw: Any
    ) -> "LossCurveDisplay":
        """Plot the loss curves of a fitted network.

        Parameters
        ----------
        estimator : MLPClassifier, MLPRegressor or Pipeline
            The fitted network, or a fitted Pipeline whose last step is the network.

        ax : matplotlib Axes, default=None
            The axes to plot on. If None, a new figure is created.

        name : str, default=None
            Name of the estimator to show in the legend. If None, the class name is used.

        **line_kw : dict
            Keyword arguments passed to ``ax.plot``.

        Returns
        -------
        display : LossCurveDisplay
            The display with the plotted curves.

        Raises
        ------
        ValueError
            If the estimator does not have the attribute ``history_``, or it is empty.
        """
        model = estimator[-1] if hasattr(estimator, "steps") else estimator
        check_is_fitted(model)
        if not getattr(model, "history_", None):
            raise ValueError(
                "The 'estimator' parameter must be a fitted network with the attribute history_, such as "
                f"MLPClassifier. Got a {type(model).__name__} without this attribute."
            )
        history = model.history_
        display = cls(history["loss"], history.get("val_loss"), name or type(model).__name__)
        return display.plot(ax=ax, **line_kw)

    def plot(self, *, ax: "Axes | None" = None, name: str | None = None, **line_kw: Any) -> Self:
        """Plot the loss curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to plot on. If None, a new figure is created.

        name : str, default=None
            Name of the estimator to show in the legend. If None, `estimator_name` is used.

        **line_kw : dict
            Keyword arguments passed to ``ax.plot``.

        Returns
        -------
        self : LossCurveDisplay
            The display with the plotted curves.

        Raises
        ------
        ImportError
            If `ax` is None and matplotlib is not installed.
        """
        ax = new_axes() if ax is None else ax
        self.ax_, self.figure_, self.lines_ = ax, ax.figure, []
        name = name or self.estimator_name
        for kind, values in {"training": self.loss, "validation": self.val_loss}.items():
            if values:
                label = f"{name} {kind}" if name else kind
                self.lines_ += ax.plot(range(1, len(values) + 1), values, label=label, **line_kw)
        ax.set(xlabel="Epoch", ylabel="Loss")
        ax.legend()
        return self


def new_axes() -> "Axes":
    """Return the axes of a new figure."""
    try:
        from matplotlib import pyplot  # imported here because it is optional and takes half a second
    except ImportError as error:
        raise ImportError(
            "LossCurveDisplay requires matplotlib. Install it with: pip install matplotlib (or, in a clone "
            "of "
            'tallygrad: pip install ".[plot]").'
        ) from error
    return pyplot.subplots()[1]
