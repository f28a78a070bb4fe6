"""Complement naive Bayes. Read in this order.

1. `counts.py`: the sparse counts of each class, which add up (`ClassCounts`).
2. `scores.py`: from counts to weights and scores (Rennie et al., Table 4).
3. `top_k.py`: the k highest scores, ties in order.
4. `one_row.py`: the same answers for a single row, without the checks of a table.
"""
