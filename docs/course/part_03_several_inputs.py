# %% [markdown]
"""
3. Several inputs, and the bias
===============================

Reservations are not all that a cook knows. It is August, and the town is full of tourists; it is freezing, and nobody goes out; it is Saturday. In
this part the forecast learns from **several columns at once**. Hardly anything changes but the notation: one weight for each column, and tables of
numbers in place of single ones.
"""

# %% [markdown]
# A year of evenings
# ------------------
#
# Five evenings are too few for more than one column. So we take a year of 365, invented with a seed by ``examples/pizza/years.py``, where the law behind
# it is written down. We act as if we did not know it.

# %%
from examples.pizza.years import simulate_year

year = simulate_year("full", seed=1)
columns = ["reservations", "temperature", "tourists"]
print(year.select("date", "weekday", *columns, "doughs").head(4))

# %%
import matplotlib.pyplot as plt
import numpy as np

X = year.select(columns).to_numpy()
y = year["doughs"].to_numpy()

figure, axes = plt.subplots(1, 3, figsize=(7, 3.2), sharey=True, layout="constrained")
for axis, name, values in zip(axes, columns, X.T, strict=True):
    axis.scatter(values, y, s=6, alpha=0.5)
    axis.set_xlabel(name)
axes[0].set_ylabel("doughs")
plt.show()

# %% [markdown]
# Reservations matter most. Temperature and tourists show a weak rise in a wide cloud; perhaps they help.

# %% [markdown]
# One weight for each column
# --------------------------
#
# The forecast of an evening is now ``w1 * reservations + w2 * temperature + w3 * tourists + bias``: each number times its weight, added up. For a whole
# table of evenings that is what mathematicians call the product of a *matrix* (the table, a row for each evening) and a *vector* (the list of weights).
# Python writes it ``@``. By hand and by ``@``, with weights that are guessed:

# %%
guess = np.array([2.0, 0.5, 0.1])
first = X[0]
print("the first evening:", first)
by_hand = 2.0 * first[0] + 0.5 * first[1] + 0.1 * first[2] + 10
print(f"by hand {by_hand:.2f}, by @ {first @ guess + 10:.2f}")
print("all evenings at once:", (X @ guess + 10)[:3], "...")

# %% [markdown]
# ``GDRegressor`` has taken tables all along; ours had one column so far. We let it have one, two and three, and look by how many doughs it is off on
# average:

# %%
from estimators import GDRegressor

errors = {}
for count in (1, 2, 3):
    model = GDRegressor().fit(X[:, :count], y)
    errors[" + ".join(columns[:count])] = np.abs(model.predict(X[:, :count]) - y).mean()
    weights, bias = model.coef_.round(2), model.intercept_
    off = errors[" + ".join(columns[:count])]
    print(f"columns: {count}, weights {weights}, bias {bias:.1f}, off by {off:.1f}")

plt.figure(figsize=(7, 2.2))
plt.barh(list(errors), list(errors.values()))
plt.gca().invert_yaxis()
plt.xlabel("off by so many doughs on average")
plt.tight_layout()
plt.show()

# %% [markdown]
# From 6.7 to 6.2: they help, a little. Look at the weight of the temperature: it is 0.42 without the tourists and 0.29 beside them. Tourists come in
# summer, so while their column was missing, the temperature stood in for them. **A weight says what a column adds while the other columns stay as
# they are**, and so it depends on which others there are.

# %% [markdown]
# The bias is a weight too
# ------------------------
#
# In part 2 the bias needed a line of code of its own, everywhere. There is a trick: add a column of ones. Its weight is multiplied by 1 on every
# evening, so it is added to every forecast, and that is what a bias does. Then the whole gradient is one line: ``A.T`` is the table laid on its side,
# columns as rows, so ``A.T @ errors`` multiplies each column by the errors and adds up, as ``np.mean(2 * errors * x)`` did for a single column.

# %%
A = np.column_stack([X, np.ones(len(X))])


def descend(A, y, rate, iterations):
    weights = np.zeros(A.shape[1])
    for _ in range(iterations):
        weights = weights - rate * 2 / len(A) * A.T @ (A @ weights - y)
    return weights


with_ones = GDRegressor(fit_intercept=False).fit(A, y)
print("without a bias, with ones:", with_ones.coef_.round(4))
print("with a bias:              ", model.coef_.round(4), model.intercept_.round(4))
print("by descent:               ", descend(A, y, 0.0001, 10_000).round(4))

# %% [markdown]
# The first two agree. Descent, after ten thousand steps, is far from there: a bias of 4.6 instead of 22.3. Its rate is nearly the largest safe one,
# too. What is wrong?

