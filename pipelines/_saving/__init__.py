"""Saving models. `cards.py`: what a card holds, and the check of one. `fingerprint.py`: a digest of the data.

`checkpoint.py`: the callback that saves a network while it is fitted.
"""
