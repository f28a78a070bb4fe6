"""Modules used by several estimators.

`labels.py`: encoding of class labels. `accuracy.py`: the score of classifiers.
`merging.py`: states that can be merged.
`matrices.py`: feature matrices and their validation. `thresholding.py`: the proximal step of the L1 penalty.
`callbacks.py`: support for scikit-learn's callbacks in a training loop.
`scikit_learn.py`: the only module that uses private parts of scikit-learn.
"""
