# %% [markdown]
"""
17. Growing past memory and past one machine
============================================

Five evenings fit on a page, a year into memory. The pizzeria has become a chain, and its rows no longer fit into the memory of one machine. Then a branch
opens whose rows may not leave the house. This part shows that many of the models of this course need not see all rows at once, and why; and what to do
with those that must.
"""

# %% [markdown]
# What adds up
# ------------
#
# The best line through the week of part 1 was made from five evenings. But what was needed of them? Five sums: how many evenings, the sum of ``x``, of
# ``y``, of ``x * x`` and of ``x * y``. Once you have these, the evenings can be forgotten. And sums have a lovely property: **the sums of two halves,
# added up, are the sums of the whole.**

# %%
import matplotlib.pyplot as plt
import numpy as np

reservations = np.array([12.0, 20, 18, 30, 24])
doughs = np.array([36.0, 72, 68, 82, 75])


def sums(x, y):
    return np.array([len(x), x.sum(), y.sum(), (x * x).sum(), (x * y).sum()])


def line(sums):
    n, x, y, xx, xy = sums
    weight = (n * xy - x * y) / (n * xx - x * x)
    return weight, (y - weight * x) / n


north, south = slice(0, 2), slice(2, 5)
parts = [sums(reservations[rows], doughs[rows]) for rows in (north, south)]
whole = sums(reservations, doughs)
print("the sums add up:", (parts[0] + parts[1] == whole).all())
print("the line of all: {:.4f} x + {:.4f}".format(*line(parts[0] + parts[1])))

# %%
ends = np.array([8, 34])
plt.figure(figsize=(7, 4))
looks = [("tab:orange", "o", "north"), ("tab:blue", "s", "south")]
for rows, part, (color, marker, name) in zip((north, south), parts, looks, strict=True):
    plt.plot(reservations[rows], doughs[rows], marker, color=color, label=name)
    weight, bias = line(part)
    label = f"its line: {weight:.2f}"
    plt.plot(ends, weight * ends + bias, "--", color=color, label=label)
weight, bias = line(parts[0] + parts[1])
plt.plot(ends, weight * ends + bias, "k", label=f"from both sums: {weight:.2f}")
plt.xlabel("reservations")
plt.ylabel("doughs")
plt.ylim(0, 130)
plt.legend(loc="upper left", fontsize="small")
plt.show()

# %% [markdown]
# Note what was added: the sums, not the lines. The dashed lines have weights of 4.50 and 1.17, and their average, 2.83, is not the weight of the black
# one. What is added up is called the *state* of a model.
#
# ``partial_fit`` adds rows to the state of a ``GDRegressor``, and ``merge`` the state of another one. The branch in the south sends its state, a few
# numbers, and keeps its rows.

# %%
from estimators import GDRegressor

column = reservations[:, np.newaxis]
at_north = GDRegressor().partial_fit(column[north], doughs[north])
at_south = GDRegressor().partial_fit(column[south], doughs[south])
at_north.merge(at_south)
print(f"merged: {at_north.coef_[0]:.4f} x + {at_north.intercept_:.4f}")

# %% [markdown]
# (By sums as plain as ours, digits would be lost where numbers are large and close to each other. The library keeps means and the sums about them, to
# twice the usual digits.)
#
# ``CatalogueNB`` counts, and counts add up. The encoders collect categories, and collections unite. ``StandardScaler`` needs means and spreads, which can
# be worked out from sums. So whole Pipelines add up.

# %% [markdown]
# Files that are never read at once
# ---------------------------------
#
# Twelve months of the chain, 50,000 evenings each, a file a month. The format is *Parquet*, which keeps tables column by column, small and quick to read.

# %%
import tempfile
from pathlib import Path

import polars as pl

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name, "evenings")
folder.mkdir()


def evenings(n, rng):
    asked, degrees = rng.integers(5, 60, n), rng.normal(15, 8, n).round(1)
    used = 2.4 * asked - 0.5 * degrees + 17 + rng.normal(0, 5, n)
    return pl.DataFrame({"asked": asked, "degrees": degrees, "doughs": used.round()})


rng = np.random.default_rng(0)
for month in range(1, 13):
    evenings(50_000, rng).write_parquet(folder / f"2025-{month:02}.parquet")
