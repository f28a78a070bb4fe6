"""Fitting beyond memory and beyond one machine. Read `nodes.py` first: what a step of a plan must offer.

`plan.py`: the plan of a whole model. `sources.py`: files as batches. `schema.py`: columns and their kinds.
`batches.py`: a batch as X, y and weights. `fitting.py`: the passes and their checkpoint. `batch_bar.py`:
their progress bar. `cluster.py`: the same on Dask.
"""
