# %% [markdown]
"""
Twenty thousand steps at the cost of one
========================================

``GDRegressor(learning_rate=0.002, max_iter=20_000)`` performs textbook :term:`gradient descent` without a loop, because for least squares the result of
every step is known in closed form. This page derives the formula, compares it with a loop, and uses it to compute the largest
:term:`learning rate` with which descent converges, and the whole loss curve.
"""

# %% [markdown]
# The loop
# --------
#
# Let :math:`H = X^T X / n` and :math:`c = X^T y / n`, where X has an additional column of ones for the bias. The gradient of the mean squared error
# is :math:`2 (H w - c)`, and a step of descent with the learning rate :math:`\eta` is
#
# .. math:: w_{k+1} = w_k - 2 \eta (H w_k - c), \qquad w_0 = 0
#
# The rows are needed only once, to compute H and c.

# %%
import numpy as np

X = np.array([[12.0], [20], [18], [30], [24]])  # a week of reservations ...
y = np.array([36.0, 72, 68, 82, 75])  # ... and the doughs that were needed

with_ones = np.column_stack([X, np.ones(5)])
H, c = with_ones.T @ with_ones / 5, with_ones.T @ y / 5
rate = 0.002


def literal_loop(steps):
    w = np.zeros(2)
    path = [w]
    for _ in range(steps):
        w = w - 2 * rate * (H @ w - c)
        path.append(w)
    return np.array(path)


path = literal_loop(20_000)
print("after 10 steps:    ", path[10].round(4))
print("after 20,000 steps:", path[-1].round(4))

# %% [markdown]
# A change of coordinates
# -----------------------
#
# H is symmetric, so :math:`H = V S V^T`, where the columns of V are orthogonal eigenvectors and S is the diagonal matrix of the eigenvalues s. In the
# coordinates :math:`z = V^T w`, with :math:`p = V^T c`, a step separates into one equation per coordinate:
#
# .. math:: z_{k+1} = (1 - 2 \eta s) z_k + 2 \eta p
#
# The coordinates are independent of each other. In every step, the distance of a coordinate from its limit :math:`p / s` is multiplied by the same
# factor :math:`r = 1 - 2 \eta s`. Starting from zero, this gives a geometric series:
#
# .. math:: z_k = 2 \eta p (1 + r + \cdots + r^{k-1}) = \frac{1 - (1 - 2 \eta s)^k}{s} p
#
# This is the closed form. The following code evaluates it for any number of steps:

# %%
s, V = np.linalg.eigh(H)


def closed_form(k):
    return V @ ((1 - (1 - 2 * rate * s) ** k) / s * (V.T @ c))


steps = [0, 1, 10, 1000, 20_000]
for k in steps:
    equal = np.allclose(closed_form(k), path[k], rtol=1e-9, atol=1e-12)
    print(f"step {k:>6}: {closed_form(k).round(4)}, equal to the loop: {equal}")

# %% [markdown]
# ``GDRegressor`` adds one refinement: if :math:`2 \eta s` is small, computing :math:`1 - (1 - 2 \eta s)^k` directly would lose digits,
# so it uses ``expm1`` and ``log1p`` instead. ``coef_path`` returns the coefficients after any number of steps, even beyond ``max_iter``.

# %%
import textwrap
import warnings

from sklearn.exceptions import ConvergenceWarning

from estimators import GDRegressor

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # it has not converged yet
    descent = GDRegressor(learning_rate=rate, max_iter=20_000).fit(X, y)
weights, biases = descent.coef_path(range(20_001))
print("largest difference from the path of the loop:")
print(f"{np.abs(np.column_stack([weights, biases]) - path).max():.0e}")

# %% [markdown]
# Why descent is slow
# -------------------
#
# One coordinate converges within a few steps, but the other needs thousands of steps, because its eigenvalue is about 6,000 times smaller. In the
# upper figure, the two coordinates correspond to the axes of the valley. The first steps jump back and forth across the valley, along the horizontal
# line at the bottom. The later steps move slowly along the floor of the valley. The dots mark steps 3, 500, 1,000, 2,000, 4,000 and 20,000.

# %%
import matplotlib.pyplot as plt

w_grid, b_grid = np.meshgrid(np.linspace(1.8, 3.4, 200), np.linspace(-2, 24, 200))
errors = w_grid[..., np.newaxis] * X[:, 0] + b_grid[..., np.newaxis] - y
losses = np.mean(errors**2, axis=-1)

fig, (valley, apart) = plt.subplots(2, 1, figsize=(7, 8), layout="constrained")
valley.contourf(w_grid, b_grid, np.log(losses), levels=25, cmap="viridis")
valley.plot(path[:, 0], path[:, 1], "w-", linewidth=1)
marks = [3, 500, 1000, 2000, 4000, 20_000]
valley.plot(path[marks, 0], path[marks, 1], "w.", markersize=8)
valley.plot(*np.linalg.solve(H, c), "r*", markersize=12)
valley.set(xlabel="weight", ylabel="bias", xlim=(1.8, 3.4), ylim=(-2, 24))
valley.set_title("The path, and the minimum")

