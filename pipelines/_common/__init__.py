"""What several pipelines share.

`frames.py`: rows in any form. `steps.py`: the steps of a fitted pipeline. `ranking.py`: the k best labels.
`evenings.py`: the calendar and the cells of an evening. `files.py`: atomic files. `formats.py`: a model as
bytes. `description.py`: a model as JSON. `batch_bar.py`, `loss_bar.py`: progress bars. `scikit_learn.py`:
the only file that touches what is private in scikit-learn.
"""
