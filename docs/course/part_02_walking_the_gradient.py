# %% [markdown]
"""
2. Walking the gradient
=======================

Part 1 found the best line by computing the loss of 40,000 lines, and then ``GDRegressor`` found it at once. This part looks inside. Imagine a hillside
in thick fog: nobody sees the valley, but **a foot feels which way is down**. Take a step that way, feel again, and so on. That is *gradient descent*.
It trains straight lines and networks with millions of weights alike, so it is worth walking once by hand.
"""

# %% [markdown]
# The hillside
# ------------
#
# The evenings of part 1 again, with its forecast and its loss. The picture is the one of part 1 too, drawn as a landscape: each place on the ground is a
# line (a weight and a bias), and the height above it is the line's loss.

# %%
import matplotlib.pyplot as plt
import numpy as np

from examples.pizza.data import load_evenings

evenings, _ = load_evenings()
X = evenings.select("reservations").to_numpy()
x, y = X[:, 0], evenings["doughs"].to_numpy()


def loss(weight, bias):
    return np.mean((weight * x + bias - y) ** 2)


weights, biases = np.linspace(-1, 7, 80), np.linspace(-20, 50, 80)
losses = np.array([[loss(weight, bias) for weight in weights] for bias in biases])

figure, axis = plt.subplots(figsize=(7, 5), subplot_kw={"projection": "3d"})
axis.plot_surface(*np.meshgrid(weights, biases), losses, cmap="viridis")
axis.view_init(30, -65)
axis.set_box_aspect(None, zoom=0.85)
axis.set(xlabel="weight", ylabel="bias", zlabel="loss")
axis.set(xticks=[0, 2, 4, 6], yticks=[-20, 0, 20, 40], zticks=[5000, 10_000, 15_000])
axis.zaxis.labelpad = 20
plt.title("The loss surface")
plt.show()

# %% [markdown]
# A long valley with steep walls. Its floor seems flat from here, but it falls a little towards one lowest point.

# %% [markdown]
# A slope, felt
# -------------
#
# First we walk in one direction only: let the bias be 17 and change the weight alone. How steep is it at the weight 1? Take a tiny step, see how much
# the loss changes, and divide by the size of the step. That is the *slope*.

# %%
step = 0.001
felt = (loss(1 + step, 17) - loss(1, 17)) / step
print(f"loss {loss(1, 17):.1f}, slope {felt:.1f}")

places = np.linspace(-0.5, 5, 100)
plt.figure(figsize=(7, 4))
plt.plot(places, [loss(weight, 17) for weight in places], label="loss")
near = np.array([0.4, 1.6])
plt.plot(near, loss(1, 17) + felt * (near - 1), color="tab:orange", label="slope at 1")
plt.plot(1, loss(1, 17), "o", color="tab:orange")
plt.xlabel("weight (the bias is 17)")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# The slope is far below zero: one more on the weight would lower the loss by over a thousand, were it as steep all the way. So the way down is to a
# *larger* weight. In general, **down is against the slope**: where it is negative go up with the weight, where it is positive go down with it.
#
# To feel each slope with two losses is slow, and a little inexact. School mathematics has the formula. The slope of ``error ** 2`` is ``2 * error``
# times the slope of the error itself; and the error, ``weight * x + bias - y``, grows by ``x`` for each unit of the weight and by 1 for each unit of
# the bias. Then the mean over the evenings. The two slopes together are the *gradient*.


# %%
def gradient(weight, bias):
    errors = weight * x + bias - y
    return np.mean(2 * errors * x), np.mean(2 * errors)


print(f"felt: {felt:.1f}, by the formula: {gradient(1, 17)[0]:.1f}")

# %% [markdown]
# Walking
# -------
#
# We start at zero, and at each step go a little against the gradient. How little is set by the *learning rate*: the step is the rate times the slope, so
# it becomes shorter by itself where the ground becomes flat. Here is all of gradient descent:


# %%
def descend(rate, iterations, weight=0.0, bias=0.0):
    path = [(weight, bias)]
    for _ in range(iterations):
        weight_slope, bias_slope = gradient(weight, bias)
        weight = weight - rate * weight_slope
        bias = bias - rate * bias_slope
        path.append((weight, bias))
    return np.array(path)


