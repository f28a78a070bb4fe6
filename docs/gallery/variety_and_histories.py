# %% [markdown]
"""
Variety, and people with a history
==================================

The best five answers to a request are often alike. ``diversify`` makes a list more varied. And if you know what people have had before, a recommender can learn
from that, with or without a request.
"""

# %%
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import polars as pl

from examples.games.data import load_games
from examples.games.rentals import simulate_rentals
from pipelines import (
    diversify,
    leave_one_out,
    recommend,
    recommender,
)

games = load_games().with_columns(pl.col("budget").cast(pl.String))
model = recommender(
    categories="budget", lists="gameplay_types", catalogue=games, label="title"
)
rentals = simulate_rentals(games, n_customers=400)
test = rentals.filter(pl.col("customer") >= 300)
rentals = rentals.filter(pl.col("customer") < 300)
model.fit(rentals, rentals["title"])

# %% [markdown]
# More variety
# ------------
#
# ``diversify`` chooses five of the best 25 games, so that they are not all alike. Up to a point, variety costs hardly any hits:

# %%
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
