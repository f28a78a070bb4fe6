"""Saving models.

`cards.py`: the content of a model card and its validation. `fingerprint.py`: a digest of the training data.
`checkpoint.py`: a callback that saves a network during training.
"""
