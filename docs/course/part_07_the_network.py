# %% [markdown]
"""
7. The network, forwards and backwards
======================================

Part 6 looked into a network that had been trained. How does it *learn*? Going forwards and learning fit into thirty lines of numpy, and in this part we
write them. There is one new idea, and it is about blame: **who is to blame for a wrong answer, and by how much?**
"""

# %% [markdown]
# The moons again
# ---------------
#
# Two hundred points lie on two interlocking half circles. A point has two features, across and up; its label is 0 or 1, the half circle it belongs to.

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from sklearn.datasets import make_moons

X, y = make_moons(200, noise=0.2, random_state=0)
COLORS = np.array(["tab:blue", "tab:orange"])


def draw_points(axis):
    axis.scatter(X[:, 0], X[:, 1], c=COLORS[y], s=16, edgecolor="white", linewidth=0.5)
    axis.set(xlabel="across", ylabel="up")


figure, axis = plt.subplots(figsize=(7, 4))
draw_points(axis)
axis.set_title("Blue is 0, orange is 1")
plt.show()

# %% [markdown]
# Forwards
# --------
#
# We take eight *hidden units*. Each multiplies the two features by weights of its own, adds a bias, and sends the sum ``z`` through a curve. They are
# called hidden because nobody tells them what to answer; together they are a *hidden layer*. Then one last logistic regression looks at their eight
# answers, and only at them.
#
# What a unit answers is its *activation*. The hidden units use ``tanh`` this time, an S-shaped curve like the sigmoid, but from -1 to 1; the last one, the
# *output*, uses the sigmoid, for it is to say a probability. Without such a curve in between, the two layers would collapse into one: a line of lines is
# again a line.
#
# In numpy a layer is one multiplication of tables. It pays to write the shapes beside it: rows first, columns second.


# %%
def squash(z):
    return 1 / (1 + np.exp(-z))


def forward(X, W1, b1, W2, b2):
    A = np.tanh(X @ W1 + b1)  # (n, 2) @ (2, 8) -> (n, 8): eight answers a point
    p = squash(A @ W2 + b2)  # (n, 8) @ (8, 1) -> (n, 1): one probability a point
    return A, p


# %% [markdown]
# All weights begin as small random numbers (part 12 says how small, and why random). There are 2 x 8 weights and 8 biases in the first layer, 8 weights
# and one bias in the second: 33 numbers.


# %%
def random_start(seed, sizes=(2, 8, 1)):
    rng, numbers = np.random.RandomState(seed), []
    for n_in, n_out in pairwise(sizes):
        bound = np.sqrt(6 / (n_in + n_out))
        numbers.append(rng.uniform(-bound, bound, (n_in, n_out)))  # W
        numbers.append(rng.uniform(-bound, bound, n_out))  # b
    return numbers


start = random_start(seed=1)
A, p = forward(X, *start)
print("X", X.shape, "-> A", A.shape, "-> p", p.shape)
print("numbers to learn:", sum(array.size for array in start))

# %% [markdown]
# What do they say, before they have learned anything? As in part 6 we ask each unit about every point of the plane. Each has a soft edge somewhere, in
# some direction: on one side its answers tend to 1, on the other to -1.

# %%
across, up = np.meshgrid(np.linspace(-1.7, 2.7, 80), np.linspace(-1.2, 1.7, 60))
plane = np.column_stack([across.ravel(), up.ravel()])


def draw_units(parameters, title):
    answers, _ = forward(plane, *parameters)
    figure, axes = plt.subplots(2, 4, figsize=(7, 3.6), layout="constrained")
    for unit, axis in enumerate(axes.flat):
        answer = answers[:, unit].reshape(across.shape)
        levels = np.linspace(-1, 1, 21)
        axis.contourf(across, up, answer, levels=levels, cmap="gray", vmin=-2)
        axis.scatter(X[:, 0], X[:, 1], c=COLORS[y], s=2)
        axis.set(xticks=[], yticks=[], title=f"unit {unit + 1}")
    figure.suptitle(title)
    plt.show()


draw_units(start, "Hidden units at the start: dark is -1, light is 1")

# %% [markdown]
# The loss is the one of part 4: the mean of minus the logarithm of the probability that was given to the right answer. Who answers "one half" to
# everything has 0.69. The random network does worse: it talks nonsense, and with some confidence.


