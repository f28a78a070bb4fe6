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
# A weekday and a month are compared with one of their kind, since an evening always has one; a holiday and an event with an evening that has none.
#
# A curve has another slope at each place, so of a polynomial of degree 2 the first sentence says where the others hold. Ask about another evening, and they
# change:

# %%
curve = dough_forecaster(features, degree=2).fit(year, year["doughs"])
for reservations in (5, 40):
    print(*weights_in_words(curve, {"reservations": reservations})[:2], sep=" ")

# %% [markdown]
# The same as a picture: what the weekdays add to a Monday, in doughs.

# %%
weekdays = [text for text in weights_in_words(line) if "to a Monday" in text]
names = [text.split()[1] for text in weekdays]
doughs = [float(text.split(" adds ")[1].split()[0]) for text in weekdays]
plt.figure(figsize=(7, 3.5), layout="constrained")
plt.barh(names[::-1], doughs[::-1], color="tab:blue")
plt.xlabel("doughs more than on a Monday")
plt.show()
