"""Least squares, in reading order.

1. `base.py`: what both estimators share. `checks.py`: rows, targets and weights are checked (NaN, infinity).
2. `rows.py`: how rows are read in blocks. `expansion.py`: the terms of a polynomial.
3. `moments.py`: sums over the rows and how sums add up. `pairs.py`: their exact arithmetic.
   `state.py`: what a model keeps: sums, parameters, solution.
4. `problems.py`: the objective. `solve.py`: its minimum. `descent.py`: the searches for it, with an
   L1 penalty on the active set. `working_set.py`: the same on growing sets of columns, for wide data.
5. `row_space.py`: the minimum from the rows, if there are many columns. `conjugate.py`: of CSR rows.
6. `textbook.py`: gradient descent at a given learning rate and its limit, as a loop and in closed form.
"""
