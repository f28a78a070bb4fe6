# %% [markdown]
"""
States that add up
==================

You get the same model whether you call ``fit`` on all rows, call ``partial_fit`` on one batch after another, or ``merge`` models from several
machines. This works for models that can be fitted from *sums over the rows*, called an :term:`additive state`. This page shows which sums are needed,
how two states are added without losing precision, and why the sums are stored in twice the usual precision.
"""

# %% [markdown]
# Counts
# ------
#
# Naive Bayes needs to know how often each feature occurs in each class. Let :math:`Y` be the labels as a one-hot matrix, with one row per example and
# one column per class. Then the counts are
#
# .. math:: F = Y^T X = \sum_i y_i x_i^T
#
# This is a sum over the rows :math:`i`. To merge two models, ``merge`` only has to add their counts. If the counts are whole numbers, the sum is
# exact.

# %%
import numpy as np

from estimators import ComplementNB

rng = np.random.default_rng(0)
X = rng.integers(0, 3, (1000, 6))
y = rng.integers(0, 4, 1000)

F = np.eye(4)[y].T @ X  # directly from the formula
model = ComplementNB().partial_fit(X[:300], y[:300], classes=range(4))
model = model.merge(ComplementNB().fit(X[300:], y[300:]))
print("counts equal:", np.array_equal(model.feature_count_, F))

# %% [markdown]
# The encoders are even simpler. The state of an encoder is the set of categories that it has seen, and two states are merged by taking
# the union of the sets.

# %% [markdown]
# Means and centred products
# --------------------------
#
# Least squares needs :math:`X^T X` and :math:`X^T y`. Summing them directly is inaccurate if the values of a column are far from zero. As an
# example, take the times of a thousand events in seconds since 1970. Their squares are about :math:`10^{18}`. A double has only 16 digits, and the
# variance is in the digits that are lost.

# %%
times = 1.7e9 + rng.normal(0, 1, 1000)
print(f"variance by sums of squares: {np.mean(times**2) - np.mean(times) ** 2:.4f}")
print(f"variance by the mean:        {np.mean((times - times.mean()) ** 2):.4f}")

# %% [markdown]
# Instead, the state consists of the number of rows :math:`n`, the mean :math:`m` of the rows, and the matrix :math:`S` of the sums of
# products of the columns after subtracting their means. The target y is treated as an additional column, so a row :math:`x_i` contains the features
# and the target:
#
# .. math:: S = \sum_i (x_i - m) (x_i - m)^T
#
# Two such states have different means. To add them, :math:`S` has to be computed with respect to their common mean. Let
# :math:`\delta = m_b - m_a`. The common mean lies between :math:`m_a` and :math:`m_b`:
#
# .. math:: m = m_a + \frac{n_b}{n} \delta, \qquad n = n_a + n_b
#
# Moving the centre of a set of rows by :math:`v` adds :math:`n v v^T` to its :math:`S`. The mixed terms vanish, because the deviations of the rows
# from their own mean sum to zero. The centre moves by :math:`\delta n_b / n` for the first set and by :math:`-\delta n_a / n` for the second, and
# :math:`n_a n_b^2 / n^2 + n_b n_a^2 / n^2 = n_a n_b / n`. This gives the formula of Chan, Golub and LeVeque (1983):
#
# .. math:: S = S_a + S_b + \frac{n_a n_b}{n} \delta \delta^T
#
# The following code implements this formula:


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
print("formula:", solution(state).round(4))

# %%
from estimators import GDRegressor

branches = GDRegressor().partial_fit(X[:700], y[:700])
branches = branches.merge(GDRegressor().partial_fit(X[700:], y[700:]))
print("library:", branches.coef_.round(4))
print("equal to 1e-9:", np.allclose(solution(state), branches.coef_, rtol=1e-9, atol=0))

# %% [markdown]
# The order of merging
# --------------------
#
# Mathematically, the order of merging makes no difference. In floating-point arithmetic, it could make a difference, especially if the parts *differ*
# from each other, for example if the rows are sorted by date, or if each machine has the data of one city. In this example, the rows are sorted by
# their first column and split into 64 parts. The parts are merged one after another, in random order, and as a tree:

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
# The only differences are rounding errors in the last digit. The order therefore does not matter, and a cluster can merge the states in the order in
# which they arrive.
#
# Two details make this possible. First, the mean is stored as two numbers, a *shift* near the mean and a small remainder, so that the difference
# between means that are far from zero can be computed without losing digits. Second, the sums are stored in twice the usual precision. The next
# section explains why.

# %% [markdown]
# Why twice the precision
# -----------------------
#
# The :term:`condition number` :math:`\kappa` of X is its largest singular value divided by its smallest. It measures how close some columns are to
# being linear combinations of others. A solution that is computed from the rows themselves has a relative error of about
#
# .. math:: \varepsilon \kappa, \qquad \varepsilon \approx 10^{-16}
#
# The singular values of :math:`X^T X` are the squares of those of X, so its condition number is :math:`\kappa^2`, and rounding errors in the sums
# cause a relative error of about :math:`\varepsilon \kappa^2` in the solution. If the condition number of X is a million, this error is
# :math:`10^{-4}`.
#
# ``fit`` can read the rows a second time, and transform them to coordinates in which :math:`X^T X` is close to the identity. ``partial_fit`` and
# ``merge`` cannot do this, because the rows are no longer available. They therefore store each sum as two doubles. The values of every column are
# split into their leading 26 bits and the remaining bits. Products of the leading parts have at most 52 bits and are summed *exactly* by ordinary
# matrix products. Products that involve the remaining bits are smaller by a factor of :math:`2^{26}`, and so are their rounding errors (Ozaki,
# Ogita, Oishi and Rump, 2012). This takes about four times as many operations, but all of them are matrix products.
#
# The figure shows the effect for 2,000 rows in ten batches. The columns are constructed so that X has a given condition number.


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
plt.loglog(conditions, 1e-16 * conditions, "k:", label="1e-16 x condition")
plt.loglog(conditions, 1e-16 * conditions**2, "k--", label="1e-16 x condition²")
plt.xlabel("condition number of X")
plt.ylabel("relative error of the coefficients")
plt.legend()
plt.show()

# %% [markdown]
# If the sums are stored as doubles, the error grows with the square of the condition number. With twice the precision, the solution
# from batches is as accurate as the solution from the rows themselves up to a condition number of about ten thousand, and still accurate to about
# nine digits at 300,000. Beyond a million, even this precision is not enough, and ``partial_fit`` issues a warning. (The sums are stored as pairs of
# doubles, which have the same precision on every platform.) ``fit`` uses plain sums as long as they are accurate enough, that is, up to a condition
# number of about a thousand. Above that, it reads the rows again. This explains why the error of ``fit`` drops at this point.

# %% [markdown]
# Computational cost
# ------------------
#
# ``fit`` makes one pass over the rows, in ordinary double precision, and processes them in blocks that fit in the cache. No method that computes :math:`X^T X` can be faster
# than this matrix product alone. ``python -m benchmarks linear`` compares ``fit`` with the bare product. The following results are read from
# ``docs/benchmarks.json``:

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
# A million rows with 50 columns are reduced to 50 x 50 sums, so the memory for a fit does not grow with the number of rows. ``python -m
# benchmarks.scale`` measures fits from files and on a cluster, with up to a hundred million rows.
