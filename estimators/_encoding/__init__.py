"""One-hot and multi-hot encoding. Read in this order.

1. `columns.py`: a column of any kind of table becomes distinct values and integer codes (`Column`).
2. `categories.py`: the known categories, which add up (`FoundCategories`); codes to ones; unknown values.
3. `encoder.py`: what both encoders share: fit, transform, merge, names.
4. `one_cell.py`: the same encoding for a single cell, without a table.
"""
