"""Modules used by several estimators.

`labels.py`: class labels are checked (none may be missing) and encoded. `accuracy.py`: `score`.
`class_weight.py`: the weights of classes, from a dict or from their rows.
`merging.py`: what a state that adds up must offer, and the check that two models can be merged.
`matrices.py`: feature matrices and their validation. `thresholding.py`: the proximal step of the l1 penalty.
`callbacks.py`: a training loop as scikit-learn's callbacks see it.
`scikit_learn.py`: the only file of `estimators` that touches what is private in scikit-learn.
"""
