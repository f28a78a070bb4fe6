# %% [markdown]
"""
Cross-validate every estimator on a Dask cluster
================================================

scikit-learn runs its searches through joblib, and joblib can hand the work to a Dask cluster. The estimators here travel like scikit-learn's own: the code
stays the same, inside ``joblib.parallel_backend("dask")``. Needs the extra ``distributed``.
"""

# %% [markdown]
# The cluster here is this machine, in threads. Elsewhere ``Client("tcp://scheduler:8786")`` is all that changes.

# %%
import warnings

import joblib
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
images, digits = load_digits(return_X_y=True)
X, y = load_diabetes(return_X_y=True)
games = load_games()
encode = make_column_transformer(
    (MultiHotEncoder(handle_unknown="ignore"), ["gameplay_types"]),
    (OneHotEncoder(handle_unknown="ignore"), ["budget"]),
)

net = {"max_iter": 15, "random_state": 0}
tasks = [
    (ComplementNB(), {"alpha": [0.1, 1.0]}, images, digits),
    (GDClassifier(), {"alpha": [0.001, 0.01]}, images / 16, digits),
    (
        MLPClassifier(30, **net),
        {"learning_rate_init": [0.001, 0.01]},
        images / 16,
        digits,
    ),
    (GDRegressor(), {"alpha": [0.0, 0.001]}, X, y),
    (PolynomialRegressor(), {"degree": [1, 2]}, X, y),
    (MLPRegressor(solver="lbfgs", **net), {"alpha": [1.0, 10.0]}, X, y / 100),
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
    joblib.parallel_backend("dask"),
):
    for model, grid, features, target in tasks:
        scores = cross_val_score(model, features, target, cv=3)
        search = GridSearchCV(model, grid, cv=3).fit(features, target)
        rows.append((type(model).__name__, scores.mean(), search.best_params_))

print(f"{'estimator':<20} {'as it is':<9} best of the search")
for name, score, best in rows:
    ((parameter, value),) = best.items()
    print(f"{name:<20} {score:<9.3f} {parameter}={value}")

# %% [markdown]
# The last row is a Pipeline with both encoders. This spreads the *fits* of a search over the cluster, each on data that one worker holds. Where the rows
# themselves are too many, ``fit_dask`` fits one model where they lie.
