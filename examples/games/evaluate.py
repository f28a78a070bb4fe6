"""Cross-validate the tavern's recommenders on simulated rentals, with scikit-learn's tools."""

import json
import warnings
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier

from examples.games.data import BUDGETS, known_types
from examples.games.model import (
    LIKED,
    CatalogueFirst,
    catalogue_recommender,
    load_training_data,
    plain_recommender,
    question_rows,
    tuned_recommender,
)
from examples.games.rentals import Kind, simulate
from pipelines import game_recommender, hit_rate_scorer, ndcg_scorer, recommend

PLACES = 5
OURS = "CatalogueNB"  # the others are compared with it
HISTORY = "CatalogueNB, with the customer's history"
CEILING = "the simulation itself"
N_JOBS = -1  # candidates fitted in parallel
LEAST_BUDGET, LEAST_TYPE = 0.95, 0.90  # share of the places that must match, for a candidate to be chosen
GRID = {
    "recommender__encode__transformer_weights": [{"budget": weight} for weight in (1.0, 2.0, 4.0, 6.0)],
    "recommender__classify__alpha": [0.1, 1.0, 10.0],
    "recommender__classify__norm": [False, True],
    "catalogue_share": [None, 0.75, 0.9, 0.95],
}


class CriteriaScorer:
    """A scorer: the share of recommended games that match the question.

    The questions are all combinations of a budget with one or two types. If only three games match a
    question, only three places are counted instead of five, so that a perfect recommender scores 1.

    Parameters
    ----------
    games : DataFrame with title, budget and gameplay_types
        The games that can be recommended.
    criterion : {"budget", "type", "both"}
        What a game has to match: the budget, at least one of the types, or both.
    """

    def __init__(self, games: pl.DataFrame, criterion: str) -> None:
        self.criterion = criterion
        questions, self.meets = questions_and_answers(games, criterion)
        self.questions = questions.with_columns(history=pl.lit([], dtype=pl.List(pl.String)))
        self.place_of = {title: i for i, title in enumerate(games["title"])}

    def __call__(self, model: BaseEstimator, X: Any = None, y: Any = None) -> float:
        """Return the share, from 0 to 1; X and y are ignored."""
        labels, _ = recommend(model, self.questions, PLACES)
        games = np.array([[self.place_of[label] for label in row] for row in labels])
        met = np.take_along_axis(self.meets, games, axis=1).sum()
        return float(met / np.minimum(self.meets.sum(axis=1), PLACES).sum())


def questions_and_answers(games: pl.DataFrame, criterion: str) -> tuple[pl.DataFrame, np.ndarray]:
    """Return all questions with a budget and one or two types, and which games match each of them."""
    types = known_types(games)
    wanted = [list(some) for n in (1, 2) for some in combinations(types, n)]
    asked = [(budget, some) for budget in BUDGETS for some in wanted]
    questions = question_rows(pl.DataFrame(asked, schema=["budget", "gameplay_types"], orient="row"))
    budget = np.array([[b == game for game in games["budget"]] for b, _ in asked])
    of_game = [set(some) for some in games["gameplay_types"].to_list()]
    wants = np.array([[not has.isdisjoint(some) for has in of_game] for _, some in asked])
    return questions, {"budget": budget, "type": wants, "both": budget & wants}[criterion]


def milliseconds_a_question(model: BaseEstimator, X: pl.DataFrame, y: Any = None) -> float:
    """Return the time per question in milliseconds, if all questions X are answered at once."""
    start = perf_counter()
    recommend(model, X, PLACES)
    return 1e3 * (perf_counter() - start) / len(X)


def scorers(games: pl.DataFrame) -> dict[str, Any]:
    """Return the scorers, by name."""
    return {
        "hit_rate": hit_rate_scorer(PLACES),
        "ndcg": ndcg_scorer(PLACES),
        **{name: CriteriaScorer(games, name) for name in ("budget", "type", "both")},
        "query_ms": milliseconds_a_question,
    }


class NoSettingError(ValueError):
    """Error raised when no candidate of the search matches the questions often enough."""


