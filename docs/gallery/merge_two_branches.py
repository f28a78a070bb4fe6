# %% [markdown]
"""
Add up models of two branches
=============================

Two branches of a shop each learn from their own customers, and the rows must not leave the house. ``merge`` adds what two models have learned: the result
is the model that would have been fitted on all rows together.
"""

# %% [markdown]
# Two branches of a pizzeria, one in the centre and one in the suburbs, hand in their models.

# %%
import matplotlib.pyplot as plt
import numpy as np

from estimators import ComplementNB, GDRegressor

rng = np.random.default_rng(0)
centre = rng.integers(25, 60, (80, 1))
suburb = rng.integers(5, 35, (60, 1))
doughs_centre = 2.2 * centre[:, 0] + rng.normal(18, 6, 80)
doughs_suburb = 2.2 * suburb[:, 0] + rng.normal(18, 6, 60)

of_centre = GDRegressor().partial_fit(centre, doughs_centre)
of_suburb = GDRegressor().partial_fit(suburb, doughs_suburb)
both = GDRegressor().partial_fit(centre, doughs_centre).merge(of_suburb)

doughs = np.concatenate([doughs_centre, doughs_suburb])
all_rows = GDRegressor().fit(np.vstack([centre, suburb]), doughs)
models = {
    "centre": of_centre,
    "suburb": of_suburb,
    "merged": both,
    "all rows": all_rows,
}
for name, model in models.items():
    print(f"{name:>8}: {model.coef_[0]:.6f} x + {model.intercept_:.6f}")

# %%
plt.figure(figsize=(7, 4), layout="constrained")
plt.scatter(centre, doughs_centre, s=12, color="tab:blue", label="centre")
plt.scatter(suburb, doughs_suburb, s=12, color="tab:orange", label="suburb")
ends = np.array([[0], [60]])
plt.plot(ends, of_centre.predict(ends), color="tab:blue", linestyle=":")
plt.plot(ends, of_suburb.predict(ends), color="tab:orange", linestyle=":")
plt.plot(ends, both.predict(ends), color="black", label="merged")
plt.xlabel("reservations")
plt.ylabel("doughs")
plt.legend()
plt.show()

# %% [markdown]
# What travels is a handful of sums, whatever the number of rows. ``ComplementNB`` adds up too, and the two need not know the same classes:

# %%
shop = ComplementNB(new_classes="add").fit([[1, 0, 1], [0, 1, 1]], ["Tetris", "Doom"])
other = ComplementNB(new_classes="add").fit([[1, 1, 0], [0, 1, 1]], ["Celeste", "Doom"])
print(shop.merge(other).classes_)
print("rows of each:", shop.class_count_)

# %% [markdown]
# A ``PolynomialRegressor`` needs the ``domain`` given, so that both scale alike; encoders unite their categories. Models with other parameters or other
# features are refused. A sum over few rows can give rows away, so ``merge`` alone is no protection of privacy.
