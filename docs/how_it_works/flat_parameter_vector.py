# %% [markdown]
"""
A network in one vector
=======================

A :term:`neural network` has a weight matrix and a bias vector for each layer. ``MLPClassifier`` stores all of them in *one* vector, and the layers
are views of this vector. This page implements such a network in forty lines of numpy. It checks that training gives the same weights as the library,
and compares the time of a training step with the time of its matrix products.
"""

# %% [markdown]
# Views of one vector
# -------------------
#
# In numpy, a *view* is an array that does not have its own memory. It refers to part of another array, and can have a different shape. In the
# following code, the first 6,400 numbers of the vector are the weights of the first layer, seen as a 64 x 100 matrix. Writing to the matrix changes
# the vector.

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
print("parameters:", n_parameters, " at index 6,400:", parameters[6400])
print("W1 owns its memory:", W1.flags.owndata)

# %% [markdown]
# The weights come first and the biases last, because a :term:`penalty` applies only to the weights. In this order, all weights form a single slice of
# the vector, ``parameters[:7400]``.

# %% [markdown]
# Forward and backward pass
# -------------------------
#
# Consider a network with one hidden layer and a softmax output layer (part 7 of the course explains it step by step). For a :term:`batch` X of n
# rows, the outputs of the two layers are
#
# .. math:: A = \max(X W_1 + b_1, 0)
#
# .. math:: P = \mathrm{softmax}(A W_2 + b_2)
#
# Let Y be the labels as a one-hot matrix. Then the gradients of the mean :term:`cross-entropy` are
#
# .. math:: \Delta_2 = (P - Y) / n, \quad dW_2 = A^T \Delta_2, \quad db_2 = 1^T \Delta_2
#
# .. math:: \Delta_1 = \Delta_2 W_2^T \circ [A > 0]
#
# .. math:: dW_1 = X^T \Delta_1, \quad db_1 = 1^T \Delta_1
#
# The forward and backward passes together need five matrix products. All other operations are element-wise or sums, and should take as little time as
# possible. All batches have the same size, so the arrays for A, P and the other intermediate results, the *buffers*, are allocated once, and every
# operation writes its result to a buffer (``out=``). A step then allocates almost no memory, and its data stays in the cache.

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
# The optimiser step
# ------------------
#
# Adam keeps two running means for each parameter, one of its gradient and one of the squared gradient:
#
# .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g
#
# .. math:: v \leftarrow \beta_2 v + (1 - \beta_2) g^2
#
# .. math:: w \leftarrow w - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \frac{m}{\sqrt{v} + \epsilon}
#
# These formulas are the same for all layers. If the parameters were stored in a list of arrays, the update would be a loop with about a dozen small
# numpy calls per array. With a single vector, it takes about a dozen calls in total, regardless of the number of layers.

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
# The following code uses the same initial weights and the same order of rows as the library, which in turn uses the same as scikit-learn. After ten
# epochs on the digits, the weights are the same as those of the library.

# %%
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from estimators import MLPClassifier

images, digits = load_digits(return_X_y=True)
images, digits = images[:1600] / 16, digits[:1600]  # eight batches of 200

random = np.random.RandomState(0)
for weights, bias in ((W1, b1), (W2, b2)):
    bound = np.sqrt(6 / sum(weights.shape))  # Glorot initialisation
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
    warnings.simplefilter("ignore", ConvergenceWarning)  # ten epochs are enough here
    net = MLPClassifier(max_iter=10, random_state=0).fit(images, digits)
ours = np.concatenate([part.ravel() for part in (*net.coefs_, *net.intercepts_)])
print(f"largest difference of {n_parameters:,}: {np.abs(parameters - ours).max():.0e}")
print("the layers of the library are views of one vector too:")
print(net.coefs_[0].base is net.intercepts_[1].base)

# %% [markdown]
# The upper part of the figure shows the layout of the vector in memory, and the lower part shows the two weight matrices. Each column
# of ``W1`` belongs to a hidden unit, and each row to a pixel.

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
strip.set(xlim=(0, left), yticks=[], xlabel="index in the vector")
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
# Comparison with the bare products
# ---------------------------------
#
# A step cannot be faster than its five matrix products. ``python -m benchmarks mlp`` times these products alone, on matrices of the same shapes. It also
# times a whole fit with this library (*ours*), scikit-learn, and a simple PyTorch training loop that uses the fused Adam optimizer (*torch*). All of
# them run on one thread in float32. The following code reads these times from ``docs/benchmarks.json``, and prints the time of a fit divided by the
# time of its matrix products:

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
ax.set_xlabel("time of a fit divided by the time of its matrix products")
ax.legend()
plt.show()

# %% [markdown]
# With small networks and small batches, a large share of the time is not spent on matrix products, so a lot of time can be saved. With
# large layers and large batches, almost all of the time is spent on matrix products, so the three implementations take similar times. (This library
# used numba here, which is installed with the extra ``fast`` and fuses the operations of the optimiser and of the layers. Without numba, training the
# small networks takes about 1.5 times as long.)
