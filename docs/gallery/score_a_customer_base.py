# %% [markdown]
"""
Score a whole customer base
===========================

Every customer gets five games by letter. ``fit_dask`` learns from rows that lie in the partitions of a Dask collection, and ``recommend_dask`` answers for all
customers there, lazily: nothing is computed until it is asked for. Needs the extra ``distributed``.
"""

# %%
import tempfile
from pathlib import Path

import dask
import dask.dataframe as dd
import matplotlib.pyplot as plt
import numpy as np

from examples.games.data import load_games
from examples.games.rentals import simulate_rentals
from pipelines import (
    fit_dask,
    game_recommender,
    recommend,
    recommend_dask,
    scan_parquet,
)

games = load_games()
rentals = simulate_rentals(games, n_customers=3000)
folder = tempfile.TemporaryDirectory()
for i, part in enumerate(rentals.iter_slices(6000)):
    part.drop("customer", "rating").write_parquet(Path(folder.name, f"{i}.parquet"))

# %% [markdown]
# Here the cluster is this machine's threads; a ``distributed.Client`` in place of ``"threads"`` is a real one. What each file taught is added up, and equal to a
# fit of all rows in memory.

# %%
files = scan_parquet(folder.name)
model = fit_dask(game_recommender(), files, "title", client="threads")
whole = game_recommender().fit(rentals, rentals["title"])
equal = np.array_equal(model[-1].feature_count_, whole[-1].feature_count_)
print("counts equal:", equal)

# %% [markdown]
# The customers, as a Dask DataFrame of pandas parts. (By default Dask makes strings of lists; the option keeps them.)

# %%
with dask.config.set({"dataframe.convert-string": False}):
    asked = rentals.group_by("customer", maintain_order=True).first().to_pandas()
    customers = dd.from_pandas(asked.set_index("customer"), npartitions=4)
    answers = recommend_dask(model, customers, k=5)
    print(type(answers).__name__, "of", answers.npartitions, "parts, not computed yet")
    letters = answers.compute(scheduler="threads")
folder.cleanup()
letters[["label_1", "label_2", "score_1"]].head()

# %%
one = asked.iloc[[0]]
print(
    "as asked one by one:",
    recommend(model, one)[0][0].tolist() == letters.iloc[0, :5].tolist(),
)

# %% [markdown]
# On a cluster ``answers.to_parquet(folder)`` writes each part where it is computed. Which games would be in most of the letters?

# %%
top = letters[[f"label_{i}" for i in range(1, 6)]].stack().value_counts()[:10]
plt.figure(figsize=(7, 4), layout="constrained")
plt.barh(top.index[::-1], top.to_numpy()[::-1] / len(letters), color="tab:blue")
plt.xlabel("share of the customers who are told of it")
plt.show()
