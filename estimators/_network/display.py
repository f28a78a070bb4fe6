"""The loss curve of a network as a picture."""

from typing import Any, Self

from sklearn.utils.validation import check_is_fitted


class LossCurveDisplay:
    """Training and validation loss by epoch, in scikit-learn's convention for displays.

    Use :meth:`from_estimator`. Needs matplotlib: ``pip install matplotlib``, or in a clone
    ``pip install ".[plot]"``.

    Parameters
    ----------
    loss : list of float
        The loss of each epoch.

    val_loss : list of float, default=None
        Of each epoch, on held-out rows.

    estimator_name : str, default=None
        For the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes

    figure_ : matplotlib Figure

    lines_ : list of matplotlib Line2D
        Training, then validation.

    Examples
    --------
    >>> from estimators import LossCurveDisplay, MLPRegressor
    >>> from matplotlib.figure import Figure
    >>> net = MLPRegressor(tol=0.01, random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> display = LossCurveDisplay.from_estimator(net, ax=Figure().subplots(), linewidth=1)
    >>> display.ax_.get_ylabel()
    'Loss'
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]

    def __init__(
        self, loss: list[float], val_loss: list[float] | None = None, estimator_name: str | None = None
    ) -> None:
        self.loss, self.val_loss, self.estimator_name = loss, val_loss, estimator_name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, name: str | None = None, **line_kw: Any
    ) -> "LossCurveDisplay":
        """Draw the curve of a fitted network.

        Parameters
        ----------
        estimator : MLPClassifier, MLPRegressor or Pipeline that ends in one
            Fitted.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        name : str, default=None
            For the legend; the class of the estimator if None.

        **line_kw : dict
            For ``ax.plot``.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        ValueError
            If the estimator has no ``history_``.
        """
        model = estimator[-1] if hasattr(estimator, "steps") else estimator
        check_is_fitted(model)
        if not getattr(model, "history_", None):
            raise ValueError(
                f"LossCurveDisplay needs history_, which {type(model).__name__} has not. "
                "MLPClassifier and MLPRegressor have it."
            )
        history = model.history_
        display = cls(history["loss"], history.get("val_loss"), name or type(model).__name__)
        return display.plot(ax=ax, **line_kw)

    def plot(self, *, ax: Any = None, name: str | None = None, **line_kw: Any) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        name : str, default=None
            For the legend, in place of `estimator_name`.

        **line_kw : dict
            For ``ax.plot``.

        Returns
        -------
        self : LossCurveDisplay
            The same object, with its picture.

        Raises
        ------
        ImportError
            If `ax` is None and matplotlib is not there.
        """
        if ax is None:
            ax = new_axes()
        self.ax_, self.figure_ = ax, ax.figure
        name = name or self.estimator_name
        curves = {"training": self.loss, "validation": self.val_loss}
        self.lines_ = [
            ax.plot(range(1, len(values) + 1), values, label=" ".join(filter(None, (name, what))), **line_kw)[
                0
            ]
            for what, values in curves.items()
            if values
        ]
        ax.set(xlabel="Epoch", ylabel="Loss")
        ax.legend()
        return self


def new_axes() -> Any:
    """Return the axes of a new figure."""
    try:
        from matplotlib import pyplot  # here, since it is optional and takes half a second
    except ImportError as error:
        raise ImportError(
            "LossCurveDisplay needs matplotlib: pip install matplotlib, or in a clone of tallygrad "
            'pip install ".[plot]".'
        ) from error
    return pyplot.subplots()[1]
