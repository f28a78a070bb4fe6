# %% [markdown]
"""
Half a million classes: distinct profiles
=========================================

A customer asks for *a cheap puzzle game*, and the shop should show the best five of half a million items. If this is treated as
:term:`classification`, there are half a million classes, and scikit-learn's complement naive Bayes would need terabytes of memory for its matrices.
This page shows how ``ComplementNB`` stores only the non-zero counts, how it scores many items at the same time, and why items with equal features get
exactly equal scores.
"""

# %% [markdown]
# The weights in the paper
# ------------------------
#
# Let :math:`F_{kj}` be the count of feature j in class k, :math:`f_j = \sum_k F_{kj}` the count of feature j in all classes, and :math:`\alpha` the
# :term:`smoothing` parameter. Rennie, Shih, Teevan and Karger (2003) use the complement of a class, that is, all rows that do *not* belong to it. The
# rarer a feature is in the complement, the larger its weight:
#
# .. math:: w_{kj} = - \log \frac{f_j + \alpha - F_{kj}}{\sum_i (f_i + \alpha - F_{ki})}
#
# The score of class k for a request x is :math:`\sum_j x_j w_{kj}`, and the class with the highest score is predicted. In numpy, the weights can be
# computed in two lines:

# %%
import numpy as np

from estimators import ComplementNB

rng = np.random.default_rng(0)
X = (rng.random((200, 50)) < 0.04).astype(float)
y = rng.integers(0, 40, 200)

F = np.eye(40)[y].T @ X  # (classes, rows) @ (rows, features)
complement = F.sum(axis=0) + 1.0 - F
w = -np.log(complement / complement.sum(axis=1, keepdims=True))

model = ComplementNB().fit(X, y)
print(
    "equal to the weights of the library:",
    np.allclose(w, model.feature_log_prob_, rtol=1e-14),
)

# %% [markdown]
# This matrix is dense: every class has a weight for every feature, even for features that never occur in the class. With half a million classes and
# 200 features it takes 800 MB. scikit-learn builds several such matrices, and also a matrix of shape (n_rows, n_classes).

# %% [markdown]
# Only the non-zero counts
# ------------------------
#
# The logarithm can be split. Let :math:`t_k = \sum_i (f_i + \alpha - F_{ki})` be the total count in the complement. Then
#
# .. math:: w_{kj} = \log t_k - \log (f_j + \alpha) - D_{kj}
#
# .. math:: D_{kj} = \log \frac{f_j + \alpha - F_{kj}}{f_j + \alpha}
#
# The three terms require one number per class, one number per feature, and a matrix D. An entry of D is **zero wherever F is zero**, because the
# fraction is equal to 1. An item has only a few features, so F and D can be stored as sparse matrices with a few entries per row. The score of class
# k for a request x becomes
#
# .. math:: \log t_k \sum_j x_j - \sum_j x_j \log (f_j + \alpha) - \sum_j x_j D_{kj}

# %%
smooth = F.sum(axis=0) + 1.0
log_total = np.log(smooth.sum() - F.sum(axis=1))
D = np.log1p(-F / smooth)

x = np.zeros(50)
x[[1, 4]] = 1.0  # a request with two features
scores = log_total * x.sum() - x @ np.log(smooth) - D @ x

labels, best = model.top_k([x], k=3)
first = np.argsort(-scores, kind="stable")[:3]
print("formula:", first, scores[first].round(6))
print("library:", labels[0], best[0].round(6))
print("share of non-zero entries in D:", f"{np.count_nonzero(D) / D.size:.0%}")

# %% [markdown]
# Profiles
# --------
#
# A shop has many similar items. For example, a thousand games may have exactly the two features *cheap* and *puzzle*. The rows of F for these games
# are equal, so the games have equal scores for any request. Each distinct row, called a *profile*, is therefore scored only once. To find the
# profiles, the rows are hashed, and rows with the same hash are compared entry by entry, because different rows can have the same hash.
#
# The number of profiles depends on the catalogue. In this example there are half a million items. Each item has one of three budgets and one to three
# of 25 types. A few types are frequent and most are rare (Zipf's law):

# %%
import scipy.sparse as sp

