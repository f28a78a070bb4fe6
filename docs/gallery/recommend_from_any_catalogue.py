# %% [markdown]
"""
Recommend from any catalogue
============================

``recommender`` builds a recommender from the columns that you have: single values, lists and numbers. Here, the catalogue contains 17,467 films from the
package ``bokeh-sampledata``, an SQLite file with data of OMDb and Rotten Tomatoes (CC0).
"""

# %%
import sqlite3
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
from bokeh_sampledata.movies_data import movie_path

from estimators import BinEncoder, CatalogueNB
from pipelines import (
    RecommenderPipeline,
    UnknownQuestionWarning,
    explain,
    recommend,
    recommender,
    similar_items,
)

query = """
    SELECT Title AS title, Year AS year, Genre AS genres, Director AS directors,
           Fresh AS likes
    FROM omdb JOIN tomatoes ON omdb.ID = tomatoes.ID ORDER BY omdb.ID
"""
connection = sqlite3.connect(movie_path)
films = pl.read_database(query, connection).with_columns(
    pl.format("{} ({})", "title", "year").alias("title"),
    pl.col("genres", "directors").str.split(", "),
    pl.col("likes").fill_null(0),
)
connection.close()
films = films.unique("title", keep="first", maintain_order=True)
print(films.select("title", "genres", "directors", "likes").tail(3))

# %% [markdown]
# The catalogue is part of the model. It says what each film is, and every ``fit`` learns the films from it, also within cross-validation. Each film is a
# class. The rows that are passed to ``fit`` contain what people asked for, and ``y`` contains what they chose.
#
# No such requests are known for these films, only how many critics liked each film. So ``fit`` gets one empty request per film, with the number of likes as
# its weight. From these rows, the model learns the popularity of the films and nothing else. With ``weight=0``, ``CatalogueNB`` does not try to learn from the
# content of the requests. A score is then the logarithm of the popularity, plus an amount for each column in which the film matches the request.

# %%
columns = ["genres", "directors", "year"]
model = recommender(
    lists=["genres", "directors"],
    numbers={"year": list(range(1920, 2020, 10))},
    catalogue=films,
    label="title",
    classifier=CatalogueNB(weight=0.0),
)
empty = films.select(columns).clear(films.height)  # as many rows, all values missing
model.fit(empty, films["title"], classify__sample_weight=films["likes"].to_numpy())
print(type(model) is RecommenderPipeline, "with the steps", list(model.named_steps))
print(f"{len(model.classes_):,} films, {model[-1].n_features_in_:,} features")
years = model["encode"].named_transformers_["year"]
print(isinstance(years, BinEncoder), *years.get_feature_names_out()[:3])

# %% [markdown]
# A request may contain any of the columns. A ``BinEncoder`` converts years to decades. The best matches are science fiction films of the 1980s, with the most popular
# ones first:

# %%
question = {"genres": ["Sci-Fi"], "year": 1984}
labels, _ = recommend(model, question, k=5)
facts = {row["title"]: row for row in films.iter_rows(named=True)}
for title in labels[0]:
    print(
        f"{facts[title]['likes']} likes: {title}, {', '.join(facts[title]['genres'])}"
    )

# %% [markdown]
# ``explain`` shows why a film is recommended. *The Shining* is the only horror film by Kubrick, so it is the first answer, although the others have about three
# times as many likes. A match adds 4, which is as much as having 55 times the likes.

# %%
question = {"genres": ["Horror"], "directors": ["Stanley Kubrick"]}
labels, _ = recommend(model, question, k=5)
parts = ["(prior)", "genres=Horror", "directors=Stanley Kubrick"]
names = ["popularity", "horror", "by Kubrick"]
reasons = [explain(model, question, title) for title in labels[0]]
left = np.zeros(len(reasons))
plt.figure(figsize=(7, 3), layout="constrained")
for part, name in zip(parts, names, strict=True):
    adds = np.array([terms[part] for terms in reasons])
    plt.barh(labels[0], adds, left=left, label=name)
    left += adds
plt.gca().invert_yaxis()
plt.xlabel("score")
plt.legend(fontsize="small")
plt.show()

# %% [markdown]
# ``similar_items`` compares the descriptions of the films, regardless of their popularity:

# %%
similar, similarities = similar_items(model, "Toy Story (1995)", k=3)
for title, similarity in zip(similar, similarities, strict=True):
    print(f"{similarity:.2f} {title}: {', '.join(facts[title]['genres'])}")

# %% [markdown]
# A misspelt column name raises an error that suggests the right one. Misspelt values count as missing. If nothing in a request is known, a warning is issued
# and the most popular films are returned.

# %%
try:
    recommend(model, {"genre": ["Western"]})
except ValueError as error:
    print(str(error).split(". ")[-1])
with warnings.catch_warnings(record=True, action="always") as caught:
    print(recommend(model, {"genres": ["Wetsern"]}, k=2)[0][0])
print(caught[0].category is UnknownQuestionWarning)

# %% [markdown]
# All of this works in the same way with pandas:

# %%
frame = pd.DataFrame(films.to_dict(as_series=False))
same = recommender(
    lists=["genres", "directors"],
    numbers={"year": list(range(1920, 2020, 10))},
    catalogue=frame,
    label="title",
    classifier=CatalogueNB(weight=0.0),
)
empty = pd.DataFrame(None, index=frame.index, columns=columns)
same.fit(empty, frame["title"], classify__sample_weight=frame["likes"])
print(
    (recommend(same, question, k=100)[0] == recommend(model, question, k=100)[0]).all()
)
