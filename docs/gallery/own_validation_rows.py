# %% [markdown]
"""
Bring one's own validation rows through a Pipeline
==================================================

A network with ``early_stopping`` holds out rows at random. Where rows belong together, by customer or by day, that cheats: hold them out yourself and give
them to ``fit`` as ``X_val`` and ``y_val``. In a Pipeline they must go through the scaler as the training rows do.
"""

# %%
import matplotlib.pyplot as plt
import sklearn
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import LossCurveDisplay, MLPClassifier

images, digits = load_digits(return_X_y=True)
X, y = images[:1000], digits[:1000]  # in the order in which they were collected,
X_val, y_val = images[1000:1300], digits[1000:1300]  # a few writers after another
X_test, y_test = images[1300:], digits[1300:]

# %% [markdown]
# Two things must be said: that the network wants these arguments (``set_fit_request``), and that the steps before it shall transform ``X_val``
# (``transform_input``). Both need scikit-learn's metadata routing.

# %%
net = MLPClassifier(early_stopping=True, learning_rate_init=0.003, random_state=0)
with sklearn.config_context(enable_metadata_routing=True):
    net = net.set_fit_request(X_val=True, y_val=True)
    model = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
    model.fit(X, y, X_val=X_val, y_val=y_val)
best = model[-1].best_validation_score_
print(f"stopped after {model[-1].n_iter_} epochs; best on our rows: {best:.3f}")
print("the weights kept are those:", model.score(X_val, y_val) == best)
print(f"on writers never seen: {model.score(X_test, y_test):.3f}")

# %%
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
LossCurveDisplay.from_estimator(model, ax=ax)
ax.set_yscale("log")
plt.show()

# %% [markdown]
# Rows drawn at random are of the same writers as those that are learned, and promise too much:

# %%
random = make_pipeline(StandardScaler(), sklearn.base.clone(net)).fit(X, y)
promised = random[-1].best_validation_score_
found = random.score(X_test, y_test)
print(f"promised {promised:.3f}, on writers never seen {found:.3f}")