# %%
def log_loss(p, y):
    right = np.where(y[:, np.newaxis] == 1, p, 1 - p)
    return -np.mean(np.log(right))


print(f"loss at the start: {log_loss(p, y):.3f}")

# %% [markdown]
# Backwards
# ---------
#
# To walk downhill (part 2) we need the gradient: by how much does the loss change when one of the 33 numbers grows a little? For the last layer we know
# the answer from part 4. With the log loss the blame of the output is plain: **what was said minus what is right**, ``p - y``, divided by the number of
# points, since the loss is a mean.
#
# And the hidden units? The loss does not look at them. But they told the output what it then said. So the blame is handed on, backwards:
#
# - A *weight* carried an activation to the output. Its share is *what it carried, times the blame at its end*: a unit that said 0 did no harm. Summed over
#   all points that is ``A.T @ blame``.
# - A *hidden unit* spoke through its weight. Its share is *the blame at the other end, times that weight*: ``blame @ W2.T``. Who is listened to more is to
#   blame for more.
# - Then through the curve: where ``tanh`` is flat, a unit could hardly have said anything else, and the blame gets small. The steepness of ``tanh`` is
#   ``1 - A ** 2``.
#
# With the blame of the hidden units in hand, the first layer's weights get their share by the first rule again. Mathematicians call this the *chain rule*,
# programmers *backpropagation*.


# %%
def gradients(X, y, W1, b1, W2, b2):
    A, p = forward(X, W1, b1, W2, b2)
    blame = (p - y[:, np.newaxis]) / len(y)  # (n, 1), of the output
    dW2 = A.T @ blame  # (8, n) @ (n, 1) -> (8, 1)
    db2 = blame.sum(axis=0)
    blame = blame @ W2.T * (1 - A**2)  # (n, 1) @ (1, 8) -> (n, 8), of the hidden units
    dW1 = X.T @ blame  # (2, n) @ (n, 8) -> (2, 8)
    db1 = blame.sum(axis=0)
    return dW1, db1, dW2, db2


# %% [markdown]
# Each gradient has the shape of what it belongs to. Going forwards we multiplied by ``W2``, going backwards by ``W2.T``; the price of all 33 gradients is
# about that of two more steps forwards, no matter how many numbers there are. That is what makes large networks possible at all.

# %% [markdown]
# Check it by small steps
# -----------------------
#
# Backwards steps are easy to get wrong, and a wrong gradient often still learns a little. But there is a slow method that needs no thinking: make one
# number a hair larger, then a hair smaller, and look at what the loss does. It costs two losses for each number, so it is useless for training, and
# perfect for checking.


# %%
def slow_gradients(X, y, parameters, step=1e-5):
    slow = [np.zeros_like(array) for array in parameters]
    for array, gradient in zip(parameters, slow, strict=True):
        for place in np.ndindex(array.shape):
            kept, losses = array[place], []
            for nudge in (step, -step):
                array[place] = kept + nudge
                losses.append(log_loss(forward(X, *parameters)[1], y))
            array[place] = kept
            gradient[place] = (losses[0] - losses[1]) / (2 * step)
    return slow


fast, slow = gradients(X, y, *start), slow_gradients(X, y, start)
apart = max(np.abs(f - s).max() for f, s in zip(fast, slow, strict=True))
print(f"largest difference below one in a billion: {apart < 1e-9}")

plt.figure(figsize=(7, 4))
for name, f, s in zip(["W1", "b1", "W2", "b2"], fast, slow, strict=True):
    plt.plot(s.ravel(), f.ravel(), "o", label=name)
plt.axline((0, 0), slope=1, color="gray", zorder=0)
plt.xlabel("gradient by small steps")
plt.ylabel("gradient by blame")
plt.title("33 gradients, computed in two ways")
plt.legend()
plt.show()

# %% [markdown]
# All 33 lie on the diagonal: the two ways agree. Whoever writes such code by hand should do this before anything else. (The tests of this library do it
# for every layer.)

# %% [markdown]
# The loop
# --------
#
# What remains is the loop of part 2: forwards, backwards, a step against the gradient, and again.


