"""Recommendation.

`reasons.py`: how much each feature adds to the score of a label. `metrics.py`: measures of lists of
recommendations. `persons.py`: the relevant labels of rows and persons.
"""
