"""Simulated rentals for the invented tavern: what customers asked for, what they rented, how they rated it.

The seeded generator works as follows:

1. The popularity of the games follows Zipf's law with exponent 0.8, in random order.
2. Each customer has a budget (cheap 45 %, standard 35 %, premium 20 %) and a taste. The taste is a Dirichlet
   draw over the gameplay types, centred on their frequency in the catalogue, so that most customers like few
   types.
3. Each customer makes 1 + Poisson(7) rentals. A rental begins with a question: one, two or three types drawn
   from the taste (50, 35, 15 %), and the budget, which is left open in one question out of ten.
4. The rented game is drawn with log odds ``log popularity + 4 [a requested type] + 1 [every requested type]
   + 3.5 [the customer's budget]``, so a few rentals match neither.
5. The rating is round(4.2 + 0.4 [a requested type and the budget] - 1.2 [no requested type] + N(0, 0.9)),
   limited to 1 to 5. Most ratings are high.
"""

import numpy as np
import polars as pl

from examples.games.data import BUDGETS, known_types

BUDGET_SHARES = (0.45, 0.35, 0.20)
N_ASKED_SHARES = (0.50, 0.35, 0.15)  # probability of asking for one, two and three types


def simulate_rentals(games: pl.DataFrame, n_customers: int = 2000, seed: int = 0) -> pl.DataFrame:
    """Return simulated rentals of these games, about eight per customer.

    Parameters
    ----------
    games : DataFrame with title, budget and gameplay_types
        The games that can be rented.
    n_customers : int, default=2000
        Number of customers.
    seed : int, default=0
        Seed of the random number generator.

    Returns
    -------
    rentals : DataFrame
        The columns are customer (Int64), budget (String, null if left open) and gameplay_types (List(String))
        of the question, title (String) of the rented game and its rating (Int64, 1 to 5).
    """
    rng = np.random.default_rng(seed)
    types = known_types(games)
    has_type = np.array([[t in of_game for t in types] for of_game in games["gameplay_types"].to_list()])
    game_budget = np.array([BUDGETS.index(budget) for budget in games["budget"].to_list()])
    log_popularity = -0.8 * np.log(1 + rng.permutation(games.height))

    n_rentals = 1 + rng.poisson(7, n_customers)
    customer = np.repeat(np.arange(n_customers), n_rentals)
    budget = rng.choice(len(BUDGETS), n_customers, p=BUDGET_SHARES)[customer]
    taste = rng.dirichlet(0.02 + 4.5 * has_type.mean(axis=0) / has_type.mean(axis=0).sum(), n_customers)
    asked = _draw_questions(rng, taste[customer])

    n_wanted = asked.astype(float) @ has_type.T  # (rentals, types) @ (types, games)
    fits_type, fits_budget = n_wanted > 0, budget[:, np.newaxis] == game_budget
    odds = (
        log_popularity + 4.0 * fits_type + (n_wanted == asked.sum(axis=1, keepdims=True)) + 3.5 * fits_budget
    )
    rented = (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)

    row = np.arange(len(rented))
    liked = 0.4 * (fits_type & fits_budget)[row, rented] - 1.2 * ~fits_type[row, rented]
    rating = np.clip(np.rint(4.2 + liked + rng.normal(0, 0.9, len(rented))), 1, 5).astype(int)
    left_open = rng.random(len(rented)) < 0.1
    return pl.DataFrame(
        {
            "customer": customer,
            "budget": [None if open_ else BUDGETS[b] for b, open_ in zip(budget, left_open, strict=True)],
            "gameplay_types": [[types[i] for i in np.flatnonzero(a)] for a in asked],
            "title": games["title"].to_numpy()[rented],
            "rating": rating,
        },
        schema_overrides={"budget": pl.String, "gameplay_types": pl.List(pl.String), "title": pl.String},
    )


def _draw_questions(rng: np.random.Generator, taste: np.ndarray) -> np.ndarray:
    """Draw one to three types for each row from its taste; return booleans of shape (n_rentals, n_types)."""
    n_asked = 1 + rng.choice(3, len(taste), p=N_ASKED_SHARES)
    with np.errstate(divide="ignore"):
        keys = np.log(taste) + rng.gumbel(
            size=taste.shape
        )  # the largest keys are a sample without replacement
    place = np.argsort(np.argsort(-keys, axis=1), axis=1)
    return place < n_asked[:, np.newaxis]
