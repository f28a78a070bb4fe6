"""Least squares, in reading order.

1. `base.py`: what both estimators share, from rows to a state and from a state to the weights.
2. `rows.py`: how rows are read in blocks; `expansion.py`: the terms of a polynomial.
3. `moments.py`: the sums over the rows and how sums add up; `pairs.py`: sums in pairs of doubles;
   `state.py`: the state that holds them, parameters, the solution.
4. `problems.py`: the objective; `solve.py`: its minimum; `descent.py`: the searches for it.
5. `textbook.py`: gradient descent at a given learning rate, as a loop and in closed form.
6. `checks.py`: the checks of rows, targets and weights.
"""
