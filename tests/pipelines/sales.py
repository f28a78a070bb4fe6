"""Daily sales whose parts are known."""

import numpy as np
import pandas as pd


def sales(n=400, seed=0, noise=1.0, start="2024-01-01"):
    """Days with a number, a category, a flag and a season; every effect is a constant below."""
    rng = np.random.default_rng(seed)
    day = pd.date_range(start, periods=n)
    rain, promo = rng.uniform(0, 10, n), rng.random(n) < 0.2
    weather = rng.choice(["cloud", "sun", "wind"], n)
    sold = 50 - 2 * rain + 8 * (weather == "sun") + 12 * promo + 10 * (day.day_of_week == 5)
    sold = sold + 15 * np.sin(2 * np.pi * day.day_of_year / 365.25) + rng.normal(0, noise, n)
    return pd.DataFrame({"day": day, "rain": rain, "weather": weather, "promo": promo, "sold": sold})


COLUMNS = {"numbers": ["rain"], "categories": ["weather"], "flags": ["promo"], "date": "day"}
TOMORROW = {"day": "2025-02-08", "rain": 3.0, "weather": "sun", "promo": False}
