"""What several pipelines share.

`frames.py`: rows in any form. `steps.py`: the steps of a fitted pipeline. `ranking.py`: the k best labels.
`parameters.py`: the check of counts. `files.py`: atomic files. `formats.py`: a model as bytes.
`description.py`: a model as JSON. `loss_bar.py`: a progress bar for networks. `scikit_learn.py`: the only
file that touches what is private in scikit-learn.
"""
