"""Forecasting. `values.py`: the values that occurred in the training evenings, which add up.

`words.py`: sentences about what each feature adds. The cells of an evening are checked in
`pipelines/_common/evenings.py`.
"""
