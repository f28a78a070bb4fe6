# %% [markdown]
"""
The k best labels of any classifier
===================================

``predict`` gives one label. Often the next best ones are wanted too: three guesses at a word, five products on a page. ``recommend`` gives the k best labels
and their scores, best first, of *any* fitted classifier: scikit-learn's own, a Pipeline, a search.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from estimators import GDClassifier
from pipelines import hit_rate_scorer, recommend

images, digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(images, digits, random_state=0)

models = {
    "random forest": RandomForestClassifier(30, max_depth=6, random_state=0),
    "linear SVC": make_pipeline(StandardScaler(), LinearSVC(C=0.01, random_state=0)),
    "GDClassifier": make_pipeline(StandardScaler(), GDClassifier(alpha=0.1)),
}
for name, model in models.items():
    labels, scores = recommend(model.fit(X, y), X_test[:1], k=3)
    print(f"{name:>13}: {labels[0]} {scores[0].round(2)}; it is a {y_test[0]}")

# %% [markdown]
# What is ranked is what the classifier has: the joint log probability, the decision function or the probabilities. So compare the scores of one model, not of
# two.
#
# How often is the truth among the first k? ``hit_rate_scorer(k)`` says it, here and in ``GridSearchCV``.

# %%
ks = range(1, 6)
plt.figure(figsize=(7, 4), layout="constrained")
for (name, model), style in zip(models.items(), ("o-", "s--", "^:"), strict=True):
    rates = [hit_rate_scorer(k)(model, X_test, y_test) for k in ks]
    plt.plot(ks, rates, style, label=name)
plt.xticks(ks)
plt.xlabel("guesses")
plt.ylabel("share of images with the right one among them")
plt.legend()
plt.show()

# %% [markdown]
# Where the right digit was not the first guess, it was mostly the second:

# %%
labels, _ = recommend(models["GDClassifier"], X_test, k=2)
missed = labels[:, 0] != y_test
second = np.mean(labels[missed, 1] == y_test[missed])
print(f"missed by GDClassifier: {missed.sum()}")
print(f"second guess right in {second:.0%} of them")
