"""Fitting models on data larger than memory and on clusters.

Read `nodes.py` first; it defines the interface of the steps of a plan. `plan.py`: the plan of a whole model.
`sources.py`: Parquet, CSV and NDJSON files cut into batches. `schema.py`: columns and the kinds of values.
`batches.py`: splitting a batch into X, y and weights. `fitting.py`: the passes over the batches and the
checkpoint. `batch_bar.py`: the progress bar. `cluster.py`: fitting and recommending on Dask.
"""
