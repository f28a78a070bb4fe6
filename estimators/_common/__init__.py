"""Modules used by several estimators.

`labels.py`: validation and encoding of class labels, including missing ones. `accuracy.py`: the method
`score`. `class_weight.py`: the weights of classes, given as a dict or computed from the class frequencies.
`merging.py`: the interface of additive states, and a check that two models can be merged. `matrices.py`:
validation of X and y; NaN raises an error. `thresholding.py`: the proximal step of the L1 penalty.
`callbacks.py`: support for scikit-learn's callbacks in training loops. `scikit_learn.py`: the only file of
`estimators` that uses private parts of scikit-learn.
"""
