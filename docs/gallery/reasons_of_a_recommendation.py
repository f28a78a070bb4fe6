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
model = game_recommender().fit(games, games["title"])
question = {"budget": "cheap", "gameplay_types": ["Adventure", "Platform"]}

labels, scores = recommend(model, question, k=3)
for label, score in zip(labels[0], scores[0], strict=True):
    parts = explain(model, question, label)
    told = ", ".join(f"{name} {adds:.3f}" for name, adds in parts.items())
    same = np.isclose(sum(parts.values()), score, rtol=1e-12)
    print(f"{label}: {told}; adds up to the score: {same}")

# %% [markdown]
# Every game gets something for every part of the question, the game that *has* it a little more. So compare a part between games, not the parts of one game:
# against the best game there is for each, this is what three games lose.

# %%
best = recommend(model, question, k=1)[0][0, 0]
chosen = [best, "Tetris", "Gran Turismo"]
parts = [explain(model, question, title) for title in chosen]
names = list(parts[0])
lost = np.array([[part[name] - parts[0][name] for name in names] for part in parts])

plt.figure(figsize=(7, 4))
places = np.arange(len(names))
for i, (title, row) in enumerate(zip(chosen, lost, strict=True)):
    plt.barh(places + 0.27 * (i - 1), row, 0.25, label=title)
plt.yticks(places, [name.split("=")[1] for name in names])
plt.gca().invert_yaxis()
plt.xlabel(f"adds to the score, compared with {best}")
plt.legend(loc="lower left")
plt.tight_layout()
plt.show()

# %% [markdown]
# The differences are small beside the parts themselves, for each game is one of hundreds, and what is not of it hardly changes without it; but the ranking
# is made of nothing else. ``explain`` works with ``ComplementNB`` and scikit-learn's ``MultinomialNB``, whose scores are such sums. Other classifiers can be
# ranked by ``recommend``, but have no such reasons.