goal = V.T @ np.linalg.solve(H, c)
missing = np.abs(path @ V - goal) / np.abs(goal)
for i, color in ((1, "tab:orange"), (0, "tab:blue")):
    apart.semilogy(missing[:, i], color=color, label=f"eigenvalue {s[i]:.3g}")
apart.set(xlabel="step", ylabel="relative distance from the limit", ylim=(1e-6, 2))
apart.set_xticks([0, 5000, 10_000, 15_000, 20_000])
apart.set_title("Each coordinate separately")
apart.legend()
plt.show()

# %% [markdown]
# In the lower figure, the line of the coordinate with the large eigenvalue is so steep that it coincides with the left edge.

# %% [markdown]
# The largest learning rate
# -------------------------
#
# The error of a coordinate shrinks if :math:`|1 - 2 \eta s| < 1`. If the learning rate is increased, this condition first fails for the largest
# eigenvalue, so descent converges if the learning rate is below
#
# .. math:: \eta_{\max} = \frac{1}{s_{\max}}
#
# Above this value, each step overshoots by more than the previous one. The eigenvalues are known, so ``GDRegressor`` can raise an error before the
# first step if the learning rate is too large. The error message states the largest safe learning rate.

# %%
print(f"1 / largest eigenvalue: {1 / s.max():.8f}")
print(f"max_learning_rate_:     {descent.max_learning_rate_:.8f}")

try:
    GDRegressor(learning_rate=0.00213).fit(X, y)
except ValueError as error:
    print(textwrap.fill(f"ValueError: {error}", 80))

# %% [markdown]
# The loss curve
# --------------
#
# The objective is half of the mean squared error. The difference between the objective and its minimum is a sum with one term for each coordinate:
# :math:`s / 2` times the squared distance of the coordinate from :math:`p / s`. After k steps, this distance is :math:`r^k p / s`, so
#
# .. math:: L_k - L_{\min} = \sum_j \frac{p_j^2}{2 s_j} (1 - 2 \eta s_j)^{2 k}
#
# The rows are not needed to compute this either. ``GDRegressor`` only computes the loss curve when you access the attribute ``loss_curve_``.

# %%
excess = (V.T @ c) ** 2 / (2 * s)
k = np.arange(1, 20_001)[:, np.newaxis]
lowest = np.mean((with_ones @ np.linalg.solve(H, c) - y) ** 2) / 2
curve = lowest + (1 - 2 * rate * s) ** (2 * k) @ excess
print("equal to loss_curve_:", np.allclose(curve, descent.loss_curve_, rtol=1e-9))

plt.figure(figsize=(7, 4), layout="constrained")
plt.loglog(k, curve - lowest, label="learning rate 0.002")
for slower, style in ((0.0005, "--"), (0.0001, ":")):
    above = (1 - 2 * slower * s) ** (2 * k) @ excess
    plt.loglog(k, above, style, label=f"learning rate {slower}")
plt.ylim(1e-4, 3e3)
plt.xlabel("step")
plt.ylabel("loss above its minimum")
plt.legend()
plt.show()

# %% [markdown]
# The loss falls in two phases, one for each eigenvalue, and is nearly constant in between. In the first phase, the loss does not fall
# fastest with the largest learning rate. With 0.002, the coordinate with the large eigenvalue overshoots in every step, whereas with 0.0005 its
# distance from the limit is halved in every step. The larger the learning rate, the earlier the second phase starts.

# %% [markdown]
# Computational cost
# ------------------
#
# Computing H takes :math:`O(n d^2)` operations, and computing its eigenvectors takes :math:`O(d^3)`. Both
# are needed only once. After that, computing the coefficients for any number of steps takes :math:`O(d^2)`.
# The textbook loop, which reads all rows in every step, takes :math:`O(n d)` operations per step. ``python -m
# benchmarks linear`` measures both. The following results are read from ``docs/benchmarks.json``:

# %%
import json
from pathlib import Path

import examples

results = Path(examples.__file__).parents[1] / "docs" / "benchmarks.json"
for row in json.loads(results.read_text())["rows"]:
    if row["claim"].startswith("GDRegressor.fit, 20,000 textbook steps"):
        print(f"{row['claim']}:")
        print(f"    {row['ratio']:,.0f} times as fast as {row['peer']}")
        if row["note"]:
            print(f"    {row['note']}")

# %% [markdown]
# With the default ``learning_rate="auto"``, there is no learning rate to choose: the result is the end of the path, :math:`k \to \infty`. With an L1
# penalty there is no closed form, because soft-thresholding makes the path bend where a coefficient reaches zero. In this case the library does
# iterate, but on the d x d matrix H instead of the rows. If callbacks are set, it also performs the steps one by one, so that the callbacks are
# called after each step.
