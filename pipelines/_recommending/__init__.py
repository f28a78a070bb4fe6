"""Recommendation. `reasons.py`: how much each feature adds to the score of a label."""
