"""The public holidays of a country, from the package holidays (an extra)."""

import numpy as np

from pipelines._common.names import suggestion


def are_holidays(dates: np.ndarray, country: str) -> np.ndarray:
    """Return 1.0 for each date that is a public holiday of the country, else 0.0, (n_dates,)."""
    days = dates.astype("M8[D]")
    years = range(days.min().astype("M8[Y]").item().year, days.max().item().year + 1)
    known = holidays_of(country, tuple(years))
    return np.isin(days, np.array(sorted(known), dtype="M8[D]")).astype(float)


def holidays_of(country: str, years: tuple[int, ...]) -> set:
    """Return the dates of the public holidays. Raise ValueError if the country is not known."""
    try:
        import holidays
    except ImportError as error:
        raise ImportError(
            "The public holidays of a country need the package holidays. Install it with "
            "'pip install holidays', or as the extra tallygrad[holidays]."
        ) from error
    countries = holidays.list_supported_countries()
    if country not in countries:
        raise ValueError(
            "The 'holidays' parameter of forecaster must be a country code of the package holidays, such as "
            f"'IT', or None. Got {country!r} instead.{suggestion(country, countries)}"
        )
    return set(holidays.country_holidays(country, years=years))
