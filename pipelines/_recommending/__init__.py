"""Recommendation. The modules are best read in this order.

1. `columns.py`: the encoders of a recommender's columns, and the features that come out.
2. `catalogue.py`: the rows of a catalogue in the form of other rows. `classifiers.py`: classifiers by a word.
3. `history.py`: the items that people have had. `items.py`: how similar items are.
4. `scorers.py`: classifiers whose score is a sum over the features. `reasons.py`: its parts.
5. `cells.py`: what the encoders make of the cells of one question, without a table.
6. `persons.py`: the relevant labels of rows and persons. `metrics.py`: measures of lists of recommendations.
"""
