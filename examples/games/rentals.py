"""Simulated rentals for the invented tavern: what customers asked for and rented, and their ratings.

There are two seeded simulations. In both, a customer has a budget (cheap 45%, standard 35%, premium 20%)
and a taste for types, drawn from a Dirichlet distribution that is centred on their frequency in the
catalogue, so that most customers like few types. Each customer makes 1 + Poisson(7) rentals. A rental
begins with a question: one, two or three types drawn from the taste (50, 35, 15%), and the budget, which
is left open in one question out of ten.

"plain" is the simulation that the tavern's model is trained on. Customers choose games that match their
requests:

1. The popularity of the games follows Zipf's law with exponent 0.8, in random order.
2. The rented game is drawn with log odds ``log popularity + 4 [a requested type] + 1 [every requested type]
   + 3.5 [the customer's budget]``, so a few rentals match neither a type nor the budget.
3. The rating is round(4.2 + 0.4 [a requested type and the budget] - 1.2 [no requested type] + N(0, 0.9)),
   clipped to the range from 1 to 5. Most ratings are high.

"hidden" is closer to real customers, who do not mention everything that they like, and who come back:

1. A game has a quality, N(0, 1), and a suitability for each of its types, N(0, 0.7). Its place
   in Zipf's law follows from its quality + N(0, 1), so that good games are rented more.
2. Games have three hidden traits of variance 1, half of which comes from their types and half of which is
   their own. Customers have a hidden taste for each trait, N(0, 1), that no question mentions.
3. The log odds are ``log popularity + 2.5 [a requested type] + 0.7 [every requested type] + 2.5 [the
   customer's budget] + the mean suitability of the requested types that the game has + taste . traits
   - 2 [rented before]``.
4. The rating is round(3.8 + 0.4 [a requested type and the budget] - 1.2 [no requested type] + 0.3 quality
   + 0.3 taste . traits + N(0, 0.7)), clipped to the range from 1 to 5.
5. ``history`` lists the games that the customer has rented before and rated 3 or higher. They reveal
   something about the hidden taste.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from scipy.special import softmax

from examples.games.data import BUDGETS, known_types

BUDGET_SHARES = (0.45, 0.35, 0.20)
N_ASKED_SHARES = (0.50, 0.35, 0.15)  # probability of asking for one, two and three types


TRAITS = 3  # hidden traits of a game
LIKED_BEFORE = 3  # the history holds games rated this high or higher

Kind = Literal["plain", "hidden"]


@dataclass(frozen=True, eq=False)
class Simulation:
    """Simulated rentals, and what the simulation knows about them.

    Attributes
    ----------
    rentals : DataFrame
        As :func:`simulate_rentals` returns them.
    log_odds : ndarray of shape (n_rentals, n_games)
        The log odds of each game in each rental. No recommender can do better than one that ranks the games
        by them. They depend on the question and, in the "hidden" simulation, also on the hidden taste, and
        on the budget even if it is left open.
    """

    rentals: pl.DataFrame
    log_odds: np.ndarray


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The games as arrays: their types (n_games, n_types), and the number of their budget (n_games,)."""

    titles: np.ndarray
    types: list[str]
    has_type: np.ndarray
    budget: np.ndarray


def simulate_rentals(
    games: pl.DataFrame, n_customers: int = 2000, seed: int = 0, kind: Kind = "plain"
) -> pl.DataFrame:
    """Return simulated rentals of these games, about eight per customer.

    Parameters
    ----------
    games : DataFrame with title, budget and gameplay_types
        The games that can be rented.
    n_customers : int, default=2000
        Number of customers.
    seed : int, default=0
        Seed of the random number generator.
    kind : {"plain", "hidden"}, default="plain"
        The simulation, as described in this module's docstring.

    Returns
    -------
    rentals : DataFrame
        The columns are customer (Int64), budget (String, null if left open) and gameplay_types (List(String))
        of the question, title (String) of the rented game and its rating (Int64, 1 to 5). With
        ``kind="hidden"`` also history (List(String)). The rentals of a customer are in chronological order.
    """
    return simulate(games, n_customers, seed, kind).rentals


def simulate(games: pl.DataFrame, n_customers: int = 2000, seed: int = 0, kind: Kind = "plain") -> Simulation:
    """Return simulated rentals with their log odds. The parameters are those of :func:`simulate_rentals`."""
    types = known_types(games)
    has_type = np.array([[t in of_game for t in types] for of_game in games["gameplay_types"].to_list()])
    game_budget = np.array([BUDGETS.index(budget) for budget in games["budget"].to_list()])
    catalogue = Catalogue(games["title"].to_numpy(), types, has_type, game_budget)
    rng = np.random.default_rng(seed)
    return {"plain": _simulate_plain, "hidden": _simulate_hidden}[kind](catalogue, n_customers, rng)


