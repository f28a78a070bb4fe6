# %% [markdown]
"""
Search for a network by successive halving
==========================================

A grid of a dozen networks on three folds is 36 trainings. Successive halving gives all of them a few epochs first, sends the better third on with three
times as many, and so on. scikit-learn's ``HalvingGridSearchCV`` can spend ``max_iter`` as its resource, for the networks here are scikit-learn's drop-ins.
"""

# %%
import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, train_test_split

from estimators import MLPClassifier

warnings.simplefilter("ignore", ConvergenceWarning)  # few epochs are the point
images, digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(images / 16, digits, random_state=0)

search = HalvingGridSearchCV(
    MLPClassifier(dtype="float32", random_state=0),
    {
        "hidden_layer_sizes": [(30,), (100,)],
        "learning_rate_init": [0.0003, 0.003, 0.03],
        "dropout": [0.0, 0.3],
    },
    resource="max_iter",
    min_resources=3,
    max_resources=27,
    factor=3,
    cv=3,
    random_state=0,
).fit(X, y)

candidates, resources = search.n_candidates_, search.n_resources_
epochs = sum(n * k for n, k in zip(candidates, resources, strict=True))
print("networks:", candidates)
print("epochs each:", resources)
print(f"{epochs} epochs a fold, in place of {candidates[0] * 27}")
print(search.best_params_)
print(f"on held-out images: {search.score(X_test, y_test):.3f}")

# %%
results = search.cv_results_
plt.figure(figsize=(7, 3.5), layout="constrained")
for i, n_epochs in enumerate(resources):
    scores = results["mean_test_score"][results["iter"] == i]
    plt.plot(scores, [f"{n_epochs} epochs"] * len(scores), "o", alpha=0.7)
plt.gca().invert_yaxis()
plt.xlabel("cross-validated accuracy")
plt.show()

# %% [markdown]
# Slow starters can lose in the first round although they would have won in the last: that is the price. Learning rates are hit by it most.
