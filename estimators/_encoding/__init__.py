"""One-hot, multi-hot and bin encoding. The modules are best read in this order.

1. `columns.py`: split tables into columns, and columns into distinct values and codes (with `numbering.py`).
2. `lists.py`: the same for columns of lists and delimited strings.
3. `categories.py`: the known categories and their counts (`FoundCategories`), which can be merged.
4. `outputs.py`: the output columns, given which categories are infrequent or dropped.
5. `rules.py`: unknown and missing values. `unknown.py`: the errors and warnings that they cause.
6. `encoder.py`: the base class of both encoders, with fit, transform, merge and feature names.
7. `decoding.py`: the inverse of the encoding. `one_cell.py`: encoding a single cell without a table.
8. `bins.py`: the bins of `BinEncoder`: their edges and names, and encoding a single number.
"""
