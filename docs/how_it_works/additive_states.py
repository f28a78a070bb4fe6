# %% [markdown]
"""
States that add up
==================

``fit`` on all rows, ``partial_fit`` chunk by chunk, and ``merge`` of models from several machines give the same model. That is possible because these
models learn nothing but *sums over the rows*, and sums can be added. This page shows what is summed, how two sums are added without losing digits, and
why the digits are kept twice.
"""

# %% [markdown]
# Counts
# ------
#
# Naive Bayes needs to know how often each feature occurs in each class. With the labels as a one-hot matrix :math:`Y` (a row for each example, a column
# for each class) these counts are
#
# .. math:: F = Y^T X = \sum_i y_i x_i^T
#
# A sum over the rows :math:`i`: the counts of two sets of rows are added, and that is the whole of ``merge``. For whole numbers the addition is exact.

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
# The encoders are simpler still: their state is the set of categories that they have seen, and sets are united.

# %% [markdown]
# Means and centred products
# --------------------------
#
# Least squares needs :math:`X^T X` and :math:`X^T y`. Summed as they stand they are no good when a column lies far from zero. Take the times of a thousand
# events, in seconds since 1970: their squares are near :math:`10^{18}`, a double has 16 digits, and what is wanted, the spread, is in the digits that are
# lost.

# %%
times = 1.7e9 + rng.normal(0, 1, 1000)
print(f"variance by sums of squares: {np.mean(times**2) - np.mean(times) ** 2:.4f}")
print(f"variance by the mean:        {np.mean((times - times.mean()) ** 2):.4f}")

# %% [markdown]
# So the state is the number of rows :math:`n`, the mean row :math:`m`, and the products of what is left when the mean is taken off, for X and y alike:
#
# .. math:: S = \sum_i (x_i - m) (x_i - m)^T
#
# Two such states have different means. What does :math:`S` become about the common one? Let :math:`\delta = m_b - m_a`. The common mean is a step from
# :math:`m_a` towards :math:`m_b`:
#
# .. math:: m = m_a + \frac{n_b}{n} \delta, \qquad n = n_a + n_b
#
# Moving the centre of a set of rows by :math:`v` adds :math:`n v v^T` to its products, for the mixed terms vanish: the rows of the set add up to zero
# about their own mean. The centre moves by :math:`\delta n_b / n` for the first set and by :math:`-\delta n_a / n` for the second, and
# :math:`n_a n_b^2 / n^2 + n_b n_a^2 / n^2 = n_a n_b / n`. Hence the formula of Chan, Golub and LeVeque (1983):
#
# .. math:: S = S_a + S_b + \frac{n_a n_b}{n} \delta \delta^T
#
# Here it is, in a few lines. The label is a column like the others.


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
# On paper the order of merging makes no difference. In floating point it could, above all when the parts are *unlike*: rows sorted by date, a machine for
# each city. 64 parts of rows sorted by their first column, merged one after another, in another order, and as a tree:

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
# What is left is the rounding of the last digit: the order is free, so a cluster may add up its states in whichever order they arrive.
#
# Two details see to that. The mean is kept in two numbers, a *shift* near it and the small rest, so that means far from zero lose no digits when they are
# compared. And the sums are kept to twice the digits, which is the next section.

# %% [markdown]
# Why twice the digits
# --------------------
#
# The *condition* of X is its largest singular value over its smallest: how nearly some columns can be made of others. A solution from the rows themselves
# errs by about
#
# .. math:: \varepsilon \kappa, \qquad \varepsilon \approx 10^{-16}
#
# But :math:`X^T X` has the squares of the singular values, so its condition is :math:`\kappa^2`, and what was rounded off in the sums comes back as an
# error of :math:`\varepsilon \kappa^2`. At a condition of a million that is one part in ten thousand.
#
# ``fit`` can read the rows a second time, in coordinates in which :math:`X^T X` is about the identity. ``partial_fit`` and ``merge`` cannot, for the rows
# are gone. So they keep each sum as two doubles. Every column is split into its leading 26 bits and the rest; products of the leading parts have 52 bits
# and are summed *exactly* by ordinary matrix products; what involves the rest is smaller by :math:`2^{-26}`, and so is its rounding (Ozaki, Ogita, Oishi
# and Rump, 2012). That is some four times the work, and still matrix products all the way.
#
# The picture shows what it buys: 2,000 rows in ten chunks, their columns mixed so that the condition is known.


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
    by_literal_merge: ("chunks, sums in doubles", "s-"),
    by_chunks: ("chunks, partial_fit", "o-"),
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
# With sums in doubles the error climbs twice as steeply. With twice the digits, chunks are as exact as the rows themselves up to a condition of some ten
# thousand, and at 300,000 still to nine digits or so. Beyond a million even these digits run out, and ``partial_fit`` warns. (Where numpy's long double is
# no longer than a double, on Windows and Apple silicon, the chunks follow the steeper line.) ``fit`` is content with plain sums while they are good enough,
# to a condition of about a thousand; from there on it reads the rows again, which is the drop in its line.

# %% [markdown]
# What it costs
# -------------
#
# ``fit`` needs one pass in plain doubles, in blocks of rows that stay in the cache. How near it comes to the bare product :math:`X^T X`, below which no
# method of this kind can go, is measured by ``python -m benchmarks linear``. These are the figures of the last run, read from ``docs/benchmarks.json``.

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
# A million rows of 50 columns become 50 x 50 sums: a fit takes 1 to 2 MB beside the data, however many rows there are. ``python -m benchmarks.scale`` does
# the same from files and on a cluster, with a hundred million rows.
