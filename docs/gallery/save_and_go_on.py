# %% [markdown]
"""
Save a training run, and resume it
==================================

Training that takes hours should survive a power cut. ``Checkpoint`` saves the network while it is fitted, and ``fit(..., resume_from=path)`` resumes
training from the file. The result is bit for bit the same as that of training without an interruption.
"""

# %%
import tempfile
import warnings
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from estimators import MLPClassifier
from pipelines import Checkpoint

warnings.simplefilter("ignore", ConvergenceWarning)  # thirty epochs are meant
images, digits = load_digits(return_X_y=True)
X, y = images / 16, digits
settings = {"hidden_layer_sizes": 50, "dropout": 0.2, "random_state": 0}

# %% [markdown]
# In epoch 13 the power fails, which a checkpoint with a flaw plays here. It saves after every fifth epoch.


# %%
class PowerCut(Checkpoint):
    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Save as a Checkpoint does, and fail in epoch 13."""
        kept = {"fitted_estimator": fitted_estimator}
        super().on_fit_task_end(estimator, context, **kept)
        if estimator.n_iter_ == 13:
            raise RuntimeError("the light went out")


folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "net.joblib")
net = MLPClassifier(**settings, max_iter=30).set_callbacks(PowerCut(path, every=5))
try:
    net.fit(X, y)
except RuntimeError as error:
    print(error)

kept = joblib.load(path)
print(f"in the file: {kept.n_iter_} epochs, loss {kept.loss_:.3f}; it can predict too")

# %% [markdown]
# (In earnest it is ``net.set_callbacks(Checkpoint("net.joblib", every=5))``.) On the next morning, in another process: the same settings, the same data.

# %%
resumed = MLPClassifier(**settings, max_iter=30).fit(X, y, resume_from=path)
whole = MLPClassifier(**settings, max_iter=30).fit(X, y)
pairs = zip(resumed.coefs_, whole.coefs_, strict=True)
print("equal to the last bit:", all(np.array_equal(a, b) for a, b in pairs))

plt.figure(figsize=(7, 4), layout="constrained")
plt.plot(
    range(1, 31),
    whole.loss_curve_,
    linewidth=6,
    color="lightgray",
    label="never stopped",
)
losses = resumed.loss_curve_
plt.plot(range(1, 11), losses[:10], color="tab:red", label="in the checkpoint")
plt.plot(range(10, 31), losses[9:], color="tab:blue", label="resumed")
plt.xlabel("epoch")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# Going on with other data would be another training, so it is refused, and so is a damaged file. The file holds no data, but it is a joblib file, which runs
# code when it is loaded: resume from your own only.

# %%
try:
    MLPClassifier(**settings).fit(X[:-1], y[:-1], resume_from=path)
except ValueError as error:
    print(str(error).replace(folder.name, "..."))
folder.cleanup()
