# %% [markdown]
"""
Half a million classes: distinct profiles
=========================================

A shop asks one question, *cheap, and a puzzle*, and wants the best five of half a million items. As a classifier that is half a million classes, which
scikit-learn's complement naive Bayes would answer with matrices of terabytes. This page shows how ``ComplementNB`` gets by with the counts that are not
zero, why many items are scored at once, and why equal items stay equal to the last bit.
"""

# %% [markdown]
# The weights, as the paper has them
# ----------------------------------
#
# Let :math:`F_{kj}` count feature j in class k, :math:`f_j = \sum_k F_{kj}` count it in all classes, and :math:`\alpha` be the smoothing. Rennie, Shih,
# Teevan and Karger (2003) look at everything that is *not* of the class, its complement, and weigh a feature the more the rarer it is there:
#
# .. math:: w_{kj} = - \log \frac{f_j + \alpha - F_{kj}}{\sum_i (f_i + \alpha - F_{ki})}
#
# The score of class k for a question x is :math:`\sum_j x_j w_{kj}`, and the class with the largest score is the answer. In numpy that is two lines:

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
# This table is full: every class has a weight for every feature, also for those it never had. With half a million classes and 200 features it takes 800 MB,
# and scikit-learn builds several, and on the way there a table of rows times classes.

# %% [markdown]
# Only where there are counts
# ---------------------------
#
# Take the logarithm apart. With the total of the complement :math:`t_k = \sum_i (f_i + \alpha - F_{ki})`:
#
# .. math:: w_{kj} = \log t_k - \log (f_j + \alpha) - D_{kj}
#
# .. math:: D_{kj} = \log \frac{f_j + \alpha - F_{kj}}{f_j + \alpha}
#
# One number for each class, one for each feature, and a matrix D that is **zero wherever F is**, for there the fraction is 1. An item has a handful of
# features, so F and D are kept sparse, with a few entries a row. The score of a question becomes
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
# A shop has many items that look alike: *cheap, puzzle, nothing else* may be a thousand games. Their rows of F are equal, so their scores are, for any
# question. Each different row, a *profile*, is therefore scored once. Finding the profiles costs one hash of each row, and a comparison entry by entry,
# for a hash alone proves nothing.
#
# How many profiles are there? It depends on the catalogue. Here are half a million items with one of three budgets and some of 25 types, of which a few are
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
plt.loglog(counts, counts, "k:", label="items: what would be scored without them")
plt.loglog(counts, profiles, "o-", color="tab:blue", label="profiles: what is scored")
plt.xlabel("items in the catalogue")
plt.ylabel("rows to score for a question")
plt.legend()
plt.show()

# %% [markdown]
# From 5,000 to 500,000 items the catalogue grows a hundredfold, and the work for a question not even sixfold. At the end the best profiles are written
# out as their items, in the order of ``classes_``, only as many as were asked for.

# %% [markdown]
# Equal means equal
# -----------------
#
# With so many look-alikes equal scores are the rule: where the fifth best item ends, the sixth usually scores the same. Which of them is shown must not
# depend on how a sum was rounded. So there is **one** formula, summed in the order of the features, for one question and for many, dense and sparse, in
# ``predict`` and in ``top_k``. Ask the same question alone and among a thousand others, and compare every bit:

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
# A product with the full table has no such order: BLAS adds up in blocks, which depend on the shape of what it is given, so scores that are equal on paper
# may differ in the last bit, and the ranking with them.

# %% [markdown]
# What half a million items cost
# ------------------------------
#
# ``python -m benchmarks naive_bayes`` measures it on one core, with 200 features; from ``docs/benchmarks.json``:

# %%
import json
from pathlib import Path

import examples

results = Path(examples.__file__).parents[1] / "docs" / "benchmarks.json"
for row in json.loads(results.read_text())["rows"]:
    if row["claim"].startswith(("ComplementNB.fit, K = n", "top 10 of K")):
        print(f"{row['claim']}: {row['ours_ms']:.3g} ms, {row['ours_mb']:.3g} MB more")
        if row["ratio"] is None:
            print(f"    beside {row['peer']}")
        else:
            print(f"    {row['ratio']:.3g} times as fast as {row['peer']}")

# %% [markdown]
# The floor is copying: without profiles, a question over K items has to read and write K numbers. With half a million items of 28 features an answer takes
# little longer than that copy alone. Where all profiles differ, as among the 100,000 items of 200 features, it takes about ten times as long.
