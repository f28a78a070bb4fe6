"""The public holidays of a country, from the optional package holidays."""

import difflib
import re

import numpy as np


def are_holidays(dates: np.ndarray, country: str) -> np.ndarray:
    """Return an array (n_dates,) with 1.0 for public holidays of the country, and 0.0 for other dates."""
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
    if country not in holidays.list_supported_countries():
        raise ValueError(
            "The 'holidays' parameter of forecaster must be a country code of the package holidays, such as "
            f"'IT', or None. Got {country!r} instead.{_nearest(country)} The codes are the keys of "
            "holidays.list_supported_countries()."
        )
    return set(holidays.country_holidays(country, years=years))


def _nearest(country: str) -> str:
    """Return " Did you mean 'IT' (Italy)?" with the most similar code or English name, or an empty string."""
    from holidays.registry import COUNTRIES

    spellings: dict[str, tuple[str, str]] = {}  # in lower case, to the code and the name of the country
    for name, code, *others in COUNTRIES.values():
        spellings |= {spelling.lower(): (code, name) for spelling in (name, code, *others)}
    asked = re.sub(r"\W", "", str(country)).lower()
    near = difflib.get_close_matches(asked, spellings, n=1, cutoff=0.5)
    if not near:
        return ""
    code, name = spellings[near[0]]
    return f" Did you mean {code!r} ({re.sub('(?<=[a-z])(?=[A-Z])', ' ', name)})?"
