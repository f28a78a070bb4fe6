"""Rows to fit batch by batch, in several forms."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from estimators import (
    GDRegressor,
    MultiHotEncoder,
    OneHotEncoder,
    PolynomialRegressor,
)

N = 60


def made(n=N, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "title": rng.choice([f"game {i}" for i in range(12)], n),
            "budget": rng.choice(["cheap", "premium", "standard"], n),
            "gameplay_types": [
                rng.choice(["Puzzle", "Racing", "Shooter"], k, replace=False).tolist()
                for k in rng.integers(0, 3, n)
            ],
            "reservations": rng.integers(5, 60, n),
            "temperature": rng.normal(15, 8, n).round(1) + 1000,
            "weekday": rng.choice(["Monday", "Friday", "Sunday"], n),
            "holiday": rng.random(n) < 0.2,
            "weight": rng.integers(1, 4, n).astype(float),
        }
    )
    frame["doughs"] = (
        2.4 * frame["reservations"] + (frame["temperature"] - 1000) ** 2 / 50 + rng.normal(0, 3, n)
    )
    return frame


WHOLE = made()


def numbers(regressor):
    steps = [
        ("numbers", StandardScaler(), ["reservations", "temperature"]),
        ("budget", OneHotEncoder(handle_unknown="other"), ["budget"]),
        ("types", MultiHotEncoder(handle_unknown="ignore"), ["gameplay_types"]),
    ]
    return Pipeline([("encode", ColumnTransformer(steps, sparse_threshold=0)), ("fit", regressor)])


REGRESSORS = {
    "line": GDRegressor(),
    "ridge": GDRegressor(alpha=0.1),
    "elastic net": GDRegressor(alpha=0.1, l1_ratio=0.5),
    "textbook": GDRegressor(learning_rate=0.01, max_iter=20_000, tol=1e-3),
    "polynomial": PolynomialRegressor(3, expand=[0, 1], alpha=1e-3),
    "polynomial in a domain": PolynomialRegressor(2, expand=[0, 1], domain=[-3, 3], alpha=1e-3),
}


def as_pandas(frame):
    return frame


def as_polars(frame):
    return pl.from_pandas(frame)


def as_arrow_batch(frame):
    return pa.RecordBatch.from_pandas(frame, preserve_index=False)


def as_arrow_table(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)
