"""Recommending. `reasons.py`: what each feature adds to the score of a label."""
