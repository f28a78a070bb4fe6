# %% [markdown]
"""
10. Deep networks
=================

A network may have more than one hidden layer: each looks at the answers of the one before. Networks with several are called *deep*, and the pictures that
computers recognise and the texts they write come from very deep ones. **What do more layers buy, and what do they cost?** The answer of this part is less
glorious than the word.
"""

# %% [markdown]
# What a second layer can do
# --------------------------
#
# In part 7 each hidden unit drew one soft edge through the plane. A unit of a second layer weighs such edges against each other, so that it has a *bent*
# edge of its own, and the output weighs bent edges. To see the difference we need something really bent: two spirals, wound around each other three times.

# %%
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from estimators import MLPClassifier
from examples.digits.model import all_epochs


def spirals(n_points, seed):
    rng = np.random.default_rng(seed)
    radius, arm = np.sqrt(rng.random(n_points)), rng.integers(0, 2, n_points)
    angle = 2 * np.pi * 3 * radius + np.pi * arm
    X = 2 * np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X + rng.normal(0, 0.02, X.shape), arm


X, y = spirals(2000, seed=0)
X_new, y_new = spirals(1000, seed=1)

# %% [markdown]
# One network gets a single layer of 120 hidden units, the other two layers of 20. That is about the same number of weights and biases. Their curve is
# ``relu``, of which more below; ``init="he"``, how large their weights begin, is for part 12.

# %%
across, up = np.meshgrid(np.linspace(-2.1, 2.1, 150), np.linspace(-2.1, 2.1, 150))
plane = np.column_stack([across.ravel(), up.ravel()])
blend = LinearSegmentedColormap.from_list("", ["tab:blue", "white", "tab:orange"])


def spiral_net(hidden, seed):
    net = MLPClassifier(
        hidden,
        init="he",
        learning_rate_init=0.01,
        batch_size=50,
        max_iter=150,
        n_iter_no_change=np.inf,
        random_state=seed,
    )
    with all_epochs():
        return net.fit(X, y)


figure, axes = plt.subplots(1, 2, figsize=(7, 4.3), layout="constrained")
for axis, hidden in zip(axes, [(120,), (20, 20)], strict=True):
    nets = [spiral_net(hidden, seed) for seed in range(3)]
    right = [f"{net.score(X_new, y_new):.1%}" for net in nets]
    print(hidden, "hidden units, three starts, new points right:", ", ".join(right))
    P = nets[0].predict_proba(plane)[:, 1].reshape(across.shape)
    axis.contourf(across, up, P, levels=np.linspace(0, 1, 21), cmap=blend, alpha=0.5)
    colors = np.array(["tab:blue", "tab:orange"])[y_new]
    axis.scatter(X_new[:, 0], X_new[:, 1], c=colors, s=2)
    title = f"hidden units: {hidden}\n{nets[0].n_parameters_} parameters"
    axis.set(title=title, xticks=[], yticks=[], aspect="equal")
plt.show()

# %% [markdown]
# With the same number of parameters, in the same 150 epochs, two layers follow the spirals wherever they begin, and one layer does not get there. It
# *could*: a single layer that is wide enough can come as near to any curve as one likes, that is proved. But it may need a great many units and epochs.
# Depth is a way to say more with fewer numbers, **where what is to be said is made of parts that are made of parts**.

# %% [markdown]
# What they buy on digits
# -----------------------
#
# And on our digits? Networks with 0 to 16 hidden layers of 32 units (with none it is the softmax of part 5), 30 epochs each, from three random starts, the
# fastest of which gives the seconds; a fifth of the images is held out.

# %%
import time

from examples.digits.data import load_bundled

images, images_val, digits, digits_val = load_bundled().split()


def digit_net(depth, activation="relu", seed=0):
    net = MLPClassifier(
        (32,) * depth,
        activation,
        init="he" if activation == "relu" else "glorot",
        learning_rate_init=0.005,
        batch_size=64,
        max_iter=30,
        n_iter_no_change=np.inf,
        random_state=seed,
    )
    with all_epochs():
        return net.fit(images, digits)


