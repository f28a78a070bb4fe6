# %% [markdown]
"""
Learn from unbalanced classes
=============================

Three letters in a hundred are complaints. A classifier that finds none is right in 97% of all cases, and useless. ``class_weight`` makes the rare class
count more; a precision-recall curve shows what that buys and what it costs.
"""

# %%
import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.metrics import PrecisionRecallDisplay, precision_score, recall_score
from sklearn.model_selection import train_test_split

from estimators import GDClassifier, MLPClassifier

X, y = make_classification(
    8000,
    20,
    n_informative=5,
    weights=[0.97],
    class_sep=0.8,
    flip_y=0.005,
    random_state=0,
)
X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"rare class: {y.mean():.1%} of the rows")

net = {"hidden_layer_sizes": 30, "dtype": "float32", "random_state": 0}
net |= {"early_stopping": True, "learning_rate_init": 0.01}
models = {
    "GDClassifier": GDClassifier(),
    "GDClassifier, balanced": GDClassifier(class_weight="balanced"),
    "MLPClassifier": MLPClassifier(**net),
    "MLPClassifier, 1 : 8": MLPClassifier(**net, class_weight={0: 1.0, 1: 8.0}),
}
for name, model in models.items():
    found = model.fit(X, y).predict(X_test)
    precision = precision_score(y_test, found, zero_division=0)
    print(
        f"{name:>22}: right {model.score(X_test, y_test):.1%}, "
        f"finds {recall_score(y_test, found):.0%}, "
        f"{precision:.0%} of what it finds is right"
    )

# %% [markdown]
# *Recall* is the share of the rare class that is found, *precision* the share of the alarms that are right. With weights more is found, at the price of
# false alarms, and the plain accuracy falls. Whether that is better depends on what a miss costs.

# %%
fig, ax = plt.subplots(figsize=(6, 5.5), layout="constrained")
styles = (
    ("tab:blue", "-"),
    ("tab:blue", "--"),
    ("tab:orange", "-"),
    ("tab:orange", "--"),
)
for (name, model), (color, style) in zip(models.items(), styles, strict=True):
    PrecisionRecallDisplay.from_estimator(
        model,
        X_test,
        y_test,
        ax=ax,
        name=name,
        curve_kwargs={"color": color, "ls": style},
    )
    found = model.predict(X_test)
    point = recall_score(y_test, found), precision_score(y_test, found, zero_division=0)
    ax.plot(*point, "o", color=color, fillstyle="full" if style == "-" else "none")
ax.legend(loc="lower left", fontsize="small")
plt.show()

# %% [markdown]
# Each curve goes through all thresholds of a model; the point on it is where ``predict`` stands. The weights moved that point along and did not lift the curve:
# the same could be had afterwards by another threshold (scikit-learn's ``TunedThresholdClassifierCV``). What lifts the curve here is the network, which can
# bend its boundary.
