"""Code that several pipelines use.

`frames.py`: input rows of all supported types. `steps.py`: the steps of a fitted pipeline. `labels.py`: exact
labels. `ranking.py`: the k best labels of any classifier (`estimators/_bayes/top_k.py` orders equal scores).
`questions.py`: ranking by popularity for queries without known values. `parameters.py`: validation of
integers. `names.py`: names in messages. `files.py`: atomic writing of files. `description.py`: a model as
JSON. `formats.py`: the formats of model files (joblib, skops). `loss_bar.py`: a progress bar for networks.
`scikit_learn.py`: the only file of `pipelines` that uses private parts of scikit-learn.
"""
