"""Least squares, in reading order.

1. `base.py`: the base class of both estimators. `checks.py`: validation of rows, targets and weights.
2. `rows.py`: readers of rows in blocks. `expansion.py`: the terms of a polynomial.
3. `moments.py`: sums over the rows, which can be merged. `pairs.py`: exact arithmetic for these sums.
   `state.py`: the content of a fitted model: sums, parameters and solution.
4. `problems.py`: the objective. `solve.py`: its minimum. `descent.py`: iterative searches for the minimum,
   on the active set with an L1 penalty. `working_set.py`: searches on growing sets of columns, for wide data.
5. `row_space.py`: the minimum from the rows, for many columns. `conjugate.py`: the same for CSR rows.
6. `textbook.py`: gradient descent at a given learning rate, and the largest rate that does not diverge.
"""
