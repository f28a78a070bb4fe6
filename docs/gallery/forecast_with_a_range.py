# %% [markdown]
"""
Forecast with a range
=====================

One number is always wrong. A range says how wrong it may be: with ``interval=0.8``, the target should be inside on eight of ten days. ``forecaster`` measures
this on weeks that it held out during ``fit``, without assuming how the errors are distributed (*conformal prediction*).
"""

# %%
import textwrap
import warnings
from datetime import date, timedelta

import matplotlib.pyplot as plt

from examples.pizza.years import simulate_evenings
from pipelines import (
    ExtrapolationWarning,
    ForecastDisplay,
    TooFewRowsWarning,
    forecast,
    forecaster,
)

days = [date(2025, 1, 1) + timedelta(day) for day in range(730)]
year = simulate_evenings(days[:365], seed=0)
later = simulate_evenings(days[365:], seed=1)  # the year after it

model = forecaster(
    numbers=["reservations", "tourists"],
    flags=["holiday", "event"],
    date="date",
    calendar=["weekday", "month"],
    whole=True,
    nonnegative=True,
).fit(year, year["doughs"])
print(forecast(model, later[:3], interval=0.8))

# %% [markdown]
# The promise is kept on the following year, which the model has never seen:

# %%
needed = later["doughs"].to_numpy()
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ExtrapolationWarning)
    for level in (0.5, 0.8, 0.9, 0.95):
        low, high = forecast(model, later, interval=level).T
        inside = ((needed >= low) & (needed <= high)).mean()
        width = (high - low).mean()
        print(f"{level:.0%} asked, {inside:.1%} inside, {width:.1f} doughs wide")
    enough = forecast(model, later, service_level=0.9)
print(f"with a service level of 90%, enough on {(needed <= enough).mean():.1%}")

# %% [markdown]
# ``ForecastDisplay`` plots the observed targets over the forecasts and their range, as scikit-learn's displays do. Its errors by weekday would show a day
# that the model does not understand.

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
march = later.filter(later["date"].dt.month() == 3)
ForecastDisplay.from_estimator(model, march, march["doughs"], ax=axes[0])
ForecastDisplay.from_estimator(
    model, march, march["doughs"], kind="errors_by_weekday", ax=axes[1]
)
plt.show()

# %% [markdown]
# The range holds for rows like those of training. A row that is unlike them is answered with a warning:

# %%
tonight = {"date": "2027-06-05", "reservations": 200, "tourists": 90}
tonight |= {"holiday": False, "event": False}
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always", ExtrapolationWarning)
    print(forecast(model, tonight))
print(textwrap.fill(str(warned[0].message), 80))

# %% [markdown]
# A level can also be too high for the number of days that were held out. The widest error is used then, and a ``TooFewRowsWarning`` says what the true level
# is:

# %%
few = forecaster(date="date", calendar=["weekday"]).fit(year[:30], year["doughs"][:30])
with warnings.catch_warnings(record=True, action="always") as warned:
    print(forecast(few, {"date": "2025-02-01"}, interval=0.95))
print(issubclass(warned[0].category, TooFewRowsWarning))
print(textwrap.fill(str(warned[0].message), 80))

# %% [markdown]
# To have such a forecast refused instead, turn the warning into an error: ``warnings.simplefilter("error", ExtrapolationWarning)``.
