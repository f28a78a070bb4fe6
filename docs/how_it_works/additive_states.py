# %% [markdown]
"""
States that add up
==================

``fit`` on all rows, ``partial_fit`` batch by batch, and ``merge`` of models from several machines give the same model. This is possible because these
models only need *sums over the rows*, an :term:`additive state`. This page shows what is summed, how two sums are added without losing digits, and why
the sums are kept in twice the usual precision.
"""

# %% [markdown]
# Counts
# ------
#
# Naive Bayes needs to know how often each feature occurs in each class. With the labels as a one-hot matrix :math:`Y` (one row per example, one
# column per class) these counts are
#
# .. math:: F = Y^T X = \sum_i y_i x_i^T
#
# This is a sum over the rows :math:`i`, so the counts of two sets of rows can be added, and ``merge`` does nothing else. For whole numbers the
# addition is exact.

# %%
import numpy as np

from estimators import ComplementNB

rng = np.random.default_rng(0)
X = rng.integers(0, 3, (1000, 6))
y = rng.integers(0, 4, 1000)

F = np.eye(4)[y].T @ X  # the literal version
model = ComplementNB().partial_fit(X[:300], y[:300], classes=range(4))
model = model.merge(ComplementNB().fit(X[300:], y[300:]))
print("counts equal:", np.array_equal(model.feature_count_, F))

# %% [markdown]
# The encoders are even simpler. Their state is the set of categories that they have seen, and merging takes the union of two sets.

# %% [markdown]
# Means and centred products
# --------------------------
#
# Least squares needs :math:`X^T X` and :math:`X^T y`. Summing them directly is inaccurate if a column lies far from zero. Take the times of a
# thousand events, in seconds since 1970. Their squares are near :math:`10^{18}`, but a double has only 16 digits, and the variance is in the digits
# that are lost.

# %%
times = 1.7e9 + rng.normal(0, 1, 1000)
print(f"variance by sums of squares: {np.mean(times**2) - np.mean(times) ** 2:.4f}")
print(f"variance by the mean:        {np.mean((times - times.mean()) ** 2):.4f}")

# %% [markdown]
# So the state consists of the number of rows :math:`n`, the mean row :math:`m`, and the products of the rows after subtracting the mean, for X and y
# alike:
#
# .. math:: S = \sum_i (x_i - m) (x_i - m)^T
#
# Two such states have different means. What is :math:`S` with respect to the common mean? Let :math:`\delta = m_b - m_a`. The common mean lies
# between :math:`m_a` and :math:`m_b`:
#
# .. math:: m = m_a + \frac{n_b}{n} \delta, \qquad n = n_a + n_b
#
# Moving the centre of a set of rows by :math:`v` adds :math:`n v v^T` to its products. The mixed terms vanish, because the deviations of the rows
# from their own mean sum to zero. The centre moves by :math:`\delta n_b / n` for the first set and by :math:`-\delta n_a / n` for the second, and
# :math:`n_a n_b^2 / n^2 + n_b n_a^2 / n^2 = n_a n_b / n`. This gives the formula of Chan, Golub and LeVeque (1983):
#
# .. math:: S = S_a + S_b + \frac{n_a n_b}{n} \delta \delta^T
#
# Here it is in a few lines. The target is treated as one more column.


# %%
def state_of(rows):
    mean = rows.mean(axis=0)
    return len(rows), mean, (rows - mean).T @ (rows - mean)


def merge(a, b):
    (n_a, m_a, S_a), (n_b, m_b, S_b) = a, b
    n, delta = n_a + n_b, m_b - m_a
    S = S_a + S_b + n_a * n_b / n * np.outer(delta, delta)
    return n, m_a + n_b / n * delta, S


def solution(state):
    _, _, S = state
    return np.linalg.solve(S[:-1, :-1], S[:-1, -1])


X = rng.normal(100, 1, (2000, 5))
y = X @ [1.0, -2.0, 3.0, 0.0, 0.5] + rng.normal(0, 0.1, 2000)
rows = np.column_stack([X, y])
state = merge(state_of(rows[:700]), state_of(rows[700:]))
print("literal:", solution(state).round(4))

# %%
from estimators import GDRegressor

branches = GDRegressor().partial_fit(X[:700], y[:700])
branches = branches.merge(GDRegressor().partial_fit(X[700:], y[700:]))
print("library:", branches.coef_.round(4))
print("equal to 1e-9:", np.allclose(solution(state), branches.coef_, rtol=1e-9, atol=0))

# %% [markdown]
# In which order?
# ---------------
#
# Mathematically the order of merging makes no difference. In floating point it could, especially if the parts are *unlike* each other, such as rows
# sorted by date, or one machine for each city. Here are 64 parts of rows sorted by their first column, merged one after another, in another order,
# and as a tree:

# %%
from copy import deepcopy
from functools import reduce

by_value = np.array_split(rows[np.argsort(rows[:, 0])], 64)
parts = [GDRegressor().partial_fit(part[:, :-1], part[:, -1]) for part in by_value]


def added(a, b):
    return deepcopy(a).merge(b)


def as_a_tree(models):
    while len(models) > 1:
        models = [added(*pair) for pair in zip(models[::2], models[1::2], strict=True)]
    return models[0]


