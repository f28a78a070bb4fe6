# %% [markdown]
"""
Forecast counts
===============

Rentals in an hour, calls in a night: counts are never negative, and the larger they are the more they scatter. ``MLPRegressor(loss="poisson")`` learns the
logarithm of the expected count by the Poisson deviance, so that its forecasts are positive and an error of two weighs more at three than at three hundred.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import mean_poisson_deviance

from estimators import MLPRegressor

rng = np.random.default_rng(0)


def rentals(n):
    hour = rng.uniform(0, 24, n)
    expected = 0.3 + 25 * np.exp(-(((hour - 20) / 1.5) ** 2))
    expected += 6 * np.exp(-(((hour - 13) / 1.2) ** 2))
    return (hour / 12 - 1)[:, np.newaxis], rng.poisson(expected)


(X, y), (X_test, y_test) = rentals(1500), rentals(1500)
common = {"hidden_layer_sizes": (50, 50), "activation": "tanh", "random_state": 0}
common |= {"learning_rate_init": 0.01, "max_iter": 400}
squares = MLPRegressor(**common).fit(X, y)
poisson = MLPRegressor(loss="poisson", **common).fit(X, y)

# %% [markdown]
# At night hardly anything is rented, and for the squared error a miss by one is a trifle there beside the evening's large numbers. The Poisson deviance,
# smaller is better, on hours that neither has seen:

# %%
forecasts = {
    "squared error": squares.predict(X_test),
    "poisson": poisson.predict(X_test),
}
for name, counts in forecasts.items():
    deviance = mean_poisson_deviance(y_test, counts.clip(0.01))
    print(f"{name:>13}: smallest {counts.min():.2f}, Poisson deviance {deviance:.3f}")

# %%
hour = np.linspace(-1, 1, 300)[:, np.newaxis]
plt.figure(figsize=(7, 4.5), layout="constrained")
plt.plot(12 * X[:, 0] + 12, y, ".", color="lightgray", label="hours seen")
plt.plot(12 * hour + 12, squares.predict(hour), "--", label="squared error")
plt.plot(12 * hour + 12, poisson.predict(hour), color="tab:red", label="poisson")
plt.yscale("symlog", linthresh=2)
plt.xlabel("hour of the day")
plt.ylabel("rentals in an hour")
plt.legend()
plt.show()
