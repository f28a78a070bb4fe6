# %% [markdown]
"""
Check what a saved model was made with
======================================

A model that was saved a year ago is loaded by other versions of numpy and scikit-learn, and may give different predictions. ``save_model`` writes a *card* beside
the model, a JSON file that says what it is and what it was made with; loading checks it first.
"""

# %%
import json
import tempfile
import warnings
from pathlib import Path

from examples.games.data import load_games
from pipelines import (
    ModelFileError,
    ModelVersionWarning,
    game_recommender,
    load_model,
    read_card,
    recommend,
    save_model,
    version_differences,
)

games = load_games()
model = game_recommender().fit(games, games["title"])
folder = tempfile.TemporaryDirectory()
path = save_model(
    model,
    Path(folder.name, "tavern"),
    X=games.select("budget", "gameplay_types"),
    y=games["title"],
    scores={"hit rate of 5": 0.36},
    retrain="python -m examples.games train",
)
card = read_card(path)  # the card alone: nothing is unpickled
for field in ("class", "final_class", "size", "trained", "scores", "retrain"):
    print(f"{field:>11}: {card[field]}")
print("here and now:", version_differences(card))

# %% [markdown]
# To see what happens in a year, the card is made to tell of older versions:

# %%
card["versions"] |= {"scikit-learn": "1.9.0", "numpy": "2.0.0"}
path.write_text(json.dumps(card))
for line in version_differences(read_card(path)):
    print(line.split(", here")[0])

with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always", ModelVersionWarning)
    again = load_model(path)
message = str(warned[0].message)
print(warned[0].category.__name__, "...", message[message.index("To be safe") :])

question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
print(
    "same answers:",
    (recommend(again, question)[0] == recommend(model, question)[0]).all(),
)

# %% [markdown]
# In a service such a warning is better an error, ``warnings.simplefilter("error", ModelVersionWarning)``: then the old process goes on until the model was
# trained again.
#
# A file that is not the one which its card names, cut short or exchanged, is refused before it is unpickled:

# %%
file = path.with_name(card["file"])
file.write_bytes(file.read_bytes()[:-1])
try:
    load_model(path)
except ModelFileError as error:
    print(str(error).replace(folder.name, "..."))
folder.cleanup()
