"""Checks of the parameters of `forecaster`."""

from collections.abc import Sequence

from pipelines._common.names import suggestion
from pipelines._common.parameters import check_int
from pipelines._forecasting.calendar import CALENDAR


def check_columns(**columns: Sequence[str]) -> None:
    """Raise TypeError unless each parameter is a sequence of column names."""
    for parameter, names in columns.items():
        if (
            not isinstance(names, Sequence)
            or isinstance(names, str)
            or not all(isinstance(name, str) for name in names)
        ):
            raise TypeError(
                f"The {parameter!r} parameter of forecaster must be a sequence of column names. "
                f"Got {names!r} instead."
            )


def check_names(given: Sequence[str]) -> None:
    """Raise ValueError if there is no column, or if two columns have the same name, derived ones included."""
    if not given:
        raise ValueError("forecaster needs at least one column: numbers, categories, flags or a date.")
    if twice := [name for name in given if given.count(name) > 1]:
        raise ValueError(
            f"Each column of forecaster can be given only once. Got {twice[0]!r} more than once."
        )


def check_dates_and_lags(
    date: str | None,
    calendar: Sequence[str],
    holidays: str | None,
    lags: Sequence[int],
    rolling: Sequence[int],
    horizon: int,
) -> None:
    """Raise ValueError for an unknown part of the calendar, a lag that is too small, or no date."""
    for name in [calendar] if isinstance(calendar, str) else calendar:
        if name not in CALENDAR or isinstance(calendar, str):
            raise ValueError(
                "The 'calendar' parameter of forecaster must be a sequence of words from "
                f"{', '.join(CALENDAR)}. Got {name!r} instead.{suggestion(name, CALENDAR)}"
            )
    check_int("horizon", horizon, "forecaster")
    for parameter, given in (("lags", lags), ("rolling", rolling)):
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise TypeError(
                f"The {parameter!r} parameter of forecaster must be a sequence of ints, such as [7]. "
                f"Got {given!r} instead."
            )
    for lag in lags:
        if check_int("lags", lag, "forecaster") < horizon:
            raise ValueError(
                f"Each lag of forecaster must be at least the horizon, {horizon}, because later targets are "
                f"not known when a forecast is made. Got {lag} instead."
            )
    for window in rolling:
        check_int("rolling", window, "forecaster")
    if date is None and (calendar or holidays or lags or rolling):
        raise ValueError(
            "The 'date' parameter of forecaster must be the name of a column if calendar, holidays, lags "
            "or rolling are given. Got None instead."
        )
