# %% [markdown]
"""
15. Tuning and judging the recommender
======================================

Part 14 showed two classifiers, and chose a weight of 4 for the budget of the second. Was that right, and how would one know? For pizzas it was clear what an
error is. A guest who asked for a cheap puzzle and got a cheap puzzle has no complaint, whichever of the 32 it was. This part says what *right* means here,
measures it with scikit-learn's tools, tunes complement naive Bayes, and compares it with others. Not all that it finds flatters it.
"""

# %% [markdown]
# What right means
# ----------------
#
# We cannot ask guests whether they liked an answer that they never got. But a tavern that has been open for a while knows what its guests asked, and
# **what they then took home and liked**. So hide these rentals from the model, ask it the same question, and see whether the game that was taken is among
# its five suggestions. The share of rentals for which it is, is the *hit rate*.
#
# A hit in first place is worth more than one in fifth. *NDCG* counts it so: the first place gives 1, the others ``1 / log2(1 + place)``, a miss gives 0,
# and the mean is the score. (The letters stand for normalised discounted cumulative gain. With a single right answer it is no more than this.)

# %%
import matplotlib.pyplot as plt
import numpy as np

places = np.arange(1, 9)
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.bar(places - 0.2, places <= 5, 0.4, color="tab:blue", label="hit rate")
ndcg = np.where(places <= 5, 1 / np.log2(1 + places), 0)
plt.bar(places + 0.2, ndcg, 0.4, color="tab:orange", label="NDCG")
plt.xlabel("the place where the rented game was suggested")
plt.ylabel("worth")
plt.legend()
plt.show()

# %% [markdown]
# Rentals, made with a seed
# -------------------------
#
# The tavern is invented, so its rentals are too: drawn by chance, with a seed, so that you get the same ones. Each customer has a budget and a taste, asks
# for one to three types, and takes a game that mostly fits, a popular one rather than an obscure one. Then it is rated. What a guest did not like teaches
# nothing, so ratings below 3 are left out.

# %%
import polars as pl

from examples.games.data import load_games
from examples.games.rentals import simulate_rentals

games = load_games().filter(top_rated=True)
rentals = simulate_rentals(games, n_customers=800, seed=0).filter(pl.col("rating") >= 3)
print(len(rentals), "rentals of", rentals["title"].n_unique(), "games, such as")
for row in rentals.head(3).iter_rows():
    print(*row)

how_often = np.sort(rentals["title"].value_counts()["count"].to_numpy())[::-1]
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.fill_between(1 + np.arange(len(how_often)), how_often, color="tab:blue")
plt.xlabel("games, the most rented first")
plt.ylabel("rentals")
plt.show()
half = 1 + np.searchsorted(how_often.cumsum(), how_often.sum() / 2)
print("half of all rentals are of", half, "games")

# %% [markdown]
# A few games are taken often and most hardly ever. It is so in every shop, and it has two consequences. To suggest what is popular is already a good
# guess; that is the rival to beat. And most games have too few rentals to be learned from them alone. So the model learns the **catalogue** first, one row
# a game, and then the rentals on top. ``CatalogueNB`` keeps the two apart. For the other classifiers ``CatalogueFirst`` of the example joins them, and its
# ``catalogue_share`` says how much of all weight the catalogue has. To judge, rentals are held back, never the catalogue: a game that is in no training row is not a class and cannot be suggested.

# %% [markdown]
# Folds of customers
# ------------------
#
# Part 9 held rows back. Here rows belong together: a customer who likes sports games comes again, asks the same and takes the same. With some of her
# rentals in training and others in the test, the model would be asked what it has been told. ``GroupKFold`` keeps all rentals of a customer on one side.
# (For a model that counts, this changes the scores by less than a point; for one that remembers single rows it changes a lot.)
#
# And because we shall choose settings by these scores, a quarter of the customers is put away now, to be looked at once, at the very end.

