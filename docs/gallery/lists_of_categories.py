# %% [markdown]
"""
Encode columns of lists
=======================

A film has several genres, a game several types. ``MultiHotEncoder`` makes a 0/1 column for each category in a column of *lists*. It is a transformer as
any other, so it stands in a ``ColumnTransformer`` beside ``OneHotEncoder``, which takes columns of single categories.
"""

# %%
import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline

from estimators import GDRegressor, MultiHotEncoder, OneHotEncoder

films = pd.DataFrame(
    {
        "title": ["Alien", "Amélie", "Heat", "Paddington", "Up"],
        "genres": [
            ["Horror", "Science"],
            ["Comedy", "Love"],
            ["Crime"],
            ["Comedy", "Family"],
            ["Comedy", "Family", "Adventure"],
        ],
        "rating": ["16", "6", "16", "0", "6"],
        "minutes": [117, 122, 170, 95, 96],
    }
)
encode = make_column_transformer(
    (MultiHotEncoder(sparse_output=False), ["genres"]),
    (OneHotEncoder(sparse_output=False), ["rating"]),
    verbose_feature_names_out=False,
).set_output(transform="pandas")
encoded = encode.fit_transform(films).astype(int)

plt.figure(figsize=(7, 4), layout="constrained")
plt.imshow(encoded.T, cmap="Blues", vmax=1.5, aspect="auto")
plt.xticks(range(5), films["title"])
plt.yticks(range(encoded.shape[1]), encoded.columns)
plt.title("Blue: 1, white: 0")
plt.show()

# %% [markdown]
# In a Pipeline the two learn their categories from the training rows alone, and cross-validation stays honest.

# %%
model = make_pipeline(encode, GDRegressor(alpha=0.1)).fit(films, films["minutes"])
print(model.predict(films).round())

# %% [markdown]
# Lists may be Python lists, sets, tuples, arrays or polars' lists. Where a file has them as text, ``separator`` splits it:

# %%
text = pd.DataFrame({"genres": ["Horror|Science", "Comedy|Love"]})
print(MultiHotEncoder(separator="|").fit(text).get_feature_names_out())

# %% [markdown]
# What should happen to a category that was not there in ``fit``? There are three answers (and two more where rare categories share a column), the same for both encoders. The default raises, and says what is
# known, the nearest spelling first:

# %%
unknown = pd.DataFrame({"genres": [["Comdey"]]})
genres = films[["genres"]]
try:
    MultiHotEncoder().fit(genres).transform(unknown)
except ValueError as error:
    print(textwrap.fill(str(error), 80))

# %% [markdown]
# ``"ignore"`` gives zeros, as if the category had not been named; ``"other"`` has a column for all of them, which comes first. A missing value and an
# empty list follow the same rule, unless ``missing`` sets another.

# %%
for rule in ("ignore", "other"):
    encoder = MultiHotEncoder(handle_unknown=rule, sparse_output=False)
    encoder.set_output(transform="pandas").fit(genres)
    print(rule, encoder.transform(unknown).iloc[:, :3].to_dict("records"))