depths, scores, seconds = [0, 1, 2, 4, 8, 16], [], []
for depth in depths:
    nets, clock = [], []
    for seed in range(3):
        began = time.perf_counter()
        nets.append(digit_net(depth, seed=seed))
        clock.append(time.perf_counter() - began)
    seconds.append(min(clock))
    scores.append([net.score(images_val, digits_val) for net in nets])
    print(f"{depth:>2} hidden layers: {nets[0].n_parameters_:>6,} parameters")

figure, axes = plt.subplots(2, 1, figsize=(7, 6), sharex=True, layout="constrained")
top, bottom = axes
top.plot(depths, np.mean(scores, axis=1), "o-")
for depth, of_depth in zip(depths, scores, strict=True):
    top.plot([depth] * 3, of_depth, ".", color="gray")
top.set(ylabel="held-out images right", title="Gray: the three starts")
bottom.plot(depths, seconds, "o-", color="tab:orange")
bottom.set(xlabel="hidden layers", ylabel="seconds to train", ylim=0)
plt.show()

# %% [markdown]
# The first hidden layer brings more than a point. The second brings nothing more, and many layers do harm, while the parameters grow with each, and so,
# but for what else the machine had to do, does the time. An image of 8 x 8 pixels has few parts of parts. So begin with one or two layers, and add
# another only if the validation rows thank you for it. (For large pictures, sound and text it is different; there the layers are also of other kinds,
# which this library does not have.)
#
# ``summary`` shows where the parameters are:

# %%
print(digit_net(4).summary())

# %% [markdown]
# Deep and stuck
# --------------
#
# For decades deep networks did not work at all. One reason can be seen if we take the classical curve for the hidden units, the sigmoid of part 4, which
# the library calls ``"logistic"``.

# %%
plt.figure(figsize=(7, 4))
colors = {1: "tab:blue", 2: "tab:green", 4: "tab:orange", 8: "tab:red"}
for depth, color in colors.items():
    losses = digit_net(depth, "logistic").loss_curve_
    plt.plot(range(1, 31), losses, color=color, label=f"logistic, depth {depth}")
plt.plot(range(1, 31), digit_net(8).loss_curve_, "k--", label="relu, depth 8")
plt.axhline(np.log(10), color="gray", linestyle=":")
plt.xlabel("epoch")
plt.ylabel("loss on the training rows")
plt.legend()
plt.show()

# %% [markdown]
# With four layers it takes a while before anything happens, with eight nothing does in 30 epochs. The dotted line is ``log 10``, the loss of one who gives
# each digit a probability of one tenth, whatever the image. With another curve, the same depth is no problem. It is not that the deep network *knows* too
# little; it cannot *learn*. Let us look at the blame.

# %% [markdown]
# Where the blame gets lost
# -------------------------
#
# Here is the way back of part 7, for any number of layers: the blame goes through the weights, then through the steepness of the curve, layer by layer. We
# note how large the gradients of each layer's weights are, at the start of the training.

# %%
from itertools import pairwise

CURVES = {  # the curve, its steepness where its value is a, the spread of the weights
    "logistic": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a), 2),
    "tanh": (np.tanh, lambda a: 1 - a**2, 6),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0, 12),
}


def gradient_sizes(name, depth=10, times=1.0):
    curve, steepness, spread = CURVES[name]
    rng, weights = np.random.default_rng(0), []
    for n_in, n_out in pairwise([64, *[32] * depth, 10]):
        bound = times * np.sqrt(spread / (n_in + n_out))
        weights.append(rng.uniform(-bound, bound, (n_in, n_out)))
    answers = [images]
    for W in weights[:-1]:
        answers.append(curve(answers[-1] @ W))
    Z = answers[-1] @ weights[-1]
    Z -= Z.max(axis=1, keepdims=True)
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)  # softmax, as in part 5
    blame = (P - np.eye(10)[digits]) / len(digits)
    sizes = []
    for W, A in zip(weights[::-1], answers[::-1], strict=True):
        sizes.append(np.abs(A.T @ blame).mean())
        blame = blame @ W.T * steepness(A)
    return sizes[::-1]  # the first layer first


