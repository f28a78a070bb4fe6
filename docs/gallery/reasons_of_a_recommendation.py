# %% [markdown]
"""
Give the reasons of a recommendation
====================================

*Why this game?* In complement naive Bayes the score of a label is a sum with a part for each thing that was asked for. ``explain`` gives the parts, by name,
and they add up to the score.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from examples.games.data import load_games
from pipelines import explain, game_recommender, recommend

games = load_games()
model = game_recommender(classifier="complement").fit(games, games["title"])
question = {"budget": "cheap", "gameplay_types": ["Adventure", "Platform"]}

labels, scores = recommend(model, question, k=3)
for label, score in zip(labels[0], scores[0], strict=True):
    parts = explain(model, question, label)
    told = ", ".join(f"{name} {adds:.3f}" for name, adds in parts.items())
    same = np.isclose(sum(parts.values()), score, rtol=1e-12)
    print(f"{label}: {told}; adds up to the score: {same}")

# %% [markdown]
# Every game gets something for every part of the question, the game that *has* it a little more. So compare a part between games, not the parts of one game:
# this is what three others lose against the best.

# %%
best = recommend(model, question, k=1)[0][0, 0]
others = ["Tetris", "Half-Life: Alyx", "Gran Turismo"]
of_best = explain(model, question, best)
names = list(of_best)

plt.figure(figsize=(7, 4), layout="constrained")
places = np.arange(len(names))
for i, title in enumerate(others):
    parts = explain(model, question, title)
    lost = [parts[name] - of_best[name] for name in names]
    plt.barh(places + 0.27 * (i - 1), lost, 0.25, label=title)
plt.yticks(places, [name.split("=")[1] for name in names])
plt.gca().invert_yaxis()
plt.xlabel(f"adds to the score, compared with {best}")
plt.legend(loc="lower left")
plt.show()

# %% [markdown]
# ``Half-Life: Alyx`` is neither cheap nor of these types; the other two are cheap, ``Tetris`` a little more so, since it is of one type only and every
# feature of a game with few counts for more. The differences are small beside the parts themselves, for each game is one of hundreds, and what is not
# of it hardly changes without it; but the ranking is made of nothing else. ``explain`` works with
# every classifier whose score is such a sum: all naive Bayes classifiers and the linear ones. In ``CatalogueNB``, what a game has counts for much more, and
# its popularity is one of the reasons (part 14 of the course).