# %% [markdown]
# Why scaling matters
# -------------------
#
# Tourists come by the hundred, the column of ones has ones. A small change of the tourists' weight changes the forecast a lot, the same change of the
# bias hardly does. So the valley is very steep in one direction and nearly flat in another: the steep one forbids a large rate, and on the flat one
# a small rate creeps. The largest curvature divided by the smallest is the *condition* of the problem. (``np.linalg.eigvalsh`` below finds the
# curvatures of a valley, whichever way it lies.)
#
# The cure is to bring all columns to one scale. ``StandardScaler`` subtracts from each column its mean and divides by its *standard deviation*, the
# usual distance from the mean. Afterwards each column is around 0, mostly between -2 and 2, whatever its unit was.

# %%
from sklearn.preprocessing import StandardScaler

scaled = StandardScaler().fit_transform(X)
by_hand = (X - X.mean(axis=0)) / X.std(axis=0)
print("as by hand:", np.allclose(scaled, by_hand))


def condition(X):
    A = np.column_stack([X, np.ones(len(X))])
    curvatures = np.linalg.eigvalsh(A.T @ A / len(A))  # the smallest comes first
    return curvatures[-1] / curvatures[0]


print(f"condition: {condition(X):,.0f} before, {condition(scaled):.1f} after")

# %% [markdown]
# The loss surface of two of the weights, from above, before and after. The lines are heights, as on a hiker's map:

# %%
figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for axis, table, title in zip(axes, (X, scaled), ("as it is", "scaled"), strict=True):
    A = np.column_stack([table[:, 2], np.ones(len(table))])  # tourists, and the bias
    best = np.linalg.lstsq(A, y, rcond=None)[0]
    around = np.linspace(-10, 10, 60)
    places = np.stack(np.meshgrid(best[0] + around, best[1] + around), axis=-1)
    heights = np.mean((places @ A.T - y) ** 2, axis=-1)
    axis.contour(places[..., 0], places[..., 1], heights, levels=12, cmap="viridis")
    axis.plot(*best, "r*", markersize=12)
    axis.set(title=title, xlabel="weight of the tourists", ylabel="bias")
    axis.set_aspect("equal")
plt.show()

# %% [markdown]
# On the left the bias hardly matters: a gorge with a flat floor. Scaled, it is a bowl, and in a bowl the way down points to the lowest point. Here is
# the loss of both descents, each at half of its own largest safe rate:

# %%
counts = np.unique(np.geomspace(1, 1_000_000, 150).astype(int))
plt.figure(figsize=(7, 4))
for table, name in ((X, "as it is"), (scaled, "scaled")):
    rate = GDRegressor().fit(table, y).max_learning_rate_ / 2
    walk = GDRegressor(learning_rate=rate, max_iter=100_000_000).fit(table, y)
    weights, biases = walk.coef_path(counts)
    losses = np.mean((weights @ table.T + biases[:, np.newaxis] - y) ** 2, axis=1)
    plt.loglog(counts, losses, label=f"{name}: rate {rate:.2g}")
plt.xlabel("iterations")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# Half a dozen steps instead of a hundred thousand. ``GDRegressor()`` without a rate does not need this, for it goes straight to the bottom. But most
# of what follows in this course walks, and is helped by it.

# %% [markdown]
# A Pipeline keeps the scale with the model
# -----------------------------------------
#
# Who scales for learning has to scale each question alike, by the *same* means and deviations. A ``Pipeline`` makes one model of the scaler and the
# regressor, so that this cannot be forgotten:

# %%
from sklearn.pipeline import make_pipeline

model = make_pipeline(StandardScaler(), GDRegressor()).fit(X, y)
evening = [[15, 25, 80]]  # reservations, degrees, tourists
print(f"{model.predict(evening)[0]:.1f} doughs")

weights = model[-1].coef_
plt.figure(figsize=(7, 2.2))
plt.barh(columns, weights)
plt.gca().invert_yaxis()
plt.xlabel("doughs for one standard deviation more")
plt.tight_layout()
plt.show()

# %% [markdown]
# (``model[-1]`` is the last step of the Pipeline, the regressor.) Scaled weights can be compared with each other, since all are in one unit: doughs for
# what is a usual difference in that column. Reservations come first by far. (Divided by the standard deviations they are the weights from before.)

# %% [markdown]
# Words as numbers: the weekday
# -----------------------------
#
# What does this model not know? Look at its errors by weekday:

