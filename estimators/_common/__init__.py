"""What several families share.

`labels.py`: class labels to codes and back. `merging.py`: states that add up.
`matrices.py`: the types of feature matrices. `thresholding.py`: the proximal step of the l1 penalty.
`callbacks.py`: a training loop as scikit-learn's callbacks see it.
`scikit_learn.py`: the only file that imports or touches what is private in scikit-learn.
"""