files = sorted(folder.iterdir())
print(len(files), "files,", sum(f.stat().st_size for f in files) // 1000, "kB")

# %% [markdown]
# ``fit_batches`` takes the same Pipeline as ``fit``, and ``scan_parquet`` hands it one batch of rows after another. It goes through the files twice here:
# the scaler first needs all means, and then the regressor learns from what is scaled. We compare with a ``fit`` that has everything in memory.

# %%
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipelines import fit_batches, scan_parquet


def pipeline():
    return make_pipeline(StandardScaler(), GDRegressor())


frame = pl.read_parquet(files)
in_memory = pipeline().fit(frame.drop("doughs"), frame["doughs"])
by_batches = fit_batches(pipeline(), scan_parquet(folder), "doughs")


def tell(name, model):
    print(f"{name:12}", model[-1].coef_.round(6), round(model[-1].intercept_, 6))


tell("fit", in_memory)
tell("fit_batches", by_batches)
difference = np.abs(by_batches[-1].coef_ - in_memory[-1].coef_).max()
print("equal to ten digits:", difference < 1e-10 * np.abs(in_memory[-1].coef_).max())

# %% [markdown]
# Memory does not grow with the rows
# ----------------------------------
#
# ``tracemalloc`` tells how much memory Python and numpy held at most. We fit on 1, 2, 4, 8 and 12 months in both ways. (What polars holds while it reads a
# file comes on top, in both.)

# %%
import tracemalloc


def peak_megabytes(fit):
    tracemalloc.start()
    fit()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def fit_in_memory(files):
    table = pl.read_parquet(files).to_numpy()
    pipeline().fit(table[:, :2], table[:, 2])


def fit_by_files(files):
    fit_batches(pipeline(), scan_parquet(files), "doughs")


months = [1, 2, 4, 8, 12]
at_once = [peak_megabytes(lambda m=m: fit_in_memory(files[:m])) for m in months]
in_batches = [peak_megabytes(lambda m=m: fit_by_files(files[:m])) for m in months]
plt.figure(figsize=(7, 4))
rows = 50_000 * np.array(months)
plt.plot(rows, at_once, "o-", color="tab:orange", label="fit")
plt.plot(rows, in_batches, "s-", color="tab:blue", label="fit_batches")
plt.xlabel("rows")
plt.ylabel("most memory held, MB")
plt.ylim(0)
plt.legend()
plt.show()
print(f"12 months: fit {at_once[-1]:.0f} MB, fit_batches {in_batches[-1]:.0f} MB")

# %% [markdown]
# The blue line is flat: a batch and the state, however many rows there are. The page *Scaling* of this guide has measured it with a hundred million rows:
# a regression on twenty columns took 25 seconds and 610 MB, a recommender of 100,000 games 411 MB.

# %% [markdown]
# Many machines
# -------------
#
# When one machine takes too long, several can each read some of the files, and only their states travel. *Dask* is a library that gives work to many
# machines and starts it again where one dies. ``fit_dask`` is ``fit_batches`` on such a cluster. Here ``client="threads"`` plays the cluster with the
# threads of this machine; with the address of a real one, such as ``client="tcp://scheduler:8786"``, nothing else changes, if its machines can read the
# files by the same names.

# %%
import pickle

from pipelines import fit_dask

on_cluster = fit_dask(pipeline(), scan_parquet(folder), "doughs", client="threads")
tell("fit_dask", on_cluster)

sizes = {
    "the rows": frame.to_numpy().nbytes,
    "one file's rows": frame.to_numpy().nbytes / 12,
    "a state": len(pickle.dumps(on_cluster[-1])),
}
plt.figure(figsize=(7, 2.5), layout="constrained")
bars = plt.barh(list(sizes), [size / 1000 for size in sizes.values()], color="tab:blue")
plt.bar_label(bars, [f"{size / 1000:,.0f} kB" for size in sizes.values()], padding=3)
plt.xscale("log")
plt.xlim(0.5, 1e6)
plt.gca().invert_yaxis()
plt.xlabel("kB")
plt.show()

# %% [markdown]
# The rows of each file, 1,200 kB, become a state of about 1 kB, and only states go over the network. The rows stay where they lie, also those of the
# branch that may not give them away. (Of thousands of evenings the sums tell little about any one of them; the sums of a single evening *are* that
# evening.)

# %% [markdown]
# A recommender, and all its customers
# ------------------------------------
#
# The tavern's rentals (part 15), in four files. The counts are whole numbers, and whole numbers add up without any rounding: the three models are the same
# to the last bit.

# %%
from examples.games.data import load_games
from examples.games.rentals import simulate_rentals
from pipelines import game_recommender, recommend, recommend_dask

shelf = Path(temporary.name, "rentals")
shelf.mkdir()
rentals = simulate_rentals(load_games().filter(top_rated=True), n_customers=400)
rentals = rentals.select("budget", "gameplay_types", "title")
for number, part in enumerate(rentals.iter_slices(len(rentals) // 4 + 1)):
    part.write_parquet(shelf / f"part-{number}.parquet")

whole = game_recommender().fit(rentals.drop("title"), rentals["title"])
batched = fit_batches(game_recommender(), scan_parquet(shelf), "title")
spread = fit_dask(game_recommender(), scan_parquet(shelf), "title", client="threads")
for model in (batched, spread):
    assert (model[-1].classes_ == whole[-1].classes_).all()
    assert (model[-1].feature_count_ == whole[-1].feature_count_).all()
print(len(rentals), "rentals,", len(whole.classes_), "games: equal, every count")

# %% [markdown]
# And the other way round: the best games for **every** customer, for a letter that goes out on Monday. ``recommend_dask`` plans the work and does nothing
# yet; ``compute`` does it, file by file, and on a cluster ``to_parquet`` writes the answers where the workers are.

# %%
questions = scan_parquet(shelf, columns=["budget", "gameplay_types"])
letters = recommend_dask(spread, questions, k=2).compute(scheduler="threads")
print(letters[["label_1", "label_2"]].head(3))
expected = recommend(whole, rentals.drop("title"), k=2)[0]
assert (letters[["label_1", "label_2"]] == expected).all(axis=None)

# %% [markdown]
# What does not add up
# --------------------
#
# A network learns by descent, and each step starts where the one before ended. There are no sums that hold what it has learned. ``fit_batches`` says so at
# once, before it reads a row.

# %%
from textwrap import fill

from sklearn.datasets import load_digits

from estimators import MLPClassifier

try:
    fit_batches(MLPClassifier(), scan_parquet(folder), "doughs")
except TypeError as error:
    print(fill(str(error), 85))

# %% [markdown]
# Could one not train a network on each half and take the mean of their weights? Let us try with the digits. We also train one network by ``partial_fit``,
# a batch of 100 images at a time, as if they came from files; that needs no more memory than a batch, and is what ``fit`` does in any case (part 8).

# %%
images, digits = load_digits(return_X_y=True)
images = images / 16
train, test = slice(0, 1200), slice(1200, None)
halves = [slice(0, 600), slice(600, 1200)]


def network(seed):
    return MLPClassifier((32,), learning_rate_init=0.01, random_state=seed)


def by_parts(seed, rows, epochs=20):
    net = network(seed)
    for _ in range(epochs):
        for start in range(rows.start, rows.stop, 100):
            batch = slice(start, start + 100)
            net.partial_fit(images[batch], digits[batch], classes=range(10))
    return net


first, second = (by_parts(seed, rows) for seed, rows in enumerate(halves))
mean = by_parts(0, halves[0], epochs=1)
weights = [net.coefs_ + net.intercepts_ for net in (mean, first, second)]
for of_mean, of_first, of_second in zip(*weights, strict=True):
    of_mean[:] = (of_first + of_second) / 2

nets = {
    "trained on the first half": first,
    "trained on the second half": second,
    "the mean of these two": mean,
    "partial_fit on all, batch by batch": by_parts(0, train),
}
right = [100 * net.score(images[test], digits[test]) for net in nets.values()]
plt.figure(figsize=(7, 3), layout="constrained")
colors = ["tab:gray", "tab:gray", "tab:red", "tab:blue"]
bars = plt.barh(list(nets), right, color=colors)
plt.bar_label(bars, fmt="%.0f%%", padding=3)
plt.xlim(0, 115)
plt.gca().invert_yaxis()
plt.xlabel("% right on images that none has seen")
plt.show()

# %% [markdown]
# The mean of the two is worse than either. Each hidden unit of a network has found a task of its own, and number 5 of the one has nothing to do with
# number 5 of the other. So, for what does not add up:
#
# - ``partial_fit``, batch by batch: memory is that of a batch, and one machine does the steps one after the other. ``GDClassifier`` has it too.
# - A sample: a network that has seen a million rows drawn by chance is often as good as one that has seen a hundred million. Part 9 says how to find out.
# - A cluster for the *search*: a hundred settings are a hundred trainings that need not wait for each other. ``GridSearchCV`` does it inside
#   ``joblib.parallel_config(backend="dask")``.
# - For one training on many machines there is torch, which exchanges gradients after every step.
#
# This is the end of the course. You began with a line through five points, and now the same line is fitted where a hundred million rows lie. What remains
# to be told stands in the gallery (one task a page) and in the reference.

# %% [markdown]
# Exercise
# --------
#
# Two branches send you what they know of their guests' waiting times, but not the times. Which of these can you work out for both together from the
# numbers of each: the longest time, the mean, the standard deviation, the median? What has to be sent for each? Try it with the times below.

# %%
waiting = np.random.default_rng(0)
harbour, station = waiting.gamma(2, 10, 300), waiting.gamma(9, 5, 100)

plt.figure(figsize=(7, 3.5), layout="constrained")
both_branches = [harbour, station]
names = ["harbour", "station"]
plt.hist(both_branches, bins=30, label=names, color=["tab:blue", "tab:orange"])
plt.xlabel("minutes")
plt.ylabel("guests")
plt.legend()
plt.show()

# %% [markdown]
# Answer
# ------
#
# The longest is the longer of the two. The mean needs the sum and the number of each; the mean of the means is wrong, since there are more guests at the
# harbour. The standard deviation needs the sum of squares as well. The median cannot be had from a few numbers. It needs all times, or how often each
# occurs, which is short only where few different ones do (``dough_forecaster`` does it so: its reservations are whole numbers).

# %%
together = np.concatenate([harbour, station])
n = len(harbour) + len(station)
total = harbour.sum() + station.sum()
squares = (harbour**2).sum() + (station**2).sum()
mean_time = total / n
print("longest:", max(harbour.max(), station.max()) == together.max())
print("mean:   ", np.isclose(mean_time, together.mean()))
print("spread: ", np.isclose(np.sqrt(squares / n - mean_time**2), together.std()))

medians = np.median(harbour), np.median(station)
print("medians:", np.round(medians, 1), "their mean:", np.mean(medians).round(1))
print("median of all:", np.median(together).round(1))
temporary.cleanup()
