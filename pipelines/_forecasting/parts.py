"""The contribution of each column to a forecast, compared with an average row.

A polynomial is a sum of terms, and each term belongs to one column or to a product of several. A part is the
sum of the terms of a column, minus the same sum at the mean of the encoded training rows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from estimators import OneHotEncoder, PolynomialRegressor
from pipelines._forecasting.calendar import SEASON_TERMS
from pipelines._forecasting.tables import Cell

AVERAGE = "(average)"


def parts_of(
    regressor: PolynomialRegressor, row: np.ndarray, mean: np.ndarray, names: Sequence[str]
) -> dict[str, float]:
    """Return the forecast for the mean row and each column's contribution. They add up to the forecast.

    Parameters
    ----------
    regressor : fitted PolynomialRegressor
    row, mean : ndarray of shape (n_encoded,)
    names : sequence of str, the table's column for each encoded column
    """
    powers = regressor.powers_  # (n_terms, n_encoded)
    change = (row**powers).prod(axis=1) - (mean**powers).prod(axis=1)
    average = float(regressor.predict(mean[np.newaxis])[0])
    parts: dict[str, float] = {AVERAGE: average}
    for term, adds in zip(powers > 0, regressor.coef_ * change, strict=True):
        name = " x ".join(dict.fromkeys(names[place] for place in np.flatnonzero(term).tolist()))
        parts[name] = parts.get(name, 0.0) + float(adds)
    return parts


def names_of(encode: ColumnTransformer, row: Mapping[str, Cell]) -> list[str]:
    """Return the table's column for each encoded column, with the value of a category."""
    names = []
    for _, step, columns in encode.transformers_:
        if isinstance(step, OneHotEncoder):
            for name, known in zip(columns, step.categories_, strict=True):
                names += [f"{name}={row[name]}"] * len(known)
        elif list(columns) == SEASON_TERMS:
            names += ["season"] * len(columns)
        else:
            imputer = step[0] if isinstance(step, Pipeline) else step
            names += [*columns, *_missing(imputer, columns)]
    return names


def _missing(imputer: object, columns: Sequence[str]) -> list[str]:
    """Return the names of the encoded columns that indicate missing cells."""
    indicator = getattr(imputer, "indicator_", None)
    return [] if indicator is None else [f"{columns[place]} missing" for place in indicator.features_]
