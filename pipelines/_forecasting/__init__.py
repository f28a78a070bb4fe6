"""Forecasts of numbers, from any table or from the evenings of a pizzeria.

`parameters.py`: checks of parameters. `tables.py`: the cells of each column. `calendar.py`: dates, and the
features derived from them. `public_holidays.py`: the holidays of a country. `targets.py`:
validation of the targets. `lags.py`: earlier targets as columns. `ranges.py`: levels of ranges, and
the held-out errors behind them. `rounding.py`: whole numbers, never below 0. `parts.py`: the amount
that each column adds to a forecast. `words.py`: sentences about these amounts. `outside.py`: rows
unlike the training rows. `evenings.py`: the columns of evenings, and the rules of their cells.
`values.py`: the values that occurred in training, as a state that can be merged.
"""
