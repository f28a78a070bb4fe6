"""Recommendation. Read in this order.

`scorers.py`: classifiers whose score is a sum over the features, one row at a time.
`reasons.py`: how much each feature adds to the score of a label.
`cells.py`: what a ColumnTransformer makes of the cells of one question.
"""