# %%
weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday"]
weekdays += ["Friday", "Saturday", "Sunday"]
residuals = y - model.predict(X)
means = np.array([residuals[year["weekday"] == day].mean() for day in weekdays])
short = [day[:3] for day in weekdays]
plt.figure(figsize=(7, 3))
plt.bar(short, means, color=np.where(means > 0, "tab:orange", "tab:blue"))
plt.axhline(0, color="black", linewidth=1)
plt.ylabel("doughs too few, on average")
plt.show()

# %% [markdown]
# On Fridays it makes too few, on Mondays and Tuesdays too many. So the weekday should be a column; but it is a word. To number the days 1 to 7 would
# be a mistake: there is one weight for the column, so a Sunday would have to add seven times what a Monday adds. Instead each day gets a column of its
# own, 1 on that day and 0 on all others. ``OneHotEncoder`` does that. (``sparse_output=False`` writes the zeros out; with many columns one would not.)

# %%
from estimators import OneHotEncoder

encoder = OneHotEncoder(categories=[weekdays], sparse_output=False)
print(year["weekday"].head(3).to_list())
print(encoder.fit_transform(year.select("weekday"))[:3])

# %% [markdown]
# Now the numbers go to the scaler, the words to the encoder, and all columns side by side to the regressor:

# %%
from sklearn.compose import make_column_transformer

prepare = make_column_transformer((StandardScaler(), columns), (encoder, ["weekday"]))
model = make_pipeline(prepare, GDRegressor()).fit(year, y)
print(f"off by {np.abs(model.predict(year) - y).mean():.1f} doughs on average")

by_day = model[-1].coef_[3:]
plt.figure(figsize=(7, 3))
plt.bar(short, by_day - by_day[0])
plt.ylabel("doughs more than on a Monday")
plt.show()

# %% [markdown]
# From 6.2 to 5.0 doughs. The days' bars are what a day adds *with the same number of reservations*: on a Friday many come without one. They are
# drawn against Monday, since only the differences mean something: were each day's weight one larger and the bias one smaller, no forecast would change.

# %% [markdown]
# All of this in one line
# -----------------------
#
# ``dough_forecaster`` of ``pipelines`` is such a Pipeline, ready for a pizzeria's columns, and ``weights_in_words`` tells its weights in words.
# (``degree=1`` keeps it straight; part 9 bends it.)

# %%
from pipelines import dough_forecaster, forecast, weights_in_words

model = dough_forecaster([*columns, "weekday"], degree=1).fit(year, year["doughs"])
print(*weights_in_words(model), sep="\n")
tonight = {"reservations": 15, "temperature": 25, "tourists": 80, "weekday": "Thursday"}
print("tonight:", forecast(model, tonight))

# %% [markdown]
# The weekdays are compared with an average one. How sure is the forecast? ``interval=0.8`` gives the range in which the doughs should be on eight of ten
# evenings. It is made of the errors on evenings that ``fit`` held out (``forecaster`` does the same for any table):

# %%
print("tonight:", forecast(model, tonight, interval=0.8))

# %% [markdown]
# A reservation now adds 1.1 doughs, where it added 1.7 before. Fridays and Saturdays have many reservations *and* many guests without one; as long as
# the weekday was missing, the reservations got the credit for both.

# %% [markdown]
# Exercise
# --------
#
# The year also has the columns ``holiday`` and ``event`` (a concert, say), true or false. Add both to the features of ``dough_forecaster``. What does an
# event add? How far off is the model now? And why do evenings with an event need still more doughs than that weight says?

# %% [markdown]
# Answer
# ------
#
# True and false count as 1 and 0, so such a column is one-hot already, and its weight is what the event adds. The law that made the year adds 22
# doughs for an event and 15 for a holiday: the model came near, from few such evenings.
#
# In the picture, where a box holds the middle half of the evenings and a line their middle, evenings with an event need some 30 doughs more, not 21.
# For an event brings reservations too, and these have a weight of their own.

# %%
more = dough_forecaster([*columns, "weekday", "holiday", "event"], degree=1)
more = more.fit(year, year["doughs"])
print(year["event"].sum(), "evenings with an event,", year["holiday"].sum(), "holidays")
print(*weights_in_words(more)[-2:], sep="\n")
for name, one in (("without", model), ("with both", more)):
    print(f"{name}: off by {np.abs(one.predict(year) - y).mean():.1f} doughs")

event = year["event"].to_numpy()
plt.figure(figsize=(7, 2.5))
both = [y[event], y[~event]]
plt.boxplot(both, orientation="horizontal", tick_labels=["event", "none"])
plt.xlabel("doughs")
plt.tight_layout()
plt.show()
