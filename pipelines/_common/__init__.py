"""Code that several pipelines use.

`frames.py`: rows in any form. `steps.py`: the steps of a fitted pipeline. `labels.py`: exact labels.
`ranking.py`: the k best labels of any classifier (`estimators/_bayes/top_k.py` orders equal scores), and
`questions.py`: by popularity if nothing is known of a question.
`parameters.py`: the check of counts. `files.py`: atomic files. `description.py`: a model as JSON.
`formats.py`: the formats of model files (joblib, skops). `loss_bar.py`: a progress bar for networks.
`scikit_learn.py`: the only file of `pipelines` that touches what is private in scikit-learn.
"""