path = descend(rate=0.0005, iterations=20_000)
for iteration in [0, 1, 2, 3, 10, 100, 1000, 10_000, 20_000]:
    weight, bias = path[iteration]
    height = loss(weight, bias)
    print(f"{iteration:6d}: {weight:.3f} x + {bias:6.3f}, loss {height:7.2f}")


# %%
def draw_valley():
    plt.figure(figsize=(7, 4))
    plt.contourf(weights, biases, np.log(losses), levels=25, cmap="viridis", alpha=0.6)
    plt.plot(2.3761, 17.177, "r*", markersize=14, label="the best line")
    plt.xlabel("weight")
    plt.ylabel("bias")
    plt.ylim(-5, 25)


draw_valley()
plt.plot(*path.T, ".-", color="black", markersize=4, label="20,000 steps from zero")
plt.title("Down the wall at once, then along the floor")
plt.legend()
plt.show()

# %% [markdown]
# A handful of steps down the steep wall bring nearly all of the gain, since the slope is large there. Then the path turns along the floor of
# the valley, which falls so gently that thousands of steps follow. After 20,000 the bias is still short of its 17.18.

# %% [markdown]
# How large a step?
# -----------------
#
# Then take larger steps! Four learning rates, thirty steps of each:

# %%
rates = {0.00005: "tab:blue", 0.0005: "black", 0.0021: "tab:orange", 0.0023: "tab:red"}
paths = {rate: descend(rate, 30) for rate in rates}

plt.figure(figsize=(7, 4))
for rate, color in rates.items():
    heights = [loss(weight, bias) for weight, bias in paths[rate]]
    plt.semilogy(heights, ".-", color=color, label=f"rate {rate:.5f}")
plt.xlabel("iteration")
plt.ylabel("loss (each mark is ten times the last)")
plt.legend()
plt.show()

# %% [markdown]
# And the first eight steps seen from the side, along the valley, so that the walls are left and right:

# %%
figure, axes = plt.subplots(1, 4, figsize=(7, 3.2), sharey=True, layout="constrained")
for axis, (rate, color) in zip(axes, rates.items(), strict=True):
    heights = [loss(weight, bias) for weight, bias in paths[rate][:9]]
    wall = np.linspace(-3, 9, 100)
    axis.plot(wall, [loss(weight, 0) for weight in wall], color="lightgray")
    axis.plot(paths[rate][:9, 0], heights, ".-", color=color, linewidth=1)
    axis.set(title=f"rate {rate:.5f}", xlabel="weight", ylim=(0, 12_000))
    axis.title.set_fontsize(9)
axes[0].set_ylabel("loss")
plt.show()

# %% [markdown]
# - **0.00005 is too small**: the right way, but slowly.
# - **0.0005 is good** for the wall.
# - **0.0021 is nearly too large**: each step jumps over the floor to the opposite wall, nearly as high. It comes down at last, in zigzag.
# - **0.0023 is too large**: it lands a little *higher* on the opposite wall, where it is steeper, so the next step is longer still. The loss grows
#   without end. Descent *diverges*.
#
# Between a good rate and a ruinous one there is a factor of less than five. Where the border is depends on the features alone: on how sharply the
# steepest wall bends upwards, its *curvature*.

# %% [markdown]
# The same walk by GDRegressor
# ----------------------------
#
# With a number as ``learning_rate``, ``GDRegressor`` is the loop above, from zero and step for step. ``coef_path`` gives the weights and biases after
# any numbers of iterations:

# %%
from estimators import GDRegressor

model = GDRegressor(learning_rate=0.0005, max_iter=1_000_000).fit(X, y)
counts = [1, 10, 1000, 20_000]
its_weights, its_biases = model.coef_path(counts)
its_path = np.column_stack([its_weights, its_biases])
print("alike:", np.allclose(its_path, path[counts], rtol=1e-8))
print(f"after a million steps: {model.coef_[0]:.4f} x + {model.intercept_:.4f}")

# %% [markdown]
# And a rate that would diverge is refused before the first step, with the border:

# %%
import textwrap

