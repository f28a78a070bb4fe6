"""Logistic and softmax regression, behind `estimators/logistic.py`.

Start with `loss.py` (the log loss and its gradient) and `search.py` (the interface of searches, and
gradient descent). `automatic.py` chooses a search: `lbfgs.py`, `row_space.py` (fewer rows than
features) or, with an l1 penalty, `proximal.py` and `proximal_newton.py`. `duality.py` computes a
bound on the remaining decrease. `metrics.py` contains approximate Hessians, and `metric_choice.py`
chooses one by its cost, which `costs.py` estimates. `scaling.py` scales down features whose squares
would overflow.
"""
