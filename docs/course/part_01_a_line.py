# %% [markdown]
"""
1. A line through a week of pizzas
==================================

A pizzeria makes its dough in the afternoon. Too little, and guests go hungry; too much, and it is thrown away. What the cook knows at that hour is how
many tables have been reserved. **Tonight there are 15 reservations. How many doughs should be made?**

Nobody knows a formula for that. But the pizzeria has a week of evenings written down, and an answer can be *learned* from them. That is all that machine
learning means: to find, from examples, a rule that also fits what comes next.
"""

# %% [markdown]
# Look at the data first
# ----------------------
#
# Each evening has a number of reservations and the number of doughs that were used. On Friday and Saturday no reservations are taken, so these evenings
# say nothing about our question; the loader leaves them out and says so.

# %%
from examples.pizza.data import load_evenings

evenings, notes = load_evenings()
print("left out:", *notes)
print(evenings)

# %% [markdown]
# What we know beforehand is called a *feature* (here the reservations), what we want to know the *label* (the doughs). By custom the features are named
# ``X``, a table with a row for each example and a column for each feature, and the labels ``y``, one number for each row. Both become arrays of numpy,
# which compute with all of their numbers at once; ``X[:, 0]`` is the first column. One picture says more than the table: a point for each evening.

# %%
import matplotlib.pyplot as plt
import numpy as np

X = evenings.select("reservations").to_numpy()
y = evenings["doughs"].to_numpy()


def draw_points():
    plt.figure(figsize=(7, 4))
    plt.scatter(X[:, 0], y, color="tab:red", zorder=3)
    plt.xlabel("reservations")
    plt.ylabel("doughs")
    plt.xlim(0, 35)
    plt.ylim(0, 110)


draw_points()
plt.title("Five evenings")
plt.show()

# %% [markdown]
# More reservations, more doughs: the points lie about a rising line. A line is described by two numbers. The *weight* says by how much it rises for each
# reservation, the *bias* where it starts: how many doughs are needed on an evening without any reservation, for guests who just walk in.
#
# The forecast for ``x`` reservations is then ``weight * x + bias``.

# %% [markdown]
# How wrong is a line?
# --------------------
#
# Let us guess: two doughs for each reservation, and 20 for those who walk in.


# %%
def forecast(x, weight, bias):
    return weight * x + bias


errors = forecast(X[:, 0], 2, 20) - y
print("errors of the guess:", errors)

draw_points()
ends = np.array([0, 35])
plt.plot(ends, forecast(ends, 2, 20), label="the guess: 2 x + 20")
heights = forecast(X[:, 0], 2, 20)
plt.vlines(X[:, 0], y, heights, linestyle=":", color="gray", label="its errors")
plt.legend()
plt.show()

# %% [markdown]
# Some errors are above zero and some below, so their plain sum would let them cancel. We square them first: then each counts, and a large error counts
# more than several small ones. The mean of the squares is the *loss* of a line, the one number by which lines are compared. Smaller is better.


# %%
def loss(weight, bias):
    return np.mean((forecast(X[:, 0], weight, bias) - y) ** 2)


for weight, bias in [(2, 20), (3, 20), (2, 25), (2.5, 15)]:
    print(f"{weight} x + {bias}: loss {loss(weight, bias):.1f}")

# %% [markdown]
# The best line of all
# --------------------
#
# One could go on guessing. Let us be thorough, and compute the loss of 40,000 lines: of 200 weights with 200 biases each. In the picture dark means a
# small loss. (It shows the logarithm of the loss; else the small losses, which we care about, would all be of one colour.)

# %%
weights, biases = np.linspace(0, 5, 200), np.linspace(-20, 60, 200)
losses = np.array([[loss(weight, bias) for weight in weights] for bias in biases])
row, column = np.unravel_index(losses.argmin(), losses.shape)
best = weights[column], biases[row]
print(f"best of 40,000: {best[0]:.2f} x + {best[1]:.2f}, loss {losses.min():.2f}")

plt.figure(figsize=(7, 4))
plt.contourf(weights, biases, np.log(losses), levels=30, cmap="viridis")
plt.colorbar(label="logarithm of the loss")
plt.plot(*best, "r*", markersize=14, label="the best of 40,000")
plt.xlabel("weight")
plt.ylabel("bias")
plt.legend()
plt.show()

# %% [markdown]
# There is one valley with one lowest point. To find it by trying is slow, and with ten features instead of one it would be hopeless. ``GDRegressor``
# finds it exactly. As everywhere in scikit-learn, a model learns by ``fit`` and answers by ``predict``.

# %%
from estimators import GDRegressor

model = GDRegressor().fit(X, y)
weight, bias = model.coef_[0], model.intercept_
print(f"{weight:.4f} x + {bias:.4f}, loss {loss(weight, bias):.2f}")
tonight = model.predict([[15]])[0]
print(f"15 reservations: {tonight:.1f} doughs, so prepare {np.ceil(tonight):.0f}")

# %%
draw_points()
plt.plot(ends, forecast(ends, weight, bias), label="the best line")
plt.plot([15, 15, 0], [0, tonight, tonight], "k--", label="tonight")
plt.legend()
plt.show()

# %% [markdown]
# Read the line as a sentence: *each reservation adds 2.4 doughs, and 17 are for guests without one*. A model that can be read like this can be doubted by
# the cook, who knows the guests. That is worth a lot.

# %% [markdown]
# How sure may we be?
# -------------------
#
# The line misses every one of the five evenings. To hit all is impossible, for these points are not on one line. What it leaves over, evening by
# evening, is called the *residuals*.

# %%
residuals = y - model.predict(X)
plt.figure(figsize=(7, 2.5))
colors = np.where(residuals > 0, "tab:orange", "tab:blue")
plt.bar(evenings["weekday"], residuals, color=colors)
plt.axhline(0, color="black", linewidth=1)
plt.ylabel("doughs too few")
plt.show()
print(f"off by {np.abs(residuals).mean():.1f} doughs on average")

# %% [markdown]
# Off by six to seven doughs on average, **on the very evenings the line was made from**. On new evenings it will rather be worse; part 9 measures that. And
# for 200 reservations the line answers as readily as for 15, although nobody has ever seen such an evening: to go far beyond the data is to guess.

# %% [markdown]
# Exercise
# --------
#
# A burst pipe: on one more evening there were 25 reservations, and only 10 doughs were used. Add this evening to ``X`` and ``y``, fit again, and draw both
# lines. What does one odd evening do to the forecast for tonight, and why does it do so much?

# %% [markdown]
# Answer
# ------
#
# ``np.vstack`` and ``np.append`` add a row. The line is pulled down at the right, where the odd evening is: its error is large, and *squared* it
# outweighs the others. So look at the data before you fit, and ask about evenings that stand out; this one says something about pipes, not about pizzas.

# %%
odd = GDRegressor().fit(np.vstack([X, [[25]]]), np.append(y, 10))
print(f"{odd.coef_[0]:.2f} x + {odd.intercept_:.2f}")
print(f"for 15: {odd.predict([[15]])[0]:.1f} instead of {tonight:.1f}")

draw_points()
plt.scatter([25], [10], marker="x", color="black", label="the burst pipe")
plt.plot(ends, model.predict(ends[:, np.newaxis]), label="without it")
plt.plot(ends, odd.predict(ends[:, np.newaxis]), label="with it")
plt.legend()
plt.show()