# %%
from sklearn.model_selection import GroupKFold, KFold

from examples.games.model import question_rows

X, y = question_rows(rentals), rentals["title"].to_numpy()
customer = rentals["customer"].to_numpy()
aside = customer >= 600
X_known, y_known, customer_known = X.filter(~aside), y[~aside], customer[~aside]

for folds in (KFold(5, shuffle=True, random_state=0), GroupKFold(5)):
    groups = {"groups": customer_known} if isinstance(folds, GroupKFold) else {}
    train, test = next(folds.split(X_known, y_known, **groups))
    both = np.intersect1d(customer_known[train], customer_known[test])
    print(f"{type(folds).__name__:10} {len(both)} customers are on both sides")

# %% [markdown]
# Against others
# --------------
#
# ``hit_rate_scorer`` and ``ndcg_scorer`` go wherever scikit-learn takes a scorer. Five models, each on the same five folds:
#
# - *most popular*: whatever the question, the games rented most often (scikit-learn's ``DummyClassifier``);
# - *catalogue only*: complement naive Bayes, which knows what games are and nothing of rentals;
# - *complement*: the same with the rentals;
# - *Bernoulli*: scikit-learn's ``BernoulliNB`` in its place. The Pipeline is the same, only ``classifier=`` changes;
# - *CatalogueNB*: the first model of part 14.

# %%
import warnings

from sklearn.dummy import DummyClassifier
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import BernoulliNB

from examples.games.model import CatalogueFirst, catalogue_recommender
from pipelines import game_recommender, hit_rate_scorer, ndcg_scorer

warnings.filterwarnings("ignore", message="The number of unique classes")  # meant so

popular = game_recommender(classifier=DummyClassifier(strategy="prior"))
bernoulli = game_recommender(classifier=BernoulliNB())
complement = game_recommender(classifier="complement")
models = {
    "most popular": CatalogueFirst(popular, games),
    "catalogue only": CatalogueFirst(complement, games, catalogue_share=1.0),
    "complement": CatalogueFirst(complement, games),
    "Bernoulli": CatalogueFirst(bernoulli, games),
    "CatalogueNB": catalogue_recommender(games),
}
scoring = {"hit rate": hit_rate_scorer(k=5), "NDCG": ndcg_scorer(k=5)}
scores = {
    name: cross_validate(
        model,
        X_known,
        y_known,
        groups=customer_known,
        cv=GroupKFold(5),
        scoring=scoring,
    )
    for name, model in models.items()
}

figure, axes = plt.subplots(1, 2, figsize=(7, 3.5), sharey=True, layout="constrained")
for axis, what in zip(axes, scoring, strict=True):
    for place, (name, result) in enumerate(scores.items()):
        folds = result[f"test_{what}"]
        axis.barh(place, folds.mean(), color="tab:gray", alpha=0.4)
        axis.plot(folds, [place] * 5, "o", color="tab:blue", markersize=4)
        print(f"{name:16} {what:8} {folds.mean():.3f}")
    axis.set_title(f"{what} (a dot is a fold)")
axes[0].set_yticks(range(len(models)), models)
plt.show()

# %% [markdown]
# Whoever suggests the same five games to everybody hits about one rental in nine. The catalogue alone is little better: many games fit a question equally
# well, and it has no idea which of them people like. With the rentals the hit rate doubles. And ``BernoulliNB`` is better still, in each of the folds. It
# counts the rows of a game where complement naive Bayes counts those of all other games, and with several thousand rentals there is something to count.
# ``CatalogueNB`` is the best. It also counts the rows of a game, and a game with few of them it takes to be like others of its kind. Let us see what
# tuning does for complement naive Bayes.

# %% [markdown]
# Search for settings
# -------------------
#
# ``GridSearchCV`` tries every pair of two settings on folds. We ask two things of each: is the rented game among the five, and do the five meet the budget
# (``CriteriaScorer`` of part 14)? A setting of a step inside a model is named by the way to it, with two underscores between the names. A progress bar can
# be hung on the search, as on most things here that take long.

