# %% [markdown]
"""
11. Overfitting, and what helps against it
==========================================

In part 9 a polynomial of degree 14 learned 25 evenings by heart. A network has thousands of weights, so it can learn by heart far more, mistakes included. **How does one
see that, and what holds a network back?** There are four classical answers. We shall see how each works, and compare them fairly.
"""

# %% [markdown]
# A class with a careless teacher
# -------------------------------
#
# To make it hard, we give the network few images, and some of them with wrong labels: of 300 digits, one in five is relabelled by chance. The images for
# validation and test are labelled rightly, since it is the truth that we want to get at.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from estimators import LossCurveDisplay, MLPClassifier
from examples.digits.data import load_bundled
from examples.digits.model import all_epochs

all_images, all_digits = load_bundled().X, load_bundled().y


def lesson(seed=0, n_images=300, careless=0.2):
    """Return images and labels to learn, then for validation, then for the test."""
    X, X_rest, y, y_rest = train_test_split(
        all_images,
        all_digits,
        train_size=n_images,
        stratify=all_digits,
        random_state=seed,
    )
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n_images) < careless, rng.integers(0, 10, n_images), y)
    X_val, X_test, y_val, y_test = train_test_split(
        X_rest,
        y_rest,
        train_size=250,
        random_state=seed,
    )
    return X, y, X_val, y_val, X_test, y_test


def trained(data, **settings):
    X, y, X_val, y_val, _, _ = data
    usual = {
        "hidden_layer_sizes": 128,
        "alpha": 0,
        "learning_rate_init": 0.003,
        "batch_size": 32,
        "max_iter": 80,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }
    net = MLPClassifier(**(usual | settings))
    with all_epochs():
        return net.fit(X, y, X_val=X_val, y_val=y_val)


data = lesson()
plain = trained(data)
X, y, X_val, y_val, X_test, y_test = data
print(f"learned: {plain.score(X, y):.1%} as labelled")
print(f"new:     {plain.score(X_test, y_test):.1%} right")

# %% [markdown]
# It has learned nearly every label, although many are nonsense. Here are some images with the label that they had in the lesson and that it now repeats.
# (A second network, which has learned the right labels, tells us where to look.)

# %%
clean = trained(lesson(careless=0), dropout=0.5)
doubtful = np.flatnonzero((clean.predict(X) != y) & (plain.predict(X) == y))
figure, axes = plt.subplots(2, 6, figsize=(7, 3.2), layout="constrained")
for axis, row in zip(axes.flat, doubtful, strict=False):
    axis.imshow(X[row].reshape(8, 8), cmap="gray_r")
    axis.set(xticks=[], yticks=[], title=f"“{y[row]}”")
figure.suptitle("Learned by heart")
plt.show()

# %% [markdown]
# What it looks like
# ------------------
#
# ``history_`` has the loss of every epoch, on the rows learned and on the validation rows.

# %%
figure, axis = plt.subplots(figsize=(7, 4))
LossCurveDisplay.from_estimator(plain, ax=axis, name="128 units:")
val_loss = plain.history_["val_loss"]
best = int(np.argmin(val_loss))
axis.plot(best + 1, val_loss[best], "ko", label=f"least, epoch {best + 1}")
axis.legend()
axis.set_ylim(0)
plt.show()

# %% [markdown]
# This is the picture of overfitting. At first both curves fall: what is learned is true of all digits. After the black dot only the training loss falls;
# what is learned from there on is true of these 300 images only, and it spoils the answers about others. (That the training loss is the higher one at
# first is due to the wrong labels: the validation rows have none.)

# %% [markdown]
# L2: large weights cost
# ----------------------
#
# To bend around a single odd image a network needs large weights. So let weights have a price. The *L2 penalty* adds to the loss of a batch of ``n`` rows
# ``alpha / 2 * sum(w ** 2) / n``, and to the gradient of each weight ``alpha * w / n``: in each step every weight is pulled towards zero, the large ones
# harder. The loss must be worth the weights. (Biases are free.)
#
# How strong should it be? Too weak does nothing, too strong learns nothing. That is a choice for the validation rows.

