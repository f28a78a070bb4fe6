# %% [markdown]
"""
9. Training, validation and test
================================

A pupil who is examined with the very questions of the exercise book may get full marks without having understood anything. So it is with models. Some
parts held back a few rows, others did not care. **How good is a model on what it has not seen?** That is the only number that counts, and it is easy to
fool oneself about it.
"""

# %% [markdown]
# Learned by heart
# ----------------
#
# Another invented year of the pizzeria, where doughs grow with the logarithm of the reservations: the fiftieth adds less than the fifth, so no straight
# line fits. But a *polynomial* can bend: ``w1 x + w2 x**2 + w3 x**3 + bias`` is one of *degree* 3. ``PolynomialRegressor`` fits such curves. Suppose that
# only 25 evenings, here and there in the year, were written down. We learn from these and look at three degrees; the rest of the year is drawn in gray.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

from estimators import PolynomialRegressor
from examples.pizza.years import simulate_year

year = simulate_year("logarithmic")
X, y = year.select("reservations").to_numpy(), year["doughs"].to_numpy()
X_train, X_later, y_train, y_later = train_test_split(
    X,
    y,
    train_size=25,
    random_state=0,
)

line = np.arange(1, 60)[:, np.newaxis]
figure, axes = plt.subplots(1, 3, figsize=(7.5, 3.4), sharey=True, layout="constrained")
for axis, degree in zip(axes, (1, 6, 14), strict=True):
    model = PolynomialRegressor(degree).fit(X_train, y_train)
    axis.scatter(X_later, y_later, s=6, color="lightgray", label="the rest")
    axis.scatter(X_train, y_train, s=16, color="tab:red", label="learned")
    axis.plot(line, model.predict(line), color="tab:blue")
    error = mean_absolute_error(y_train, model.predict(X_train))
    axis.set(title=f"degree {degree}: off by {error:.2f}", xlabel="reservations")
    axis.set_ylim(0, 85)
axes[0].set_ylabel("doughs")
axes[0].legend()
plt.show()

# %% [markdown]
# The titles say by how many doughs each curve is wrong *on the 25 evenings it has learned*. By that the wildest curve is the best! It has bent itself
# towards every single red point, with its accidents, and swings wherever there is none. Part 6 called it *overfitting*. The straight line has the opposite
# fault, *underfitting*: it cannot bend enough even for what it has learned.

# %% [markdown]
# Hold rows back
# --------------
#
# The way out is simple: **judge a model by rows it has not learned.** But there are two occasions to judge. First we want to *choose*: which degree? Then
# we want to *know*: how wrong will the chosen one be? That needs two heaps of rows, and so the rows are dealt into three:
#
# - the *training* rows, which the models learn;
# - the *validation* rows, by which we choose among them, as often as we like;
# - the *test* rows, which are looked at once, at the very end.

# %%
X_val, X_test, y_val, y_test = train_test_split(
    X_later,
    y_later,
    train_size=100,
    random_state=0,
)
print("training, validation, test:", len(X_train), len(X_val), len(X_test))

degrees = range(1, 15)
models = [PolynomialRegressor(degree).fit(X_train, y_train) for degree in degrees]
learned = [mean_absolute_error(y_train, model.predict(X_train)) for model in models]
held_out = [mean_absolute_error(y_val, model.predict(X_val)) for model in models]
chosen = int(np.argmin(held_out))

plt.figure(figsize=(7, 4))
plt.semilogy(degrees, learned, "o-", label="training rows")
plt.semilogy(degrees, held_out, "o-", label="validation rows")
plt.axvline(degrees[chosen], color="gray", linestyle=":", label="chosen")
plt.yticks([0.2, 0.5, 1, 2, 5, 10], [0.2, 0.5, 1, 2, 5, 10])
plt.xlabel("degree")
plt.ylabel("off by (doughs)")
plt.legend()
plt.show()

# %% [markdown]
# This picture is worth remembering; it returns in part 11. The training error goes down all the way, since each polynomial can do all that the smaller
# ones can. (What it fits is the mean of the squares, and that never rises; the plain errors drawn here nearly follow.) The validation error falls, reaches
# its lowest point, and, with some ups and downs, rises again.

# %% [markdown]
# Report on the test rows, once
# -----------------------------
#
# We choose the degree with the smallest validation error. And how wrong will it be? Not by the validation error: that is the *smallest of fourteen*, so it
# has some luck in it. Only now do we open the test rows.

# %%
for model in (models[0], models[chosen]):
    error = mean_absolute_error(y_test, model.predict(X_test))
    print(f"degree {model.degree}: off by {error:.2f} doughs on the test rows")
