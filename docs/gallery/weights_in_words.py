# %% [markdown]
"""
Say a model's weights in words
==============================

Who has to trust a forecast wants to know what it is made of. ``weights_in_words`` says what each feature adds, as sentences that a cook can contradict.
"""

# %%
import matplotlib.pyplot as plt

from examples.pizza.years import simulate_year
from pipelines import dough_forecaster, weights_in_words

year = simulate_year("full")
features = ("reservations", "weekday", "holiday", "event")
line = dough_forecaster(features, degree=1).fit(year, year["doughs"])
print(*weights_in_words(line), sep="\n")

# %% [markdown]
# A weekday and a month are compared with an average one of their kind, since an evening always has one; a holiday and an event with an evening that has
# none.
#
# A curve has another slope at each place, so of a polynomial of degree 2 the first sentence says where the others hold. Ask about another evening, and they
# change:

# %%
curve = dough_forecaster(features, degree=2).fit(year, year["doughs"])
for reservations in (5, 40):
    print(*weights_in_words(curve, {"reservations": reservations})[:2], sep=" ")

# %% [markdown]
# The same as a picture: how far each weekday is above or below an average one, in doughs. ``explain_forecast`` gives such parts for a single evening, as
# numbers that add up to its forecast.

# %%
from pipelines import explain_forecast

evening = {"reservations": 20, "month": "May", "holiday": False, "event": False}
print(explain_forecast(line, evening | {"weekday": "Saturday"}))
weekdays = line["read"].seen_["weekday"]
parts = [
    explain_forecast(line, evening | {"weekday": day})[f"weekday={day}"]
    for day in weekdays
]
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.barh(weekdays[::-1], parts[::-1], color="tab:blue")
plt.xlabel("doughs more than on an average evening")
plt.show()
