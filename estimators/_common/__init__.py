"""What several families share.

`labels.py`: class labels to codes and back. `accuracy.py`: the score of classifiers.
`merging.py`: states that add up.
`matrices.py`: feature matrices and their validation. `thresholding.py`: the proximal step of the l1 penalty.
`callbacks.py`: a training loop as scikit-learn's callbacks see it.
`scikit_learn.py`: the only file that imports or touches what is private in scikit-learn.
"""
