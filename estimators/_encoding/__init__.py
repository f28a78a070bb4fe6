"""One-hot and multi-hot encoding. Read in this order.

1. `columns.py`: any table to columns, a column to distinct values and codes (`Column`; `numbering.py`).
2. `lists.py`: the same for columns of lists and of delimited strings.
3. `categories.py`: the known categories and their counts, which add up (`FoundCategories`).
4. `outputs.py`: the output column of each category; infrequent and dropped ones; codes to ones.
5. `rules.py`: unknown and missing values; `unknown.py`: their errors and warnings.
6. `encoder.py`: what both encoders share: fit, transform, merge, names.
7. `decoding.py`: ones to categories. `one_cell.py`: the same encoding for a single cell, without a table.
"""
