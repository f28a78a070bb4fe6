# %% [markdown]
"""
8. Batches
==========

So far each step of the descent looked at every row: forwards through all of them, backwards through all of them, and then *one* small step. With two hundred
points nobody minds. With sixty thousand images, a thousand steps mean sixty million images. **Is it worth reading everything before taking one step?**
"""

# %% [markdown]
# A glance is often enough
# ------------------------
#
# Take the pizzeria of part 1, but a whole invented year of it (less the evenings without a reservation), with about two doughs for each. To see
# something, we stay with a line: one weight, one bias. The reservations are scaled as in part 3, which makes the valley round.

# %%
import matplotlib.pyplot as plt
import numpy as np

from examples.pizza.years import simulate_year

year = simulate_year("linear")
x, doughs = year["reservations"].to_numpy(), year["doughs"].to_numpy()
x = (x - x.mean()) / x.std()
print(f"{len(x)} evenings")


def gradient(line, rows):
    weight, bias = line
    errors = weight * x[rows] + bias - doughs[rows]
    return np.array([np.mean(errors * x[rows]), np.mean(errors)])  # half of part 2's


# %% [markdown]
# ``rows`` says which evenings the step looks at. Such a handful of rows is called a *batch*. From the same place, and with the same rate, we let three
# walkers go. Each may read the year twice. The first reads all of it before each step, so it has two steps. The second takes a step after every 16
# evenings, the third after every single one.


# %%
def walk(batch_size, rate=0.1, epochs=2, seed=0):
    rng, line = np.random.default_rng(seed), np.array([0.0, 0.0])
    path = [line]
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            line = line - rate * gradient(line, order[start : start + batch_size])
            path.append(line)
    return np.array(path)


best = np.polyfit(x, doughs, 1)
weights, biases = np.meshgrid(np.linspace(-8, 45, 80), np.linspace(-5, 75, 80))
losses = (weights - best[0]) ** 2 + (biases - best[1]) ** 2  # a round valley
figure, axes = plt.subplots(1, 3, figsize=(7.5, 3.4), sharey=True, layout="constrained")
for axis, batch_size in zip(axes, (len(x), 16, 1), strict=True):
    path = walk(batch_size)
    axis.contour(weights, biases, np.sqrt(losses), levels=12, cmap="viridis", alpha=0.5)
    axis.plot(path[:, 0], path[:, 1], ".-", color="tab:red", linewidth=1, markersize=4)
    axis.plot(*best, "k*", markersize=12)
    axis.set(xlabel="weight", title=f"batches of {batch_size}: {len(path) - 1} steps")
axes[0].set_ylabel("bias")
plt.show()

# %% [markdown]
# The first walker knows exactly where downhill is, and has hardly left. The second arrived, on a path that is a little crooked. The third was there first
# of all, but cannot stand still: each evening pulls it to where that evening would like the line to be.

# %% [markdown]
# How noisy is a batch?
# ---------------------
#
# The gradient of a batch is an *estimate* of the gradient of all rows, as a poll is of an election. We can measure how far estimates spread: draw many
# batches of each size, at one place, and take the standard deviation of their gradients.

# %%
rng = np.random.default_rng(0)
sizes = [1, 2, 4, 8, 16, 32, 64]
spread = []
for size in sizes:
    batches = [rng.integers(0, len(x), size) for _ in range(2000)]
    spread.append(np.std([gradient(best - 5, rows)[0] for rows in batches]))
plt.figure(figsize=(7, 4))
plt.loglog(sizes, spread, "o-", label="measured")
plt.loglog(sizes, spread[0] / np.sqrt(sizes), "k--", label="1 / square root of size")
plt.xticks(sizes, sizes)
plt.yticks([1, 2, 4, 8], [1, 2, 4, 8])
plt.minorticks_off()
plt.xlabel("rows in a batch")
plt.ylabel("spread of the gradient")
plt.legend()
plt.show()

# %% [markdown]
# The noise falls with the *square root* of the size: four times as many rows, four times the work, halve it. So the first rows of a batch tell much and
# the later ones ever less. That is why many rough steps beat few exact ones, as long as we are far from the goal. Near the goal the noise is what remains;
# then larger batches or a smaller rate help.

# %% [markdown]
# Epochs, and why they are shuffled
# ---------------------------------
#
# A walk through all rows, batch by batch, is called an *epoch*. Before each epoch the rows are shuffled, as ``rng.permutation`` did above. That matters
# more than it seems. Here are the digits of part 5 for a network with 32 hidden units, in batches of 32; once shuffled, once in order, all zeros first,
# then all ones, and so on.

# %%
from sklearn.datasets import load_digits

from estimators import LossCurveDisplay, MLPClassifier
from examples.digits.model import all_epochs

images, digits = load_digits(return_X_y=True)
images = images / 16
in_order = np.argsort(digits, kind="stable")

settings = {
    "solver": "sgd",
    "momentum": 0,
    "learning_rate_init": 0.1,
    "random_state": 0,
}
figure, axis = plt.subplots(figsize=(7, 4))
for shuffle in (True, False):
    net = MLPClassifier(32, batch_size=32, max_iter=20, shuffle=shuffle, **settings)
    with all_epochs():
        net.fit(images[in_order], digits[in_order])
    name = "shuffled" if shuffle else "in order"
    LossCurveDisplay.from_estimator(net, ax=axis, name=f"{name}:")
    print(f"{name}: {net.score(images, digits):.0%} right after 20 epochs")
plt.show()

