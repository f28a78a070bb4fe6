"""Training rows from histories: one row per item, with the other items of the person as history."""

from typing import TypeAlias

import pandas as pd
import polars as pl

from pipelines._common.frames import Rows
from pipelines._common.labels import plain_labels
from pipelines._recommending.catalogue import frame_of, select

__all__ = ["leave_one_out"]

Frame: TypeAlias = pd.DataFrame | pl.DataFrame


def leave_one_out(frame: Rows, user: str, item: str, *, history: str = "history") -> Frame:
    """Return a training row for each (person, item) pair, with the person's other items as history.

    Parameters
    ----------
    frame : data frame of shape (n_pairs, n_columns)
        One row for each item that a person has had. Other columns are kept.

    user : str
        Name of the column that identifies the person.

    item : str
        Name of the column that contains the item.

    history : str, default="history"
        Name of the new column.

    Returns
    -------
    rows : data frame of shape (n_pairs, n_columns + 1)
        The same rows in the same order, with a new column of lists: the other items of the person, each once,
        in the order of the rows. The result is a pandas frame if `frame` is one, otherwise a polars frame.

    Raises
    ------
    TypeError
        If `frame` is not a data frame.
    ValueError
        If a column is missing, if `frame` already has a column with the name given by `history`, or if a
        person or an item is missing.

    See Also
    --------
    recommender : With ``history="history"``, it can be fitted on these rows.

    Notes
    -----
    A person with n items gets n lists of n - 1 items, so time and memory are O(sum of n^2 over all people).
    When you evaluate a model, keep all rows of a person in the same fold (``GroupKFold``). Otherwise the
    items to be predicted would appear in the histories of the training rows.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines import leave_one_out, recommend, recommender
    >>> read = pl.DataFrame({
    ...     "reader": ["Ann", "Ann", "Ben", "Ben", "Ben"],
    ...     "book": ["Dune", "Emma", "Dune", "Emma", "It"],
    ... })
    >>> rows = leave_one_out(read, "reader", "book")
    >>> rows["history"].to_list()
    [['Emma'], ['Dune'], ['Emma', 'It'], ['Dune', 'It'], ['Dune', 'Emma']]
    >>> model = recommender(history="history").fit(rows, rows["book"])
    >>> recommend(model, {"history": ["Dune", "It"]}, k=1, exclude_history=True)[0].tolist()
    [['Emma']]
    """
    rows = frame_of(frame, "The 'frame' parameter of leave_one_out")
    select(rows, [user, item], "The 'frame' parameter of leave_one_out")
    if history in rows.columns:
        raise ValueError(
            f"The 'history' parameter of leave_one_out must be the name of a new column. Got {history!r}, "
            "which the frame already contains."
        )
    persons, items = plain_labels(rows[user]), plain_labels(rows[item])
    for name, cells in ((user, rows[user]), (item, rows[item])):
        if cells.is_null().any() if isinstance(cells, pl.Series) else cells.isna().any():
            raise ValueError(f"The column {name!r} must not contain missing values.")
    had: dict[object, dict[object, None]] = {}  # the distinct items of each person, in order
    for person, each in zip(persons, items, strict=True):
        had.setdefault(person, {})[each] = None
    others = [
        [other for other in had[person] if other != each] for person, each in zip(persons, items, strict=True)
    ]
    if isinstance(rows, pl.DataFrame):
        return rows.with_columns(pl.Series(history, others, dtype=pl.List(rows[item].dtype)))
    return rows.assign(**{history: pd.Series(others, index=rows.index, dtype=object)})