plt.figure(figsize=(7, 4))
for name, marker in zip(CURVES, "osD", strict=True):
    plt.semilogy(range(1, 12), gradient_sizes(name), marker + "-", label=name)
plt.xlabel("layer (1 is next to the image)")
plt.ylabel("mean size of the gradients")
plt.legend()
plt.show()

# %% [markdown]
# The scale is logarithmic. With the sigmoid each layer that the blame passes shrinks it several times, and what arrives at the first layers is less than a
# millionth: steps too short to be seen. This is the *vanishing gradient*. The last layers do learn, but from what the first ones tell them, which is
# random.
#
# Why? The sigmoid is nowhere steeper than 1/4, so each layer takes at least three quarters of the blame away, before the weights have their say. ``tanh``
# is as steep as 1 in its middle, and does much better.

# %% [markdown]
# ReLU
# ----
#
# The curve that made deep networks practical is no curve at all: ``max(z, 0)``, the *rectified linear unit*.

# %%
z = np.linspace(-4, 4, 200)
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
for name, (curve, steepness, _) in CURVES.items():
    left.plot(z, curve(z), label=name)
    right.plot(z, steepness(curve(z)) * np.ones_like(z), label=name)
left.set(title="what a unit answers", xlabel="z", ylim=(-1.2, 2.2))
right.set(title="steepness", xlabel="z")
left.legend()
plt.show()

# %% [markdown]
# Where it answers at all, its steepness is 1: blame passes undiminished. Where it is silent it is 0, and nothing passes; but with random weights about
# half of the units speak up about any one image, and that loss of half is made good by weights that begin somewhat larger (part 12). It is also the
# cheapest of the three to compute. A unit that is silent about *every* row gets no blame and stays so; that happens when the rate is too high, and
# ``"leaky_relu"`` prevents it by sloping a little below zero.

# %% [markdown]
# Half the digits
# ---------------
#
# Deep or wide networks are made of many numbers, and a number need not be exact to sixteen digits. ``dtype="float32"`` keeps seven of them: half the
# memory, and more numbers at a time through the processor.

# %%
figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for dtype in ("float64", "float32"):
    net = MLPClassifier((400, 400), max_iter=5, random_state=0, dtype=dtype)
    began = time.perf_counter()
    with all_epochs():
        net.fit(images, digits)
    axis.barh(dtype, time.perf_counter() - began)
    right = net.score(images_val, digits_val)
    print(net.summary().splitlines()[-1], f"   {right:.1%} right")
axis.set_xlabel("seconds to train")
plt.show()

# %% [markdown]
# Half the bytes, clearly less time, the same answers but for an image or so. Networks bear it well, since their steps are rough anyway (part 8).
# ``"auto"``, the default, keeps what the rows have.

# %% [markdown]
# Exercise
# --------
#
# Gradients can also *explode*. ``gradient_sizes("relu", times=3)`` begins with weights three times as large. Draw it beside the ordinary start, for
# ``times`` of 0.5, 1, 2 and 3. What would happen to a training that begins so?

# %% [markdown]
# Answer
# ------
#
# A gradient is what came forwards times the blame that came backwards. With weights three times as large, each layer that either of them passes makes
# it three times as large; in the first layer it is mostly the blame that has grown, in the last mostly the answers. Together they pass ten layers, and
# ten threes multiplied are 59,049. Since a network that is absurdly sure of random answers is also blamed more, the gradients are some hundred thousand
# times as large, in every layer: the first step would throw the weights anywhere. With half the size it shrinks likewise, and we are back at vanishing.
# In between there is a narrow ridge on which signals keep their size; to begin there is the first subject of part 12.

# %%
plt.figure(figsize=(7, 4))
for times in (0.5, 1, 2, 3):
    sizes = gradient_sizes("relu", times=times)
    plt.semilogy(range(1, 12), sizes, "o-", label=f"{times} times the weights")
plt.xlabel("layer (1 is next to the image)")
plt.ylabel("mean size of the gradients")
plt.legend(loc=(0.2, 0.25), ncols=2)
plt.show()
