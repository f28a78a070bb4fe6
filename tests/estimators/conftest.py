"""Fixtures for the tests of the encoders."""

from types import SimpleNamespace

import pandas as pd
import polars as pl
import pytest

MIN_POLARS_ROWS = "estimators._encoding.columns._MIN_POLARS_ROWS"


@pytest.fixture(params=["short", "long"])
def polars_road(request, monkeypatch):
    """Take both paths for polars: few rows are read as Python objects, many by its own expressions."""
    monkeypatch.setattr(MIN_POLARS_ROWS, 10 if request.param == "short" else 0)


@pytest.fixture(params=["pandas", "polars", "polars, long"])
def lib(request, monkeypatch):
    """The same two functions for both data frame libraries."""
    if request.param == "polars, long":
        monkeypatch.setattr(MIN_POLARS_ROWS, 0)
    module = pd if request.param == "pandas" else pl
    return SimpleNamespace(
        name="pandas" if module is pd else "polars",
        frame=lambda data: module.DataFrame(data),
        series=lambda values, name=None: (
            module.Series(values, name=name) if module is pd else module.Series(name or "", values)
        ),
    )