print(f"the validation rows had promised {held_out[chosen]:.2f}")

# %% [markdown]
# The promise was kept; the luck was small here. From a line to a curve the error falls to about a ninth. What remains is mostly chance and the rounding
# to whole doughs, which nobody can foresee.
#
# How much luck can be in a best validation score? Let a thousand models guess yes or no by tossing a coin, judge them by 50 rows, and keep the best.

# %%
rng = np.random.default_rng(0)
scores = (rng.random((1000, 50)) < 0.5).mean(axis=1)
plt.figure(figsize=(7, 4))
plt.hist(scores, bins=np.arange(0.21, 0.8, 0.02), color="tab:blue")
plt.axvline(scores.max(), color="tab:red", label=f"the best: {scores.max():.0%} right")
plt.xlabel("share of the validation rows right")
plt.ylabel("models")
plt.legend()
plt.show()

# %% [markdown]
# The best of them looks like a model that has learned something. On new rows it has 50%, as any coin. Who chooses among many and reports the winner's own
# score reports the luck too; and who looks at the test rows again and again, changing the model each time, has made validation rows of them.

# %% [markdown]
# When rows are few
# -----------------
#
# A hundred rows for validation are a luxury if there are only 125. *Cross-validation* makes better use of them: deal all rows into five heaps, called
# *folds*; learn four and judge by the fifth; do so five times, so that each heap is the judge once; take the mean. ``cross_val_score`` does that. (Errors
# are negative there, since in scikit-learn a larger score is always better.) Here with the 125 evenings that are not for the test:

# %%
from sklearn.model_selection import KFold, cross_val_score

X_known, y_known = np.vstack([X_train, X_val]), np.append(y_train, y_val)
folds = KFold(5, shuffle=True, random_state=0)
judges = np.zeros((5, len(X_known)))
for fold, (_, judge) in enumerate(folds.split(X_known)):
    judges[fold, judge] = 1
plt.figure(figsize=(7, 2.5), layout="constrained")
plt.imshow(judges, aspect="auto", cmap="viridis", interpolation="nearest")
plt.xlabel("evening")
plt.ylabel("round")
plt.yticks(range(5), range(1, 6))
plt.title("Five folds: yellow rows judge, dark rows are learned")
plt.show()

for degree in (1, 6, 10, 14):
    errors = -cross_val_score(
        PolynomialRegressor(degree),
        X_known,
        y_known,
        cv=folds,
        scoring="neg_mean_absolute_error",
    )
    print(f"degree {degree:>2}: off by {errors.mean():.2f}; folds: {errors.round(2)}")

# %% [markdown]
# The five numbers also show how much such a judgement varies. And something else: with a hundred evenings to learn from instead of 25, even degree 14 is
# nearly tame. **More data is the best remedy against overfitting.**

# %% [markdown]
# Nothing may leak
# ----------------
#
# Held-out rows must not have had any part in the training, not even in preparing the data. A common slip: the features are scaled as in part 3, and mean
# and standard deviation are taken from *all* rows, before the split. Or: of many features the most promising ones are selected, by all rows. Let us
# measure both. First the scaling, with twenty evenings of the fuller year, three features, and a penalty, so that the scale matters.

# %%
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import GDClassifier, GDRegressor

few = simulate_year("full").head(20)
features = few.select("reservations", "temperature", "tourists").to_numpy()
doughs = few["doughs"].to_numpy()
judge = {
    "cv": RepeatedKFold(n_splits=5, n_repeats=5, random_state=0),
    "scoring": "neg_mean_absolute_error",
}
model = GDRegressor(alpha=1)
scaled = StandardScaler().fit_transform(features)
leaky = cross_val_score(model, scaled, doughs, **judge)
pipeline = make_pipeline(StandardScaler(), model)
clean = cross_val_score(pipeline, features, doughs, **judge)
print(f"scaled by all rows:        off by {-leaky.mean():.2f}")
print(f"scaled by the rows learned: off by {-clean.mean():.2f}")

# %% [markdown]
# Wrong, but not by much, and here not even in our favour. Now the selection. We invent 2,000 features and 100 labels, **all of them by chance**: there is
# nothing to learn, and an honest judge must say 50%. The 20 features that go best with the labels are selected, by all rows or inside of each fold; twenty
# times over.

# %%
rng, labels = np.random.default_rng(0), np.repeat([0, 1], 50)
outside, inside = [], []
for _ in range(20):
    noise = rng.normal(size=(100, 2000))
    selected = SelectKBest(k=20).fit_transform(noise, labels)
    outside.append(cross_val_score(GDClassifier(), selected, labels).mean())
    pipeline = make_pipeline(SelectKBest(k=20), GDClassifier())
    inside.append(cross_val_score(pipeline, noise, labels).mean())
