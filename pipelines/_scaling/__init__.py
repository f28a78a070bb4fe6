"""Fitting models on data larger than memory and on clusters.

Start with `nodes.py`, which defines the interface of a plan's steps. `plan.py`: the plan of a whole model.
`sources.py`: reading Parquet, CSV and NDJSON files in batches. `schema.py`: the columns of a batch
and the kinds of their values. `batches.py`: splitting a batch into X, y and weights. `fitting.py`:
the passes over the batches and the checkpoint. `batch_bar.py`: the progress bar. `cluster.py`:
fitting and recommending on Dask.
"""
