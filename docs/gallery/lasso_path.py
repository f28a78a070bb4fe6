# %% [markdown]
"""
Draw a Lasso path
=================

The Lasso, ``GDRegressor(l1_ratio=1)``, sets weights to exactly zero: the larger ``alpha``, the fewer features are left. The path from many to few shows
which of them matter. ``alpha_path`` walks along it from the statistics of one fit, without reading the rows again.
"""

# %% [markdown]
# Ten measurements of 442 patients, and how far their diabetes had advanced a year later.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

from estimators import GDRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True)
names = X.columns
X = StandardScaler().fit_transform(X)

model = GDRegressor(l1_ratio=1.0).fit(X, y)
alphas = np.geomspace(50, 0.05, 100)  # from large to small is fastest
weights, biases = model.alpha_path(alphas)

# %%
shown = {"bmi": "tab:blue", "s5": "tab:orange", "s1": "tab:red", "s2": "black"}
plt.figure(figsize=(7, 4.5), layout="constrained")
for name, path in zip(names, weights.T, strict=True):
    label = name if name in shown else None
    plt.semilogx(alphas, path, color=shown.get(name, "silver"), label=label)
plt.gca().invert_xaxis()
plt.xlabel("alpha: a weaker penalty to the right")
plt.ylabel("weight of the standardised feature")
plt.legend()
plt.show()

# %% [markdown]
# The body mass index and ``s5``, a blood value, enter first. At the right ``s1`` and ``s2`` grow large with opposite signs: they are nearly the same
# measurement, and least squares plays one off against the other. Unpenalised weights are not to be read one by one.

# %%
for alpha in (20.0, 5.0, 1.0):
    at, _ = model.alpha_path([alpha])
    print(f"alpha {alpha:>4}: {', '.join(names[at[0] != 0])}")

# %% [markdown]
# The weights are those of scikit-learn's Lasso, whose ``alpha`` means the same.

# %%
same = Lasso(alpha=1.0, tol=1e-10).fit(X, y).coef_
print("equal to 1e-6:", np.allclose(same, model.alpha_path([1.0])[0][0], atol=1e-6))