print(f"selected by all rows: {np.mean(outside):.0%} right")
print(f"within the Pipeline:  {np.mean(inside):.0%} right")

plt.figure(figsize=(7, 3), layout="constrained")
plt.plot(outside, np.zeros(20), "o", color="tab:red", alpha=0.6)
plt.plot(inside, np.ones(20), "o", color="tab:blue", alpha=0.6)
plt.axvline(0.5, color="gray", linestyle=":")
plt.yticks([0, 1], ["selected\nby all rows", "within the\nPipeline"])
plt.ylim(-0.5, 1.5)
plt.xlabel("share right, by cross-validation")
plt.show()

# %% [markdown]
# Four out of five right, about pure chance! Such results have been published. The remedy is a habit: put every step that learns something from data, be it
# a mean, into a *Pipeline*, and give the whole Pipeline to ``cross_val_score``. Then each step sees only the rows that are learned. And let the split be
# like the future: that is why part 5 held back the *last* images, which are by other hands than those learned. If tomorrow may differ from yesterday, hold
# back the latest days.

# %% [markdown]
# Held-out rows during the training
# ---------------------------------
#
# A network offers a choice of its own: when to stop. ``fit`` takes held-out rows as ``X_val`` and ``y_val``, and notes their loss after each epoch. With
# ``early_stopping=True`` it stops when their score has not improved for ``n_iter_no_change`` epochs, and keeps the best weights. (Without ``X_val`` it
# holds back a tenth of the rows by itself.) Here it learns only 150 digits.

# %%
from sklearn.datasets import load_digits

from estimators import LossCurveDisplay, MLPClassifier

images, digits = load_digits(return_X_y=True)
images = images / 16
learn, rest, digits_learn, digits_rest = train_test_split(
    images, digits, train_size=150, stratify=digits, random_state=0
)
val, test, digits_val, digits_test = train_test_split(
    rest,
    digits_rest,
    train_size=500,
    random_state=0,
)
net = MLPClassifier(
    32,
    learning_rate_init=0.01,
    early_stopping=True,
    n_iter_no_change=20,
    random_state=0,
)
net.fit(learn, digits_learn, X_val=val, y_val=digits_val)

figure, axis = plt.subplots(figsize=(7, 4))
LossCurveDisplay.from_estimator(net, ax=axis, name="150 images:")
best = int(np.argmax(net.validation_scores_))
axis.axvline(best + 1, color="gray", linestyle=":", label="weights kept")
axis.legend()
plt.show()
print(f"{net.n_iter_} epochs, the best was epoch {best + 1}")
print(f"validation: {net.best_validation_score_:.1%} right")
print(f"test:       {net.score(test, digits_test):.1%} right")

# %% [markdown]
# These validation rows have been used for a choice, the epoch. So again it is the test rows that say how good the network is. (The pixels needed no
# scaling here. In a Pipeline the held-out rows must pass its scaler too; README shows how, under Networks.)

# %% [markdown]
# Exercise
# --------
#
# How many evenings are enough? Learn from the first 20, 40, 80, 160 and 320 evenings of the year, by polynomials of degree 1, 4 and 14, and judge them by
# another year, ``simulate_year("logarithmic", seed=1)``. Draw an error curve for each degree. Which of the three is the best one?

# %% [markdown]
# Answer
# ------
#
# That depends on how many evenings there are. Degree 14 is wild after 20 evenings, and the best of all from 40 on. The line is as wrong after 320 as after
# 20: it has said all that a line can say, and more rows cannot help. Such *learning curves* tell which illness a model has. If the curve still falls, get
# more rows; if it lies flat and too high, get a richer model.

# %%
other = simulate_year("logarithmic", seed=1)
X_other, y_other = other.select("reservations").to_numpy(), other["doughs"].to_numpy()
sizes = [20, 40, 80, 160, 320]
plt.figure(figsize=(7, 4))
for degree in (1, 4, 14):
    models = [PolynomialRegressor(degree).fit(X[:n], y[:n]) for n in sizes]
    errors = [mean_absolute_error(y_other, model.predict(X_other)) for model in models]
    plt.loglog(sizes, errors, "o-", label=f"degree {degree}")
plt.xticks(sizes, sizes)
plt.yticks([0.5, 1, 2, 5, 10], [0.5, 1, 2, 5, 10])
plt.minorticks_off()
plt.xlabel("evenings learned")
plt.ylabel("off by (doughs), in another year")
plt.legend()
plt.show()
