"""The targets: one column of numbers, none of which is missing."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipelines._common.frames import Rows, collected
from pipelines._forecasting.calendar import shown
from pipelines._forecasting.tables import Cell, is_missing, is_number, of_text, words_of


def target_cells(y: Rows) -> list[Cell]:
    """Return the cells (n_rows,) of a sequence, a series, or a frame or array with one column."""
    y = collected(y)
    if hasattr(y, "columns") and len(y.columns) == 1:
        y = y[y.columns[0]]
    if isinstance(y, str | Mapping) or hasattr(y, "columns"):
        columns = f" with the columns {', '.join(map(str, y.columns))}" if hasattr(y, "columns") else ""
        raise TypeError(
            "The 'y' parameter of fit must be one column of numbers, such as table['sold']. "
            f"Got a {type(y).__name__}{columns} instead."
        )
    return list(y.ravel() if isinstance(y, np.ndarray) and y.shape[1:] == (1,) else y)


def targets_of(parameter: str, cells: Sequence[Cell], dates: np.ndarray | None, remedy: str) -> np.ndarray:
    """Return the targets (n_rows,) as floats. Raise ValueError if one is missing or is not a number.

    The error message contains `parameter` (where the targets were given) and `remedy` (what to do).
    """
    for row, value in enumerate(cells):
        at = f"row {row}" if dates is None else f"row {row} ({shown(dates[row])})"
        if is_missing(value):
            raise ValueError(
                f"The {parameter} must not contain missing targets. The target of {at} is missing. {remedy} "
                "A date without a row is a gap, and a lag that falls into a gap is imputed."
            )
        if not is_number(value):
            raise ValueError(
                f"The targets in the {parameter} must be numbers. Got {value!r} in {at} instead."
                f"{of_text(value)}"
            )
    return np.array(cells, dtype=float)


def check_not_target(frame: pd.DataFrame, words: Sequence[str], targets: np.ndarray) -> None:
    """Raise ValueError if a column (n_rows,) is equal to the target in all rows.

    `words` are the columns that contain categories as strings.
    """
    if len(np.unique(targets)) == 1:
        return
    as_words = words_of("y", targets.tolist())
    for name in frame:
        if np.array_equal(frame[name].to_numpy(), as_words if name in words else targets):
            raise ValueError(
                f"Column {name!r} is equal to the target in all rows. The target is not known when a "
                "forecast is made, so it cannot be a feature. Leave the column out; for earlier targets, "
                "use lags."
            )