# %%
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV

from examples.games.evaluate import CriteriaScorer

judged_by = {
    "hit rate": hit_rate_scorer(k=5),
    "budget met": CriteriaScorer(games, "budget"),
    "type met": CriteriaScorer(games, "type"),
}
sizes, shares = [1.0, 2.0, 4.0, 6.0], [0.5, 0.75, 0.9, 0.95]
alphas = [0.1, 1.0, 10.0]
WEIGHTS = "recommender__encode__transformer_weights"
ALPHA = "recommender__classify__alpha"


def search(name, values):
    grid = {name: values, WEIGHTS: [{"budget": size} for size in sizes]}
    model = CatalogueFirst(complement, games, catalogue_share=0.9)
    folds = GroupKFold(3)
    return GridSearchCV(model, grid, scoring=judged_by, refit="hit rate", cv=folds)


by_alpha = search(ALPHA, alphas)
by_alpha.set_callbacks(ProgressBar(max_propagation_depth=0))
by_alpha.fit(X_known, y_known, groups=customer_known)

by_share = search("catalogue_share", shares)
by_share = by_share.fit(X_known, y_known, groups=customer_known)


# %%
def draw_grid(axis, search, what, values):
    means = search.cv_results_[f"mean_test_{what}"]
    table = 100 * means.reshape(len(values), len(sizes))
    axis.imshow(table, cmap="viridis", aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        color = "black" if value > (table.min() + table.max()) / 2 else "white"
        axis.text(column, row, f"{value:.3g}", ha="center", va="center", color=color)
    axis.set_xticks(range(len(sizes)), sizes)
    axis.set_yticks(range(len(values)), values)
    axis.set(title=f"{what}, %", xlabel="weight of the budget")


figure, axes = plt.subplots(1, 2, figsize=(7, 3.5), layout="constrained")
for axis, what in zip(axes, ["hit rate", "budget met"], strict=True):
    draw_grid(axis, by_alpha, what, alphas)
axes[0].set_ylabel("alpha")
plt.show()

# %% [markdown]
# From top to bottom nothing changes: with thousands of rows, whether 0.1 or 10 is added to a count is not felt. (In part 13, with five rows, it was.) That
# is a result too: one thing less to worry about. From left to right much does. Next the share of the catalogue:

# %%
figure, axes = plt.subplots(1, 3, figsize=(7, 3.5), layout="constrained")
for axis, what in zip(axes, judged_by, strict=True):
    draw_grid(axis, by_share, what, shares)
axes[0].set_ylabel("share of the catalogue")
plt.show()

# %% [markdown]
# Here lies the difficulty. The best hit rate is at a weight of 2 and a share of 0.75, where only 81 of 100 places meet the budget. The simulated guests,
# like real ones, now and then take home what they did not ask for, and a model that imitates them does so too. But **a guest who says "cheap" and is shown
# dear games does not come back**, whatever the hit rate. So the rule of choice has to say what we want: the best hit rate *among the settings that meet
# 95% of budgets and 90% of types*. Given to the search as ``refit``, such a function chooses by itself; here we ask it afterwards.


# %%
from sklearn.base import clone


def choose(results):
    often = results["mean_test_budget met"] >= 0.95
    often &= results["mean_test_type met"] >= 0.90
    return int(np.where(often, results["mean_test_hit rate"], -1).argmax())


number = choose(by_share.cv_results_)
settings = by_share.cv_results_["params"][number]
chosen = clone(by_share.best_estimator_).set_params(**settings)
print("best hit rate:", by_share.best_params_)
print("chosen:       ", settings)

# %% [markdown]
# A weight of 4 and nine tenths for the catalogue: these are the settings of the tavern's ``--classifier complement``.

# %% [markdown]
# The customers put away
# ----------------------
#
# The best of sixteen settings always looks a little better than it is on the very folds that chose it: some luck was chosen along. The customers put away
# have chosen nothing. Each model is fitted on all others, and asked about them, once.

# %%
finalists = {
    "most popular": models["most popular"],
    "complement": models["complement"],
    "complement, best hit rate": by_share.best_estimator_,
    "complement, chosen": chosen,
    "Bernoulli": models["Bernoulli"],
    "CatalogueNB": models["CatalogueNB"],
}
X_aside, y_aside = X.filter(aside), y[aside]
final = {}
print(len(y_aside), "rentals;", *judged_by)
for name, model in finalists.items():
    model.fit(X_known, y_known)
    final[name] = [score(model, X_aside, y_aside) for score in judged_by.values()]
    print(f"{name:26}", *(f"{share:4.0%}" for share in final[name]))

places = np.arange(len(final))
plt.figure(figsize=(7, 4))
colors = "tab:blue", "tab:orange", "tab:gray"
for number, what in enumerate(judged_by):
    values = [100 * scores[number] for scores in final.values()]
    shifted = places + 0.25 * (number - 1)
    plt.barh(shifted, values, 0.22, color=colors[number], label=what)
plt.yticks(places, final)
plt.gca().invert_yaxis()
plt.xlabel("%")
plt.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=3)
plt.tight_layout()
plt.show()