whole = GDRegressor().fit(X, y).coef_
orders = {
    "one after another": reduce(added, parts),
    "shuffled": reduce(added, [parts[i] for i in rng.permutation(64)]),
    "as a tree": as_a_tree(parts),
}
for name, model in orders.items():
    print(f"{name:>17}: off by {np.abs(model.coef_ - whole).max():.0e}")

# %% [markdown]
# The only differences are rounding errors in the last digit. So the order is free, and a cluster may add up its states in whichever order they
# arrive.
#
# Two details make this possible. The mean is stored as two numbers, a *shift* near the mean and a small remainder, so that means far from zero can be
# compared without losing digits. And the sums are kept in twice the precision, which the next section explains.

# %% [markdown]
# Why twice the digits
# --------------------
#
# The :term:`condition number` of X is its largest singular value divided by its smallest. It says how close some columns are to being combinations of
# others. A solution computed from the rows themselves has an error of about
#
# .. math:: \varepsilon \kappa, \qquad \varepsilon \approx 10^{-16}
#
# But :math:`X^T X` has the squares of the singular values, so its condition number is :math:`\kappa^2`, and rounding errors in the sums cause an
# error of :math:`\varepsilon \kappa^2` in the solution. At a condition number of a million that is one part in ten thousand.
#
# ``fit`` can read the rows a second time, in coordinates in which :math:`X^T X` is close to the identity. ``partial_fit`` and ``merge`` cannot,
# because they no longer have the rows. So they keep each sum as two doubles. Every column is split into its leading 26 bits and the rest. Products of
# the leading parts have 52 bits and are summed *exactly* by ordinary matrix products. Products with the rest are smaller by a factor of
# :math:`2^{-26}`, and so are their rounding errors (Ozaki, Ogita, Oishi and Rump, 2012). This takes about four times the work, but it consists of
# matrix products only.
#
# The picture shows the effect on 2,000 rows in ten batches, with columns mixed so that the condition number is known.


# %%
def mixed_rows(condition, n=2000, d=5):
    rng = np.random.default_rng(1)
    U, _ = np.linalg.qr(rng.normal(size=(n, d)))
    V, _ = np.linalg.qr(rng.normal(size=(d, d)))
    return np.sqrt(n) * U * np.geomspace(1, 1 / condition, d) @ V.T


def by_chunks(X, y):
    model = GDRegressor()
    for at in np.split(np.arange(len(X)), 10):
        model.partial_fit(X[at], y[at])
    return model.coef_


def by_literal_merge(X, y):
    chunks = np.split(np.column_stack([X, y]), 10)
    return solution(reduce(merge, map(state_of, chunks)))


def by_fit(X, y):
    return GDRegressor().fit(X, y).coef_


true = np.arange(1.0, 6.0)
conditions = np.logspace(1, 5.5, 16)
errors = {by: [] for by in (by_literal_merge, by_chunks, by_fit)}
for condition in conditions:
    X = mixed_rows(condition)
    for by, found in errors.items():
        off = np.linalg.norm(by(X, X @ true) - true) / np.linalg.norm(true)
        found.append(max(off, 1e-17))

# %%
import matplotlib.pyplot as plt

labels = {
    by_literal_merge: ("batches, sums in doubles", "s-"),
    by_chunks: ("batches, partial_fit", "o-"),
    by_fit: ("all rows, fit", "^-"),
}
plt.figure(figsize=(7, 4.5), layout="constrained")
for by, (label, style) in labels.items():
    plt.loglog(conditions, errors[by], style, label=label)
plt.loglog(conditions, 1e-16 * conditions, "k:", label="1e-16 condition")
plt.loglog(conditions, 1e-16 * conditions**2, "k--", label="1e-16 condition²")
plt.xlabel("condition of X")
plt.ylabel("relative error of the weights")
plt.legend()
plt.show()

# %% [markdown]
# With sums in doubles the error grows twice as steeply. With twice the precision, batches are as accurate as the rows themselves up to a condition
# number of about ten thousand, and still accurate to about nine digits at 300,000. Beyond a million even this precision is not enough, and
# ``partial_fit`` warns. (On Windows and Apple silicon, where numpy's long double is no longer than a double, the batches follow the steeper line.)
# ``fit`` uses plain sums while they are accurate enough, up to a condition number of about a thousand. Above that it reads the rows again, which is
# the drop in its line.

# %% [markdown]
# What it costs
# -------------
#
# ``fit`` needs one pass in plain doubles, in blocks of rows that stay in the cache. No method of this kind can be faster than the bare product
# :math:`X^T X`. ``python -m benchmarks linear`` measures how close ``fit`` comes to it. These figures are read from ``docs/benchmarks.json``:

# %%
import json
from pathlib import Path

import examples

results = Path(examples.__file__).parents[1] / "docs" / "benchmarks.json"
for row in json.loads(results.read_text())["rows"]:
    if row["claim"].startswith("GDRegressor.fit, 1e6 x 50"):
        print(f"{row['claim'].removeprefix('GDRegressor.fit, ')}:")
        print(f"    {row['ratio']:.2f} times as fast as {row['peer']}")

# %% [markdown]
# A million rows of 50 columns become 50 x 50 sums, so the memory of a fit does not grow with the number of rows. ``python -m benchmarks.scale`` does
# the same from files and on a cluster, with a hundred million rows.
