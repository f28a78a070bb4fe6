# %% [markdown]
"""
6. Where a line is not enough
=============================

All models so far add up: so much for this column, so much for that. Part 5 ended with something that cannot be said by adding, "ink here, *but only if
there is none there*". This part shows in pictures what a line cannot do, **two ways out**, and when the line is the better model all the same.
"""

# %% [markdown]
# Two moons
# ---------
#
# Points of two classes, each along a half moon, which reach into each other. Half of the 600 points are to learn from, the other half are new. For each
# model we shall draw the *regions*: on which side it takes a point for the first moon, and on which for the second. Where they meet is the *decision
# boundary*.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

X, y = make_moons(600, noise=0.2, random_state=0)
X_new, y_new = X[300:], y[300:]
X, y = X[:300], y[:300]


def draw_regions(axis, model, X, y, title):
    low, high = X.min(axis=0) - 0.3, X.max(axis=0) + 0.3
    across, up = (np.linspace(*ends, 150) for ends in zip(low, high, strict=True))
    plane = np.stack(np.meshgrid(across, up), axis=-1)
    p = model.predict_proba(plane.reshape(-1, 2))[:, 1].reshape(150, 150)
    axis.contourf(across, up, p, levels=[0, 0.5, 1], colors=["#cfe0f1", "#fde0c5"])
    axis.contour(across, up, p, levels=[0.5], colors="black")
    for label, color in ((0, "tab:blue"), (1, "tab:orange")):
        axis.scatter(*X[y == label].T, s=8, color=color)
    axis.set(title=title, xticks=[], yticks=[])
    axis.title.set_fontsize(10)


# %%
from estimators import GDClassifier

line = GDClassifier().fit(X, y)
share = line.score(X_new, y_new)
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
draw_regions(axis, line, X_new, y_new, f"GDClassifier: {share:.0%} right")
plt.show()

# %% [markdown]
# The best line of all, and it cuts the tip off both moons. More data would not help, and neither would more iterations: the boundary of logistic
# regression *is* a straight line, as we saw in part 4. (Its ancestor, the *perceptron* of 1958, had the same limit, and was nearly given up for it.)

# %% [markdown]
# The first way out: features made by hand
# ----------------------------------------
#
# A plainer case first. One class inside a circle, the other around it:

# %%
rng = np.random.default_rng(0)
points = rng.uniform(-1.5, 1.5, (300, 2))
inside = (np.sum(points**2, axis=1) < 1).astype(int)
squares = points**2

print(f"on the points: {GDClassifier().fit(points, inside).score(points, inside):.0%}")
by_squares = GDClassifier().fit(squares, inside)
print(f"on their squares: {by_squares.score(squares, inside):.0%}")

figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for label, color in ((0, "tab:blue"), (1, "tab:orange")):
    axes[0].scatter(*points[inside == label].T, s=8, color=color)
axes[0].set(title="the points", xlabel="x", ylabel="y", aspect="equal")
draw_regions(axes[1], by_squares, squares, inside, "their squares, and a line")
axes[1].set(xlabel="x * x", ylabel="y * y")
plt.show()

# %% [markdown]
# In the picture on the left no line parts the classes. On the right the same points are drawn by the *squares* of their two numbers, and a line does.
# The model is unchanged; it was given better features. Seen from the left picture, the line is a circle.
#
# For the moons it is less clear what would help. So we give all powers and products up to a degree: ``x``, ``y``, ``x * x``, ``x * y``, ``y * y``, and
# so on. (For numbers instead of classes, ``PolynomialRegressor`` does both steps; ``dough_forecaster`` of part 3 uses it.)

# %%
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for axis, degree in zip(axes, (2, 3), strict=True):
    powers = PolynomialFeatures(degree, include_bias=False)
    curve = make_pipeline(powers, GDClassifier()).fit(X, y)
    share = curve.score(X_new, y_new)
    draw_regions(axis, curve, X_new, y_new, f"degree {degree}: {share:.0%} right")
plt.show()

# %% [markdown]
# Squares do not help here, cubes do. But we had to try; and it does not go far. Of two columns there are 9 powers and products up to the third degree.
# Of the 64 pixels of part 5 there are 47,904.

# %% [markdown]
# The second way out: features that are learned
# ---------------------------------------------
#
# A *network* makes its features itself. Between the columns and the answer it has a layer of *hidden units*. Each of them is a small logistic
# regression of its own, a line and a sigmoid, and their outputs are the columns of a last logistic regression. All weights, of the units and of the
# last step, are learned together, by descent. (How, is part 7.)

# %%
from estimators import MLPClassifier


def network(units, seed=0, alpha=0.01):
    return MLPClassifier(
        units,
        activation="logistic",
        solver="lbfgs",
        alpha=alpha,
        max_iter=5000,
        random_state=seed,
    )


net = network(4).fit(X, y)
figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
both = {"a line": line, "4 hidden units": net}
for axis, (name, model) in zip(axes, both.items(), strict=True):
    share = model.score(X_new, y_new)
    draw_regions(axis, model, X_new, y_new, f"{name}: {share:.0%} right")
plt.show()

# %% [markdown]
# Four units were enough, and nobody had to think of cubes. (``activation="logistic"`` is the sigmoid; ``solver="lbfgs"`` is a descent much as
# ``GDClassifier``'s, good for small networks; ``alpha`` is again a small penalty on the weights, and ``max_iter`` the most steps.)

# %% [markdown]
# Inside the network
# ------------------
#
# What are its four features? Each unit has two weights and a bias, so it has a line, on which its output is one half. ``coefs_`` and ``intercepts_``
# hold the weights and biases, of the units first, then of the last step. Here is each unit's output, white for 0 and gray for 1, with its line:


