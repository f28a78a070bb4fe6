# %% [markdown]
"""
Spread a search over a Dask cluster
===================================

scikit-learn runs its searches through joblib, and joblib can hand the work to a Dask cluster. The estimators here travel like scikit-learn's own: the code
stays the same, inside ``joblib.parallel_config(backend="dask")``. Needs the extra ``distributed``.
"""

# %% [markdown]
# The cluster here is this machine, in threads. Elsewhere ``Client("tcp://scheduler:8786")`` is all that changes.

# %%
import logging
import warnings

import joblib
import matplotlib.pyplot as plt
from distributed import Client, LocalCluster
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from estimators import (
    ComplementNB,
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    MLPRegressor,
    MultiHotEncoder,
    OneHotEncoder,
    PolynomialRegressor,
)
from examples.games.data import load_games

warnings.simplefilter("ignore", ConvergenceWarning)  # short trainings are meant here
logging.getLogger("distributed").setLevel(logging.WARNING)  # no news of the workers
images, digits = load_digits(return_X_y=True)
pixels = images / 16
X, y = load_diabetes(return_X_y=True)
games = load_games()
encode = make_column_transformer(
    (MultiHotEncoder(handle_unknown="ignore"), ["gameplay_types"]),
    (OneHotEncoder(handle_unknown="ignore"), ["budget"]),
)

net = {"hidden_layer_sizes": 30, "max_iter": 15, "random_state": 0}
tasks = [
    (ComplementNB(), {"alpha": [0.1, 1.0]}, pixels, digits),
    (GDClassifier(), {"alpha": [0.0001, 0.01]}, pixels, digits),
    (MLPClassifier(**net), {"learning_rate_init": [0.001, 0.01]}, pixels, digits),
    (GDRegressor(), {"alpha": [0.0, 0.001]}, X, y),
    (PolynomialRegressor(), {"degree": [1, 2]}, X, y),
    (MLPRegressor(solver="lbfgs", **net), {"alpha": [0.0001, 1.0]}, X, y / 100),
    (
        make_pipeline(encode, GDClassifier(alpha=0.01)),
        {"gdclassifier__class_weight": [None, "balanced"]},
        games,
        games["top_rated"],
    ),
]

# %%
threads = {"processes": False, "n_workers": 2, "threads_per_worker": 1}
rows = []
with (
    LocalCluster(**threads, dashboard_address=None) as cluster,
    Client(cluster),
    joblib.parallel_config(backend="dask"),
):
    for model, grid, features, target in tasks:
        scores = cross_val_score(model, features, target, cv=3)
        search = GridSearchCV(model, grid, cv=3).fit(features, target)
        name = type(model).__name__
        rows.append((name, scores.mean(), search.best_score_, search.best_params_))

print(f"{'estimator':<20} {'as it is':<9} best of the search")
for name, as_it_is, best, parameters in rows:
    ((parameter, value),) = parameters.items()
    print(f"{name:<20} {as_it_is:<9.3f} {best:.3f} with {parameter}={value}")

# %%
names, as_it_is, best, _ = zip(*rows, strict=True)
plt.figure(figsize=(7, 4), layout="constrained")
plt.plot(best, names, "o", color="tab:orange", ms=10, label="best of the search")
plt.plot(as_it_is, names, "o", color="tab:blue", label="as it is")
plt.gca().invert_yaxis()
plt.xlabel("accuracy of a classifier, R² of a regressor")
plt.legend()
plt.show()

# %% [markdown]
# The last row is a Pipeline with both encoders. This spreads the *fits* of a search over the cluster, each on data that one worker holds. Where the rows
# themselves are too many, ``fit_dask`` fits one model where they lie.