try:
    GDRegressor(learning_rate=0.0023).fit(X, y)
except ValueError as error:
    print(textwrap.fill(str(error), 72))

# %% [markdown]
# A million steps at once
# -----------------------
#
# The fit above made a million steps, and took about as long as one. How? Walk along the weight alone once more, and look how far we are from the lowest
# point after each step:

# %%
lowest = np.sum((y - 17) * x) / np.sum(x**2)  # where the slope is 0, with the bias 17
weight, distances = 0.0, []
for _ in range(6):
    distances.append(lowest - weight)
    weight = weight - 0.0005 * gradient(weight, 17)[0]

print("distances:", np.round(distances, 5))
print("each by the one before:", np.round(np.divide(distances[1:], distances[:-1]), 5))
print("1 - 2 * rate * mean(x ** 2):", np.round(1 - 2 * 0.0005 * np.mean(x**2), 5))

# %% [markdown]
# Each step multiplies the distance by the *same factor*, 0.531, for the slope is ``2 * mean(x ** 2)`` times the distance, and the step takes ``rate``
# times that away. So nobody has to walk. After ``k`` steps the distance is the first one times ``factor ** k``, for a million steps as for one. The
# factor also explains the four rates: near 1 descent creeps; below 0 it jumps to the other side; below -1 each jump is longer than the last.
#
# With weight and bias together the same holds in two directions, one across the valley and one along it, each with a factor of its own. That is how
# ``coef_path`` knows the whole walk:

# %%
counts = np.unique(np.geomspace(1, 1_000_000, 200).astype(int))
plt.figure(figsize=(7, 4))
for rate in (0.00005, 0.0005, 0.0021):
    model = GDRegressor(learning_rate=rate, max_iter=10_000_000).fit(X, y)
    its_weights, its_biases = model.coef_path(counts)
    heights = [loss(*line) for line in zip(its_weights[:, 0], its_biases, strict=True)]
    plt.loglog(counts, heights, color=rates[rate], label=f"rate {rate:.5f}")
plt.axhline(loss(2.3761, 17.177), color="gray", linestyle=":", label="the best line")
plt.xlabel("iterations")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# The large rate suffers at first, from its zigzag, but is the first at the bottom: along the gentle floor large steps pay.

# %% [markdown]
# Straight to the bottom
# ----------------------
#
# If the way is known in closed form, so is its end: the place where both slopes are zero. With ``learning_rate="auto"``, which is the default,
# ``GDRegressor`` goes there in one step, and there is no rate to choose. It also tells how large a rate might be.

# %%
model = GDRegressor().fit(X, y)
weight, bias = model.coef_[0], model.intercept_
print(f"{weight:.4f} x + {bias:.4f} in {model.n_iter_} step")
print("both slopes are zero:", np.allclose(gradient(weight, bias), 0, atol=1e-9))
print(f"the largest safe rate: {model.max_learning_rate_:.5f}")

# %% [markdown]
# Why then learn to walk? Because such a formula exists for lines and their kin only. From part 4 on there is none, and whoever trains a network chooses
# rates, watches losses, and meets zigzags and divergence just like these.

# %% [markdown]
# Exercise
# --------
#
# ``descend`` takes a weight and a bias to start from. Start from three far corners of the map, with the rate 0.001 and 20,000 steps, and draw the
# paths (after ``draw_valley()``, ``plt.ylim(-20, 50)`` shows the whole map). Do all arrive at the same line? Which are still under way, and why?

# %% [markdown]
# Answer
# ------
#
# All go to the same place, because there is only one lowest point; networks will be different (part 6). But none has quite arrived. Wherever they
# start, the wall is done within a few steps. What takes the time is the floor, and so the one that lands nearest to the star is the nearest in the end.

# %%
draw_valley()
starts = {(6, 45): "tab:blue", (-1, 40): "tab:orange", (6, -15): "black"}
for start, color in starts.items():
    path = descend(0.001, 20_000, *start)
    label = f"from {start} to {path[-1].round(2)}"
    plt.plot(*path.T, ".-", color=color, linewidth=1, label=label)
plt.ylim(-20, 50)
plt.legend(loc="lower left")
plt.show()