N_ITEMS = 500_000
zipf = 1 / np.arange(1, 26)
n_types = rng.integers(1, 4, N_ITEMS)
item = np.repeat(np.arange(N_ITEMS), n_types)
of_type = rng.choice(25, n_types.sum(), p=zipf / zipf.sum())
ones = np.ones(len(item) + N_ITEMS)
rows = np.concatenate([item, np.arange(N_ITEMS)])
columns = np.concatenate([3 + of_type, rng.integers(0, 3, N_ITEMS)])
catalogue = sp.csr_array((ones, (rows, columns)), shape=(N_ITEMS, 28))
catalogue.data[:] = 1.0  # a type that was drawn twice counts once

shop = ComplementNB().fit(catalogue, np.arange(N_ITEMS))
as_number = catalogue @ 2.0 ** np.arange(28)  # a row of 0s and 1s, read as binary
counts = [1000, 5000, 20_000, 100_000, N_ITEMS]
profiles = [len(np.unique(as_number[:n])) for n in counts]
for n, different in zip(counts, profiles, strict=True):
    print(f"{n:>7,} items: {different:>6,} profiles")

# %%
import matplotlib.pyplot as plt

plt.figure(figsize=(7, 4), layout="constrained")
plt.loglog(counts, counts, "k:", label="without profiles: all items")
plt.loglog(counts, profiles, "o-", color="tab:blue", label="with profiles")
plt.xlabel("items in the catalogue")
plt.ylabel("rows to score per request")
plt.legend()
plt.show()

# %% [markdown]
# From 5,000 to 500,000 items, the size of the catalogue grows by a factor of a hundred, but the number of rows to score per request
# grows by a factor of less than six. Finally, the best profiles are replaced by their items, in the order of ``classes_``, until there are as many
# items as requested.

# %% [markdown]
# Exactly equal scores
# --------------------
#
# With so many similar items, equal scores are common: the sixth-best item often has the same score as the fifth. Which of the two is shown must not
# depend on rounding errors. Therefore the same formula, summed in the order of the features, is used for one request and for many, for dense and
# sparse input, and in ``predict`` and ``top_k``. The following code computes the scores for a single request and for the same request in a batch of
# 1,000, and checks that they are exactly equal:

# %%
requests = (rng.random((1000, 28)) < 0.1).astype(float)
many_labels, many_scores = shop.top_k(requests, k=6)
alone_labels, alone_scores = shop.top_k(sp.csr_array(requests[[7]]), k=6)
print("same scores:", np.array_equal(alone_scores[0], many_scores[7]))
print("same items: ", np.array_equal(alone_labels[0], many_labels[7]))
tied = np.mean(many_scores[:, 4] == many_scores[:, 5])
print(f"fifth and sixth item tied: {tied:.0%} of the requests")

in_order = np.diff(many_labels, axis=1) > 0
equal = np.diff(many_scores, axis=1) == 0
print("tied items are in the order of classes_:", bool(in_order[equal].all()))

# %% [markdown]
# In a product with the dense matrix, the order of summation is not fixed. BLAS sums in blocks that depend on the shape of the input, so scores that
# are mathematically equal may differ in the last bit, which can change the ranking.

# %% [markdown]
# Computational cost
# ------------------
#
# ``python -m benchmarks naive_bayes`` measures the time and memory that fits and requests need on one core, with up to half a million items. The following
# results are read from ``docs/benchmarks.json``:

# %%
import json
from pathlib import Path

import examples

results = Path(examples.__file__).parents[1] / "docs" / "benchmarks.json"
for row in json.loads(results.read_text())["rows"]:
    if row["claim"].startswith(("ComplementNB.fit, K = n", "top 10 of K")):
        print(f"{row['claim']}: {row['ours_ms']:.3g} ms, {row['ours_mb']:.3g} MB")
        if row["ratio"] is None:
            print(f"    compared with {row['peer']}")
        else:
            print(f"    {row['ratio']:.3g} times as fast as {row['peer']}")

# %% [markdown]
# Without profiles, a request for the best of K items has to read and write K numbers, so the time to copy K numbers is a lower bound. With half a
# million items and 28 features, a request takes little longer than this copy. If all items have different profiles, like the 100,000 items with 200
# features, it takes about ten times as long.
