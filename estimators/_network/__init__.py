"""Neural networks. A fit runs nine modules; read them in this order.

`estimators/mlp.py` (the two classes), `base.py` (how both are fitted), `training.py` (epochs and batches),
`network.py` (layers over one vector, and their initial weights), `layers.py` (forward and backward passes),
`losses.py` (losses, output activations and their gradients), `optimizers.py` (SGD, RMSprop, Adam),
`state.py` (the progress of a training), `accelerator.py` (the same steps compiled by numba; change both).

Beside them: `settings.py` (which values parameters may have), `held_out.py` (validation rows),
`checkpoint.py` (files to resume from), `lbfgs.py`, `summary.py` (table, graph), `display.py` (loss curve).
"""
