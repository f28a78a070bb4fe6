# %% [markdown]
"""
Prepare the amount with the lowest cost
=======================================

A dough left over costs its flour, and a dough too few costs a sale. The cheapest amount is neither the expected one nor one that is enough nearly always:
``forecast(..., surplus=..., shortage=...)`` takes the level at which one dough more would cost as much as it earns.
"""

# %%
import warnings
from datetime import date, timedelta

import matplotlib.pyplot as plt
import numpy as np

from examples.pizza.years import simulate_evenings
from pipelines import ExtrapolationWarning, forecast, forecaster, newsvendor_level

warnings.simplefilter("ignore", ExtrapolationWarning)
days = [date(2025, 1, 1) + timedelta(day) for day in range(730)]
year = simulate_evenings(days[:365], seed=0)
later = simulate_evenings(days[365:], seed=1)
model = forecaster(
    numbers=["reservations", "tourists"],
    flags=["holiday", "event"],
    date="date",
    calendar=["weekday", "month"],
    whole=True,
).fit(year, year["doughs"])

# %% [markdown]
# A dough costs 0.60 to make, and a pizza that cannot be sold loses a profit of 3.00. The dough number *k* + 1 is worth making as long as the probability of
# selling it, times 3.00, exceeds the probability of keeping it, times 0.60. The two are equal at the level 3.00 / 3.60, which is known as the solution of the
# *newsvendor problem*.

# %%
surplus, shortage = 0.6, 3.0
print(f"level: {newsvendor_level(surplus, shortage):.3f}")
print(forecast(model, later[:5], surplus=surplus, shortage=shortage))

# %% [markdown]
# What it saves on the following year, an evening:

# %%
needed = later["doughs"].to_numpy()


def cost(prepared):
    left, missing = np.maximum(prepared - needed, 0), np.maximum(needed - prepared, 0)
    return (surplus * left + shortage * missing).mean()


amounts = {
    "the expected number": forecast(model, later),
    "enough on 95 %": forecast(model, later, service_level=0.95),
    "the lowest cost": forecast(model, later, surplus=surplus, shortage=shortage),
}
for name, prepared in amounts.items():
    print(f"{name:>20}: {cost(prepared):.2f}")

# %% [markdown]
# The cost is flat around its minimum, so it matters little if the prices are not known exactly. It matters much to be on the right side of the mean:

# %%
levels = np.linspace(0.05, 0.98, 40)
costs = [cost(forecast(model, later, service_level=level)) for level in levels]
plt.figure(figsize=(7, 4), layout="constrained")
plt.plot(levels, costs)
plt.axvline(newsvendor_level(surplus, shortage), color="tab:red", linestyle="--")
plt.xlabel("service level")
plt.ylabel("cost of an evening")
plt.show()
