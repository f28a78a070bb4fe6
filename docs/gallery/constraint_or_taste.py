# %% [markdown]
"""
A constraint or a taste
=======================

Somebody asks for a budget and some types of games. Must a game meet the question, or does the question only say what the person likes?
``CatalogueNB`` has a parameter for that: ``match`` is what a game's score gains if it is what was asked for. By default, it is chosen by the
training rows, for each column: how much more often do the chosen games meet the question than popular games would?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import scipy.sparse as sp
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GroupShuffleSplit

from estimators import CatalogueNB, MultiHotEncoder, OneHotEncoder
from examples.games.data import load_games
from examples.games.rentals import simulate_rentals

as_text = pl.col("budget").cast(pl.String)
games = load_games().with_columns(as_text)
rentals = simulate_rentals(games, n_customers=600).with_columns(as_text)
encode = make_column_transformer(
    (OneHotEncoder(handle_unknown="ignore"), ["budget"]),
    (MultiHotEncoder(handle_unknown="ignore"), ["gameplay_types"]),
).fit(games)
is_of = sp.csr_array(encode.transform(games))
asked = sp.csr_array(encode.transform(rentals))
groups = [name.partition("_")[0] for name in encode.get_feature_names_out()]
print(f"{len(games)} games, {len(rentals)} rentals, groups {sorted(set(groups))}")

# %% [markdown]
# The rows of the catalogue say what the games are. They come first, and ``describes`` marks them: they count as no rental. The rentals of some
# customers are held back.

# %%
folds = GroupShuffleSplit(1, test_size=0.3, random_state=0)
train, test = next(folds.split(asked, groups=rentals["customer"]))
X = sp.vstack([is_of, asked[train]])
y = np.concatenate([games["title"], rentals["title"].to_numpy()[train]])
describes = np.arange(len(y)) < len(games)
model = CatalogueNB(groups=groups).fit(X, y, describes=describes)
print(f"shrinkage: {model.shrinkage_:.0f} rows, the value of the highest evidence")
for group, value in model.match_.items():
    print(f"match of {group}: {value:.1f}")

# %% [markdown]
# The model recommends five games to each of the customers that were held back. How often is the rented game among them, and how many of the
# recommended games are of the budget that was asked for?

# %%
rented = rentals["title"].to_numpy()[test]
wanted = rentals["budget"].to_numpy()[test]
has_budget = [budget is not None for budget in wanted]
budget_of = dict(zip(games["title"], games["budget"], strict=True))
matches, hits, met = [0, 0.5, 1, 2, 4, 8, 1000], [], []
for match in matches:
    model = CatalogueNB(groups=groups, match=match).fit(X, y, describes=describes)
    labels, _ = model.top_k(asked[test], k=5)
    budgets = np.array([[budget_of[label] for label in row] for row in labels])
    hits.append((labels == rented[:, np.newaxis]).any(axis=1).mean())
    met.append((budgets == wanted[:, np.newaxis])[has_budget].mean())
    print(f"match = {match:<4}  among five: {hits[-1]:.1%}, budget met: {met[-1]:.1%}")

# %%
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(met, label="budget met")
ax.plot(hits, label="rented game among the five")
ax.set_xticks(range(len(matches)), [f"{match:g}" for match in matches])
ax.set_xlabel("match")
ax.set_ylim(0, 1.02)
ax.legend()
plt.show()

# %% [markdown]
# In this simulation customers keep to their budget, so any large ``match`` is right: the question is a constraint, and the training rows say so. With
# real tastes it can be wrong. Somebody who likes comedies watches other films too, and on film ratings the training rows choose 0. Set ``match``
# yourself if you know better than the rows: 1000 if a game over the budget must never be shown, 0 if the question is no more than a hint.
