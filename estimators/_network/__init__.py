"""Neural networks. A fit uses nine modules, which are best read in this order.

`estimators/mlp.py` (the two classes), `base.py` (their base class, which checks rows and weights),
`training.py` (epochs and batches), `network.py` (layers over one vector, and their initial weights),
`layers.py` (forward and backward passes), `losses.py` (losses, output activations and their gradients),
`optimizers.py` (SGD, RMSprop, Adam), `state.py` (the training progress), `accelerator.py` (the same steps
compiled by numba, to be kept consistent).

The other modules: `settings.py` (parameters), `held_out.py` (validation data), `quantiles.py` (losses),
`checkpoint.py` (files), `lbfgs.py` (L-BFGS), `summary.py` (tables and diagrams), `display.py` (plots).
"""