# %%
def train(X, y, parameters, rate=1.0, steps=1500):
    parameters, losses = [array.copy() for array in parameters], []
    for _ in range(steps):
        losses.append(log_loss(forward(X, *parameters)[1], y))
        steepest = gradients(X, y, *parameters)
        for array, gradient in zip(parameters, steepest, strict=True):
            array -= rate * gradient
    return parameters, losses


trained, losses = train(X, y, start)
_, p = forward(X, *trained)
right = np.mean((p[:, 0] > 0.5) == y)
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}; {right:.1%} of the points right")

plt.figure(figsize=(7, 4))
plt.plot(losses)
plt.xlabel("step")
plt.ylabel("loss")
plt.ylim(0)
plt.title("The loss on its way down")
plt.show()

# %% [markdown]
# See the plateau: the network first finds the best *straight* boundary, and rests there a while, before some units turn away from the others and the
# boundary begins to bend. What the units say now is no longer random:

# %%
draw_units(trained, "Hidden units after training")

# %% [markdown]
# No unit has found the moons. Each has found a useful edge, and the output weighs the edges against each other. Their sum is the bent boundary:


# %%
def draw_boundary(axis, P, title):
    P = P.reshape(across.shape)
    blend = LinearSegmentedColormap.from_list("", ["tab:blue", "white", "tab:orange"])
    axis.contourf(across, up, P, levels=np.linspace(0, 1, 21), cmap=blend, alpha=0.4)
    axis.contour(across, up, P, levels=[0.5], colors="black")
    draw_points(axis)
    axis.set_title(title)


figure, axis = plt.subplots(figsize=(7, 4))
_, P = forward(plane, *trained)
draw_boundary(axis, P, "Probability of orange; black: one half")
plt.show()

# %% [markdown]
# The same from the library
# -------------------------
#
# ``MLPClassifier`` (*multi-layer perceptron*, the old name of such a network) does the same, with any number of layers. We ask for our own recipe: plain
# descent (``"sgd"``; its ``momentum``, for part 12, is off), all points in each step, no penalty, 1,500 steps. Our random start was drawn as the library
# draws its own, so the same seed gives the same first weights. ``all_epochs`` keeps it from warning that the training was cut off after 1,500 steps;
# that is what we want here.

# %%
from estimators import MLPClassifier
from examples.digits.model import all_epochs

net = MLPClassifier(
    8,
    activation="tanh",
    solver="sgd",
    learning_rate_init=1.0,
    momentum=0,
    batch_size=len(X),
    max_iter=1500,
    n_iter_no_change=np.inf,  # never stop early
    alpha=0,
    random_state=1,
)
with all_epochs():
    net.fit(X, y)

apart = np.abs(net.predict_proba(X)[:, 1] - p[:, 0]).max()
print(f"largest difference of a probability below one in a million: {apart < 1e-6}")
print(f"loss {net.loss_:.3f}")

# %% [markdown]
# It is the same network, weight for weight, up to rounding. ``summary`` shows what it is made of, and ``to_mermaid`` gives it as a graph in a notation
# that GitHub and many editors draw: paste it into a Markdown file, as a code block of the language ``mermaid``.

# %%
print(net.summary())
print()
print(net.to_mermaid())

# %% [markdown]
# Exercise
# --------
#
# Why random numbers at the start? Let all 33 begin with the same number, say 0.5, and train with ``train`` as above. Then begin with zeros. Draw both
# losses beside the one from the random start, and look at the weights ``W1`` that came out.

# %% [markdown]
# Answer
# ------
#
# Units that begin alike give the same answer, get the same blame, and take the same step: they stay alike for ever, and eight units are as good as one.
# One unit has one edge, so this network ends on the plateau, with a straight boundary. From zeros it is worse: no blame passes through a weight of 0, and
# a unit that answers 0 carries nothing. Only the output's bias could move, and with as many blue points as orange ones not even that. Random numbers break
# the tie.

# %%
plt.figure(figsize=(7, 4))
plt.plot(losses, label="random")
for number in (0.5, 0.0):
    alike = [np.full_like(array, number) for array in start]
    parameters, curve = train(X, y, alike)
    plt.plot(curve, label=f"all {number}")
    print(f"from {number}: W1 of the units 1, 2 and 8:")
    print(parameters[0][:, [0, 1, 7]].round(3))
plt.xlabel("step")
plt.ylabel("loss")
plt.legend()
plt.show()
