# %% [markdown]
"""
Stop early, and look at the loss curve
======================================

A network that trains for too long learns its rows by heart. The loss on held-out rows shows when that begins; ``early_stopping=True`` stops there and keeps
the best weights.
"""

# %% [markdown]
# 200 noisy points of two half moons, and far too large a network for them.

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning

from estimators import LossCurveDisplay, MLPClassifier

X, y = make_moons(200, noise=0.35, random_state=0)
X_val, y_val = make_moons(200, noise=0.35, random_state=1)
X_test, y_test = make_moons(2000, noise=0.35, random_state=2)
large = {
    "hidden_layer_sizes": (200, 200),
    "learning_rate_init": 0.003,
    "random_state": 0,
}

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # 300 epochs are asked for
    long = MLPClassifier(**large, alpha=0, max_iter=300, n_iter_no_change=300)
    long.fit(X, y, X_val=X_val, y_val=y_val)
early = MLPClassifier(**large, early_stopping=True, n_iter_no_change=20)
early.fit(X, y, X_val=X_val, y_val=y_val)
for name, net in {"300 epochs": long, "early stopping": early}.items():
    print(
        f"{name:>14}: {net.n_iter_} epochs, training {net.score(X, y):.3f}, "
        f"unseen {net.score(X_test, y_test):.3f}"
    )

# %% [markdown]
# ``LossCurveDisplay`` draws what every fit notes in ``history_``. Given rows of one's own, the long training is watched on them too, though they do not stop
# it.

# %%
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
LossCurveDisplay.from_estimator(long, ax=ax, name="300 epochs,")
best = int(np.argmax(early.validation_scores_)) + 1
ax.axvline(best, color="black", linestyle="--", label="best validation score")
ax.set_ylim(0, 1)
ax.legend()
plt.show()

# %% [markdown]
# The training loss falls and falls; on held-out rows it turns up again after some dozens of epochs. Where the two part, learning by heart begins. Without rows
# of one's own, ``early_stopping=True`` holds out a tenth (``validation_fraction``).
