"""Forecasting of doughs. A dough is the ball of dough for one pizza.

`evenings.py`: the columns of evenings and the validation of their cells. `values.py`: the values that
occurred in training, as a state that can be merged. `words.py`: sentences that state what each feature adds.
"""
