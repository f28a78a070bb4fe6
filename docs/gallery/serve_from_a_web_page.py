# %% [markdown]
"""
Serve recommendations from a web page
=====================================

A web page asks one question at a time, as plain values, and somebody waits for it. ``compile_recommender`` makes a snapshot of a fitted recommender that
answers without data frames, and can be asked from many threads at once.
"""

# %%
import pickle
import timeit
from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt

from examples.games.data import load_games
from pipelines import (
    CompiledRecommender,
    compile_recommender,
    game_recommender,
    recommend,
    update,
)

games = load_games()
model = game_recommender(catalogue=games, label="title")
model = model.fit(games, games["title"])
compiled = compile_recommender(model)
print(isinstance(compiled, CompiledRecommender), compiled.n_labels, "games")

question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
labels, scores = compiled.recommend(question, k=3)
print(labels)
print("as recommend:", recommend(model, question, k=3)[0][0].tolist() == labels)

# %% [markdown]
# What the page shows: the menus, the answers, and the reasons.

# %%
print(compiled.categories_["budget"])
for label in labels:
    print(label, {k: round(v, 2) for k, v in compiled.explain(question, label).items()})

# %% [markdown]
# How long it takes here, while the guide was built, on a processor shared with others:

# %%
ways = {
    "recommend": lambda: recommend(model, question, k=3),
    "compiled": lambda: compiled.recommend(question, k=3),
}
micros = {}
for name, ask in ways.items():
    micros[name] = min(timeit.repeat(ask, number=50, repeat=5)) / 50 * 1e6
plt.figure(figsize=(7, 2), layout="constrained")
bars = plt.barh(list(micros), list(micros.values()), color="tab:blue")
plt.bar_label(bars, fmt="{:,.0f}", padding=3)
plt.xlim(0, 1.15 * max(micros.values()))
plt.xlabel("microseconds for a question")
plt.show()

# %% [markdown]
# The snapshot is immutable and can be pickled: threads and worker processes share it without locks. A later ``update`` of the model does not change it, so
# compile again, and put the new one in the place of the old in one assignment.

# %%
with ThreadPoolExecutor(4) as threads:
    tasks = [threads.submit(compiled.recommend, question, k=3) for _ in range(100)]
    answers = [task.result()[0] for task in tasks]
print("a hundred answers, all alike:", all(answer == labels for answer in answers))

worker = pickle.loads(pickle.dumps(compiled))
print("from a pickle:", worker.recommend(question, k=3) == (labels, scores))

model = update(model, [question], ["Baba Is You"], describes=[True])
model = update(model, [question] * 3, ["Baba Is You"] * 3)
print("before:", compiled.recommend(question, k=1)[0])
compiled = compile_recommender(model)
print("after: ", compiled.recommend(question, k=1)[0])

# %% [markdown]
# The tavern's site (``python -m examples.games serve``) is made in this way; its code is in ``examples/games/web``.
