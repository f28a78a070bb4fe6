"""Naive Bayes. The modules are best read in this order.

1. `counts.py`: sparse feature counts per class, which can be added (`ClassCounts`). `sparse.py`: its arrays.
2. `base.py`: the base class of the four classifiers, from `fit` to `top_k`.
3. `scores.py`: scores from weights. `weights.py`: the terms of the weights. `complement.py`,
   `multinomial.py`, `bernoulli.py` and `catalogue.py`: weights from counts, one formula each. `evidence.py`:
   the shrinkage used in `catalogue.py`. `profiles.py`: classes with equal counts, which are scored once.
4. `top_k.py`: the k highest scores. Equal scores keep the order of `classes_`.
5. `one_row.py`: the same scores for a single row, without the validation that tables need.
"""
