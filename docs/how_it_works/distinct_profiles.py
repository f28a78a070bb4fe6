# %% [markdown]
"""
Half a million classes: distinct profiles
=========================================

A customer asks for something *cheap, and a puzzle*, and the shop wants to show the best five of half a million items. As a :term:`classification` this has
half a million classes, for which scikit-learn's complement naive Bayes would need matrices of terabytes. This page shows how ``ComplementNB`` stores only
the non-zero counts, why it can score many items at once, and why equal items get exactly equal scores.
"""

# %% [markdown]
# The weights in the paper
# ------------------------
#
# Let :math:`F_{kj}` be the count of feature j in class k, :math:`f_j = \sum_k F_{kj}` its count in all classes, and :math:`\alpha` the
# :term:`smoothing`. Rennie, Shih, Teevan and Karger (2003) use the complement of a class, that is, everything that does *not* belong to it. The rarer
# a feature is in the complement, the larger its weight:
#
# .. math:: w_{kj} = - \log \frac{f_j + \alpha - F_{kj}}{\sum_i (f_i + \alpha - F_{ki})}
#
# The score of class k for a question x is :math:`\sum_j x_j w_{kj}`, and the class with the highest score is the answer. In numpy these are two
# lines:

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
print("equal to the library's:", np.allclose(w, model.feature_log_prob_, rtol=1e-14))

# %% [markdown]
# This table is dense: every class has a weight for every feature, even for those that it never had. With half a million classes and 200 features it
# takes 800 MB. scikit-learn builds several such tables, and also a table of rows times classes.

# %% [markdown]
# Only the non-zero counts
# ------------------------
#
# Split the logarithm. With the total of the complement :math:`t_k = \sum_i (f_i + \alpha - F_{ki})`:
#
# .. math:: w_{kj} = \log t_k - \log (f_j + \alpha) - D_{kj}
#
# .. math:: D_{kj} = \log \frac{f_j + \alpha - F_{kj}}{f_j + \alpha}
#
# This is one number for each class, one for each feature, and a matrix D that is **zero wherever F is zero**, because there the fraction is 1. An
# item has only a few features, so F and D are stored as sparse matrices with a few entries per row. The score of a question becomes
#
# .. math:: \log t_k \sum_j x_j - \sum_j x_j \log (f_j + \alpha) - \sum_j x_j D_{kj}

# %%
smooth = F.sum(axis=0) + 1.0
log_total = np.log(smooth.sum() - F.sum(axis=1))
D = np.log1p(-F / smooth)

x = np.zeros(50)
x[[1, 4]] = 1.0  # a question with two features
scores = log_total * x.sum() - x @ np.log(smooth) - D @ x

labels, best = model.top_k([x], k=3)
first = np.argsort(-scores, kind="stable")[:3]
print("literal:", first, scores[first].round(6))
print("library:", labels[0], best[0].round(6))
print("entries of D that are not zero:", f"{np.count_nonzero(D) / D.size:.0%}")

# %% [markdown]
# Profiles
# --------
#
# A shop has many similar items: *cheap, puzzle, nothing else* may apply to a thousand games. Their rows of F are equal, so their scores are equal for
# any question. Each distinct row, a *profile*, is therefore scored only once. To find the profiles, rows are hashed, and rows with the same hash are
# compared entry by entry, because equal hashes alone prove nothing.
#
# The number of profiles depends on the catalogue. Here are half a million items with one of three budgets and some of 25 types, of which a few are
# frequent and most are rare (Zipf's law):

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
plt.loglog(counts, counts, "k:", label="items: rows to score without profiles")
plt.loglog(counts, profiles, "o-", color="tab:blue", label="profiles: rows to score")
plt.xlabel("items in the catalogue")
plt.ylabel("rows to score for a question")
plt.legend()
plt.show()

# %% [markdown]
# From 5,000 to 500,000 items the catalogue grows by a factor of a hundred, but the work for a question by less than six. At the end the best profiles
# are expanded to their items, in the order of ``classes_``, and only as many as were requested.

# %% [markdown]
# Exactly equal scores
# --------------------
#
# With so many similar items, equal scores are common: the sixth best item often has the same score as the fifth. Which of the two is shown must not
# depend on rounding. So there is only **one** formula, summed in the order of the features, for one question and for many, for dense and sparse
# input, in ``predict`` and in ``top_k``. To check this, ask the same question alone and among a thousand others, and compare every bit:

# %%
questions = (rng.random((1000, 28)) < 0.1).astype(float)
many_labels, many_scores = shop.top_k(questions, k=6)
alone_labels, alone_scores = shop.top_k(sp.csr_array(questions[[7]]), k=6)
print("alone and sparse:", np.array_equal(alone_scores[0], many_scores[7]))
print("same items:      ", np.array_equal(alone_labels[0], many_labels[7]))
tied = np.mean(many_scores[:, 4] == many_scores[:, 5])
print(f"fifth and sixth tie in {tied:.0%} of the questions")

in_order = np.diff(many_labels, axis=1) > 0
equal = np.diff(many_scores, axis=1) == 0
print("equals stand in the order of classes_:", bool(in_order[equal].all()))

# %% [markdown]
# A product with the dense table has no fixed order. BLAS adds in blocks that depend on the shape of its input, so scores that are equal
# mathematically may differ in the last bit, and change the ranking.

# %% [markdown]
# What half a million items cost
# ------------------------------
#
# ``python -m benchmarks naive_bayes`` measures this on one core, with 200 features. These figures are read from ``docs/benchmarks.json``:

# %%
import json
from pathlib import Path

import examples

results = Path(examples.__file__).parents[1] / "docs" / "benchmarks.json"
for row in json.loads(results.read_text())["rows"]:
    if row["claim"].startswith(("ComplementNB.fit, K = n", "top 10 of K")):
        print(f"{row['claim']}: {row['ours_ms']:.3g} ms, {row['ours_mb']:.3g} MB more")
        if row["ratio"] is None:
            print(f"    compared with {row['peer']}")
        else:
            print(f"    {row['ratio']:.3g} times as fast as {row['peer']}")

# %% [markdown]
# The lower limit is the time for copying: without profiles, a question about K items has to read and write K numbers. With half a million items of 28
# features an answer takes little longer than this copy. If all profiles are different, as among the 100,000 items with 200 features, it takes about
# ten times as long.
