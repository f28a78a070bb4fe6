# %% [markdown]
"""
Choose a polynomial's degree by cross-validation
================================================

Too low a degree misses the bend in the data, too high a one follows their noise. ``PolynomialRegressor`` has the degree as a parameter, so that
scikit-learn's ``GridSearchCV`` can choose it on evenings that were held out.
"""

# %% [markdown]
# Fifteen evenings of a pizzeria, in which the fiftieth reservation adds less than the fifth.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GridSearchCV, KFold

from estimators import PolynomialRegressor
from examples.pizza.years import simulate_year

year = simulate_year("logarithmic").sample(15, seed=1)  # fifteen evenings
X, y = year.select("reservations").to_numpy(), year["doughs"].to_numpy()

search = GridSearchCV(
    PolynomialRegressor(),
    {"degree": range(1, 11)},
    scoring="neg_mean_absolute_error",
    cv=KFold(15),
).fit(X, y)
for degree, score in enumerate(search.cv_results_["mean_test_score"], start=1):
    mark = "  <- best" if degree == search.best_params_["degree"] else ""
    print(f"degree {degree:>2}: off by {-score:.2f} doughs on unseen evenings{mark}")

# %%
x = np.linspace(X.min(), X.max(), 300)[:, np.newaxis]
plt.figure(figsize=(7, 4), layout="constrained")
plt.scatter(X, y, color="tab:red", s=15, label="evenings")
best = search.best_params_["degree"]
for degree, style in ((1, ":"), (best, "-"), (10, "--")):
    curve = PolynomialRegressor(degree).fit(X, y)
    plt.plot(x, curve.predict(x), style, label=f"degree {degree}")
plt.xlabel("reservations")
plt.ylabel("doughs")
plt.legend()
plt.show()

# %% [markdown]
# High degrees are safe to compute here: the feature is scaled to [-1, 1] before it is raised to powers, so that even the tenth stays exact. They are not
# safe to *believe*: the tenth goes through nearly every point, and between them wherever it likes. The weights of the chosen polynomial, in the units of the
# data:

# %%
model = search.best_estimator_
for name, weight in zip(model.get_feature_names_out(), model.coef_, strict=True):
    print(f"{name:>5}: {weight:.3g}")
print(f" bias: {model.intercept_:.3g}")
