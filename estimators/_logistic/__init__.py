"""Logistic and softmax regression, behind `estimators/logistic.py`.

Start with `loss.py`: the log loss and its gradient, one block of rows at a time.
`search.py`: the three searches for its minimum (gradient descent, L-BFGS, accelerated proximal gradient).
`preconditioner.py`: an approximate inverse Hessian, and the scaling of huge columns.
"""
