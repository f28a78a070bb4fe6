# %% [markdown]
"""
Learn from a stream
===================

Rows come in as the evening goes on, and the model should know them at once, without a fit from the start. ``partial_fit`` takes some rows at a time; for a
whole recommender there is ``update``.
"""

# %% [markdown]
# A line through a stream of evenings. For least squares nothing is lost by learning in parts: after the last chunk the weights are those of one ``fit``.

# %%
import matplotlib.pyplot as plt
import numpy as np

from estimators import GDClassifier, GDRegressor

rng = np.random.default_rng(0)
X = rng.integers(5, 60, (200, 1))
y = 2.4 * X[:, 0] + rng.normal(17, 8, 200)

line, slopes = GDRegressor(), []
for chunk in np.split(np.arange(200), 100):  # two evenings at a time
    line.partial_fit(X[chunk], y[chunk])
    slopes.append(line.coef_[0])
whole = GDRegressor().fit(X, y)
print("equal to one fit:", np.allclose(line.coef_, whole.coef_, rtol=1e-10))

plt.figure(figsize=(7, 4), layout="constrained")
plt.plot(range(2, 201, 2), slopes)
plt.axhline(2.4, color="black", linestyle=":", label="the truth")
plt.ylim(1.5, 3.5)
plt.xlabel("evenings seen")
plt.ylabel("doughs for each reservation")
plt.legend()
plt.show()

# %% [markdown]
# A logistic regression has no such sums: each ``partial_fit`` is one step downhill on its rows. It needs to be told of all classes in the first call. Two
# kinds of points arrive, fifty at a time, and each batch is a test before it is a lesson:

# %%
model, scores = GDClassifier(learning_rate=0.5), []
for batch in range(60):
    kind = rng.integers(0, 2, 50)
    points = rng.normal(size=(50, 2)) + 1.2 * kind[:, np.newaxis]
    if batch > 0:
        scores.append(model.score(points, kind))
    model.partial_fit(points, kind, classes=[0, 1])
print(f"first ten batches: {np.mean(scores[:10]):.3f} right")
print(f"last ten batches:  {np.mean(scores[-10:]):.3f} right")

# %% [markdown]
# (The two kinds overlap: nobody could be right in more than four of five.)

# %% [markdown]
# A recommender in a shop: a game is new, and two customers rent it. ``update`` sends the rows through the encoders, which stay as they are, and lets the
# classifier learn them. A new *type* needs a new fit.

# %%
from examples.games.data import load_games
from pipelines import game_recommender, recommend, update

games = load_games()
shop = game_recommender(catalogue=games, label="title").fit(games, games["title"])
question = {"budget": "cheap", "gameplay_types": ["Puzzle", "Racing"]}
print(recommend(shop, question, k=3)[0][0])
shop = update(shop, [question], ["Puzzle Grand Prix"], describes=[True])
shop = update(shop, [question] * 2, ["Puzzle Grand Prix"] * 2)
print(recommend(shop, question, k=3)[0][0])