def choose(results: dict[str, Any]) -> int:
    """Return the index of the candidate with the best hit rate, among those that match the questions."""
    often = (results["mean_test_budget"] >= LEAST_BUDGET) & (results["mean_test_type"] >= LEAST_TYPE)
    if not often.any():
        raise NoSettingError(
            "The search found no hyperparameters with which the recommended games match at least "
            f"{LEAST_BUDGET:.0%} of the budgets and {LEAST_TYPE:.0%} of the types. Simulate more customers "
            "(--customers), or skip the search (--no-search)."
        )
    return int(np.where(often, results["mean_test_hit_rate"], -1.0).argmax())


def search(games: pl.DataFrame, grid: dict[str, list] | None = None) -> GridSearchCV:
    """Return the unfitted search for the weights, the smoothing and the norm."""
    judged_by = {
        name: scorer for name, scorer in scorers(games).items() if name in ("hit_rate", "budget", "type")
    }
    return GridSearchCV(
        tuned_recommender(games),
        grid or GRID,
        scoring=judged_by,
        refit=choose,
        cv=GroupKFold(3),
        n_jobs=N_JOBS,
    )


def recommenders(games: pl.DataFrame) -> dict[str, BaseEstimator]:
    """Return the recommenders to compare, by name."""
    others = {
        "multinomial naive Bayes": MultinomialNB(),
        "Bernoulli naive Bayes": BernoulliNB(),
        "50 nearest neighbours": KNeighborsClassifier(50),
        "most popular": DummyClassifier(strategy="prior"),
    }
    return {
        OURS: catalogue_recommender(games),
        "complement naive Bayes, as tuned": tuned_recommender(games),
        "complement naive Bayes, plain": plain_recommender(games),
        "complement naive Bayes, plain, catalogue only": CatalogueFirst(
            game_recommender(classifier="complement"), games, 1.0
        ),
        **{
            name: CatalogueFirst(game_recommender(classifier=classifier), games)
            for name, classifier in others.items()
        },
        "filter, then most rented": catalogue_recommender(games, weight=0.0, match=1000.0),
    }


def judge(model: BaseEstimator, games: pl.DataFrame, rentals: pl.DataFrame) -> dict[str, float]:
    """Cross-validate a recommender in five folds of customers; return the mean scores."""
    return judge_rows(model, games, rentals, question_rows(rentals), folds_of(rentals)[0])[0]


Folds: TypeAlias = list[tuple[np.ndarray, np.ndarray]]


def folds_of(rentals: pl.DataFrame, training_customers: int | None = None) -> tuple[Folds, np.ndarray]:
    """Return the rows for training and for testing in each fold, and the groups of rows, (n_rentals,).

    By default, there are five folds of customers, and a group is a customer. With `training_customers`, the
    customers are divided into blocks of this size (or slightly more). Each block is used to train a model,
    which is tested on the next block. A group is then a block, because one model answers all of its rows.
    """
    _, customers = np.unique(rentals["customer"].to_numpy(), return_inverse=True)
    if training_customers is None:
        return list(GroupKFold(5).split(customers, groups=customers)), customers
    n_customers = customers.max() + 1
    n_blocks = n_customers // training_customers
    block = customers * n_blocks // n_customers
    rows = [np.flatnonzero(block == number) for number in range(n_blocks)]
    return list(zip(rows, [*rows[1:], rows[0]], strict=True)), block


def judge_rows(
    model: BaseEstimator, games: pl.DataFrame, rentals: pl.DataFrame, X: pl.DataFrame, folds: Folds
) -> tuple[dict[str, float], np.ndarray]:
    """Return the mean scores, and for each rental whether its game was recommended, of shape (n_rentals,)."""
    titles = rentals["title"].to_numpy()
    with warnings.catch_warnings():
        # Every game is a class, and most classes have few rentals.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        results = cross_validate(
            model,
            X,
            titles,
            cv=folds,
            scoring=scorers(games),
            return_estimator=True,
        )
    hits = np.empty(len(titles))
    for fitted, (_, test) in zip(results.pop("estimator"), folds, strict=True):
        best = recommend(fitted, X[test], PLACES)[0]
        hits[test] = (best == titles[test, np.newaxis]).any(axis=1)
    means = {name.removeprefix("test_"): float(np.mean(values)) for name, values in results.items()}
    means["fit_ms"] = 1e3 * means.pop("fit_time")
    del means["score_time"]
    return means, hits


