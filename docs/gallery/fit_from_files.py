# %% [markdown]
"""
Fit from Parquet, CSV and NDJSON files
======================================

The rentals of ten years do not fit into memory. ``fit_batches`` reads them a batch at a time and fits the same Pipeline to them, equal to ``fit`` on all
rows. ``scan_parquet``, ``scan_csv`` and ``scan_ndjson`` read files, folders and patterns.
"""

# %%
import io
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from rich.console import Console

from estimators import MultiHotEncoder
from examples.games.data import load_games
from examples.games.rentals import simulate_rentals
from pipelines import (
    fit_batches,
    game_recommender,
    recommend,
    scan_csv,
    scan_ndjson,
    scan_parquet,
)

rentals = simulate_rentals(load_games(), n_customers=500).drop("customer", "rating")
folder = tempfile.TemporaryDirectory()
home = Path(folder.name)
for month, part in enumerate(rentals.iter_slices(1000), start=1):
    part.write_parquet(home / f"2025-{month:02}.parquet")
    part.write_ndjson(home / f"2025-{month:02}.ndjson")
    text = part.with_columns(pl.col("gameplay_types").list.join("|"))
    text.write_csv(home / f"2025-{month:02}.csv")
print(*sorted(path.name for path in home.iterdir()), sep="  ")

# %% [markdown]
# A CSV file has no lists, so the types are one string there and the encoder splits it. All else is the same.

# %%
whole = game_recommender().fit(rentals, rentals["title"])
split = MultiHotEncoder(separator="|", handle_unknown="ignore")
models = {
    "Parquet": fit_batches(game_recommender(), scan_parquet(home), "title"),
    "NDJSON": fit_batches(game_recommender(), scan_ndjson(home), "title"),
    "CSV": fit_batches(game_recommender(types_encoder=split), scan_csv(home), "title"),
}
for name, model in models.items():
    same = np.array_equal(model[-1].feature_count_, whole[-1].feature_count_)
    print(f"{name:>7}: counts as in memory: {same}")

question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
print(recommend(models["Parquet"], question, k=3)[0][0])

# %% [markdown]
# Two passes are made, one for the encoders and one for the classifier. ``progress=True`` shows a bar for each; here it is written into a string. With
# ``checkpoint="fit.state"`` a fit that was killed goes on where it was.

# %%
screen = Console(file=io.StringIO(), width=80)
columns = ["title", "budget", "gameplay_types"]
source = scan_parquet(home, columns=columns, batch_size=300)
fit_batches(game_recommender(), source, "title", progress=screen)
print(screen.file.getvalue().strip())

# %% [markdown]
# Not only files: a function that returns an iterator is called once for each pass. Memory is that of a batch and of the sums, whatever the number of rows,
# which the sizes of the batches show:


# %%
def batches():
    for batch in scan_parquet(home, batch_size=300):
        sizes.append(batch.estimated_size() / 1e3)
        yield batch


sizes = []
fit_batches(game_recommender(), batches, "title")
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.bar(range(len(sizes)), sizes, color="tab:blue", label="in memory at once")
plt.axhline(rentals.estimated_size() / 1e3, color="tab:red", label="all rows")
plt.axvline(len(sizes) / 2 - 0.5, color="gray", linestyle=":", label="second pass")
plt.xlabel("batch")
plt.ylabel("kilobytes")
plt.yscale("log")
plt.legend()
plt.show()
folder.cleanup()
