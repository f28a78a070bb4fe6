"""Neural networks. A fit uses nine modules, which are best read in this order.

`estimators/mlp.py` (the two public classes), `base.py` (their base class), `training.py` (epochs and
batches), `network.py` (a list of layers), `layers.py` (forward and backward passes), `losses.py`,
`optimizers.py` (SGD, RMSprop, Adam), `state.py` (the progress of training), `accelerator.py` (numba).

The other modules are `settings.py` (parameters and their valid values), `held_out.py` (validation data),
`checkpoint.py` (checkpoint files), `lbfgs.py`, `summary.py` (tables and diagrams) and `display.py` (plots of
the loss).
"""
