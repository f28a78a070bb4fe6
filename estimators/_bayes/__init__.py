"""Naive Bayes. Read in this order.

1. `counts.py`: the sparse counts of each class, which add up (`ClassCounts`).
2. `base.py`: what the four classifiers share, from `fit` to `top_k`.
3. `scores.py`: from weights to scores. `complement.py`, `multinomial.py`, `bernoulli.py` and `catalogue.py`:
   from counts to weights, one formula each. `evidence.py`: how much the last shrinks its rates.
4. `top_k.py`: the k highest scores, ties in the order of `classes_`.
5. `one_row.py`: the same answers for a single row, without the checks of a table.
"""
