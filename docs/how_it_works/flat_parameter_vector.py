# %% [markdown]
"""
A network in one vector
=======================

A :term:`neural network` has a matrix of weights and a vector of biases for each layer. ``MLPClassifier`` keeps all of them in *one* vector, of which the
layers are views. This page trains a network in this way with forty lines of numpy, reaches the library's weights, and shows how close a training step
comes to the time of its matrix products.
"""

# %% [markdown]
# Views of one vector
# -------------------
#
# In numpy a *view* is an array without memory of its own: it shows a part of another array, with its own shape. Below, the first 6,400 numbers of the
# vector are the weights of the first layer, as a 64 x 100 matrix. Writing into the matrix writes into the vector.

# %%
import numpy as np

SIZES = (64, 100, 10)  # pixels, hidden units, digits
SHAPES = [(64, 100), (100, 10), (100,), (10,)]  # both weights first, then both biases


def views(vector):
    parts, start = [], 0
    for shape in SHAPES:
        stop = start + int(np.prod(shape))
        parts.append(vector[start:stop].reshape(shape))
        start = stop
    return parts


n_parameters = sum(int(np.prod(shape)) for shape in SHAPES)
parameters = np.zeros(n_parameters)
gradient = np.zeros(n_parameters)
W1, W2, b1, b2 = views(parameters)
dW1, dW2, db1, db2 = views(gradient)

W2[0, 0] = 5.0
print("parameters:", n_parameters, " at place 6,400:", parameters[6400])
print("memory of its own:", W1.flags.owndata)

# %% [markdown]
# The weights come first and the biases last, because a :term:`penalty` applies to weights only. The weights are then one slice of the vector,
# ``parameters[:7400]``.

# %% [markdown]
# Forwards and backwards
# ----------------------
#
# For a :term:`batch` X of n rows, one hidden layer and a softmax output (part 7 of the course explains this step by step), the outputs are
#
# .. math:: A = \max(X W_1 + b_1, 0)
#
# .. math:: P = \mathrm{softmax}(A W_2 + b_2)
#
# With the labels as a one-hot matrix Y, the gradients of the mean :term:`cross-entropy` are
#
# .. math:: \Delta_2 = (P - Y) / n, \quad dW_2 = A^T \Delta_2, \quad db_2 = 1^T \Delta_2
#
# .. math:: \Delta_1 = \Delta_2 W_2^T \circ [A > 0]
#
# .. math:: dW_1 = X^T \Delta_1, \quad db_1 = 1^T \Delta_1
#
# These are five matrix products. Everything else is element-wise and should cost as little as possible. For this purpose the arrays for A, P and the
# rest, the *buffers*, are allocated once, since all batches have the same size, and every product and function writes into them (``out=``). A step
# then neither allocates nor frees memory, and its data stays in the cache.

# %%
ALPHA = 1e-4  # L2 penalty, the library's default
N_WEIGHTS = 7400


def make_step(n):
    A, P = np.empty((n, 100)), np.empty((n, 10))
    D1, zeros, is_on = np.empty((n, 100)), np.zeros((n, 100)), np.empty((n, 100), bool)

    def step(X, codes):
        np.dot(X, W1, out=A)  # (n, 64) @ (64, 100)
        np.add(A, b1, out=A)
        np.maximum(A, zeros, out=A)
        np.dot(A, W2, out=P)  # (n, 100) @ (100, 10)
        np.add(P, b2, out=P)
        np.subtract(P, P.max(axis=1, keepdims=True), out=P)
        np.exp(P, out=P)
        np.divide(P, P.sum(axis=1, keepdims=True), out=P)
        P[np.arange(n), codes] -= 1
        np.divide(P, n, out=P)  # now P holds the gradient of the output
        np.dot(A.T, P, out=dW2)  # writes directly into the gradient vector
        np.sum(P, axis=0, out=db2)
        np.dot(P, W2.T, out=D1)
        np.multiply(D1, np.greater(A, 0, out=is_on), out=D1)
        np.dot(X.T, D1, out=dW1)
        np.sum(D1, axis=0, out=db1)
        gradient[:N_WEIGHTS] += ALPHA / n * parameters[:N_WEIGHTS]

    return step


# %% [markdown]
# One pass of the optimiser
# -------------------------
#
# Adam keeps two running means for each parameter, of the gradient and of its square:
#
# .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g
#
# .. math:: v \leftarrow \beta_2 v + (1 - \beta_2) g^2
#
# .. math:: w \leftarrow w - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \frac{m}{\sqrt{v} + \epsilon}
#
# Adam does not need to know about layers. For a list of arrays it would be a loop with a dozen small calls per array. For one vector it is a dozen
# calls in total, whatever the number of layers.

# %%
m, v = np.zeros(n_parameters), np.zeros(n_parameters)


