# %% [markdown]
"""
Recommend from any catalogue
============================

``recommender`` builds a recommender from the columns that you have: single values, lists, numbers, and the items that a person has had. In this example, the
games of the tavern have a budget, a console, a list of types and a year.
"""

# %%
import warnings
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from sklearn.model_selection import GroupKFold, cross_val_score

from estimators import BinEncoder, CatalogueNB
from examples.games.data import load_games
from examples.games.rentals import simulate_rentals
from pipelines import (
    RecommenderPipeline,
    UnknownQuestionWarning,
    diversify,
    hit_rate_scorer,
    leave_one_out,
    recommend,
    recommender,
    similar_items,
)

games = load_games().with_columns(pl.col("budget").cast(pl.String))
years = {"year": [1980, 1985, 1990, 1995, 2000, 2005, 2010, 2015]}
model = recommender(
    categories=["budget", "console"],
    lists="gameplay_types",
    numbers=years,
    catalogue=games,
    label="title",
)
print(type(model) is RecommenderPipeline, "with the steps", list(model.named_steps))

# %% [markdown]
# The catalogue is part of the model. Every ``fit`` learns the games from it, also within cross-validation. The rows that are passed to ``fit`` contain what
# customers asked for, and ``y`` contains the games that they rented. These customers did not ask for a console or a year, so those columns are empty.

# %%
rentals = simulate_rentals(games, n_customers=300).with_columns(
    console=pl.lit(None, pl.String), year=pl.lit(None, pl.Int64)
)
scores = cross_val_score(
    model,
    rentals,
    rentals["title"],
    groups=rentals["customer"],
    cv=GroupKFold(3),
    scoring=hit_rate_scorer(5),
)
print("rented game among the best five, in each fold:", scores.round(3))

# %% [markdown]
# A request may contain any of the columns, including the console and the year, which the model knows from the catalogue. The classifier is ``CatalogueNB``,
# and a ``BinEncoder`` converts the years to bins.

# %%
model.fit(rentals, rentals["title"])
encoder = model["encode"].named_transformers_["year"]
print(isinstance(model["classify"], CatalogueNB), isinstance(encoder, BinEncoder))
print(encoder.get_feature_names_out()[:3])
question = {"gameplay_types": ["Racing"], "console": "SNES", "year": 1992}
labels, _ = recommend(model, question, k=3)
print(*labels[0], sep="\n")

# %% [markdown]
# ``similar_items`` compares the descriptions of the games:

# %%
similar, similarities = similar_items(model, labels[0, 0], k=3)
for label, similarity in zip(similar, similarities, strict=True):
    print(f"{label}: {similarity:.2f}")

# %% [markdown]
# A misspelt column name raises an error that suggests the right one. Misspelt values count as missing. If nothing in a request is known, a warning is issued
# and the most popular games are returned.

# %%
try:
    recommend(model, {"gameplay_type": ["Racing"]})
except ValueError as error:
    print(str(error).split(". ")[-1])
with warnings.catch_warnings(record=True, action="always") as caught:
    recommend(model, {"gameplay_types": ["Raicng"]})
print(caught[0].category is UnknownQuestionWarning)

# %% [markdown]
# More variety
# ------------
#
# ``diversify`` chooses five of the best 25 games, so that they are not all alike. The more varied the lists are, the fewer hits they have:

# %%
test = simulate_rentals(games, n_customers=400).filter(pl.col("customer") >= 300)
test = test.with_columns(console=pl.lit(None, pl.String), year=pl.lit(None, pl.Int64))
labels, scores = recommend(model, test, k=25)
types = dict(
    zip(games["title"], map(set, games["gameplay_types"].to_list()), strict=True)
)
hits, alike = [], []
amounts = [0.0, 0.15, 0.3, 0.45, 0.6, 0.8]
for diversity in amounts:
    shown, _ = diversify(model, labels, scores, k=5, diversity=diversity)
    hits.append(np.mean(shown == test["title"].to_numpy()[:, np.newaxis]) * 5)
    pairs = [pair for row in shown.tolist() for pair in combinations(row, 2)]
    alike.append(
        np.mean([len(types[a] & types[b]) / len(types[a] | types[b]) for a, b in pairs])
    )
    print(f"diversity {diversity:.2f}: hits {hits[-1]:.1%}, in common {alike[-1]:.0%}")

# %%
fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(alike, hits, "o-")
for x, y, diversity in zip(alike, hits, amounts, strict=True):
    ax.annotate(f"{diversity:g}", (x, y), xytext=(4, 4), textcoords="offset points")
ax.set_xlabel("types that two games of a list have in common")
ax.set_ylabel("rented game among the five")
ax.invert_xaxis()
plt.show()

# %% [markdown]
# People with a history
# ---------------------
#
# ``leave_one_out`` makes training rows from histories: one row per item, with the other items of the person as history. With ``exclude_history=True``, items
# that a person has had are not recommended again.

# %%
liked = rentals.filter(pl.col("rating") >= 3).select("customer", "title")
rows = leave_one_out(liked, "customer", "title")
by_history = recommender(history="history").fit(rows, rows["title"])
had = liked.filter(pl.col("customer") == 7)["title"].to_list()
labels, _ = recommend(by_history, {"history": had}, k=3, exclude_history=True)
print("history:", *had, sep="\n  ")
print("recommendations:", *labels[0], sep="\n  ")
