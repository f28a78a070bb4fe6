# %% [markdown]
"""
4. Yes or no: will the neighbours call the police?
==================================================

The pizzeria has a garden, guests, and a band. On some evenings the neighbours call the police. **Tonight there are 40 guests and three hours of music.
Will they call?** The answer is not a number of doughs but yes or no. To answer with one of a few *classes* is called *classification*. It is nearer to
parts 1 to 3 than it looks: it needs one new curve and one new loss.
"""

# %% [markdown]
# Thirty evenings
# ---------------
#
# The evenings are invented: guests and hours of music are drawn with a seed, and then a die is thrown for the neighbours. Its odds are a law that we
# know and the model does not: each guest and each hour makes a call more likely (the function ``squash`` is explained below).

# %%
import matplotlib.pyplot as plt
import numpy as np


def squash(z):
    return 1 / (1 + np.exp(-z))


def simulate(n_evenings, patience, rng):
    guests = rng.integers(10, 61, n_evenings)
    hours = rng.integers(0, 11, n_evenings) / 2
    likely = squash(0.12 * guests + 0.9 * hours - patience)
    called = (rng.random(n_evenings) < likely).astype(int)
    return np.column_stack([guests, hours]), called


X, y = simulate(30, patience=6.5, rng=np.random.default_rng(5))
print("guests, hours of music -> called?")
for (guests, hours), called in zip(X[:4], y[:4], strict=True):
    print(f"{guests:.0f}, {hours:.1f} -> {called}")


def draw_evenings(X, y):
    quiet, police = X[y == 0], X[y == 1]
    plt.scatter(*quiet.T, color="tab:blue", label="quiet", zorder=3)
    plt.scatter(*police.T, color="tab:red", marker="X", label="police", zorder=3)
    plt.xlabel("guests")
    plt.ylabel("hours of music")
    plt.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)


plt.figure(figsize=(7, 4))
draw_evenings(X, y)
plt.show()

# %% [markdown]
# A line, squashed
# ----------------
#
# Let us write 1 for a call and 0 for none, look at the guests alone, and fit a line as in part 1.

# %%
from estimators import GDClassifier, GDRegressor

guests = X[:, :1]
line = GDRegressor().fit(guests, y)
curve = GDClassifier(alpha=0).fit(guests, y)
places = np.linspace(-10, 90, 200)[:, np.newaxis]

plt.figure(figsize=(7, 4))
plt.scatter(guests, y, color="black", zorder=3, label="evenings")
plt.plot(places, line.predict(places), label="a line")
plt.plot(places, curve.predict_proba(places)[:, 1], label="a line, squashed")
plt.xlabel("guests")
plt.ylabel("called (1) or not (0)")
plt.legend()
plt.show()

# %% [markdown]
# The line says something like "how likely", but with many guests it says more than 1 and with few less than 0, and no evening is called on 1.2 times.
# So the line is bent to stay between 0 and 1, by the *sigmoid*: ``1 / (1 + exp(-z))``. It turns 0 into one half, large numbers into nearly 1 and
# numbers far below zero into nearly 0. What comes out can be read as a *probability*: 0.8 means that among ten such evenings there is a call
# on about eight.
#
# The model is the line of part 3 and then the sigmoid: ``squash(X @ weights + bias)``. It is named *logistic regression*.

# %% [markdown]
# Why not squared errors?
# -----------------------
#
# We need a loss again. The squared error of part 1 is at hand; but look at it as a landscape over the weight of the (scaled) guests:


# %%
x = (guests[:, 0] - guests.mean()) / guests.std()


def squared(p):
    return np.mean((p - y) ** 2)


def log_loss(p):
    return -np.mean(np.log(np.where(y == 1, p, 1 - p)))


weights = np.linspace(-12, 12, 200)
figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
both = {"squared error": squared, "log loss": log_loss}
for axis, (name, loss) in zip(axes, both.items(), strict=True):
    axis.plot(weights, [loss(squash(weight * x)) for weight in weights])
    axis.set(title=name, xlabel="weight", ylim=(0, None))
axes[0].set_ylabel("loss")
plt.show()

# %% [markdown]
# The squared error, on the left, has a high plain. There the model is sure and wrong, but the ground is nearly level: descent would hardly move. The
# reason is that the squared error of an evening is never above 1, however wrong one is.
#
# The *log loss*, on the right, asks: which probability did you give to what happened? The loss is ``-log`` of that, by the natural logarithm. Who gave
# 0.5 pays 0.7, who gave 0.01 pays 4.6, and who was certain of the opposite would pay without end. So the slope is always there, and there is one valley.

# %%
given = np.linspace(0.005, 1, 200)
plt.figure(figsize=(7, 3.4), layout="constrained")
plt.plot(given, -np.log(given), label="log loss")
plt.plot(given, (1 - given) ** 2, label="squared error")
plt.xlabel("probability that was given to what happened")
plt.ylabel("loss of one evening")
plt.legend()
plt.show()

# %% [markdown]
# Descent
# -------
#
# The gradient of the log loss is a surprise: for each weight it is the mean of ``error * x``, where the error is the probability less what happened.
# But for a factor of two that is the gradient of part 2. (The slope of the logarithm and the slope of the sigmoid cancel.) So the descent is known;
# the columns are scaled, as part 3 advised, and a column of ones makes the bias.

# %%
means, deviations = X.mean(axis=0), X.std(axis=0)
scaled = (X - means) / deviations
A = np.column_stack([scaled, np.ones(len(X))])

weights, losses = np.zeros(3), []
for _ in range(3000):
    p = squash(A @ weights)
    losses.append(log_loss(p))
    weights = weights - 1.0 * A.T @ (p - y) / len(A)
print("weights of guests and hours, bias:", weights.round(3))