# %%
strengths = [0.01, 0.03, 0.1, 0.3, 1, 3]
nets = [trained(data, alpha=alpha) for alpha in strengths]
plt.figure(figsize=(7, 4))
learned = [net.score(X, y) for net in nets]
held_out = [net.score(X_val, y_val) for net in nets]
without = plain.score(X_val, y_val)
plt.semilogx(strengths, learned, "o-", label="training, as labelled")
plt.semilogx(strengths, held_out, "o-", label="validation")
plt.axhline(without, color="gray", linestyle=":", label="validation, alpha = 0")
plt.xlabel("alpha")
plt.ylabel("share right")
plt.legend()
plt.show()

# %% [markdown]
# With a good ``alpha`` the network refuses about the fifth of the labels that is wrong, and becomes better on new images for it.

# %% [markdown]
# L1: weights become zero
# -----------------------
#
# The *L1 penalty* is ``l1 * sum(abs(w)) / n``; its gradient ``l1 * sign(w) / n`` pulls at each weight with the *same* force, be it large or small. A
# weight that is good for little is pulled down to zero, and held there. (Not to zero exactly, in descent by steps: it dances around it by less than a
# step.) Let us sort all weights of the first layer by size.

# %%
held = {"nothing": plain, "L2": trained(data, alpha=0.3), "L1": trained(data, l1=0.1)}
plt.figure(figsize=(7, 4))
for name, net in held.items():
    sizes = np.sort(np.abs(net.coefs_[0]).ravel())
    print(f"{name}: {np.mean(sizes < 0.01):.0%} of the weights are smaller than 0.01")
    plt.semilogy(np.linspace(0, 100, len(sizes)), np.maximum(sizes, 1e-4), label=name)
plt.xlabel("percent of the weights")
plt.ylabel("size")
plt.legend()
plt.show()

# %% [markdown]
# And by pixel: how large are the weights that look at each place of the image?

# %%
figure, axes = plt.subplots(1, 3, figsize=(7, 2.8), layout="constrained")
for axis, (name, net) in zip(axes, held.items(), strict=True):
    by_pixel = np.abs(net.coefs_[0]).mean(axis=1)
    axis.imshow(by_pixel.reshape(8, 8), cmap="viridis", vmin=0)
    axis.set(title=name, xticks=[], yticks=[])
figure.suptitle("Mean size of a pixel's weights")
plt.show()

# %% [markdown]
# Without a penalty the network still carries the random weights of its start, also for the margins, where there is never any ink. Either penalty takes
# them away; L1 leaves only a few strong weights in the middle. That makes it useful where one wants to know which of many features matter.

# %% [markdown]
# Dropout: do not rely on anybody
# -------------------------------
#
# *Dropout* silences some hidden units in each step, chosen by chance. A unit cannot rely on a partner that remembers one odd image with it, since tomorrow
# that partner may be missing; what counts is what many units know. In numpy it is two lines:

# %%
rng, dropout = np.random.default_rng(0), 0.5
A = rng.random((8, 24))  # what 24 hidden units answer about 8 rows
mask = rng.random(A.shape) >= dropout
dropped = A * mask / (1 - dropout)
figure, axes = plt.subplots(2, 1, figsize=(7, 3.8), layout="constrained")
pictures = {"answers": A, "after dropout": dropped}
for axis, (title, answers) in zip(axes, pictures.items(), strict=True):
    axis.imshow(answers, cmap="viridis", vmin=0, vmax=2, aspect="auto")
    axis.set(ylabel="row", title=title)
axes[1].set_xlabel("hidden unit")
plt.show()

# %% [markdown]
# Those that remain speak up louder, by ``1 / (1 - dropout)``, so that the sum stays about the same. When the network answers, none is silent: it is then
# something like the mean of many networks.

# %% [markdown]
# Early stopping: leave while it is good
# --------------------------------------
#
# The last way needs no new idea. The validation curve tells where it gets worse, so stop there and keep the weights of the best epoch:
# ``early_stopping=True``, as in part 9. It is the cheapest, for it makes the training shorter.

