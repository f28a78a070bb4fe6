"""Recommendation. The modules are best read in this order.

1. `columns.py`: the encoders of a recommender's columns, and their output features.
2. `catalogue.py`: conversion of a catalogue to the format of training rows. `checks.py`: error messages.
   `classifiers.py`: classifiers selected by name. `updates.py`: checks of the rows of an update.
3. `history.py`: the items that people have had before. `items.py`: similarities between items.
4. `scorers.py`: scores that are sums over the features. `reasons.py`: the contribution of each feature.
5. `cells.py`: encoding of the cells of a single query, without a table.
6. `persons.py`: the relevant labels of rows and persons. `metrics.py`: metrics of lists of recommendations.
"""