plt.figure(figsize=(7, 3.4), layout="constrained")
plt.semilogx(np.arange(1, 3001), losses)
plt.xlabel("iterations")
plt.ylabel("log loss")
plt.show()

# %% [markdown]
# It begins at 0.693, which is ``-log(0.5)``: who knows nothing says one half. ``GDClassifier`` does the same walk when it is given a rate; by default
# it takes fewer, better steps, and needs neither rate nor scaling. Both stop by themselves once the ground is level. (``alpha=0`` turns off a small
# penalty on the weights, about which there is more in part 11. ``tol=1e-8`` makes both walk on until all printed digits are right.)

# %%
same = GDClassifier(alpha=0, learning_rate=1.0, max_iter=3000, tol=1e-8).fit(scaled, y)
best = GDClassifier(alpha=0, tol=1e-8).fit(scaled, y)
for name, model in [("rate 1.0", same), ("auto", best)]:
    found = np.append(model.coef_, model.intercept_).round(3)
    print(f"{name}: {found} in {model.n_iter_} iterations")

# %% [markdown]
# Unlike in part 2 there is no formula that leads straight to the bottom: the sigmoid is in the way.

# %% [markdown]
# Probabilities, and where to draw the line
# -----------------------------------------
#
# Tonight, then:

# %%
model = GDClassifier(alpha=0).fit(X, y)
tonight = [[40, 3]]
print("probability of no call, of a call:", model.predict_proba(tonight).round(2))
print("so:", model.predict(tonight))

across, up = np.meshgrid(np.linspace(8, 62, 100), np.linspace(-0.3, 5.3, 80))
plane = np.column_stack([across.ravel(), up.ravel()])
p = model.predict_proba(plane)[:, 1].reshape(across.shape)
plt.figure(figsize=(7, 4))
plt.contourf(across, up, p, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.5)
plt.colorbar(label="probability of a call")
plt.contour(across, up, p, levels=[0.2, 0.5], colors="black", linestyles=["--", "-"])
draw_evenings(X, y)
plt.plot(40, 3, "k*", markersize=14)
plt.show()

# %% [markdown]
# ``predict`` says yes from one half on: the black line, which is straight, for it is where the line inside the sigmoid is zero. But one half is only a
# custom. Who dreads the police may turn the music down from a probability of 0.2 on (the dashed line), and will often do so for nothing. That
# number is the *threshold*, and to choose it is not the model's business but that of whoever bears the consequences.

# %% [markdown]
# Accuracy, and its trap
# ----------------------
#
# The share of right answers is the *accuracy*, which ``score`` gives:

# %%
print(f"right on {model.score(X, y):.0%} of the 30 evenings")

# %% [markdown]
# That sounds good. But suppose that the neighbours are patient people. A thousand evenings of another pizzeria:

# %%
X, y = simulate(1000, patience=10.5, rng=np.random.default_rng(6))
model = GDClassifier(alpha=0).fit(X, y)
p = model.predict_proba(X)[:, 1]
print(f"{y.sum()} calls in {len(y)} evenings")

answers = {"never": p > 1, "from 0.5": p > 0.5, "from 0.2": p > 0.2}
accuracies, found = [], []
for name, answer in answers.items():
    accuracies.append(np.mean(answer == y))
    found.append(np.mean(answer[y == 1]))
    print(f"{name}: accuracy {accuracies[-1]:.1%}, {answer.sum()} warnings,", end=" ")
    print(f"{found[-1]:.0%} of the calls foretold")

figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
axes[0].bar(list(answers), accuracies)
axes[0].set(title="accuracy", ylim=(0, 1))
axes[1].bar(list(answers), found, color="tab:orange")
axes[1].set(title="share of the calls foretold", ylim=(0, 1))
plt.show()

# %% [markdown]
# Who never expects a call is right on nine evenings in ten, and is of no use at all. With the custom of one half, the model is hardly better in
# accuracy, but foretells some of the calls; with the threshold 0.2 its accuracy is the *lowest* of the three, and it foretells three calls in
# four. So where one class is rare, do not look at the accuracy alone. Ask two questions: how many of the calls are foretold (the *recall*), and how
# many of the warnings come true (the *precision*)? The threshold trades one for the other.
#
# All of these numbers are once more from the evenings that the model learned from. Part 9 does it properly.

# %% [markdown]
# Exercise
# --------
#
# A warning costs an evening's music, say 1, and then nobody calls. A visit of the police costs 5. Compute what the thousand evenings cost with each
# threshold from 0.01 to 0.99, and draw it. Which is the cheapest? Could you have known without computing?

# %% [markdown]
# Answer
# ------
#
# An evening without music costs 1 for sure; an evening with music costs ``5 * p`` on average. So turn the music down where ``5 * p`` is above 1, which
# is from the threshold 0.2 on. The picture agrees: it is cheapest at about that threshold, and costs there some 300 instead of the 490 without any
# warning. This holds as far as the probabilities are right, and those of logistic regression mostly are, since the log loss pays for just that.

# %%
thresholds = np.linspace(0.01, 0.99, 99)
costs = [np.sum(p > limit) + 5 * np.sum(y[p <= limit]) for limit in thresholds]
print(f"cheapest: {thresholds[np.argmin(costs)]:.2f}, which costs {min(costs)}")

plt.figure(figsize=(7, 4))
plt.plot(thresholds, costs, label="with warnings")
plt.axhline(5 * y.sum(), color="tab:orange", linestyle="--", label="never a warning")
plt.axvline(1 / 5, color="gray", linestyle=":", label="1 / 5")
plt.xlabel("threshold")
plt.ylabel("cost of a thousand evenings")
plt.ylim(0, None)
plt.legend(loc="lower right")
plt.show()
