"""Logistic and softmax regression, behind `estimators/logistic.py`.

Start with `loss.py`: the log loss and its gradient. `search.py`: what searches share, and gradient descent.
`automatic.py` chooses a search: `lbfgs.py`, `row_space.py` (fewer rows than features) or, with an l1 penalty,
`proximal.py` and `proximal_newton.py`, with `duality.py`. `metrics.py`: approximate Hessians;
`metric_choice.py` chooses one by its price, from `costs.py`. `scaling.py`: huge features.
"""