def _simulate_plain(games: Catalogue, n_customers: int, rng: np.random.Generator) -> Simulation:
    log_popularity = -0.8 * np.log(1 + rng.permutation(len(games.titles)))
    customer, budget, asked = _draw_visits(games, n_customers, rng)
    fits_type, fits_all, fits_budget = _fits(games, asked, budget)
    of_types = log_popularity + 4.0 * fits_type + fits_all
    odds = of_types + 3.5 * fits_budget
    rented = (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)

    row = np.arange(len(rented))
    liked = 0.4 * (fits_type & fits_budget)[row, rented] - 1.2 * ~fits_type[row, rented]
    rating = np.clip(np.rint(4.2 + liked + rng.normal(0, 0.9, len(rented))), 1, 5).astype(int)
    left_open = rng.random(len(rented)) < 0.1
    odds[left_open] = _of_any_budget(games, of_types[left_open])
    rentals = _as_frame(games, customer, np.where(left_open, -1, budget), asked, rented, rating)
    return Simulation(rentals, odds)


def _of_any_budget(games: Catalogue, of_types: np.ndarray) -> np.ndarray:
    """Return the log odds, of shape (n_rentals, n_games), of customers who do not state their budget."""
    total = np.zeros_like(of_types)
    for number, share in enumerate(BUDGET_SHARES):
        total += share * softmax(of_types + 3.5 * (games.budget == number), axis=1)
    return np.log(total)


def _simulate_hidden(games: Catalogue, n_customers: int, rng: np.random.Generator) -> Simulation:
    n_games, n_types = games.has_type.shape
    quality, suits = rng.normal(size=n_games), rng.normal(0, 0.7, (n_games, n_types)) * games.has_type
    rank = np.argsort(np.argsort(-(quality + rng.normal(size=n_games))))
    of_types = games.has_type @ rng.normal(size=(n_types, TRAITS))
    of_types /= np.sqrt(games.has_type.sum(axis=1, keepdims=True))
    traits = (of_types + rng.normal(size=(n_games, TRAITS))) / np.sqrt(2)
    customer, budget, asked = _draw_visits(games, n_customers, rng)
    taste = (rng.normal(size=(n_customers, TRAITS)) @ traits.T)[customer]
    fits_type, fits_all, fits_budget = _fits(games, asked, budget)
    fits = asked.astype(float) @ suits.T / np.maximum(asked.astype(float) @ games.has_type.T, 1)
    odds = -0.8 * np.log(1 + rank) + 2.5 * fits_type + 0.7 * fits_all + 2.5 * fits_budget + fits + taste

    noise, blur = rng.gumbel(size=odds.shape), rng.normal(0, 0.7, len(odds))
    mean = 3.8 + 0.4 * (fits_type & fits_budget) - 1.2 * ~fits_type + 0.3 * quality + 0.3 * taste
    rented, rating = np.empty(len(odds), dtype=np.intp), np.empty(len(odds), dtype=int)
    history: list[list[str]] = []
    for row, who in enumerate(customer):
        if row == 0 or who != customer[row - 1]:
            before: list[int] = []
            liked: list[str] = []
        odds[row, before] -= 2.0
        rented[row] = (odds[row] + noise[row]).argmax()
        rating[row] = np.clip(np.rint(mean[row, rented[row]] + blur[row]), 1, 5)
        history.append([*liked])
        before.append(rented[row])
        if rating[row] >= LIKED_BEFORE and games.titles[rented[row]] not in liked:
            liked.append(games.titles[rented[row]])
    left_open = rng.random(len(rented)) < 0.1
    rentals = _as_frame(games, customer, np.where(left_open, -1, budget), asked, rented, rating)
    return Simulation(rentals.with_columns(history=pl.Series(history, dtype=pl.List(pl.String))), odds)


def _draw_visits(
    games: Catalogue, n_customers: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the customer, the budget and the types of each rental. Types have shape (n_rentals, n_types)."""
    n_rentals = 1 + rng.poisson(7, n_customers)
    customer = np.repeat(np.arange(n_customers), n_rentals)
    budget = rng.choice(len(BUDGETS), n_customers, p=BUDGET_SHARES)[customer]
    share = games.has_type.mean(axis=0)
    taste = rng.dirichlet(0.02 + 4.5 * share / share.sum(), n_customers)
    return customer, budget, _draw_questions(rng, taste[customer])


def _fits(
    games: Catalogue, asked: np.ndarray, budget: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return whether games have any requested type, every requested type, and the budget.

    Each mask has shape (n_rentals, n_games).
    """
    n_wanted = asked.astype(float) @ games.has_type.T  # (rentals, types) @ (types, games)
    fits_all = n_wanted == asked.sum(axis=1, keepdims=True)
    return n_wanted > 0, fits_all, budget[:, np.newaxis] == games.budget


def _as_frame(
    games: Catalogue,
    customer: np.ndarray,
    budget: np.ndarray,
    asked: np.ndarray,
    rented: np.ndarray,
    rating: np.ndarray,
) -> pl.DataFrame:
    """Return the rentals as a frame; -1 stands for a budget that was left open."""
    return pl.DataFrame(
        {
            "customer": customer,
            "budget": [None if b < 0 else BUDGETS[b] for b in budget],
            "gameplay_types": [[games.types[i] for i in np.flatnonzero(a)] for a in asked],
            "title": games.titles[rented],
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