# %% [markdown]
# ``LossCurveDisplay`` draws what a network has noted in each epoch (``net.history_["loss"]``): the mean of the losses of its batches, each *before* its
# step. By that the second network is not far behind. But it fools itself. Who has just seen five batches of nines takes everything for a nine, and is
# right about the next batch of nines. Asked about all images in the end, it turns out to have forgotten much of what came before. Our networks shuffle
# unless told not to.

# %% [markdown]
# Which size is best?
# -------------------
#
# We let the same network learn in batches of four sizes, from the same start, with the same rate. ``partial_fit`` trains for one epoch and returns, so
# that we can look at the clock in between.

# %%
import time

sizes = {4: "tab:red", 32: "tab:orange", 256: "tab:blue", len(images): "black"}
figure, axes = plt.subplots(2, 1, figsize=(7, 7), sharey=True, layout="constrained")
by_epoch, by_second = axes
for size, color in sizes.items():
    net, clock = MLPClassifier(32, batch_size=size, **settings), []
    for _ in range(25):
        began = time.perf_counter()
        net.partial_fit(images, digits, classes=range(10))
        clock.append(time.perf_counter() - began)
    losses = net.loss_curve_
    by_epoch.plot(range(1, 26), losses, color=color, label=f"batches of {size}")
    by_second.plot(np.cumsum(clock), losses, color=color)
    steps = -(-len(images) // size)
    print(f"{size:>5} rows: {steps:>3} steps an epoch, loss {net.loss_:.3f} in the end")
by_epoch.set(xlabel="epoch", ylabel="loss", yscale="log")
by_second.set(xlabel="seconds", ylabel="loss", xscale="log")
by_epoch.legend()
plt.show()

# %% [markdown]
# By epochs, which count rows read, the smallest batches win: they take the most steps. By the clock their lead melts. A step on 32 rows takes hardly
# longer than one on 4, since much of its time goes into getting started, and processors are made for multiplying whole tables. (The seconds are those of
# the machine that built this page. Yours shows other ones.) All rows at once is far behind in both pictures.
#
# Common sizes are 32 to 256. The library's default, ``batch_size="auto"``, is 200, or all rows if there are fewer. On a graphics card larger ones pay.

# %% [markdown]
# Watching a long training
# ------------------------
#
# With a long training one likes to see that it goes on. ``LossBar`` shows a progress bar with the loss of the last epoch. (It writes to the terminal's
# error stream; for this page we send it to the output. For a search over many models, scikit-learn's own ``ProgressBar`` does the same without the loss.)

# %%
import sys

from rich.console import Console

from pipelines import LossBar

net = MLPClassifier(32, batch_size=32, max_iter=25, **settings)
net.set_callbacks(LossBar(Console(file=sys.stdout, width=88)))
with all_epochs():
    net.fit(images, digits)

# %% [markdown]
# Rows that come later
# --------------------
#
# Steps that need only a few rows have another use: a network can go on learning when new rows arrive, without the old ones. ``partial_fit`` takes whatever
# is there. In the first call it has to be told which classes there will be, since the first rows may not show all. (No ``solver`` is named here, so it
# is Adam, a kind of descent that part 12 explains.)

# %%
net = MLPClassifier(32, batch_size=10, random_state=0, learning_rate_init=0.003)
known = []
for start in range(0, 1500, 100):  # a hundred images arrive, and are gone again
    part = slice(start, start + 100)
    for _ in range(3):
        net.partial_fit(images[part], digits[part], classes=range(10))
    known.append(net.score(images[1500:], digits[1500:]))
plt.figure(figsize=(7, 4))
plt.plot(range(100, 1501, 100), known, "o-")
plt.xlabel("images seen so far")
plt.ylabel("share of later images right")
plt.ylim(0, 1)
plt.show()

# %% [markdown]
# It becomes better while images come in, although it never has more than a hundred of them. (It is asked about the last 297 images, which it does not
# learn, as in part 5.) The rise is not even, for the same reason as with the sorted digits: the latest rows have the last word.

# %% [markdown]
# Exercise
# --------
#
# Batches of 256 were slow to learn, since they take an eighth of the steps that batches of 32 take. But their gradients are less noisy, so they might take
# longer steps. Let batches of 32 learn for 40 epochs with the rate 0.05, batches of 256 with eight times that, and draw both losses by epoch. What do
# you see? Then try all rows at once with 56 times the rate, for 1,797 is 56 times 32. (``settings | {"learning_rate_init": 0.05}`` is ``settings`` with
# another rate; ``n_iter_no_change=np.inf``, as in part 7, keeps a network from stopping early.)

# %% [markdown]
# Answer
# ------
#
# An eighth of the steps, each eight times as long: the two curves run close to each other. So rate and batch size belong together, and who changes one
# should look at the other. It does not go on for ever. The curve of 256 shows some bumps, and with all rows and 56 times the rate the steps are longer
# than the valley is wide, so that the descent stumbles from side to side, as in part 2. It ends near 2.3, the ``-log`` of a tenth: it knows nothing.

# %%
figure, axis = plt.subplots(figsize=(7, 4))
for size, rate in ((32, 0.05), (256, 0.4), (len(images), 2.8)):
    other = settings | {"learning_rate_init": rate, "n_iter_no_change": np.inf}
    net = MLPClassifier(32, batch_size=size, max_iter=40, **other)
    with all_epochs():
        net.fit(images, digits)
    LossCurveDisplay.from_estimator(net, ax=axis, name=f"{size} rows, rate {rate}:")
axis.set_yscale("log")
plt.show()
