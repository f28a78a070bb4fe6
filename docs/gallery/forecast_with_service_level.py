# %% [markdown]
"""
Forecast with a service level
=============================

The expected number of doughs is too few on every other evening. A kitchen wants enough on nine evenings in ten, and not a hundred to be safe.
``forecast(..., service_level=0.9)`` adds the margin that would have sufficed on nine in ten *unseen* evenings.
"""

# %%
import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from examples.pizza.years import simulate_year
from pipelines import ExtrapolationWarning, dough_forecaster, forecast

year = simulate_year("full")
training, held_out = train_test_split(year, test_size=0.25, random_state=0)
print(training.head(3))

features = ("reservations", "weekday", "month", "tourists", "holiday", "event")
model = dough_forecaster(features).fit(training, training["doughs"])

# %% [markdown]
# During ``fit`` every training evening was once held out, and its error kept. The margin is one of these errors, so nothing is assumed about how they are
# distributed. On the evenings that the model has never seen:

# %%
needed = held_out["doughs"].to_numpy()
levels = (None, 0.8, 0.9, 0.95)
prepared = {level: forecast(model, held_out, service_level=level) for level in levels}
for level, doughs in prepared.items():
    enough, left = np.mean(doughs >= needed), np.mean(np.maximum(doughs - needed, 0))
    asked = "expected" if level is None else f"{level:.0%}"
    print(f"{asked:>8}: enough on {enough:.0%} of evenings, {left:.1f} left over")

# %% [markdown]
# The promise holds on average over many years; on these 91 evenings the shares fall a few in a hundred short of it, by the luck of so few.

# %%
order = np.argsort(prepared[None])
plt.figure(figsize=(7, 4), layout="constrained")
plt.plot(needed[order], ".", color="tab:red", label="needed")
plt.plot(prepared[None][order], color="tab:blue", label="expected")
plt.plot(prepared[0.9][order], "--", color="tab:orange", label="service level 90 %")
plt.xlabel("held-out evenings, from quiet to busy")
plt.ylabel("doughs")
plt.legend()
plt.show()

# %% [markdown]
# An evening unlike any in the training is answered with a warning: the margin was measured on evenings of the training's kind.

# %%
tonight = {"date": "2026-06-06", "reservations": 200, "tourists": 90}
tonight |= {"holiday": False, "event": False}
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always", ExtrapolationWarning)
    print(forecast(model, tonight))
print(textwrap.fill(str(warned[0].message), 80))

# %% [markdown]
# 200 guests, and no dough at all: the parabola has long bent down again. To have such a forecast refused instead, turn the warning into an error:
# ``warnings.simplefilter("error", ExtrapolationWarning)``.