def paired(ours: np.ndarray, theirs: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """Return how much higher our hit rate is, and half the width of the 95% interval of this difference.

    All arrays are of shape (n_rentals,). The rentals of a group, such as a customer, are not independent, so
    the differences are summed for each group. The mean over the rentals is then a ratio of two sums over
    groups, with the usual linearised variance.
    """
    _, codes = np.unique(groups, return_inverse=True)
    gap, sizes = np.bincount(codes, ours - theirs), np.bincount(codes)
    mean, n = gap.sum() / sizes.sum(), len(sizes)
    spread = np.sqrt(n / (n - 1) * np.sum((gap - mean * sizes) ** 2)) / sizes.sum()
    return {"gap": float(mean), "half_width": float(stats.t.ppf(0.975, n - 1) * spread)}


def ceiling(log_odds: np.ndarray, games: pl.DataFrame, rentals: pl.DataFrame) -> tuple[dict, np.ndarray]:
    """Return the scores and hits of the simulation's own log odds, of shape (n_rentals, n_games)."""
    best = games["title"].to_numpy()[np.argsort(-log_odds, axis=1)[:, :PLACES]]
    hits = best == rentals["title"].to_numpy()[:, np.newaxis]
    gains = hits @ (1 / np.log2(1 + np.arange(1, 1 + PLACES)))
    return {"hit_rate": float(hits.any(axis=1).mean()), "ndcg": float(gains.mean())}, hits.any(axis=1) * 1.0


def evaluate(
    console: Console,
    n_customers: int = 2000,
    with_search: bool = True,
    kind: Kind = "plain",
    training_customers: int | None = None,
) -> dict[str, Any]:
    """Score every recommender, and search for hyperparameters in each fold and on all rentals.

    With `training_customers`, each model is trained on the rentals of so many customers; see `folds_of`.
    """
    games, _ = load_training_data(5)
    simulation = simulate(games, n_customers, kind=kind)
    liked = simulation.rentals["rating"].to_numpy() >= LIKED
    rentals = simulation.rentals.filter(liked)
    report: dict[str, Any] = {
        "games": games.height,
        "rentals": rentals.height,
        "customers": rentals["customer"].n_unique(),
        "places": PLACES,
        "simulation": kind,
        "training_customers": training_customers,
        "recommenders": {},
    }
    compared = {name: (model, question_rows(rentals)) for name, model in recommenders(games).items()}
    if kind == "hidden":
        X = question_rows(rentals).with_columns(rentals["history"])
        compared[HISTORY] = catalogue_recommender(games, with_history=True), X
    folds, groups = folds_of(rentals, training_customers)
    hits: dict[str, np.ndarray] = {}
    for name, (model, X) in compared.items():
        with console.status(f"Cross-validating {name} ..."):
            report["recommenders"][name], hits[name] = judge_rows(model, games, rentals, X, folds)
    best, hits[CEILING] = ceiling(simulation.log_odds[liked], games, rentals)
    report["recommenders"][CEILING] = best
    for name, scores in report["recommenders"].items():
        if name != OURS:
            scores |= paired(hits[OURS], hits[name], groups)
    if with_search:
        report["search"] = search_report(console, games, rentals)
    return report


def search_report(console: Console, games: pl.DataFrame, rentals: pl.DataFrame) -> dict[str, Any]:
    """Search within each of five training folds, score on the held-out fold, then search on all rentals."""
    X, titles, customers = question_rows(rentals), rentals["title"].to_numpy(), rentals["customer"].to_numpy()
    folds = []
    for fold, (train, test) in enumerate(GroupKFold(5).split(X, titles, customers), start=1):
        model = with_progress(search(games), console, f"Searching in fold {fold} of 5")
        model.fit(X[train], titles[train], groups=customers[train])
        judged = {
            name: score(model.best_estimator_, X[test], titles[test])
            for name, score in scorers(games).items()
        }
        folds.append(judged)
    model = with_progress(search(games), console, "Searching on all rentals")
    model.fit(X, titles, groups=customers)
    means = {name: float(np.mean([fold[name] for fold in folds])) for name in folds[0]}
    return {"scores": means, "chosen": model.best_params_, "settings": len(model.cv_results_["params"])}


def with_progress(model: GridSearchCV, console: Console, what: str) -> GridSearchCV:
    """Make the search show a progress bar if the output is a terminal."""
    console.print(what)
    if console.is_terminal:
        from sklearn.callback import ProgressBar

        model.set_callbacks(ProgressBar(max_propagation_depth=0))
    return model


HEADINGS = {
    "hit_rate": "hit rate",
    "gap": "behind CatalogueNB",
    "ndcg": "NDCG",
    "budget": "budget met",
    "type": "type met",
    "both": "both met",
    "fit_ms": "fit ms",
    "query_ms": "query ms",
}


def rows_of(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the scores of each recommender, with the searched one last."""
    searched = (
        {"complement naive Bayes, tuned in each fold": report["search"]["scores"]}
        if "search" in report
        else {}
    )
    return {**report["recommenders"], **searched}


def as_markdown(report: dict[str, Any]) -> str:
    """Return the table as Markdown, for the example's README."""
    lines = [f"| recommender | {' | '.join(HEADINGS.values())} |", "|---" * (1 + len(HEADINGS)) + "|"]
    for name, scores in rows_of(report).items():
        lines.append(f"| {' | '.join([name, *(format_score(key, scores) for key in HEADINGS)])} |")
    return "\n".join(lines)


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report as a table."""
    few = report["training_customers"]
    how = "5 folds of customers" if few is None else f"each model is trained on {few} customers"
    table = Table(
        title=f"Five recommendations each, cross-validated on {report['rentals']:,} rentals of "
        f"{report['games']} games ({how})",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("recommender")
    for heading in HEADINGS.values():
        table.add_column(heading, justify="right")
    for name, scores in rows_of(report).items():
        table.add_row(name, *(format_score(key, scores) for key in HEADINGS))
    console.print(table)
    if "search" in report:
        console.print(f"Best hyperparameters from the search on all rentals: {report['search']['chosen']}")


def format_score(name: str, scores: dict[str, float]) -> str:
    """Format a score: shares in percent, times and NDCG as numbers, differences in percentage points."""
    value = scores.get(name)
    if value is None:
        return ""
    if name == "gap":
        return f"{100 * value:+.1f} ± {100 * scores['half_width']:.1f}"
    if name.endswith("_ms"):
        return f"{value:.2g}" if value < 10 else f"{value:.0f}"
    return f"{value:.3f}" if name == "ndcg" else f"{100 * value:.1f}%"


def save_json(report: dict[str, Any], path: Path) -> None:
    """Write the report to a JSON file."""
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def save_picture(report: dict[str, Any], path: Path) -> None:
    """Draw the scores as bars to an .svg or .png file. Requires matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "tallygrad"  # makes the file reproducible
    from matplotlib import pyplot as plt

    names = [name for name in report["recommenders"] if name != CEILING][::-1]
    figure, axes = plt.subplots(
        1, 4, figsize=(11, 0.45 * len(names) + 1.2), sharey=True, layout="constrained"
    )
    for axis, key in zip(axes, ("hit_rate", "ndcg", "budget", "type"), strict=True):
        values = [report["recommenders"][name][key] for name in names]
        bars = axis.barh(
            names,
            values,
            color=["#1b6ca8" if "tuned" in name or name == OURS else "#b8c4ce" for name in names],
        )
        axis.bar_label(bars, [f"{value:.2f}" for value in values], padding=3)
        axis.set(title=HEADINGS[key], xlim=(0, 1.2 * max(values)), xticks=[])
        axis.spines[["top", "right", "bottom"]].set_visible(False)
        axis.tick_params(left=False)
    figure.suptitle(f"Top five recommendations, cross-validated on {report['rentals']:,} simulated rentals")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
