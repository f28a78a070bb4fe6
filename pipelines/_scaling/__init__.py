"""Fitting beyond memory and beyond one machine. Read `nodes.py` first: what a step of a plan must offer.

`tallies.py`: steps that learn by adding up states. `plan.py`: pipelines of them; `columns.py`: column
transformers. `sources.py`: files as batches. `schema.py`: columns and their kinds. `batches.py`: a batch as
X, y and weights. `fitting.py`: the passes and their checkpoint. `cluster.py`: the same on Dask.
"""
