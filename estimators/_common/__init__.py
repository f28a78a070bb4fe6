"""What several families share. `labels.py`: class labels to codes and back. `merging.py`: states that add up.

`callbacks.py`: a training loop as scikit-learn's callbacks see it. `thresholding.py`: the L1 step.
`scikit_learn.py`: the only file that touches what is private in scikit-learn.
"""