# %%
def squash(z):
    return 1 / (1 + np.exp(-z))


def hidden(X):
    return squash(X @ net.coefs_[0] + net.intercepts_[0])  # (n, 2) @ (2, 4)


across, up = np.linspace(-1.5, 2.5, 100), np.linspace(-1.2, 1.7, 100)
plane = np.stack(np.meshgrid(across, up), axis=-1)
outputs = hidden(plane)
figure, axes = plt.subplots(2, 2, figsize=(7, 5.4), layout="constrained")
for unit, axis in enumerate(axes.flat):
    output = outputs[..., unit]
    axis.contourf(across, up, output, levels=20, cmap="Greys", vmin=0, vmax=1.6)
    axis.contour(across, up, output, levels=[0.5], colors="black")
    axis.scatter(*X.T, s=4, color=np.where(y == 1, "tab:orange", "tab:blue"))
    weight = net.coefs_[1][unit, 0]
    axis.set(title=f"unit {unit + 1}, weight {weight:.1f}", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# Each unit has cut the plane in two, in another place and at another slant. The last step weighs and adds up: a unit with a positive weight speaks for
# the orange moon, one with a negative weight for the blue one. With that we can compute by hand what the network says:

# %%
by_hand = squash(hidden(X_new) @ net.coefs_[1] + net.intercepts_[1])[:, 0]
print("as by hand:", np.allclose(by_hand, net.predict_proba(X_new)[:, 1]))

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
draw_regions(axis, net, X, y, "the boundary, and the lines of the four units")
for unit in range(4):
    output = outputs[..., unit]
    axis.contour(across, up, output, levels=[0.5], colors="gray", linestyles="--")
plt.show()

# %% [markdown]
# The boundary follows one unit's line for a while, then another's, and rounds the corner where they meet. That is how a curve is made from lines.

# %% [markdown]
# How many units?
# ---------------
#
# With one unit there is one line, and nothing is gained. With two, it depends: the weights begin at random numbers, drawn with a *seed*, and unlike in
# part 2 there are several valleys to end in.

# %%
figure, axes = plt.subplots(2, 2, figsize=(7, 5), layout="constrained")
tries = [(1, 0), (2, 0), (2, 1), (8, 0)]
for axis, (units, seed) in zip(axes.flat, tries, strict=True):
    other = network(units, seed).fit(X, y)
    share = other.score(X_new, y_new)
    title = f"units: {units}, seed {seed}: {share:.0%} right"
    draw_regions(axis, other, X_new, y_new, title)
plt.show()

# %% [markdown]
# With a few units more than needed nearly every start finds a good valley. Eight are not better than four here; they only allow more bends.

# %% [markdown]
# When the line is better
# -----------------------
#
# More bends are no gift when there are few data. The thirty evenings of part 4 came from a law that *is* a squashed line. Here is a line, and a
# network of 50 units, fitted on these thirty, and then asked about a thousand new evenings of the same law:


# %%
def simulate(n_evenings, rng):
    guests = rng.integers(10, 61, n_evenings)
    hours = rng.integers(0, 11, n_evenings) / 2
    likely = squash(0.12 * guests + 0.9 * hours - 6.5)
    called = (rng.random(n_evenings) < likely).astype(int)
    return np.column_stack([guests / 20 - 2, hours / 2 - 1]), called  # about scaled


few, called = simulate(30, np.random.default_rng(5))
many, called_then = simulate(1000, np.random.default_rng(6))
rivals = {"a line": GDClassifier(alpha=0), "50 units": network(50, alpha=1e-4)}
figure, axes = plt.subplots(1, 2, figsize=(7, 3.2), layout="constrained")
for axis, (name, model) in zip(axes, rivals.items(), strict=True):
    model.fit(few, called)
    learned, new = model.score(few, called), model.score(many, called_then)
    title = f"{name}: {learned:.0%} learned, {new:.0%} new"
    draw_regions(axis, model, few, called, title)
plt.show()

# %% [markdown]
# The network is right on every evening it learned from: it has bent its boundary around each odd one, and odd evenings do not come again. On new ones
# the line is clearly better. To fit by heart what is chance is called *overfitting*; part 11 is about it.
#
# And a line has more to say for itself. It can be read (each guest adds so much). It has one best answer, the same for every seed. It is learned in no
# time. So begin with a line; take the network when it is better *on new data*, and by enough to matter.

# %% [markdown]
# Exercise
# --------
#
# A board of four fields, two orange and two blue, as on a chessboard: the class is 1 where ``x * y`` is above 0. Make 600 such points. How well does a
# line do? Which one feature, made by hand, would make it easy? And how many hidden units does a network need?

# %% [markdown]
# Answer
# ------
#
# A line is hardly better than guessing, for it can only cut the board in two. With the product ``x * y`` as a third column nothing is left to do. A
# network with two units is not enough; three can do it from a good start, and with eight the corners become sharper. Outside the board,
# where it has seen no point, it makes up what it likes.

# %%
board = np.random.default_rng(0).uniform(-1, 1, (600, 2))
fields = (board[:, 0] * board[:, 1] > 0).astype(int)
product = np.column_stack([board, board[:, 0] * board[:, 1]])

on_board = GDClassifier().fit(board, fields).score(board, fields)
on_product = GDClassifier().fit(product, fields).score(product, fields)
print(f"a line: {on_board:.0%}, with the product: {on_product:.0%}")

figure, axes = plt.subplots(1, 3, figsize=(7, 2.8), layout="constrained")
for axis, units in zip(axes, (2, 3, 8), strict=True):
    net = network(units, alpha=0.001).fit(board, fields)
    share = net.score(board, fields)
    draw_regions(axis, net, board, fields, f"units: {units}, {share:.0%} right")
plt.show()
