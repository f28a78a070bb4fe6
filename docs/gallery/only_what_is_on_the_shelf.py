# %% [markdown]
"""
Recommend only what is on the shelf
===================================

Some games are rented out tonight, and a customer has played others. ``recommend`` takes both as arguments, so that nothing has to be fitted again:
``candidates`` to choose from, and ``exclude`` to leave out.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from examples.games.data import load_games
from pipelines import game_recommender, recommend

games = load_games()
model = game_recommender(classifier="complement", weights={"budget": 4.0})
model = model.fit(games, games["title"])
question = {"budget": "cheap", "gameplay_types": ["Puzzle", "Platform"]}
labels, scores = recommend(model, question, k=5)
print("of all games:", *labels[0], sep="\n  ")

# %% [markdown]
# Every second game is out tonight, and this customer knows the best of the others:

# %%
shelf = games["title"].to_list()[::2]
labels, _ = recommend(model, question, k=5, candidates=shelf)
print("on the shelf:", *labels[0], sep="\n  ")
known = labels[0][:2].tolist()
labels, _ = recommend(model, question, k=5, candidates=shelf, exclude=known)
print("on the shelf, and new to the customer:", *labels[0], sep="\n  ")

# %% [markdown]
# Many customers are asked about at once, each with a list of games of their own. Who has less to choose from than ``k`` gets what there is; the row then ends
# in None.

# %%
questions = [question, {"budget": "premium", "gameplay_types": ["Racing"]}]
only = [["Tetris", "Doom"], shelf]
labels, scores = recommend(model, questions, k=3, candidates=only)
for row in labels:
    print(row.tolist())

# %% [markdown]
# The order is that of the full ranking: what is left out leaves its place to the next.

# %%
everything, scores = recommend(model, question, k=60)
there = np.isin(everything[0], shelf)
places = np.arange(1, 61)
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.plot(places, scores[0], color="lightgray")
plt.plot(places[there], scores[0][there], "o", color="tab:blue", label="on the shelf")
plt.plot(places[~there], scores[0][~there], "x", color="tab:red", label="out")
plt.xlabel("place among all games")
plt.ylabel("score")
plt.legend()
plt.show()
