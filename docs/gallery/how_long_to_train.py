# %% [markdown]
"""
Choose by cross-validation how long to train
============================================

Descent that stops early is a kind of regularisation: weights start at zero and grow, the useless ones last. How many steps are best is a question for
cross-validation, and usually a dear one, since each number of steps is a training of its own. ``GDRegressor.coef_path`` gives the weights after *any*
numbers of steps from what one fit has learned.
"""

# %% [markdown]
# 60 rows, and 40 features, of which only five matter. Least squares to the end would follow the noise.

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from estimators import GDRegressor

X, y = make_regression(60, 40, n_informative=5, noise=60, random_state=0)
X = StandardScaler().fit_transform(X)
steps = np.unique(np.geomspace(1, 20_000, 60).astype(int))

folds = KFold(10, shuffle=True, random_state=0)
errors = np.zeros((folds.get_n_splits(), len(steps)))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # to stop early is the point
    for fold, (training, held_out) in enumerate(folds.split(X)):
        model = GDRegressor(learning_rate=0.05).fit(X[training], y[training])
        weights, biases = model.coef_path(steps)
        forecasts = X[held_out] @ weights.T + biases  # (rows, numbers of steps)
        misses = forecasts - y[held_out][:, np.newaxis]
        errors[fold] = np.mean(misses**2, axis=0)

mean = np.sqrt(errors.mean(axis=0))
best = steps[mean.argmin()]
print(f"best: {best} steps, error {mean.min():.0f}")
print(f"after {steps[-1]:,} steps: {mean[-1]:.0f}")

# %%
plt.figure(figsize=(7, 4), layout="constrained")
plt.semilogx(steps, mean, label="cross-validated error")
plt.axvline(best, color="tab:red", linestyle="--", label=f"best: {best} steps")
plt.xlabel("steps of descent")
plt.ylabel("root mean squared error")
plt.legend()
plt.show()

# %% [markdown]
# Ten fits gave sixty numbers of steps, the largest 20,000. The model to use is then ``GDRegressor(learning_rate=0.05, max_iter=best)`` on all rows. A ridge
# penalty (``alpha``) does much the same in another way; ``alpha_path`` goes along that one.
