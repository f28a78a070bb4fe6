# %% [markdown]
"""
Let some rows count more
========================

Last month says more about tomorrow than last year does, and a row that stands for three evenings should count three times. ``fit`` of every estimator here
takes ``sample_weight``: a row of weight 2 counts as the row twice.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from estimators import ComplementNB, GDRegressor

rng = np.random.default_rng(0)
X, y = rng.integers(5, 60, (30, 1)), rng.normal(50, 10, 30)
times = rng.integers(0, 4, 30)
weighted = GDRegressor().fit(X, y, sample_weight=times)
repeated = GDRegressor().fit(np.repeat(X, times, axis=0), np.repeat(y, times))
print("as if repeated:", np.allclose(weighted.coef_, repeated.coef_))

# %% [markdown]
# A pizzeria whose guests come to like more pizza, month by month. With a weight that halves every 60 days the line follows the last months; without, it is
# the mean of three years.

# %%
day = np.sort(rng.integers(0, 1000, 300))
reservations = rng.integers(5, 60, (300, 1))
doughs = (1.5 + 1.2 * day / 1000) * reservations[:, 0] + rng.normal(15, 5, 300)
recent = 0.5 ** ((1000 - day) / 60)
plain = GDRegressor().fit(reservations, doughs)
fresh = GDRegressor().fit(reservations, doughs, sample_weight=recent)
for name, model in {"all alike": plain, "recent first": fresh}.items():
    print(f"{name:>12}: {model.coef_[0]:.2f} doughs for each reservation")

# %%
plt.figure(figsize=(7, 4), layout="constrained")
plt.scatter(reservations, doughs, c=day, s=12, cmap="viridis")
plt.colorbar(label="day")
ends = np.array([[0], [60]])
plt.plot(ends, plain.predict(ends), "k--", label="all alike")
plt.plot(ends, fresh.predict(ends), color="tab:red", label="recent first")
plt.xlabel("reservations")
plt.ylabel("doughs")
plt.legend()
plt.show()

# %% [markdown]
# Today each reservation takes 2.7 doughs. Counts can be weighed too: here a rating from 1 to 5 says how much a rental says about a game.

# %%
asked = np.array([[1, 0], [1, 0], [0, 1]])  # wanted a puzzle, a puzzle, a race
rated = ComplementNB().fit(asked, ["Tetris", "Doom", "Doom"], sample_weight=[5, 1, 5])
print(rated.classes_, rated.class_count_)
print(rated.feature_count_)

# %% [markdown]
# In a Pipeline a weight goes to the last step by its name, ``fit(X, y, gdregressor__sample_weight=recent)``; to have scikit-learn's searches and scorers
# weigh as well, let it route metadata: ``sklearn.set_config(enable_metadata_routing=True)`` and ``set_fit_request(sample_weight=True)``.
