"""Forecasting. `evenings.py`: the columns of evenings and the check of their cells.

`values.py`: the values that occurred in training, a state that adds up. `words.py`: sentences about what each
feature adds.
"""