# %% [markdown]
# A fair comparison
# -----------------
#
# Which one is best? A fair answer needs some care. Each way may choose its strength by the validation rows. Then it is judged by the test rows. And since
# chance plays a part (which rows? which weights to begin with?), everything is done for five seeds: five lessons, five starts.

# %%
WAYS = {
    "nothing": [{}],
    "L2": [{"alpha": alpha} for alpha in (0.1, 0.3, 1)],
    "L1": [{"l1": l1} for l1 in (0.03, 0.1, 0.2)],
    "dropout": [{"dropout": rate} for rate in (0.3, 0.5, 0.7)],
    "early stopping": [{"early_stopping": True, "n_iter_no_change": 20}],
}


def compare(n_images, careless, epochs):
    scores = {way: [] for way in WAYS}
    for seed in range(5):
        data = lesson(seed, n_images, careless)
        *_, X_val, y_val, X_test, y_test = data
        for way, candidates in WAYS.items():
            usual = {"max_iter": epochs, "random_state": seed}
            nets = [trained(data, **usual, **settings) for settings in candidates]
            best = max(nets, key=lambda net: net.score(X_val, y_val))
            scores[way].append(best.score(X_test, y_test))
    return scores


def draw(scores, title):
    plt.figure(figsize=(7, 3.5), layout="constrained")
    for place, (way, right) in enumerate(scores.items()):
        print(f"{way:<15} {np.mean(right):.1%} of the test images right")
        plt.plot(right, [place] * 5, "o", color="tab:gray", alpha=0.6)
        plt.plot(np.mean(right), place, "D", color="tab:red", markersize=8)
    plt.yticks(range(len(scores)), scores)
    plt.gca().invert_yaxis()
    plt.xlabel("test images right (gray: five seeds, red: their mean)")
    plt.title(title)
    plt.show()


hard = compare(300, careless=0.2, epochs=80)
draw(hard, "300 images, one label in five by chance")

# %% [markdown]
# Every way is better than nothing, by six to seven points. Among themselves they differ by less than the seeds do: from these figures nobody should claim
# that one of them is the best. They can be combined, too.

# %% [markdown]
# When none is needed
# -------------------
#
# Now the same with 1,200 images, all rightly labelled.

# %%
easy = compare(1200, careless=0, epochs=30)
draw(easy, "1,200 images, labelled rightly")

# %% [markdown]
# There is nothing left to cure. The network learns nearly all its images by heart here as well, and yet reads new ones as well as any other: what it has
# learned by heart is true. Dropout does no harm, the two penalties cost a little, even in the strength that the validation rows liked best. So look at the
# two curves first, and take a remedy when there is an illness. More and better data remain the best one.

# %% [markdown]
# Exercise
# --------
#
# Would a smaller network have been enough? It has less room for learning by heart. Train networks without any penalty on the careless lesson, with 4, 8,
# 16, 32, 128 and 512 hidden units, for five seeds each (``trained(data, hidden_layer_sizes=4)``), and draw the shares of training labels and of test
# images that they get right. Compare with the picture above.

# %% [markdown]
# Answer
# ------
#
# A smaller network helps somewhat: with 16 or so units it is better than with 128. With 4 it has no room for the truth either. But a large network that is
# held back is better than the best small one, and its strength can be set in finer steps than by counting units. The common advice is: large enough, and
# held back.

# %%
sizes = [4, 8, 16, 32, 128, 512]
learned, new = np.zeros((2, len(sizes), 5))
for seed in range(5):
    data = lesson(seed)
    X, y, _, _, X_test, y_test = data
    for place, size in enumerate(sizes):
        net = trained(data, hidden_layer_sizes=size, random_state=seed)
        learned[place, seed] = net.score(X, y)
        new[place, seed] = net.score(X_test, y_test)
plt.figure(figsize=(7, 4))
plt.semilogx(sizes, learned.mean(axis=1), "o-", label="training, as labelled")
plt.semilogx(sizes, new.mean(axis=1), "o-", label="test")
held_back = np.mean(hard["dropout"])
plt.axhline(held_back, color="gray", linestyle=":", label="test, 128 with dropout")
plt.xticks(sizes, sizes)
plt.xlabel("hidden units")
plt.ylabel("share right")
plt.legend()
plt.show()