# %% [markdown]
# All hit rates are lower than before, the untouched ones too: these customers are harder to guess. With some 1,500 rentals a hit rate is uncertain by more
# than a point in either direction, so tuned complement naive Bayes and Bernoulli cannot be told apart by it. ``CatalogueNB`` is clearly ahead.
#
# - To tune was worth it, less for the hit rate (two points more) than for the budget: from 62 to 99 of 100 places.
# - ``BernoulliNB`` hits as often as the tuned model or a little more often, meets the budget as well, and the types less often. On more rentals its lead
#   remains (the page of the example has the table).
# - ``CatalogueNB`` hits most often, and all its places meet the budget and a wanted type, although nobody chose a setting for it: it found from the rentals
#   what is a limit. So the tavern uses it. Like complement naive Bayes it learns a new game by ``update``, and compiled (part 14), it answers among
#   100,000 games in less than a millisecond.
# - Complement naive Bayes remains one word away: ``classifier="complement"``. It is the better choice as long as there is a catalogue and nobody has rented
#   anything.
#
# And all of this was measured on invented guests. Real ones may see it otherwise, and the same lines of code will tell.

# %% [markdown]
# Exercise
# --------
#
# The tavern shows five suggestions. What would three have cost, and what would ten have gained? Draw the hit rate of ``CatalogueNB``, of the chosen
# model, of Bernoulli and of the most popular games for 1 to 20 suggestions, on the customers put away. They are fitted already.

# %% [markdown]
# Answer
# ------
#
# Three suggestions instead of five lose a fifth to a quarter of the hits, ten gain a third. ``CatalogueNB`` is ahead for every number. Up to ten, Bernoulli
# is a little ahead of complement naive Bayes, and beyond that behind. How many to show is then a question to the tavern: each more is one more to look
# through.

# %%
plt.figure(figsize=(7, 4))
how_many = [1, 2, 3, 5, 10, 15, 20]
styles = {
    "CatalogueNB": "D-.",
    "complement, chosen": "o-",
    "Bernoulli": "s--",
    "most popular": "^:",
}
for name, style in styles.items():
    model = finalists[name]
    rates = [hit_rate_scorer(k)(model, X_aside, y_aside) for k in how_many]
    print(f"{name:18}", *(f"{rate:.0%}" for rate in rates))
    plt.plot(how_many, 100 * np.array(rates), style, label=name)
plt.xticks(how_many)
plt.xlabel("suggestions")
plt.ylabel("hit rate, %")
plt.ylim(0)
plt.legend()
plt.show()