def adam(t, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    m[:] = beta_1 * m + (1 - beta_1) * gradient
    v[:] = beta_2 * v + (1 - beta_2) * gradient**2
    rate *= np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    parameters[:] -= rate * m / (np.sqrt(v) + epsilon)


# %% [markdown]
# The same weights
# ----------------
#
# With the library's initial weights and order of rows, which are scikit-learn's, ten epochs on the digits give the library's weights.

# %%
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from estimators import MLPClassifier

images, digits = load_digits(return_X_y=True)
images, digits = images[:1600] / 16, digits[:1600]  # eight batches of 200

random = np.random.RandomState(0)
for weights, bias in ((W1, b1), (W2, b2)):
    bound = np.sqrt(6 / sum(weights.shape))  # Glorot's
    weights[:] = random.uniform(-bound, bound, weights.shape)
    bias[:] = random.uniform(-bound, bound, bias.shape)

step, order, t = make_step(200), np.arange(1600), 0
for _ in range(10):
    permutation = np.arange(1600)
    random.shuffle(permutation)
    order = order[permutation]
    for batch in np.split(order, 8):
        t += 1
        step(images[batch], digits[batch])
        adam(t)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # ten epochs are meant
    net = MLPClassifier(max_iter=10, random_state=0).fit(images, digits)
ours = np.concatenate([part.ravel() for part in (*net.coefs_, *net.intercepts_)])
print(f"largest difference of {n_parameters:,}: {np.abs(parameters - ours).max():.0e}")
print("the library's layers are views of one vector too:")
print(net.coefs_[0].base is net.intercepts_[1].base)

# %% [markdown]
# Here is the vector as a picture: at the top as it lies in memory, below as its layers see it. A column of ``W1`` belongs to a hidden unit, a row to
# a pixel.

# %%
import matplotlib.pyplot as plt

names, colors = ["W1", "W2", "b1", "b2"], ["tab:blue", "tab:orange", "tab:red", "black"]
fig = plt.figure(figsize=(7, 4.5), layout="constrained")
grid = fig.add_gridspec(2, 2, height_ratios=[1, 5], width_ratios=[5, 1])
strip = fig.add_subplot(grid[0, :])
left = 0
for name, shape, color in zip(names, SHAPES, colors, strict=True):
    size = int(np.prod(shape))
    strip.barh(0, size, left=left, color=color, label=f"{name}: {size:,}")
    left += size
strip.set(xlim=(0, left), yticks=[], xlabel="place in the vector")
strip.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
for place, name, part, across in (
    (grid[1, 0], "W1", W1, "hidden unit"),
    (grid[1, 1], "W2", W2, "digit"),
):
    ax = fig.add_subplot(place)
    ax.imshow(part, cmap="viridis", aspect="auto", vmin=-0.4, vmax=0.4)
    ax.set(title=name, xlabel=across)
    ax.set_ylabel("pixel" if name == "W1" else "hidden unit")
plt.show()

# %% [markdown]
# How close to the bare products
# ------------------------------
#
# No step can be faster than its five matrix products. ``python -m benchmarks mlp`` measures these alone, with the same shapes, and whole fits: ours,
# scikit-learn's, and a plain training loop in torch with its fused Adam, all on one thread in float32. The time of a fit as a multiple of the time of
# its products, read from ``docs/benchmarks.json``:

# %%
import json
from pathlib import Path

import examples

results = Path(examples.__file__).parents[1] / "docs" / "benchmarks.json"
rows = json.loads(results.read_text())["rows"]


def multiples(note):
    """Return for each network the time of each fit, as a multiple of the products."""
    ratios = {}
    for row in rows:
        if row["claim"].startswith("MLP fit") and row["note"] == note:
            name = row["claim"].removeprefix("MLP fit, ").rsplit(", ", 1)[0]
            ratios.setdefault(name, {})[row["peer"]] = row["ratio"]
    return {
        name: {
            "ours": 1 / of["the bare matrix products"],
            "torch": of["torch, fused Adam"] / of["the bare matrix products"],
            "scikit-learn": of["scikit-learn"] / of["the bare matrix products"],
        }
        for name, of in ratios.items()
    }


with_numba = multiples("float32, with numba")
for name, times in with_numba.items():
    print(f"{name}:")
    print("   ", ", ".join(f"{who} {time:.1f}" for who, time in times.items()))

# %%
fig, ax = plt.subplots(figsize=(7, 5), layout="constrained")
places = np.arange(len(with_numba))
colors = {"ours": "tab:blue", "torch": "tab:orange", "scikit-learn": "tab:red"}
for i, (who, color) in enumerate(colors.items()):
    times = [of[who] for of in with_numba.values()]
    ax.barh(places + 0.27 * (i - 1), times, 0.25, color=color, label=who)
ax.axvline(1, color="black", linewidth=1)
ax.set_yticks(places, [name.replace(", batch", ",\nbatch") for name in with_numba])
ax.invert_yaxis()
ax.set_xlabel("time of a fit, in multiples of its matrix products")
ax.legend()
plt.show()

# %% [markdown]
# The smaller the network and the batch, the larger the share of everything except the products, and the more can be saved. Large layers in large
# batches consist almost entirely of products, and there the three are closest. (Ours uses numba here, the extra ``fast``, which fuses the passes of
# the optimiser and the layers. Without it the small networks take about one and a half times as long.)
