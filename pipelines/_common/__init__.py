"""Code that several pipelines use.

`frames.py`: rows in any form. `steps.py`: the steps of a fitted pipeline. `labels.py`: exact labels.
`ranking.py`: the k best labels. `parameters.py`: validation of integer parameters. `files.py`: atomic writes.
`formats.py`: models as bytes. `description.py`: models as JSON. `loss_bar.py`: a progress bar for networks.
`scikit_learn.py`: the only file that uses private parts of scikit-learn.
"""
