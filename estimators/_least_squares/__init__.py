"""Least squares, in reading order.

1. `base.py`: what both estimators share, from rows to a state and from a state to the weights.
2. `rows.py`: how rows are read in blocks; `expansion.py`: the terms of a polynomial.
3. `moments.py`: the sums over the rows; `pairs.py`: their exact arithmetic; `state.py`: what a model keeps.
4. `problems.py`: the objective; `solve.py`: its minimum; `descent.py`: the searches for it.
5. `row_space.py`, `working_set.py`: the minimum from the rows, where there are many columns.
6. `textbook.py`: gradient descent at a given learning rate, as a loop and in closed form.
7. `checks.py`: the checks of rows, targets and weights.
"""
